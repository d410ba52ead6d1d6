"""What a country is to the wars of the vocabulary, and whose troops a headline tells of."""

from __future__ import annotations

import pytest

from aggregator.pipeline.locate import locate, read_places
from aggregator.pipeline.placegrounds import GROUNDS


def roles(gazetteer, title, text=""):
    """Return by country the features of ground and troops."""
    reading = read_places(title, text, gazetteer)
    return {
        candidate.key: {name for name in row if name.startswith(("role:ground|", "role:troops|"))}
        for candidate, row in zip(reading.candidates, reading.features, strict=True)
    }


@pytest.mark.parametrize(
    ("country", "part"),
    [
        pytest.param("UA", "ground", id="a war is fought there"),
        pytest.param("KR", "side", id="named second in its conflict"),
        pytest.param("CH", None, id="host of talks"),
    ],
)
def test_grounds_come_from_the_conflicts_of_the_vocabulary(country, part):
    assert GROUNDS.get(country) == part


def test_troops_are_told_of_with_their_state_and_where_they_are(gazetteer):
    found = roles(gazetteer, "French troops surround town in Mali")
    assert found["FR"] == {"role:ground|side", "role:troops|own|rival"}
    assert found["ML"] == {"role:ground|ground", "role:troops|others|place"}


def test_a_possessive_does_not_hide_troops(gazetteer):
    assert "role:troops|own|place|rival" in roles(gazetteer, "France's army leaves Niger")["FR"]


def test_a_headline_without_troops_has_none(gazetteer):
    found = roles(gazetteer, "French minister visits Mali")
    assert not any("troops" in name for names in found.values() for name in names)


def test_a_country_that_is_only_implied_has_no_troops(gazetteer):
    found = roles(gazetteer, "Hamas forces kidnap family", "Gunmen took them from their home.")
    assert not any("own" in name for name in found["IL"])


@pytest.mark.parametrize(
    ("title", "country"),
    [
        pytest.param("US troops search houses in Iraqi city of Mosul", "IQ", id="troops abroad"),
        pytest.param("Russian forces shell port in southern Ukraine", "UA", id="forces at war"),
    ],
)
def test_what_troops_do_abroad_is_set_where_they_do_it(gazetteer, title, country):
    assert locate(title, "", gazetteer=gazetteer).focus_country == country
