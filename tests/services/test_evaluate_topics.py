"""The evaluate door for topics takes any row and answers in order."""

from __future__ import annotations

import pytest

from aggregator.services import vocabulary
from aggregator.services.evaluation import topics


def test_rows_are_answered_in_order_with_every_field():
    rows = [
        {
            "id": "a",
            "title": "Air strikes kill dozens in Gaza",
            "text": "The health ministry said so.",
            "source_region": None,
        },
        {"id": "b", "title": "Stocks rally as chipmakers capture gains", "text": ""},
    ]
    first, second = topics.evaluate(rows)
    assert (first["id"], first["relevant"], first["form"]) == ("a", 1, "report")
    assert "air-and-drone-strikes" in first["topics"]
    assert first["slugs"] == first["topics"]
    assert (second["id"], second["relevant"]) == ("b", 0)
    assert 0 <= second["score"] < 0.5


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({}, id="empty"),
        pytest.param({"id": 1, "title": None, "text": None, "source_region": None}, id="nulls"),
        pytest.param({"id": 1, "title": 7, "text": ["x"], "source_region": {}}, id="wrong types"),
        pytest.param({"id": 1, "title": "War", "source_region": "no-such-place"}, id="unknown region"),
        pytest.param({"id": 1, "title": "War", "text": "Shelling hit Gaza. " * 55_000}, id="a megabyte"),
        pytest.param(
            {"id": 1, "title": "\u202eغارة على غزة\u202c airstrike", "text": "ירי"}, id="right to left"
        ),
        pytest.param({"id": 1, "title": "AIR STRIKES HIT GAZA", "text": "DOZENS DEAD."}, id="capitals"),
        pytest.param({"id": 1, "title": "\ud800 \x00 war", "text": "\ufeff\u200b"}, id="broken characters"),
        pytest.param({"id": 1, "title": "", "text": "Kyiv Gaza Goma " * 300}, id="place names only"),
    ],
)
def test_any_field_may_be_null_missing_or_wrong(row):
    (answer,) = topics.evaluate([row])
    assert answer["id"] == row.get("id")
    assert set(answer) == {"id", "relevant", "score", "topics", "slugs", "form"}


def test_the_form_is_the_broad_one():
    (answer,) = topics.evaluate([{"id": 1, "title": "Thursday Briefing: a truce in sight"}])
    assert answer["form"] == "situation-report"


def test_loading_makes_the_rules_ready():
    topics.load()
    assert vocabulary.packaged_classifier.cache_info().currsize == 1
