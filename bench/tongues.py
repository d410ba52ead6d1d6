"""Grouping in other languages, beside plain TF-IDF and every item alone.

usage: python -m bench.tongues [--corpora DIR]
Recorded items are named in `labels/tongues.tsv` (ids and stories only); where the record holds too little there
are invented ones, `labels/invented/*.tsv` (hours, outlet, story, title, text; nobody published them).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import html
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from aggregator.pipeline.group import SPAN
from aggregator.services.evaluation import stories
from bench.group_sets import scorer
from bench.group_windows import read_windows

LABELS = Path(__file__).parent / "labels" / "tongues.tsv"
INVENTED = Path(__file__).parent / "labels" / "invented"
NO_STORY, LONE, MIXED = "-", "lone", "mixed"
START = datetime.fromisoformat("2023-10-16T04:00:00+00:00")  # of invented items; the mixed stream's first day
ENGLISH = "16-17oct"  # the window of English items that stands in the mixed stream
LIMITS = tuple(round(0.06 + 0.02 * n, 2) for n in range(28))
_WORD = re.compile(r"\w\w+")
_HAN = re.compile(r"[\u3400-\u9fff]+")

Row = dict[str, Any]
Sets = dict[str, list[Row]]
Score = Callable[[dict[str, str], dict[str, Any]], dict[str, float]]


def read_tongues(corpora: Path) -> Sets:
    """Return the rows of each set in order of date: id, date, source, title, text, story (None where there is
    none), by language and kind ("pl recorded"). Raises FileNotFoundError without the recorded feeds."""
    recorded = read_recorded(corpora / "replay/data/corpus.sqlite")
    return dict(sorted((recorded | read_invented()).items()))


def read_labels() -> dict[str, tuple[str, str]]:
    """Return language and story by item id."""
    with LABELS.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return {key: (language, story) for key, language, story in rows}


def read_invented() -> Sets:
    """Return the invented rows; they need no corpora."""
    return {f"{path.stem} invented": list(_invented(path)) for path in sorted(INVENTED.glob("*.tsv"))}


def _invented(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    for n, (hours, outlet, story, title, text) in sorted(enumerate(rows), key=lambda r: float(r[1][0])):
        yield {
            "id": f"{path.stem}-{n}",
            "date": (START + timedelta(hours=float(hours))).isoformat(),
            "source": outlet,
            "title": title,
            "text": text,
            "story": f"{path.stem}:{story}",
        }


def read_recorded(path: Path) -> Sets:
    """Return the recorded rows that have a label."""
    if not path.exists():
        raise FileNotFoundError(path)
    labels = read_labels()
    out: Sets = {}
    for key, row in _items(path):
        if key in labels:
            language, story = labels.pop(key)
            row["story"] = {NO_STORY: None, LONE: f"{LONE}:{key}"}.get(story, f"{language}:{story}")
            out.setdefault(f"{language} recorded", []).append(row)
    return out


def _items(path: Path) -> Iterator[tuple[str, Row]]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        found = base.execute("select outlet, link, title, summary, date from items order by date, link")
        for outlet, link, title, summary, date in found:
            key = hashlib.sha1((link or "").encode()).hexdigest()[:10]
            yield (
                key,
                {"id": key, "source": outlet, "title": _plain(title), "text": _plain(summary), "date": date},
            )


def _plain(marked: str | None) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", marked or ""))).strip()


def mix(sets: Sets, english: Iterable[Row] = ()) -> list[Row]:
    """Return one stream of all sets, each moved to begin on the same day, in order of date."""
    out = [dict(row) for row in english]
    for rows in sets.values():
        moved = START - datetime.fromisoformat(rows[0]["date"])
        out += [row | {"date": (datetime.fromisoformat(row["date"]) + moved).isoformat()} for row in rows]
    return sorted(out, key=lambda row: (datetime.fromisoformat(row["date"]), row["id"]))


def shipped(rows: list[Row]) -> dict[str, Any]:
    """Return the story of each row by id, as the line's repair leaves them."""
    return {a["id"]: a["cluster"] for a in stories.evaluate(rows)}


