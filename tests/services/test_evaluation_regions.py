"""The evaluate door for regions: rows in, answers out, whatever is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aggregator.services.evaluation import regions

FIELDS = {"id", "countries", "mentioned", "focus", "regions", "focus_region"}


def test_each_row_is_answered_in_order_with_every_field():
    rows = [
        {"id": 1, "title": "Shelling in Nagorno-Karabakh", "text": "", "source_region": None},
        {"id": "b", "title": None, "text": None},
        {"id": None},
    ]
    answers = list(regions.evaluate(rows))
    assert [answer["id"] for answer in answers] == [1, "b", None]
    assert all(set(answer) == FIELDS for answer in answers)
    assert answers[0]["countries"] == ["AZ"]
    assert answers[0]["focus_region"] == "nagorno-karabakh"
    assert answers[1] == {
        "id": "b",
        "countries": [],
        "mentioned": [],
        "focus": None,
        "regions": [],
        "focus_region": None,
    }


def test_regions_come_deepest_first():
    answer = next(regions.evaluate([{"id": 1, "title": "Israel strikes Khan Younis in Gaza"}]))
    assert answer["regions"].index("gaza-strip") < answer["regions"].index("israel")


@pytest.mark.corpora
def test_figures_on_development_data_do_not_fall():
    corpora = Path(os.environ.get("CORPORA_DIR", Path(__file__).resolve().parents[3] / "shared"))
    if not (corpora / "data").exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{corpora}/data is missing")
        pytest.skip(f"no labelled data at {corpora}")
    from bench import locate as bench

    stream = bench.measure("stream/october2023.jsonl", "countries", errors=False)
    assert stream["f1"] >= 0.88
    assert stream["focus"] >= 0.85
    assert bench.contested(errors=False)["strict"] >= 0.95
