"""Fit the grouping model's two parts, line and trees, on measured pairs, and write them as its data file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from aggregator.pipeline.group_measure import COLUMNS
from aggregator.pipeline.group_model import GroupModel, Line, Trees

DEPTH = 4
TREES = 80
SEEDS = (0, 1)  # one forest each; their sum moves less with the sample than any of them
# Few and plain, so that the line cannot tell the sets apart by length, size or outlet.
LINE = ("mean", "title_centroid", "lead_over_next", "crowd", "places_apart")
# Asked of the check of places: words would only tell it that all is the same.
PLACES = ("countries_apart", "place_words", "main_place")
SAME_TO_ELSEWHERE = 2.0  # weight of pairs of one story beside the same words of another place
NAMES = list(COLUMNS)


@dataclass
class Pairs:
    """Training rows: measured columns, label, weight, folds whose models must not learn from it."""

    x: list[Any] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    w: list[float] = field(default_factory=list)
    kept_from: list[frozenset[int]] = field(default_factory=list)

    def add(self, rows: list[Any], label: int, kept_from: frozenset[int]) -> None:
        """Add rows of one label that count once each."""
        self.x += rows
        self.y += [label] * len(rows)
        self.w += [1.0] * len(rows)
        self.kept_from += [kept_from] * len(rows)

    def extend(self, other: Pairs, weight: float) -> None:
        """Add the rows of another, scaled so that they weigh `weight` together."""
        total = sum(other.w) or 1.0
        self.x += other.x
        self.y += other.y
        self.w += [w * weight / total for w in other.w]
        self.kept_from += other.kept_from


def fit(pairs: Pairs, without_fold: int | None) -> tuple[Line, Trees]:
    x, y, w = np.array(pairs.x), np.array(pairs.y), np.array(pairs.w)
    keep = _may_teach(pairs, without_fold)
    weight = w[keep] * keep.sum() / w[keep].sum()
    forests = [to_trees(_machine(seed).fit(x[keep], y[keep], sample_weight=weight)) for seed in SEEDS]
    return fit_line(x[keep], y[keep], weight), mean_trees(forests)


def fit_places(pairs: Pairs, elsewhere: Pairs, without_fold: int | None) -> Line:
    """Fit the check of places: pairs of one story against the same words of another place."""
    same = _may_teach(pairs, without_fold) & (np.array(pairs.y) == 1)
    other = _may_teach(elsewhere, without_fold)
    weights = [SAME_TO_ELSEWHERE * _shares(np.array(pairs.w)[same]), _shares(np.array(elsewhere.w)[other])]
    x = np.concatenate([np.array(pairs.x)[same], np.array(elsewhere.x)[other]])
    y = np.repeat([1, 0], [same.sum(), other.sum()])
    return fit_line(x, y, np.concatenate(weights) * other.sum(), PLACES)


def _may_teach(pairs: Pairs, without_fold: int | None) -> Any:
    return np.array([without_fold is None or without_fold not in kept for kept in pairs.kept_from])


def _shares(weights: Any) -> Any:
    return weights / weights.sum()


def fit_line(x: Any, y: Any, weight: Any, columns: tuple[str, ...] = LINE) -> Line:
    """Fit a logistic line on some columns; the slopes of all others are 0."""
    used = [NAMES.index(c) for c in columns]
    scale = StandardScaler().fit(x[:, used])
    found = LogisticRegression(C=0.1, max_iter=300)
    found.fit(scale.transform(x[:, used]), y, sample_weight=weight)
    slopes = np.zeros(len(NAMES))
    slopes[used] = found.coef_[0] / scale.scale_
    return Line(slopes, float(found.intercept_[0] - slopes[used] @ scale.mean_))


def _machine(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=TREES, max_depth=DEPTH, max_leaf_nodes=12, learning_rate=0.08, min_samples_leaf=30,
        l2_regularization=5.0, monotonic_cst=list(COLUMNS.values()), early_stopping=False, random_state=seed,
        max_features=0.4,
    )  # fmt: skip


def mean_trees(forests: list[Trees]) -> Trees:
    """Return one forest whose raw score is the mean of the given ones'."""
    return Trees(
        np.concatenate([f.columns for f in forests]),
        np.concatenate([f.limits for f in forests]),
        (np.concatenate([f.leaves for f in forests]) / len(forests)).astype(np.float32),
        float(np.mean([f.base for f in forests])),
    )


def to_trees(machine: HistGradientBoostingClassifier) -> Trees:
    """Lay the fitted trees out as complete binary trees of DEPTH."""
    inner, leaves = 2**DEPTH - 1, 2**DEPTH
    n = len(machine._predictors)
    columns, limits = np.zeros((n, inner), np.int32), np.full((n, inner), np.inf, np.float32)
    values = np.zeros((n, leaves), np.float32)

    def lay(t: int, nodes: Any, at: int, place: int) -> None:
        node = nodes[at]
        if place >= inner:
            values[t, place - inner] = node["value"]
            return
        if node["is_leaf"]:  # the limit stays infinite: everything goes left
            lay(t, nodes, at, 2 * place + 1)
            return
        columns[t, place], limits[t, place] = node["feature_idx"], node["num_threshold"]
        lay(t, nodes, node["left"], 2 * place + 1)
        lay(t, nodes, node["right"], 2 * place + 2)

    for t, predictors in enumerate(machine._predictors):
        lay(t, predictors[0].nodes, 0, 0)
    return Trees(columns, limits, values, float(machine._baseline_prediction.ravel()[0]))


def dump(model: GroupModel, about: dict[str, Any]) -> str:
    def trees(t: Trees) -> dict[str, Any]:
        limits = np.where(np.isinf(t.limits), 1e30, t.limits)
        return {
            "base": round(t.base, 5),
            "columns": t.columns.tolist(),
            "limits": [[float(f"{x:.6g}") for x in row] for row in limits.tolist()],
            "leaves": [[round(x, 5) for x in row] for row in t.leaves.tolist()],
        }

    def line(part: Line) -> dict[str, Any]:
        return {"base": round(part.base, 5), "slopes": [float(f"{x:.6g}") for x in part.slopes]}

    data = {
        "about": about,
        "columns": NAMES,
        "threshold": model.threshold,
        "line": line(model.line),
        "places": line(model.places),
        "trees": trees(model.trees),
    }
    return json.dumps(data, separators=(",", ":")) + "\n"
