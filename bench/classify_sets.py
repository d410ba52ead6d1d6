"""The labelled and unlabelled sets that training and measuring of classify read (evaluation only).

Each row: id, set, title, text, relevant (1, 0 or None), topics (slugs, main first, or None when
not judged), form (or None), group (rows of one group never part between training and test).
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPORA = Path(os.environ.get("CORPORA_DIR") or Path(__file__).resolve().parents[2] / "shared")
LABELS = Path(__file__).parent / "labels"
SNIPPETS, SNIPPETS_OFF = "snippets.txt", "snippets_off.txt"
OFF_TOPIC = frozenset(
    "Sports,Business,Sci/Tech,SPORTS,BUSINESS,ENTERTAINMENT,COMEDY,STYLE & BEAUTY,TRAVEL,FOOD & DRINK,PARENTING,"
    "WELLNESS,HOME & LIVING,TECH,SCIENCE,WEDDINGS,MONEY,TASTE".split(",")
)


@dataclass(frozen=True, slots=True)
class Row:
    """One text with what is known about it."""

    id: str
    set: str
    title: str
    text: str
    relevant: int | None = None
    topics: tuple[str, ...] | None = None
    form: str | None = None
    group: str = ""
    url: str = ""
    category: str = ""


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read JSON lines, gzipped or not."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        for line in file:
            if line.strip():
                yield json.loads(line)


def stream() -> list[Row]:
    """Feed items of October 2023, labelled one by one; the group is the story, else the day."""
    rows = lines(CORPORA / "data/stream/october2023.jsonl")
    return [
        Row(r["id"], "stream", r["title"], r["text"], r["relevant"], tuple(r["topics"]), r["form"],
            r["story"] or r["id"], r["url"])
        for r in rows
    ]  # fmt: skip


def feedmix() -> list[Row]:
    """News agency and magazine items of 2004 and 2018-22."""
    rows = lines(CORPORA / "data/topics/feedmix.dev.jsonl")
    return [
        Row(r["id"], "feedmix", r["title"], r["text"], r["relevant"], _slugs(r["slugs"]), group=r["id"])
        for r in rows
    ]


def case() -> list[Row]:
    """Snippets of one event each."""
    rows = lines(CORPORA / "data/topics/case2021_task2.dev.jsonl")
    return [
        Row(r["id"], "case", "", r["text"], r["relevant"], _slugs(r["slugs"]), group=r["id"]) for r in rows
    ]


def pool() -> list[Row]:
    """Unlabelled feed items with the outlet's category; our own labels (by id) where given."""
    labels = own_labels()
    rows = lines(CORPORA / "data/topics/feedpool.unlabelled.jsonl.gz")
    return [
        Row(
            r["id"],
            "pool",
            r["title"],
            r["text"],
            *labels.get(r["id"], (None, None)),
            group=r["id"],
            category=r["category"],
        )
        for r in rows
    ]


def examples() -> list[Row]:
    """Invented headlines in our own wording: they train, and never measure."""
    codes = json.loads((LABELS / "codes.json").read_text("utf-8"))
    rows = []
    for line in (LABELS / "examples.txt").read_text("utf-8").splitlines()[1:]:
        short, _, rest = line.removeprefix("# ").partition(" ")
        title, _, text = rest.partition(" | ")
        rows.append(Row(title, "own", title, text, 1, tuple(codes[c] for c in short.split(",")), group=title))
    return rows


def off_topic_examples() -> list[Row]:
    """Invented headlines of news that does not belong."""
    pairs = (line.split(" | ") for line in (LABELS / "examples_off.txt").read_text("utf-8").splitlines())
    return [Row(title, "own", title, text, 0, (), group=title) for title, text in pairs]


def snippets() -> list[Row]:
    """Invented openings of event reports, and of accidents and disasters, without a headline."""
    codes = json.loads((LABELS / "codes.json").read_text("utf-8"))
    lines_of = {name: (LABELS / name).read_text("utf-8").splitlines() for name in (SNIPPETS, SNIPPETS_OFF)}
    rows = []
    for line in lines_of[SNIPPETS][1:]:
        short, _, text = line.partition(" ")
        topics = tuple(codes[code] for code in short.split(","))
        rows.append(Row(text, "own", "", text, 1, topics, group=text))
    return [*rows, *(Row(text, "own", "", text, 0, (), group=text) for text in lines_of[SNIPPETS_OFF])]


def own_labels() -> dict[str, tuple[int | None, tuple[str, ...] | None]]:
    """Labels given by reading for this project: id, relevant, topics (ids only, no text)."""
    path = LABELS / "pool.jsonl"
    if not path.exists():
        return {}
    return {r["id"]: (r["relevant"], _slugs(r.get("topics"))) for r in lines(path)}


def _slugs(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)
