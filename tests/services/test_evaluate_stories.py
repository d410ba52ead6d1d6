"""The evaluate door for stories: any field may be missing; labelled data keeps its floor."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from aggregator.services.evaluation import stories


def clusters(rows: list[dict[str, Any]]) -> list[Any]:
    return [answer["cluster"] for answer in stories.evaluate(rows)]


def test_rows_of_one_happening_get_one_cluster() -> None:
    stories.load()
    depot = {"title": "Drone strike sets fuel depot in Belgorod ablaze", "date": "2023-09-19T10:00:00Z"}
    again = {"title": "Belgorod fuel depot ablaze after drone strike", "date": "2023-09-19T12:00:00+00:00"}
    found = clusters(
        [{"id": 1} | depot, {"id": 2, "title": "Shell hits market in El Fasher"}, {"id": 3} | again]
    )
    assert found[0] == found[2] != found[1]


def test_clusters_are_those_of_the_repair_whatever_the_order_of_rows() -> None:
    rows = [
        {"id": n, "title": title, "date": f"2023-09-19T{n:02d}:00:00Z"}
        for n, title in enumerate(
            (
                "Drone strike sets fuel depot in Belgorod ablaze",
                "Shell hits market in El Fasher, eleven dead",
                "Belgorod fuel depot ablaze after drone strike",
                "Market in El Fasher hit by shell, eleven killed",
            )
        )
    ]
    answers = [{a["id"]: a["cluster"] for a in stories.evaluate(order)} for order in (rows, rows[::-1])]
    assert answers[0] == answers[1]
    assert answers[0][0] == answers[0][2] != answers[0][1] == answers[0][3]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({}, id="no field"),
        pytest.param(
            {"id": 5, "title": None, "text": None, "date": None, "url": None, "source": None}, id="all null"
        ),
        pytest.param({"id": "x", "title": 7, "text": ["a"], "date": 3.5, "source": {}}, id="other types"),
        pytest.param({"id": "y", "title": "T", "date": "0000-99-99"}, id="no date"),
        pytest.param({"id": "z", "title": "T", "date": "0001-01-01T00:00:00+14:00"}, id="before time"),
    ],
)
def test_no_field_is_trusted(row: dict[str, Any]) -> None:
    (answer,) = stories.evaluate([row])
    assert answer["id"] == row.get("id")


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("name", "floor"), [("allsides2021_dev", 0.85), ("ecbplus_dev", 0.83), ("basil_dev", 0.95)]
)
def test_labelled_sets_keep_their_floor(corpora_dir: Path, name: str, floor: float) -> None:
    sys.path.insert(0, str(corpora_dir / "tools"))
    from score_clusters import score  # type: ignore[import-not-found]

    path = corpora_dir / "data/clustering" / f"{name}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found = {a["id"]: a["cluster"] for a in stories.evaluate(rows) if a["cluster"] is not None}
    assert score({r["id"]: r["cluster"] for r in rows}, found)["b3_f1"] >= floor
