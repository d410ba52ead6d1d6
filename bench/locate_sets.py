"""The texts that locate is trained and measured on. Measured sets are labelled by others; our own labels only train.

Own labels are ids and country codes: headlines of the unlabelled pool (labels/focus.tsv), items of the replayed feeds
outside the hours of the measured stream (labels/feeds.tsv), and invented headlines (labels/places.txt).
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CORPORA = Path(os.environ.get("CORPORA_DIR", Path(__file__).resolve().parent.parent.parent / "shared"))
LABELS = Path(__file__).parent / "labels"
LGL, VIRUS, TWEETS = "geo/lgl.dev.jsonl.gz", "geo/geovirus.dev.jsonl.gz", "geo/geocorpora_tweets.dev.jsonl.gz"
REUTERS, MIX = "geo/reuters21578_places.dev.jsonl.gz", "geo/feedmix_countries.dev.jsonl"
STREAM, CONTESTED = "stream/october2023.jsonl", "geo/spec_contested.dev.jsonl"
POOL, FEEDS, INVENTED = "topics/feedpool.unlabelled.jsonl.gz", "replayed feeds", "invented headlines"
SETS = {
    LGL: "mentioned",
    VIRUS: "mentioned",
    TWEETS: "mentioned",
    REUTERS: "about",
    MIX: "about",
    STREAM: "about",
}
LEAD_CHARS = 400  # of a replayed item


def read(path: Path) -> list[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def measured_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the relevant texts of the measured sets that have countries, with their set."""
    for name in SETS:
        for row in read(CORPORA / "data" / name):
            if row.get("countries") is not None and row.get("relevant", 1) == 1:
                yield name, row


def own_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the texts that only train, with their set."""
    pool = _labels("focus.tsv")
    for row in read(CORPORA / "data" / POOL):
        if row["id"] in pool:
            yield POOL, row | _answer(pool[row["id"]])
    yield from ((FEEDS, row) for row in _feed_rows(_labels("feeds.tsv")))
    for line in (LABELS / "places.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            country, text = line.split(" ", 1)
            title, lead = text.split(" | ", 1)
            yield INVENTED, {"title": title, "text": lead} | _answer([country])


def _labels(name: str) -> dict[str, list[str]]:
    lines = (LABELS / name).read_text("utf-8").splitlines()
    return {number: codes.split(",") for number, codes in (line.split("\t") for line in lines)}


def _answer(codes: list[str]) -> dict[str, Any]:
    return {"countries": codes, "focus": codes[0]}


def _feed_rows(labels: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Give each labelled item of the replayed feeds once; its id is the start of the SHA-1 of its address."""
    path, found = CORPORA / "replay/data/corpus.sqlite", set()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as feeds:
        for link, title, summary in feeds.execute("select link, title, summary from items order by rowid"):
            number = hashlib.sha1((link or "").encode(), usedforsecurity=False).hexdigest()[:10]
            if number in labels and number not in found:
                found.add(number)
                text = _plain(summary)[:LEAD_CHARS]
                yield {"id": number, "title": _plain(title), "text": text} | _answer(labels[number])


def _plain(marked_up: str | None) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", marked_up or "")).split())
