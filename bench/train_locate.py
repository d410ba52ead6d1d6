"""Train the small scores of locate on development data: python bench/train_locate.py [--write].

Three heads over the features of placemodel: mentioned (any place of the country is named), about
(editors' and annotators' countries) and focus (pairwise: the gold focus against each other candidate).
Thresholds are fixed by five-fold cross-validation on the same data. Needs CORPORA_DIR and scikit-learn.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aggregator.pipeline.gazetteer import VOCABULARY, load_gazetteer  # noqa: E402
from aggregator.pipeline.locate import candidates_of  # noqa: E402
from aggregator.pipeline.placemodel import features_of  # noqa: E402

CORPORA = Path(os.environ.get("CORPORA_DIR", Path(__file__).resolve().parent.parent.parent / "shared"))
SETS = {  # file: (what its countries mean, weight of a document)
    "geo/lgl.dev.jsonl.gz": ("mentioned", 1.0),
    "geo/geovirus.dev.jsonl.gz": ("mentioned", 1.0),
    "geo/geocorpora_tweets.dev.jsonl.gz": ("mentioned", 0.5),
    "geo/reuters21578_places.dev.jsonl.gz": ("about", 0.15),
    "geo/feedmix_countries.dev.jsonl": ("about", 4.0),
    "stream/october2023.jsonl": ("about", 3.0),
}
ALIAS = {"SU": "RU", "DD": "DE", "YU": "RS", "CS": "CZ", "ZR": "CD", "BU": "MM", "YD": "YE", "UK": "GB"}
L2 = 1.0


def read(path: Path) -> list[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def documents() -> list[dict[str, Any]]:
    gazetteer = load_gazetteer()
    found = []
    for name, (meaning, weight) in SETS.items():
        for row in read(CORPORA / "data" / name):
            if row.get("countries") is None or ("relevant" in row and row["relevant"] != 1):
                continue
            candidates, words, home = candidates_of(
                row.get("title") or "", row["text"] or "", gazetteer, None
            )
            features = features_of(candidates, words=words, home=home)
            gold = {ALIAS.get(code, code) for code in row["countries"]}
            focus = ALIAS.get(row["focus"], row["focus"]) if row.get("focus") else None
            keys = [candidate.key for candidate in candidates]
            found.append(
                {
                    "set": name,
                    "meaning": meaning,
                    "weight": weight,
                    "keys": keys,
                    "x": features,
                    "gold": gold,
                    "focus": focus,
                }
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


def fit_set(docs: list[dict[str, Any]], meaning: str, names: list[str]) -> tuple[np.ndarray, float]:
    rows, labels, weights = [], [], []
    for doc in docs:
        if doc["meaning"] == meaning:
            for key, row in zip(doc["keys"], doc["x"], strict=True):
                if len(key) == 2:
                    rows.append(row)
                    labels.append(key in doc["gold"])
                    weights.append(doc["weight"])
    model = LogisticRegression(C=L2, max_iter=2000)
    model.fit(matrix(rows, names), labels, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def fit_focus(docs: list[dict[str, Any]], names: list[str]) -> np.ndarray:
    rows, weights = [], []
    for doc in docs:
        if doc["focus"] in doc["keys"]:
            every = matrix(doc["x"], names)
            right = every[doc["keys"].index(doc["focus"])]
            for key, row in zip(doc["keys"], every, strict=True):
                if key != doc["focus"] and len(key) == 2:
                    rows.append(right - row)
                    weights.append(doc["weight"] / max(1, len(doc["keys"]) - 1))
    x = np.array(rows)
    y = np.concatenate([np.ones(len(x)), np.zeros(len(x))])
    model = LogisticRegression(C=L2, max_iter=2000, fit_intercept=False)
    model.fit(np.concatenate([x, -x]), y, sample_weight=np.concatenate([weights, weights]))
    return model.coef_[0]


def train(docs: list[dict[str, Any]]) -> tuple[list[str], dict[str, tuple[np.ndarray, float]]]:
    counts: dict[str, int] = {}
    for doc in docs:
        for row in doc["x"]:
            for name in row:
                counts[name] = counts.get(name, 0) + 1
    names = sorted(name for name, count in counts.items() if count >= 20)
    heads = {meaning: fit_set(docs, meaning, names) for meaning in ("mentioned", "about")}
    heads["focus"] = (fit_focus(docs, names), 0.0)
    return names, heads


def scores(docs: list[dict[str, Any]], names: list[str], head: tuple[np.ndarray, float]) -> list[np.ndarray]:
    return [
        1 / (1 + np.exp(-(matrix(doc["x"], names) @ head[0] + head[1]))) if doc["x"] else np.zeros(0)
        for doc in docs
    ]


def cross_validated() -> tuple[list[dict[str, Any]], list[dict[str, np.ndarray]]]:
    docs = documents()
    order = np.random.default_rng(7).permutation(len(docs))
    out: list[dict[str, np.ndarray]] = [{} for _ in docs]
    for fold in range(5):
        held = order[fold::5]
        rest = [docs[place] for place in sorted(set(order) - set(held))]
        names, heads = train(rest)
        for head in heads:
            for place, score in zip(
                held, scores([docs[place] for place in held], names, heads[head]), strict=True
            ):
                out[place][head] = score
    return docs, out


def f1_at(
    docs: list[dict[str, Any]], held: list[dict[str, np.ndarray]], head: str, limit: float, only: str | None
) -> tuple[float, float, float]:
    hit = wrong = missed = 0
    for doc, score in zip(docs, held, strict=True):
        if doc["meaning"] == head and (only is None or doc["set"] == only):
            chosen = {
                key
                for key, value in zip(doc["keys"], score[head], strict=True)
                if value >= limit and len(key) == 2
            }
            hit += len(chosen & doc["gold"])
            wrong += len(chosen - doc["gold"])
            missed += len(doc["gold"] - chosen)
    return 2 * hit / max(1, 2 * hit + wrong + missed), hit / max(1, hit + wrong), hit / max(1, hit + missed)


def best_limit(docs: list[dict[str, Any]], held: list[dict[str, np.ndarray]], head: str) -> float:
    """Return the threshold with the best mean F1 over the sets, each set counting once."""
    sets = [name for name, (meaning, _) in SETS.items() if meaning == head]
    return max(
        np.arange(0.2, 0.75, 0.02),
        key=lambda limit: sum(f1_at(docs, held, head, limit, name)[0] for name in sets),
    )


def focus_right(docs: list[dict[str, Any]], held: list[dict[str, np.ndarray]], only: str) -> float:
    right = []
    for doc, score in zip(docs, held, strict=True):
        if doc["focus"] and doc["set"] == only:
            ranked = sorted(
                (-value, key) for key, value in zip(doc["keys"], score["focus"], strict=True) if len(key) == 2
            )
            right.append(bool(ranked) and ranked[0][1] == doc["focus"])
    return sum(right) / max(1, len(right))


def main() -> None:
    docs, held = cross_validated()
    limits = {head: float(best_limit(docs, held, head)) for head in ("mentioned", "about")}
    for name, (meaning, _) in SETS.items():
        f1, precision, recall = f1_at(docs, held, meaning, limits[meaning], name)
        print(
            f"{name:42} {meaning:9} F1 {f1:.3f} P {precision:.3f} R {recall:.3f}  focus {focus_right(docs, held, name):.3f}"
        )
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
        model = {"mentioned_at": limits["mentioned"], "about_at": limits["about"], "heads": stored}
        (VOCABULARY / "locate_model.json").write_text(json.dumps(model, indent=1) + "\n")


if __name__ == "__main__":
    main()
