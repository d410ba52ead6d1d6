"""Labelled development sets for grouping, and an online pass over one of them."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from aggregator.pipeline.features import Features, read_features
from aggregator.pipeline.group import StoryIndex
from aggregator.services.evaluation.stories import read_at

CLUSTERING = ("allsides2021_dev", "neus_train_dev", "ecbplus_dev", "basil_dev")
NEUS_CLUSTERS = 500  # the baselines used the first 500 stories of this large set


@dataclass(frozen=True)
class Item:
    """One row: features, gold story, fold; `weight` 0 where its label says nothing."""

    id: str
    features: Features
    gold: str
    fold: int
    scored: bool  # counts in the score
    labelled: bool  # may teach: False where the set does not say what it belongs to
    relevant: bool = True


Places = Callable[[str, str], list[str]]  # title, text → region slugs, main first


def load_sets(
    corpora: Path, *, folds: int, places: Places, neus: int = NEUS_CLUSTERS
) -> dict[str, list[Item]]:
    """Read the four clustering sets and the stream; features are computed once."""
    sets = {name: list(_clustering(corpora, name, folds, places, neus)) for name in CLUSTERING}
    return sets | {"stream": list(_stream(corpora, folds, places))}


def _clustering(corpora: Path, name: str, folds: int, places: Places, neus: int) -> Iterator[Item]:
    for row in read_rows(corpora / "data/clustering" / f"{name}.jsonl.gz"):
        if name.startswith("neus") and int(row["cluster"].rsplit("-", 1)[1]) >= neus:
            continue
        fold = crc32((row.get("topic") or row["cluster"]).encode()) % folds
        yield Item(row["id"], _features(row, places), row["cluster"], fold, scored=True, labelled=True)


def _stream(corpora: Path, folds: int, places: Places) -> Iterator[Item]:
    for row in read_rows(corpora / "data/stream/october2023.jsonl"):
        gold = row["story"] or f"none:{row['id']}"
        known = bool(row["story"]) or row["relevant"] == 0
        yield Item(
            row["id"],
            _features(row, places),
            gold,
            crc32(gold.encode()) % folds,
            scored=bool(row["story"]),
            labelled=known,
            relevant=row["relevant"] != 0,
        )


def _features(row: dict[str, Any], places: Places) -> Features:
    title, text = row.get("title") or "", row.get("text") or ""
    return read_features(
        title,
        text,
        at=read_at(row.get("date")),
        outlet=row.get("source") or "",
        places=places(title, text),
    )


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def jitter(items: list[Item], how: str) -> list[Item]:
    """Return the items with dates moved (sd one day), dropped, or all equal; places are sometimes lost."""
    dice = random.Random(how)
    first = next((i.features.at for i in items if i.features.at is not None), None)
    if how == "as_is" or first is None:
        return items
    out = []
    for item in items:
        at = item.features.at
        if at is not None:
            at = {"moved": at + dice.gauss(0, 86_400), "dropped": None, "equal": first}[how]
        out.append(replace(item, features=replace(item.features, at=at)))
    return out


def scorer(corpora: Path) -> Callable[[dict[str, str], dict[str, Any]], dict[str, float]]:
    """Return the shared scorer: gold and predicted clusters by id → B-cubed and pair figures."""
    sys.path.insert(0, str(corpora / "tools"))
    from score_clusters import score  # type: ignore[import-not-found]

    return score  # type: ignore[no-any-return]


def online(
    items: list[Item], index: StoryIndex, decide: Callable[[StoryIndex, Item], int | None]
) -> dict[str, int]:
    """Pass over the items in order; `decide` gives the story joined or None for a new one."""
    out: dict[str, int] = {}
    for n, item in enumerate(items):
        story = decide(index, item)
        story = n if story is None else story
        index.add(story, n, item.features)
        out[item.id] = story
    return out


__all__ = ["CLUSTERING", "Item", "datetime", "jitter", "load_sets", "online", "read_rows", "scorer"]