def words(text: str) -> list[str]:
    """Return what plain TF-IDF counts: words of two letters or more, pairs of characters where none are parted."""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if _HAN.match(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            found.append(word)
    return found


class TfIdf:
    """Plain TF-IDF: cosines of title and text, rarity counted in the set itself (which is kind to it). In
    order of date an item joins the story with the nearest centroid, from a limit on, within the span."""

    def __init__(self, rows: list[Row]) -> None:
        texts = [f"{r['title']} {r['text']}" for r in rows]
        table = TfidfVectorizer(analyzer=words, sublinear_tf=True).fit_transform(texts)
        self.ids = [r["id"] for r in rows]
        self.at = [datetime.fromisoformat(r["date"]).timestamp() for r in rows]
        self.likeness = np.asarray((table @ table.T).todense())

    def stories(self, limit: float) -> dict[str, int]:
        """Return the story of each row by id."""
        story = np.zeros(len(self.ids), dtype=np.int64)
        first: list[float] = []  # seconds since 1970, by story
        square = np.zeros(len(self.ids))  # of the length of each story's centroid
        for n, at in enumerate(self.at):
            shared = np.bincount(story[:n], self.likeness[n, :n], minlength=len(first))
            cosine = shared / np.sqrt(square[: len(first)]) * (at - np.array(first) <= SPAN)
            best = int(np.argmax(cosine)) if first else 0
            if first and cosine[best] >= limit:
                square[best] += 2 * shared[best] + self.likeness[n, n]
            else:
                best = len(first)
                first.append(at)
                square[best] = self.likeness[n, n] or 1.0
            story[n] = best
        return dict(zip(self.ids, story.tolist(), strict=True))


def figures(rows: list[Row], found: dict[str, Any], score: Score) -> tuple[float, float]:
    """Return B-cubed F1 and pair F1 over the rows that have a story."""
    gold = {r["id"]: r["story"] for r in rows if r["story"]}
    got = score(gold, {i: found[i] for i in gold})
    return got["b3_f1"], got["pair_f1"]


def compare(sets: Sets, score: Score) -> dict[str, dict[str, tuple[float, float]]]:
    """Return the figures of each set by method; "in the mixed stream" are those of its rows among all others.

    "tf-idf" has the limit that is best on average for the sets of the other languages, "tf-idf, best limit" the
    one that is best for the very set.
    """
    tried = {name: _tried(rows, score) for name, rows in sets.items()}
    mixed, out = shipped(sets[MIXED]), {}
    for name, rows in sets.items():
        others = [tried[o] for o in sets if o.split()[0] not in (name.split()[0], MIXED)]
        fair = max(LIMITS, key=lambda limit: sum(t[limit][0] for t in others))
        out[name] = {
            "shipped": figures(rows, mixed if name == MIXED else shipped(rows), score),
            "shipped, in the mixed stream": figures(rows, mixed, score),
            "tf-idf": tried[name][fair],
            "tf-idf, best limit": max(tried[name].values()),
            "alone": figures(rows, {r["id"]: r["id"] for r in rows}, score),
        }
    return out


def _tried(rows: list[Row], score: Score) -> dict[float, tuple[float, float]]:
    plain = TfIdf(rows)
    return {limit: figures(rows, plain.stories(limit), score) for limit in LIMITS}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", default=os.environ.get("CORPORA_DIR", "../shared"), type=Path)
    corpora = parser.parse_args().corpora
    if not (corpora / "replay/data/corpus.sqlite").exists():
        sys.exit(f"bench.tongues is skipped: no recorded feeds in {corpora} (set CORPORA_DIR)")
    stories.load()
    sets = read_tongues(corpora)
    sets[MIXED] = mix(sets, read_windows(corpora)[ENGLISH])
    found = compare(sets, scorer(corpora))
    print("| set | items | of stories of several |", " | ".join(next(iter(found.values()))), "|")
    for name, row in found.items():
        cells = " | ".join(f"{b3:.3f} / {pair:.3f}" for b3, pair in row.values())
        print(f"| {name} | {len(sets[name])} | {_of_several(sets[name])} | {cells} |")


def _of_several(rows: list[Row]) -> int:
    told = [r["story"] for r in rows if r["story"]]
    return sum(told.count(story) > 1 for story in told)


if __name__ == "__main__":
    main()
