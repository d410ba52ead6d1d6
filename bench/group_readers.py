"""How far two readers agree on stories, and how far the shipped model agrees with each: B-cubed F1, and the same
without the largest story.

usage: python -m bench.group_readers [--corpora DIR]
The first reading is the judged stream's and `labels/stories.tsv`; the second is `labels/stories_second.tsv`,
made without sight of the first. What only one of them gives a story stands alone for the other.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aggregator.pipeline.repair import Standing, regroup
from aggregator.services.evaluation.stories import where_of
from bench.group_sets import CLUSTERING, less_largest, load_sets, scorer
from bench.group_windows import NO_STORY

LABELS = Path(__file__).parent / "labels" / "stories_second.tsv"


def read_second() -> dict[str, dict[str, str]]:
    """Return the second reader's story by part and item id; what has none is left out."""
    out: dict[str, dict[str, str]] = {}
    with LABELS.open(encoding="utf-8", newline="") as lines:
        for key, part, story in csv.reader((line for line in lines if line[0] != "#"), delimiter="\t"):
            if story != NO_STORY:
                out.setdefault(part, {})[key] = story
    return out


def agreement(score: Any, gold: Mapping[str, str], found: Mapping[str, Any]) -> list[float]:
    """Return B-cubed F1 of all stories and of all but the largest; what `found` lacks stands alone."""
    whole = {i: found.get(i, f"alone:{i}") for i in gold}
    return [round(score(gold, whole)["b3_f1"], 3), round(less_largest(score, gold, whole)["b3_f1_less"], 3)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", default=os.environ.get("CORPORA_DIR", "../shared"), type=Path)
    corpora = parser.parse_args().corpora
    score, second = scorer(corpora), read_second()
    for name, items in load_sets(corpora, folds=1, where=where_of, neus=0).items():
        if name in CLUSTERING:
            continue
        places = regroup(Standing(n, i.features) for n, i in enumerate(items))
        found = {i.id: places[n].group for n, i in enumerate(items)}
        first = {i.id: i.gold for i in items if i.scored}
        told = {
            "second by first": agreement(score, first, second[name]),
            "model by first": agreement(score, first, found),
            "model by second": agreement(score, second[name], found),
            "alone by second": agreement(score, second[name], {}),
        }
        print(json.dumps({name: told}))


if __name__ == "__main__":
    main()
