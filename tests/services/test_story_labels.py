"""The labels that teach grouping, and who may learn from them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from aggregator.pipeline.group_places import NOWHERE
from bench.group_readers import read_second
from bench.group_sets import EDGE, load_sets
from bench.group_windows import read_labels, read_windows

CORPORA = Path(os.environ.get("CORPORA_DIR", "../shared"))
FOLDS = 3
needs_feeds = pytest.mark.skipif(
    not (CORPORA / "replay/data/corpus.sqlite").exists(), reason="the recorded feeds are not here"
)


def test_labels_hold_ids_and_slugs_only() -> None:
    labels = read_labels()
    assert len(labels) > 1200
    assert all(re.fullmatch(r"[0-9a-f]{10}", key) for key in labels)
    assert all(re.fullmatch(r"-|[a-z0-9]+(-[a-z0-9]+)*", story) for _, story in labels.values())


def test_both_readers_read_the_same_items() -> None:
    second = read_second()
    told = {key for part in second.values() for key in part}
    assert {part for part in second if part != "stream"} == {window for window, _ in read_labels().values()}
    assert told - set(second["stream"]) <= set(read_labels())
    assert all(
        re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", story) for part in second.values() for story in part.values()
    )


@needs_feeds
def test_every_label_finds_its_item_in_order_of_date() -> None:
    windows = read_windows(CORPORA)
    assert sum(map(len, windows.values())) == len(read_labels())
    for rows in windows.values():
        assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
        assert all(row["title"] for row in rows)


@needs_feeds
def test_no_model_learns_from_a_story_that_it_judges() -> None:
    """By name wherever it is told, and by date at the edges of a window."""
    sets = load_sets(CORPORA, folds=FOLDS, where=lambda *_: NOWHERE, neus=5)
    feeds = {name: items for name, items in sets.items() if "oct" in name or name == "stream"}
    judged_by = {(i.fold, i.gold) for items in feeds.values() for i in items}
    taught = [(fold, i) for items in feeds.values() for i in items for fold in range(FOLDS + 4)
              if fold not in i.kept_from]  # fmt: skip
    assert taught
    assert not [i.gold for fold, i in taught if (fold, i.gold) in judged_by]
    for n, name in enumerate(list(feeds)[1:]):
        dates = [i.features.at or 0.0 for i in feeds[name]]
        first, last = min(dates) - EDGE.total_seconds(), max(dates) + EDGE.total_seconds()
        near = [i.id for fold, i in taught if fold == FOLDS + n and first <= (i.features.at or 0.0) <= last]
        assert not near
