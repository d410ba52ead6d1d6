"""The labels of other languages, the invented items, and what they are measured beside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench import tongues

CORPORA = Path(os.environ.get("CORPORA_DIR", "../shared"))
RECORD = CORPORA / "replay/data/corpus.sqlite"
needs_feeds = pytest.mark.skipif(not RECORD.exists(), reason="the recorded feeds are not here")


def test_labels_hold_ids_and_slugs_only() -> None:
    labels = tongues.read_labels()
    assert len(labels) > 300
    assert all(re.fullmatch(r"[0-9a-f]{10}", key) for key in labels)
    assert {language for language, _ in labels.values()} == {"pl", "uk", "zh"}
    assert all(re.fullmatch(r"-|[a-z0-9]+(-[a-z0-9]+)*", story) for _, story in labels.values())


@needs_feeds
def test_every_label_finds_its_item_in_order_of_date() -> None:
    sets = tongues.read_recorded(RECORD)
    assert sum(map(len, sets.values())) == len(tongues.read_labels())
    for rows in sets.values():
        assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
        assert all(row["title"] for row in rows)


@pytest.mark.parametrize("name", ["ar", "fr", "pl", "ru", "uk", "zh"])
def test_every_language_has_invented_stories_and_strangers(name: str) -> None:
    rows = tongues.read_invented()[f"{name} invented"]
    told = Counter(row["story"] for row in rows)
    assert len(rows) >= 60
    assert sum(n > 1 for n in told.values()) >= 15 and sum(n == 1 for n in told.values()) >= 12
    assert len({row["source"] for row in rows}) >= 4


def test_the_mixed_stream_begins_on_one_day_and_keeps_every_item() -> None:
    sets = tongues.read_invented()
    old = [row | {"id": "old", "date": "2015-03-11T00:00:00+00:00"} for row in sets["zh invented"][:1]]
    mixed = tongues.mix(sets | {"zh recorded": old})
    assert len(mixed) == sum(map(len, sets.values())) + 1
    assert next(row for row in mixed if row["id"] == "old")["date"] == tongues.START.isoformat()


def test_plain_tf_idf_joins_what_shares_words_within_the_span() -> None:
    rows = [
        {"id": n, "title": title, "text": "", "date": f"2023-10-{16 + day}T00:00:00+00:00", "story": None}
        for n, (title, day) in enumerate(
            [("harbour crane falls", 0), ("crane falls at harbour", 1), ("crane falls at harbour", 9)]
        )
    ]
    assert list(tongues.TfIdf(rows).stories(0.3).values()) == [0, 0, 1]
    assert tongues.words("Порт 12 一座清真寺") == ["порт", "12", "一座", "座清", "清真", "真寺"]


def test_without_corpora_the_measurement_says_that_it_is_skipped(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench.tongues", "--corpora", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0 and "skipped" in run.stderr
