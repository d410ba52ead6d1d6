"""Grouping measured: quality on the development sets, speed, cost with a full index, memory, restart.

usage: python -m bench.group [--corpora DIR] [--articles 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from aggregator.pipeline.features import Features, pack, read_features, unpack
from aggregator.pipeline.group import StoryIndex
from aggregator.services.evaluation import stories
from bench.group_sets import CLUSTERING, less_largest, read_rows, scorer
from bench.group_windows import read_windows

START = datetime(2023, 10, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", default=os.environ.get("CORPORA_DIR", "../shared"), type=Path)
    parser.add_argument("--articles", default=100_000, type=int)
    args = parser.parse_args()
    stories.load()
    _print("quality", _quality(args.corpora))
    _print("speed", _speed(args.corpora))
    _print("scale", _scale(args.corpora, args.articles))


def _print(name: str, figures: dict[str, Any]) -> None:
    print(json.dumps({name: figures}), flush=True)


def _quality(corpora: Path) -> dict[str, Any]:
    """Trained on these very sets: the cross-validated figures are in the model file."""
    score, out = scorer(corpora), {}
    for name in CLUSTERING:
        rows = list_rows(corpora / f"data/clustering/{name}.jsonl.gz")
        found = score({r["id"]: r["cluster"] for r in rows}, _answers(rows))
        out[name] = {"b3_f1": found["b3_f1"], "pair_f1": found["pair_f1"]}
    feeds = {"stream": list_rows(corpora / "data/stream/october2023.jsonl")} | read_windows(corpora)
    return out | {name: _of_feed(score, rows) for name, rows in feeds.items()}


def _of_feed(score: Any, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Score what has a story; and once more without the largest one."""
    gold = {r["id"]: r["story"] for r in rows if r["story"]}
    found = _answers(rows)
    return {"b3_f1": score(gold, {i: found[i] for i in gold})["b3_f1"]} | less_largest(score, gold, found)


def list_rows(path: Path) -> list[dict[str, Any]]:
    return list(read_rows(path))


def _answers(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {a["id"]: a["cluster"] for a in stories.evaluate(rows) if a["cluster"] is not None}


def _speed(corpora: Path) -> dict[str, Any]:
    """Reading, locating and grouping; then grouping alone, on features that are ready."""
    rows = list_rows(corpora / "data/clustering/neus_train_dev.jsonl.gz")[:2000]
    begun = time.process_time()
    _answers(rows)
    whole = time.process_time() - begun
    ready = [_read(r, n) for n, r in enumerate(rows)]
    begun = time.process_time()
    _group(StoryIndex(), ready, 0)
    alone = time.process_time() - begun
    return {
        "with_reading_per_second": round(len(rows) / whole),
        "grouping_per_second": round(len(rows) / alone),
    }


def _read(row: dict[str, Any], n: int) -> Features:
    at = START + timedelta(minutes=n)
    return read_features(row["title"] or "", row["text"] or "", at=at, outlet=f"outlet{n % 200}.example")


def _group(index: StoryIndex, ready: list[Features], offset: int) -> None:
    for n, features in enumerate(ready, start=offset):
        story = index.decide(features).story
        index.add(n if story is None else story, n, features)


def _scale(corpora: Path, articles: int) -> dict[str, Any]:
    """Fill an index with invented mixtures of real words' numbers, ten days of news, and time the last 1,000."""
    dice = np.random.default_rng(1)
    seeds = [
        _read(r, n)
        for n, r in enumerate(list_rows(corpora / "data/clustering/neus_train_dev.jsonl.gz")[:4000])
    ]
    rates, packed, index = {}, [], StoryIndex()
    for n in range(articles):
        features = _mixture(seeds, dice, n, articles)
        packed.append(pack(features))
        index.add(n // 2 if n % 2 else n, n, features)
        if n + 1 in (10_000, articles):
            begun = time.process_time()
            for _ in range(300):
                index.decide(_mixture(seeds, dice, n, articles))
            rates[n + 1] = round(300 / (time.process_time() - begun))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    begun = time.process_time()
    fresh = StoryIndex()
    for n, data in enumerate(packed):
        fresh.add(n // 2 if n % 2 else n, n, unpack(data))
    return {"per_second_at": rates, "peak_mb": peak, "rebuild_seconds": round(time.process_time() - begun, 1)}


def _mixture(seeds: list[Features], dice: Any, n: int, articles: int) -> Features:
    one, other = (seeds[int(i)] for i in dice.integers(0, len(seeds), 2))
    ids = np.unique(np.concatenate([one.ids[::2], other.ids[1::2]]))
    at = START.timestamp() + 10 * 86_400 * n / articles
    return Features(
        ids=ids,
        weights=np.ones(len(ids), dtype=np.float32),
        flags=np.ones(len(ids), dtype=np.uint8),
        at=at,
        outlet=n % 200,
        words=60,
    )


if __name__ == "__main__":
    main()
