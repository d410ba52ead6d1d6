"""Labelled development sets for grouping, and an online pass over one of them."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from aggregator.pipeline.features import Features, read_features
from aggregator.pipeline.group import StoryIndex
from aggregator.pipeline.group_places import Whereabouts
from aggregator.services.evaluation.stories import read_at
from bench.group_windows import read_windows

CLUSTERING = ("allsides2021_dev", "neus_train_dev", "ecbplus_dev", "basil_dev")
NEUS_CLUSTERS = 500  # the baselines used the first 500 stories of this large set
EDGE = timedelta(hours=24)  # a story so near to another part of the record may go on there
STREAM_WINDOWS = (("2023-10-07T00", "2023-10-09T14"), ("2023-10-17T14", "2023-10-19T00"))  # UTC


@dataclass(frozen=True)
class Item:
    """One row: features, gold story, and the fold whose model judges it."""

    id: str
    features: Features
    gold: str
    fold: int
    kept_from: frozenset[
        int
    ]  # folds whose models must not learn from it: its own, and where its story may go on
    scored: bool  # counts in the score
    labelled: bool  # may teach: False where the set does not say what it belongs to
    relevant: bool = True
    row: dict[str, Any] = field(default_factory=dict)


Windows = dict[str, list[dict[str, Any]]]  # rows of further days of the feeds, by window
Where = Callable[[str, str], Whereabouts]  # of title and text


def load_sets(corpora: Path, *, folds: int, where: Where, neus: int = NEUS_CLUSTERS) -> dict[str, list[Item]]:
    """Read the four clustering sets, the stream and the windows; features are computed once.

    Windows have the folds from `folds` on, one each, the other sets those before, by story.
    """
    sets = {name: list(_clustering(corpora, name, folds, where, neus)) for name in CLUSTERING}
    stream = list(read_rows(corpora / "data/stream/october2023.jsonl"))
    windows = read_windows(corpora)
    sets["stream"] = list(_stream(stream, folds, where, windows))
    named = {row["story"] for row in stream}
    return sets | {name: list(_window(windows, name, folds, where, named)) for name in windows}


def _clustering(corpora: Path, name: str, folds: int, where: Where, neus: int) -> Iterator[Item]:
    for row in read_rows(corpora / "data/clustering" / f"{name}.jsonl.gz"):
        if name.startswith("neus") and int(row["cluster"].rsplit("-", 1)[1]) >= neus:
            continue
        fold = crc32((row.get("topic") or row["cluster"]).encode()) % folds
        yield Item(
            row["id"],
            read_row(row, where),
            row["cluster"],
            fold,
            frozenset({fold}),
            scored=True,
            labelled=True,
            row=row,
        )


def _stream(stream: list[dict[str, Any]], folds: int, where: Where, windows: Windows) -> Iterator[Item]:
    told = _by_story(stream)
    for row in stream:
        gold = _story(row)
        known = bool(row["story"]) or row["relevant"] == 0
        fold = crc32(gold.encode()) % folds
        going_on = {
            folds + n for n, rows in enumerate(windows.values()) if _goes_on_in(rows, gold, told[gold])
        }
        yield Item(
            row["id"],
            read_row(row, where),
            gold,
            fold,
            frozenset({fold} | going_on),
            scored=bool(row["story"]),
            labelled=known,
            relevant=row["relevant"] != 0,
            row=row,
        )


def _window(windows: Windows, name: str, folds: int, where: Where, in_stream: set[str]) -> Iterator[Item]:
    """What is known of a story counts for all of its items: where it may go on, none of them teaches."""
    told = _by_story(windows[name])
    for row in windows[name]:
        gold = _story(row)
        kept = {
            folds + n
            for n, (other, rows) in enumerate(windows.items())
            if other == name or _goes_on_in(rows, gold, told[gold])
        }
        if any(_is_near(told[gold], *map(_utc, window)) for window in STREAM_WINDOWS):
            kept |= set(range(folds))
        if gold in in_stream:
            kept.add(crc32(gold.encode()) % folds)
        own = folds + list(windows).index(name)
        yield Item(
            row["id"],
            read_row(row, where),
            gold,
            own,
            frozenset(kept),
            scored=bool(row["story"]),
            labelled=bool(row["story"]),
            row=row,
        )


def _story(row: dict[str, Any]) -> str:
    return row["story"] or f"none:{row['id']}"


def _by_story(rows: list[dict[str, Any]]) -> Windows:
    told: Windows = {}
    for row in rows:
        told.setdefault(_story(row), []).append(row)
    return told


def _goes_on_in(window: list[dict[str, Any]], story: str, told: list[dict[str, Any]]) -> bool:
    """True when a window names the story too, or begins or ends within EDGE of its reports."""
    named = any(row["story"] == story for row in window)
    return named or _is_near(told, _at(window[0]), _at(window[-1]))


def _is_near(told: list[dict[str, Any]], first: datetime, last: datetime) -> bool:
    return any(first - EDGE <= _at(row) <= last + EDGE for row in told)


def _at(row: dict[str, Any]) -> datetime:
    return _utc(row["date"])


def _utc(date: str) -> datetime:
    at = read_at(date)
    if at is None:
        raise ValueError(f"no date: {date!r}")
    return at


def read_row(row: dict[str, Any], where: Where) -> Features:
    """Return the features of a row: title, text, date, source."""
    title, text = row.get("title") or "", row.get("text") or ""
    return read_features(
        title,
        text,
        at=read_at(row.get("date")),
        outlet=row.get("source") or "",
        where=where(title, text),
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


def less_largest(score: Any, gold: dict[str, str], found: dict[str, Any]) -> dict[str, float]:
    """Return the B-cubed F1 of all stories but the one with most items, as `b3_f1_less`."""
    largest = Counter(gold.values()).most_common(1)[0][0]
    rest = {i: g for i, g in gold.items() if g != largest}
    return {"b3_f1_less": score(rest, {i: found[i] for i in rest})["b3_f1"]}


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


__all__ = ["CLUSTERING", "Item", "jitter", "less_largest", "load_sets", "online", "read_rows", "scorer"]
