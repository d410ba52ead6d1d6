"""Names of outlets and agencies say nothing of what happened; places do, although outlets are called by them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from aggregator.pipeline.features import read_features
from aggregator.pipeline.group_outlets import without_outlet_names

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)


def test_an_agencys_name_in_the_dateline_does_not_count() -> None:
    plain = read_features("Rain floods Accra", "ACCRA - Streets stand under water.", at=NOON, outlet="x")
    text = "ACCRA (Meridian Wire) - Streets stand under water."
    signed = read_features("Rain floods Accra", text, at=NOON, outlet="x", credited=["Meridian Wire"])
    assert np.array_equal(plain.ids, signed.ids)


def test_an_outlets_name_at_the_end_of_a_headline_does_not_count() -> None:
    plain = read_features("Rain floods Accra", "", at=NOON, outlet="Daily Herald")
    signed = read_features("Rain floods Accra - Daily Herald", "", at=NOON, outlet="Daily Herald")
    assert np.array_equal(plain.ids, signed.ids)


@pytest.mark.parametrize(
    ("title", "text", "called"),
    [
        pytest.param("Army and rebels clash - Ukraine", "", "Ukraine", id="a tail that is the country"),
        pytest.param("Ukraine: army and rebels clash", "", "Ukraine", id="a head that is the country"),
        pytest.param("Clashes go on", "South Sudan counts its dead.", "South Sudan", id="in the text"),
        pytest.param("Clashes shake the Middle East", "", "Middle East", id="in the headline"),
        pytest.param("Blasts heard in Isfahan - Iran", "", "Iran International", id="part of a name"),
        pytest.param("南苏丹武装冲突", "", "南苏丹", id="without spaces"),
        pytest.param("Raid kills nine - RSF", "", "Tours France", id="letters across two words"),
    ],
)
def test_a_place_counts_although_an_outlet_is_called_by_it(title: str, text: str, called: str) -> None:
    plain = read_features(title, text, at=NOON, outlet="x")
    theirs = read_features(title, text, at=NOON, outlet=called, called=called, credited=[called])
    assert np.array_equal(plain.ids, theirs.ids)


@pytest.mark.parametrize("name", ["Yahoo! News", "Der Bote (Rhein)", "Le Monde"])
def test_the_name_of_an_outlet_in_running_text_does_not_count(name: str) -> None:
    plain = read_features("Rain floods Accra", "Streets stand under water, says .", at=NOON, outlet="x")
    text = f"Streets stand under water, says {name}."
    assert np.array_equal(
        plain.ids, read_features("Rain floods Accra", text, at=NOON, outlet="x", called=name).ids
    )


def test_what_is_told_of_shared_words_leaves_the_outlets_name_out() -> None:
    told = without_outlet_names(
        "Daily Frontier Herald",
        "Depot under fire - Daily Frontier Herald",
        "Reporters of the Daily Frontier Herald saw it.",
    )
    assert "Herald" not in told and "Depot under fire" in told and "saw it" in told
