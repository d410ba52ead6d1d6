"""Train the small scores of locate on development data: python bench/train_locate.py [--write] [--without SET] [--only HEAD].

Three heads over the features of placemodel: mentioned (any place of the country is named), about
(editors' and annotators' countries) and focus (pairwise: the gold focus against each other candidate). The focus of short
texts also learns from our own labels, which are never measured (see locate_sets). Thresholds are fixed by five-fold
cross-validation on the same data; items of one story stay in one fold. What is printed is what `locate` answers with the
scores of the other folds. `--only focus_short` trains that head on its own sets and leaves the others and the thresholds
as they are shipped; texts that other heads score are then not held out. Needs CORPORA_DIR and scikit-learn.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aggregator.pipeline.gazetteer import VOCABULARY, Gazetteer, load_gazetteer
from aggregator.pipeline.locate import judge, read_places
from aggregator.pipeline.placemodel import logits, probability
from aggregator.pipeline.placeroles import PREFIX as ROLES
from aggregator.pipeline.types import Located
from bench.locate_sets import (
    FEEDS,
    INVENTED,
    LGL,
    MIX,
    POOL,
    REUTERS,
    SETS,
    STREAM,
    TWEETS,
    VIRUS,
    measured_rows,
    own_rows,
)

# What each head learns from: sets with the weight of a document; short texts, long ones or both.
HEADS: dict[str, tuple[dict[str, float], bool | None]] = {
    "mentioned": ({LGL: 1.0, VIRUS: 1.0, TWEETS: 0.5}, None),
    "about": ({REUTERS: 0.15, STREAM: 3.0, MIX: 4.0}, False),
    "about_short": ({REUTERS: 0.15, STREAM: 3.0, MIX: 4.0}, True),
    "focus": ({LGL: 1.0, VIRUS: 1.0, REUTERS: 0.05, STREAM: 3.0}, False),
    "focus_short": ({STREAM: 2.0, MIX: 2.0, INVENTED: 2.0, FEEDS: 1.0, POOL: 0.5, TWEETS: 0.2}, True),
}
ALIAS = {"SU": "RU", "DD": "DE", "YU": "RS", "CS": "CZ", "ZR": "CD", "BU": "MM", "YD": "YE", "UK": "GB"}
SEEDS = (7, 1, 2, 3, 4, 5, 6, 8)  # splits; focus is the mean over them, the rest goes by the first
L2 = 1.0
SHORT_L2 = 0.1
# The focus of a headline goes by the roles that places play in it, not by single words or by the body.
NOT_OF_HEADLINES = ("body:", "text_", "crowd:", "short:", "unsureI", "title:", "lead:")
SEEN_AT_LEAST = 20
LEAST_WEIGHT = 0.005
ROLE_SEEN_AT_LEAST = 4


def documents(gazetteer: Gazetteer, heads: Sequence[str]) -> list[dict[str, Any]]:
    """Return the texts that `heads` learn from, with the features of their candidates."""
    found = []
    for number, (name, row) in enumerate([*measured_rows(), *own_rows()]):
        if not any(name in HEADS[head][0] for head in heads):
            continue
        reading = read_places(row.get("title") or "", row["text"] or "", gazetteer)
        gold = {ALIAS.get(code, code) for code in row["countries"]}
        focus = ALIAS.get(row["focus"], row["focus"]) if row.get("focus") else None
        keys = [candidate.key for candidate in reading.candidates]
        found.append(
            {
                "set": name,
                "reading": reading,
                "meaning": SETS.get(name, "focus"),
                "short": reading.is_short,
                "keys": keys,
            }
            | {"x": reading.features, "gold": gold, "focus": focus, "group": row.get("story") or number}
        )
    return found


Head = dict[str, float]  # a weight for each feature, and the bias


def matrix(rows: list[dict[str, float]], names: list[str]) -> csr_matrix:
    index = {name: place for place, name in enumerate(names)}
    values, places, ends = [], [], [0]
    for row in rows:
        found = [(index[name], value) for name, value in row.items() if value and name in index]
        places += [place for place, _ in found]
        values += [value for _, value in found]
        ends.append(len(places))
    return csr_matrix((values, places, ends), shape=(len(rows), len(names)))


def is_used(name: str, *, is_short: bool) -> bool:
    return not name.startswith(NOT_OF_HEADLINES) if is_short else not name.startswith(ROLES)


def weight_in(head: str, doc: dict[str, Any]) -> float:
    weights, short = HEADS[head]
    return weights.get(doc["set"], 0.0) if short is None or doc["short"] == short else 0.0


def fit_set(docs: list[dict[str, Any]], head: str, names: list[str]) -> Head:
    rows, labels, weights = [], [], []
    for doc in docs:
        if weight_in(head, doc):
            for key, row in zip(doc["keys"], doc["x"], strict=True):
                if len(key) == 2:
                    rows.append(row)
                    labels.append(key in doc["gold"])
                    weights.append(weight_in(head, doc))
    used = [name for name in names if is_used(name, is_short=False)]
    model = LogisticRegression(C=L2, max_iter=3000)
    model.fit(matrix(rows, used), labels, sample_weight=weights)
    return stored(used, model.coef_[0], float(model.intercept_[0]))


def fit_focus(docs: list[dict[str, Any]], head: str, names: list[str]) -> Head:
    is_short = head == "focus_short"
    rows: list[dict[str, float]] = []
    right, wrong, weights = [], [], []
    for doc in docs:
        if weight_in(head, doc) and doc["focus"] in doc["keys"]:
            start = len(rows)
            rows += doc["x"]
            for place, key in enumerate(doc["keys"]):
                if key != doc["focus"] and len(key) == 2:
                    right.append(start + doc["keys"].index(doc["focus"]))
                    wrong.append(start + place)
                    weights.append(weight_in(head, doc) / max(1, len(doc["keys"]) - 1))
    used = [name for name in names if is_used(name, is_short=is_short)]
    every = matrix(rows, used)
    x = every[right] - every[wrong]
    y = np.concatenate([np.ones(len(right)), np.zeros(len(right))])
    model = LogisticRegression(C=SHORT_L2 if is_short else L2, max_iter=3000, fit_intercept=False)
    model.fit(vstack([x, -x]), y, sample_weight=np.array(weights * 2))
    return stored(used, model.coef_[0], 0.0)


def stored(names: list[str], weights: np.ndarray, bias: float) -> Head:
    """Return a head as it is shipped: rounded, without what weighs nothing."""
    kept = zip(names, weights, strict=True)
    return {"bias": round(bias, 4)} | {
        name: round(float(value), 4) for name, value in kept if abs(value) >= LEAST_WEIGHT
    }


def train(docs: list[dict[str, Any]], heads: Sequence[str]) -> dict[str, Head]:
    counts: dict[str, int] = {}
    for doc in docs:
        for row in doc["x"]:
            for name in row:
                counts[name] = counts.get(name, 0) + 1
    names = sorted(
        name
        for name, count in counts.items()
        if count >= (ROLE_SEEN_AT_LEAST if name.startswith(ROLES) else SEEN_AT_LEAST)
    )
    fit = {head: fit_focus if head.startswith("focus") else fit_set for head in heads}
    return {head: fit[head](docs, head, names) for head in heads}


def cross_validated(
    docs: list[dict[str, Any]], heads: Sequence[str], kept: dict[str, Head], seed: int, without: str = ""
) -> list[dict[str, Head]]:
    """Return for each text the heads of the folds it is not in, beside those that are kept as they are.

    `without` names a set that trains none of them.
    """
    groups = sorted({doc["group"] for doc in docs}, key=str)
    fold_of = dict(zip(groups, np.random.default_rng(seed).permutation(len(groups)) % 5, strict=True))
    folds = [fold_of[doc["group"]] for doc in docs]
    learning = [not without or without not in doc["set"] for doc in docs]
    trained = [
        kept
        | train(
            [doc for doc, own, ok in zip(docs, folds, learning, strict=True) if own != fold and ok], heads
        )
        for fold in range(5)
    ]
    return [trained[fold] for fold in folds]


def best_limit(docs: list[dict[str, Any]], held: list[dict[str, Head]], head: str) -> float:
    """Return the threshold with the best mean F1 over the sets a head learns from, each counting once."""
    kind, short = head.removesuffix("_short"), HEADS[head][1]
    chosen: dict[str, list[tuple[list[str], list[float], set[str]]]] = {}
    for doc, heads in zip(docs, held, strict=True):
        if HEADS[head][0].get(doc["set"]) and SETS.get(doc["set"]) == kind and short in (None, doc["short"]):
            scores = [probability(logits(row, [heads[head]])[0]) for row in doc["x"]]
            chosen.setdefault(doc["set"], []).append((doc["keys"], scores, doc["gold"]))

    def mean(limit: float) -> float:
        return sum(
            f1(
                [
                    ({key for key, score in zip(keys, scores, strict=True) if score >= limit}, gold)
                    for keys, scores, gold in texts
                ]
            )[0]
            for texts in chosen.values()
            if len(texts) > 40
        )

    return float(max(np.arange(0.2, 0.75, 0.02), key=mean))


def f1(pairs: list[tuple[set[str], set[str]]]) -> tuple[float, float, float]:
    """Return F1, precision and recall of (given, gold) pairs, pooled; keys that are no country count nothing."""
    hit = wrong = missed = 0
    for given, gold in pairs:
        countries = {key for key in given if len(key) == 2}
        hit, wrong, missed = (
            hit + len(countries & gold),
            wrong + len(countries - gold),
            missed + len(gold - countries),
        )
    return 2 * hit / max(1, 2 * hit + wrong + missed), hit / max(1, hit + wrong), hit / max(1, hit + missed)


def answers(
    docs: list[dict[str, Any]], held: list[dict[str, Head]], limits: dict[str, float], gazetteer: Gazetteer
) -> list[Located]:
    thresholds = {head + "_at": limit for head, limit in limits.items()}
    return [
        judge(doc["reading"], replace(gazetteer, model=thresholds | {"heads": heads}))
        for doc, heads in zip(docs, held, strict=True)
    ]


def focus_right(docs: list[dict[str, Any]], found: list[Located], only: str) -> float:
    right = [
        located.focus_country == doc["focus"]
        for doc, located in zip(docs, found, strict=True)
        if doc["focus"] and doc["set"] == only
    ]
    return float(sum(right)) / max(1, len(right))


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""


def main() -> None:
    gazetteer = load_gazetteer()
    heads = [option("--only")] if option("--only") else list(HEADS)
    docs = documents(gazetteer, heads)
    kept = {head: weights for head, weights in gazetteer.model["heads"].items() if head not in heads}
    splits = [cross_validated(docs, heads, kept, seed, option("--without")) for seed in SEEDS]
    limits = {
        head: gazetteer.model[head + "_at"] if head in kept else best_limit(docs, splits[0], head)
        for head in ("mentioned", "about", "about_short")
    }
    found = [answers(docs, held, limits, gazetteer) for held in splits]
    if not kept:
        print_sets(docs, found[0])
    for name in [name for name in (*SETS, POOL, FEEDS) if any(doc["set"] == name for doc in docs)]:
        print(f"{name:42} focus", " ".join(f"{focus_right(docs, split, name):.3f}" for split in found))
    print("thresholds", limits)
    if "--write" in sys.argv:
        trained = kept | train(docs, heads)
        model = {head + "_at": limit for head, limit in limits.items()} | {
            "heads": {head: trained[head] for head in HEADS}
        }
        (VOCABULARY / "locate_model.json").write_text(json.dumps(model, indent=1) + "\n")


def print_sets(docs: list[dict[str, Any]], found: list[Located]) -> None:
    for name, meaning in SETS.items():
        pairs = [
            (set(located.countries if meaning == "about" else located.countries_mentioned), doc["gold"])
            for doc, located in zip(docs, found, strict=True)
            if doc["set"] == name
        ]
        print(f"{name:42} {meaning:9} F1 %.3f P %.3f R %.3f" % f1(pairs))


if __name__ == "__main__":
    main()
