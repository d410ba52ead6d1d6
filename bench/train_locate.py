"""Train the small scores of locate on development data: python bench/train_locate.py [--write].

Three heads over the features of placemodel: mentioned (any place of the country is named), about
(editors' and annotators' countries) and focus (pairwise: the gold focus against each other candidate). The focus of short
texts also learns from our own labels of headlines of the pool (labels/focus.tsv) and from invented headlines
(labels/places.txt); they train and are never measured. Thresholds are fixed by five-fold cross-validation on the
same data; items of one story stay in one fold. Needs CORPORA_DIR and scikit-learn.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aggregator.pipeline.gazetteer import VOCABULARY, load_gazetteer
from aggregator.pipeline.locate import read_places
from aggregator.pipeline.placeroles import PREFIX as ROLES

CORPORA = Path(os.environ.get("CORPORA_DIR", Path(__file__).resolve().parent.parent.parent / "shared"))
LGL, VIRUS, TWEETS = "geo/lgl.dev.jsonl.gz", "geo/geovirus.dev.jsonl.gz", "geo/geocorpora_tweets.dev.jsonl.gz"
REUTERS, MIX = "geo/reuters21578_places.dev.jsonl.gz", "geo/feedmix_countries.dev.jsonl"
STREAM = "stream/october2023.jsonl"
POOL, INVENTED = "topics/feedpool.unlabelled.jsonl.gz", "labels/places.txt"
LABELS = Path(__file__).parent / "labels"
SETS = {
    LGL: "mentioned",
    VIRUS: "mentioned",
    TWEETS: "mentioned",
    REUTERS: "about",
    MIX: "about",
    STREAM: "about",
}
# What each head learns from: sets with the weight of a document; short texts, long ones or both.
HEADS: dict[str, tuple[dict[str, float], bool | None]] = {
    "mentioned": ({LGL: 1.0, VIRUS: 1.0, TWEETS: 0.5}, None),
    "about": ({REUTERS: 0.15, STREAM: 3.0, MIX: 4.0}, False),
    "about_short": ({REUTERS: 0.15, STREAM: 3.0, MIX: 4.0}, True),
    "focus": ({LGL: 1.0, VIRUS: 1.0, REUTERS: 0.05, STREAM: 3.0}, False),
    "focus_short": ({STREAM: 2.0, MIX: 2.0, INVENTED: 2.0, POOL: 0.5, TWEETS: 0.2}, True),
}
ALIAS = {"SU": "RU", "DD": "DE", "YU": "RS", "CS": "CZ", "ZR": "CD", "BU": "MM", "YD": "YE", "UK": "GB"}
SEEDS = (7, 1)  # splits; focus is the mean over them, the rest goes by the first
L2 = 1.0
SHORT_L2 = 0.15
# The focus of a headline goes by the roles that places play in it, not by single words or by the body.
NOT_OF_HEADLINES = ("body:", "text_", "crowd:", "short:", "unsureI", "title:", "lead:")
SEEN_AT_LEAST = 20
ROLE_SEEN_AT_LEAST = 8


def read(path: Path) -> list[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def own_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the texts that only train, with their set: labelled headlines of the pool and invented ones."""
    focus = dict(line.split() for line in (LABELS / "focus.tsv").read_text("utf-8").splitlines())
    for row in read(CORPORA / "data" / POOL):
        if row["id"] in focus:
            yield POOL, row | {"countries": [focus[row["id"]]], "focus": focus[row["id"]]}
    for line in (LABELS / "places.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            country, text = line.split(" ", 1)
            title, lead = text.split(" | ", 1)
            yield INVENTED, {"title": title, "text": lead, "countries": [country], "focus": country}


def measured_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in SETS:
        for row in read(CORPORA / "data" / name):
            if row.get("countries") is not None and row.get("relevant", 1) == 1:
                yield name, row


def documents() -> list[dict[str, Any]]:
    gazetteer = load_gazetteer()
    found = []
    for number, (name, row) in enumerate([*measured_rows(), *own_rows()]):
        reading = read_places(row.get("title") or "", row["text"] or "", gazetteer)
        gold = {ALIAS.get(code, code) for code in row["countries"]}
        focus = ALIAS.get(row["focus"], row["focus"]) if row.get("focus") else None
        keys = [candidate.key for candidate in reading.candidates]
        found.append(
            {"set": name, "meaning": SETS.get(name, "focus"), "short": reading.is_short, "keys": keys}
            | {"x": reading.features, "gold": gold, "focus": focus, "group": row.get("story") or number}
        )
    return found


def matrix(rows: list[dict[str, float]], names: list[str]) -> np.ndarray:
    index = {name: place for place, name in enumerate(names)}
    out = np.zeros((len(rows), len(names)))
    for place, row in enumerate(rows):
        for name, value in row.items():
            if name in index:
                out[place, index[name]] = value
    return out


def is_used(name: str, *, is_short: bool) -> bool:
    return not name.startswith(NOT_OF_HEADLINES) if is_short else not name.startswith(ROLES)


def weight_in(head: str, doc: dict[str, Any]) -> float:
    weights, short = HEADS[head]
    return weights.get(doc["set"], 0.0) if short is None or doc["short"] == short else 0.0


def fit_set(docs: list[dict[str, Any]], head: str, names: list[str]) -> tuple[np.ndarray, float]:
    rows, labels, weights = [], [], []
    for doc in docs:
        if weight_in(head, doc):
            for key, row in zip(doc["keys"], doc["x"], strict=True):
                if len(key) == 2:
                    rows.append(row)
                    labels.append(key in doc["gold"])
                    weights.append(weight_in(head, doc))
    used = np.array([is_used(name, is_short=False) for name in names], dtype=float)
    model = LogisticRegression(C=L2, max_iter=3000)
    model.fit(matrix(rows, names) * used, labels, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def fit_focus(docs: list[dict[str, Any]], head: str, names: list[str]) -> tuple[np.ndarray, float]:
    rows, weights = [], []
    is_short = head == "focus_short"
    used = np.array([is_used(name, is_short=is_short) for name in names], dtype=float)
    for doc in docs:
        if weight_in(head, doc) and doc["focus"] in doc["keys"]:
            every = matrix(doc["x"], names) * used
            right = every[doc["keys"].index(doc["focus"])]
            for key, row in zip(doc["keys"], every, strict=True):
                if key != doc["focus"] and len(key) == 2:
                    rows.append(right - row)
                    weights.append(weight_in(head, doc) / max(1, len(doc["keys"]) - 1))
    x = np.array(rows)
    y = np.concatenate([np.ones(len(x)), np.zeros(len(x))])
    strength = SHORT_L2 if is_short else L2
    model = LogisticRegression(C=strength, max_iter=3000, fit_intercept=False)
    model.fit(np.concatenate([x, -x]), y, sample_weight=np.concatenate([weights, weights]))
    return model.coef_[0], 0.0


def train(docs: list[dict[str, Any]]) -> tuple[list[str], dict[str, tuple[np.ndarray, float]]]:
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
    fit = {head: fit_focus if head.startswith("focus") else fit_set for head in HEADS}
    return names, {head: fit[head](docs, head, names) for head in HEADS}


def scores(docs: list[dict[str, Any]], names: list[str], head: tuple[np.ndarray, float]) -> list[np.ndarray]:
    return [
        1 / (1 + np.exp(-(matrix(doc["x"], names) @ head[0] + head[1]))) if doc["x"] else np.zeros(0)
        for doc in docs
    ]


def cross_validated(docs: list[dict[str, Any]], seed: int) -> list[dict[str, np.ndarray]]:
    groups = sorted({doc["group"] for doc in docs}, key=str)
    fold_of = dict(zip(groups, np.random.default_rng(seed).permutation(len(groups)) % 5, strict=True))
    folds = np.array([fold_of[doc["group"]] for doc in docs])
    out: list[dict[str, np.ndarray]] = [{} for _ in docs]
    for fold in range(5):
        held = np.flatnonzero(folds == fold)
        rest = [docs[place] for place in np.flatnonzero(folds != fold)]
        names, heads = train(rest)
        for head in heads:
            for place, score in zip(
                held, scores([docs[place] for place in held], names, heads[head]), strict=True
            ):
                out[place][head] = score
    return out


def head_of(doc: dict[str, Any], kind: str) -> str:
    return kind + "_short" if doc["short"] and kind != "mentioned" else kind


def f1_at(
    docs: list[dict[str, Any]], held: list[dict[str, np.ndarray]], only: str, limits: dict[str, float]
) -> tuple[float, float, float]:
    hit = wrong = missed = 0
    for doc, score in zip(docs, held, strict=True):
        if doc["set"] == only:
            head = head_of(doc, doc["meaning"])
            chosen = {
                key
                for key, value in zip(doc["keys"], score[head], strict=True)
                if value >= limits[head] and len(key) == 2
            }
            hit += len(chosen & doc["gold"])
            wrong += len(chosen - doc["gold"])
            missed += len(doc["gold"] - chosen)
    return 2 * hit / max(1, 2 * hit + wrong + missed), hit / max(1, hit + wrong), hit / max(1, hit + missed)


def best_limit(docs: list[dict[str, Any]], held: list[dict[str, np.ndarray]], head: str) -> float:
    """Return the threshold with the best mean F1 over the sets a head learns from, each counting once."""
    kind, short = head.removesuffix("_short"), HEADS[head][1]
    pairs = [
        (doc, score) for doc, score in zip(docs, held, strict=True) if short is None or doc["short"] == short
    ]
    mine, theirs = [doc for doc, _ in pairs], [score for _, score in pairs]
    sets = [
        name for name in HEADS[head][0] if SETS[name] == kind and sum(doc["set"] == name for doc in mine) > 40
    ]

    def mean(limit: float) -> float:
        return sum(f1_at(mine, theirs, name, {head: limit})[0] for name in sets)

    return float(max(np.arange(0.2, 0.75, 0.02), key=mean))


def focus_right(docs: list[dict[str, Any]], held: list[dict[str, np.ndarray]], only: str) -> float:
    right = []
    for doc, score in zip(docs, held, strict=True):
        if doc["focus"] and doc["set"] == only:
            head = head_of(doc, "focus")
            ranked = sorted(
                (-value, key) for key, value in zip(doc["keys"], score[head], strict=True) if len(key) == 2
            )
            right.append(bool(ranked) and ranked[0][1] == doc["focus"])
    return float(sum(right)) / max(1, len(right))


def main() -> None:
    docs = documents()
    held = cross_validated(docs, SEEDS[0])
    splits = [held, *(cross_validated(docs, seed) for seed in SEEDS[1:])]
    limits = {head: best_limit(docs, held, head) for head in ("mentioned", "about", "about_short")}
    for name, meaning in SETS.items():
        f1, precision, recall = f1_at(docs, held, name, limits)
        focus = sum(focus_right(docs, split, name) for split in splits) / len(splits)
        print(f"{name:42} {meaning:9} F1 {f1:.3f} P {precision:.3f} R {recall:.3f}  focus {focus:.3f}")
    print("thresholds", limits)
    if "--write" in sys.argv:
        names, heads = train(docs)
        stored = {
            head: {"bias": round(bias, 4)}
            | {
                name: round(float(value), 4)
                for name, value in zip(names, weights, strict=True)
                if abs(value) >= 0.005
            }
            for head, (weights, bias) in heads.items()
        }
        model = {head + "_at": limit for head, limit in limits.items()} | {"heads": stored}
        (VOCABULARY / "locate_model.json").write_text(json.dumps(model, indent=1) + "\n")


if __name__ == "__main__":
    main()
