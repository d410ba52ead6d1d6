"""Where a raid lands when only the party that raids is named."""

from __future__ import annotations

import pytest

from aggregator.pipeline.locate import locate


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param(
            "Father waits for news of son abducted by Hamas",
            "Gunmen took the young man hostage from a village near the fence.",
            id="hostages of a party",
        ),
        pytest.param(
            "Hamas massacre: a survivor speaks", "She hid for hours as gunmen came.", id="a massacre"
        ),
    ],
)
def test_a_raid_is_set_where_the_partys_raids_land(gazetteer, title, text):
    located = locate(title, text, gazetteer=gazetteer)
    assert located.focus_country == "IL"
    reason = next(score for score in located.regions if score.region == "israel")
    assert reason.names == ("Hamas",)


def test_a_place_that_is_only_implied_is_no_mention(gazetteer):
    located = locate("Hamas gunmen took the family hostage", "", gazetteer=gazetteer)
    assert "IL" not in located.countries_mentioned
    assert {mention.region for mention in located.mentions} == {"gaza-strip"}


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("Hamas holds an election for its leadership", id="no raid"),
        pytest.param("M23 gunmen raid a market", id="a party whose raids stay in its own country"),
    ],
)
def test_no_place_is_implied_without_a_raid_across_a_border(gazetteer, title):
    assert "IL" not in locate(title, "", gazetteer=gazetteer).countries
