"""Measure classify: held-in figures by evaluate; speed on 3 kB articles, one core; start and memory alone.

    python -m bench.classify

Figures on the development sets are resubstitution (the shipped model was trained on them): they
only show that nothing broke. Held-out figures are those of bench.train_classify.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np

from aggregator.pipeline.classify import classify
from aggregator.pipeline.locate import locate
from bench import classify_sets as sets
from bench.classify_figures import f1
from bench.classify_sets import Row
from bench.classify_tables import Trainer

SIZE = 3_000


def speed(trainer: Trainer, rows: Sequence[Row]) -> dict[str, int]:
    """Return articles a second of CPU for locate, classify and both, each text padded to SIZE.

    The first pass fills what is remembered of words; `both_again` is a pass over the same texts after it,
    as a worker runs that has read for a while.
    """
    articles = [(row.title, (row.text + " ") * (SIZE // max(60, len(row.text) + 1) + 1)) for row in rows]
    articles = [(title, text[:SIZE]) for title, text in articles]
    for title, text in articles[:200]:  # loading and compiling are not counted
        places = locate(title, text, gazetteer=trainer.gazetteer, home_region=None, language="en")
        classify(title, text, language="en", located=places, rules=trainer.rules)
    first, again = _pass(trainer, articles), _pass(trainer, articles)
    return {**first, "both_again": again["both"]}


def _pass(trainer: Trainer, articles: Sequence[tuple[str, str]]) -> dict[str, int]:
    begin = time.process_time()
    located = [
        locate(a, b, gazetteer=trainer.gazetteer, home_region=None, language="en") for a, b in articles
    ]
    between = time.process_time()
    for (title, text), places in zip(articles, located, strict=True):
        classify(title, text, language="en", located=places, rules=trainer.rules)
    end = time.process_time()
    count = len(articles)
    return {
        "locate": round(count / (between - begin)),
        "classify": round(count / (end - between)),
        "both": round(count / (end - begin)),
    }


def figures(trainer: Trainer, rows: Sequence[Row]) -> dict[str, float | None]:
    """Return relevance F1 and, where the set has forms, the share of broad forms that are right."""
    broad = {rule.slug: rule.broad for rule in trainer.rules.forms.rules}
    gold, found, right = [], [], []
    for row in rows:
        places = locate(row.title, row.text, gazetteer=trainer.gazetteer, home_region=None, language="")
        verdict = classify(row.title, row.text, located=places, rules=trainer.rules)
        if row.relevant is not None:
            gold.append(row.relevant == 1)
            found.append(verdict.relevance == "in")
        if row.form and row.relevant == 1:
            right.append(broad.get(verdict.form) == row.form)
    share = round(sum(right) / len(right), 3) if right else None
    return {"n": len(rows), "relevance_f1": round(f1(np.array(gold), np.array(found)), 3), "form": share}


def alone() -> dict[str, float]:
    """Return what bench.classify_alone finds in a process of its own."""
    command = [sys.executable, "-m", "bench.classify_alone"]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def main() -> None:
    """Print one JSON line."""
    trainer = Trainer()
    stream = sets.stream()
    out = {"stream": figures(trainer, stream), "feedmix": figures(trainer, sets.feedmix())}
    print(json.dumps({**out, "per_second": speed(trainer, stream), "alone": alone()}))


if __name__ == "__main__":
    main()
