"""Count in how many texts each word stands: the background of the grouping rule.

usage: python -m bench.learn_background [CORPORA_DIR]
Writes aggregator/pipeline/data/group_background.npz: hashed words and counts, no text.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aggregator.pipeline.features import BODY, bucket
from aggregator.pipeline.group_words import group_words, is_english

OUT = Path("aggregator/pipeline/data/group_background.npz")
SETS = (
    "data/topics/feedpool.unlabelled.jsonl.gz",
    "data/topics/insightcrime.dev.jsonl.gz",
    "data/topics/disaster_response_news.dev.jsonl.gz",
    "data/topics/feedmix.dev.jsonl",
    "data/clustering/neus_train_dev.jsonl.gz",
    "data/clustering/allsides2021_dev.jsonl.gz",
    "data/dedup/real_dev.jsonl.gz",
    "data/stream/october2023.jsonl",
)


def main(folder: Path) -> None:
    counts: Counter[int] = Counter()
    total = 0
    for text in _texts(folder):
        total += 1
        counts.update({bucket(w.stem) for w in group_words(text[:BODY], english=is_english(text))})
    kept = sorted((i, n) for i, n in counts.items() if n >= 3)
    ids, numbers = zip(*kept, strict=True)
    np.savez_compressed(OUT, ids=np.array(ids, "<i4"), counts=np.array(numbers, "<u2"), total=total)
    print(f"{total} texts, {len(ids)} words, {OUT.stat().st_size} bytes")


def _texts(folder: Path) -> Iterator[str]:
    for name in SETS:
        opener = gzip.open if name.endswith(".gz") else open
        with opener(folder / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield f"{row.get('title') or ''}. {row.get('text') or row.get('summary') or ''}"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CORPORA_DIR", "../shared")))
