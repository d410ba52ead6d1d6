"""Further days of the recorded feeds with the story of every item: `labels/stories.tsv`.

The labels are one pass of reading by a language model, not reviewed, after the habits of the judged stream:
a story slug, `-` for what has no story (live pages, digests, background). What is not about conflict is
left out. Titles and texts are the publishers': they are read from the recorded feeds.
"""

from __future__ import annotations

import csv
import hashlib
import html
import re
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

LABELS = Path(__file__).parent / "labels" / "stories.tsv"
NO_STORY = "-"


def read_windows(corpora: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each window in order of date, as those of the stream: id, date, source, title,
    text, story (None where there is none). Raises FileNotFoundError without the recorded feeds."""
    labels = read_labels()
    out: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _recorded(corpora / "replay/data/corpus.sqlite"):
        if row["id"] in labels:
            window, story = labels.pop(row["id"])
            out[window].append(row | {"story": None if story == NO_STORY else story})
    return dict(sorted(out.items()))


def read_labels() -> dict[str, tuple[str, str]]:
    """Return window and story by item id."""
    with LABELS.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return {key: (window, story) for key, window, story in rows}


def _recorded(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        raise FileNotFoundError(path)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        found = base.execute(
            "select outlet, link, title, summary, date from items where kind = 'stream' order by date"
        ).fetchall()
    return [
        {
            "id": hashlib.sha1((link or "").encode()).hexdigest()[:10],
            "source": outlet,
            "title": _plain(title),
            "text": _plain(summary),
            "date": date,
        }
        for outlet, link, title, summary, date in found
    ]


def _plain(marked: str | None) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", marked or ""))).strip()
