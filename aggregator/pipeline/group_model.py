"""The trained part of grouping: a logistic line and boosted trees from a data file, scored in numpy.

The file holds numbers only: for each column the slopes of line and check of places; for each tree, by node in heap order,
the column asked, the limit and the leaf's value. It says on which data, when and how well it was trained.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import Features
from .group_measure import COLUMNS

ELSEWHERE = 3.0  # what doubt of the places counts beside the other parts (development data)
MODEL_FILE = Path(__file__).parent / "data" / "group_model.json"


@dataclass(frozen=True, slots=True)
class Trees:
    """Complete binary trees of one depth: arrays of trees × nodes, and trees × leaves."""

    columns: NDArray[np.int32]
    limits: NDArray[np.float32]
    leaves: NDArray[np.float32]
    base: float

    def raw(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log odds of each row."""
        rows = np.arange(len(table))[:, None]
        trees = np.arange(len(self.columns))[None, :]
        node = np.zeros((len(table), len(self.columns)), dtype=np.int32)
        inner = self.columns.shape[1]
        while node[0, 0] < inner:
            right = table[rows, self.columns[trees, node]] > self.limits[trees, node]
            node = 2 * node + 1 + right
        return np.asarray(self.base + self.leaves[trees, node - inner].sum(axis=1, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic regression: one slope for each of COLUMNS, in their order."""

    slopes: NDArray[np.float64]
    base: float

    def raw(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log odds of each row."""
        return np.asarray(self.base + table @ self.slopes)


@dataclass(frozen=True, slots=True)
class GroupModel:
    """Line and trees, whose log odds are averaged: the line carries over to subjects never seen, the
    trees know the odd cases. `places` tells reports of one story from the same words of another place, and
    only ever takes away. The score from which an article joins; what the file says about itself."""

    line: Line
    trees: Trees
    places: Line
    threshold: float
    about: dict[str, Any]

    def of(self, article: Features) -> GroupModel:
        """Return the model that judges an article: this one. The bench has one for each fold."""
        return self

    def scores(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how likely each candidate is the same happening (0.0-1.0)."""
        raw = (self.line.raw(table) + self.trees.raw(table)) / 2
        raw += ELSEWHERE * np.minimum(self.places.raw(table), 0.0)
        return np.asarray(1.0 / (1.0 + np.exp(-raw)))


def read_model(data: dict[str, Any]) -> GroupModel:
    """Return the model from its file's content. Raises ValueError when it asks for a column that we lack."""
    ours = list(COLUMNS)
    if missing := set(data["columns"]) - set(ours):
        raise ValueError(f"the grouping model asks for {sorted(missing)}: run bench.train_group")
    place = np.array([ours.index(c) for c in data["columns"]], dtype=np.int32)
    line, places = (_line(data[part], place, len(ours)) for part in ("line", "places"))
    return GroupModel(line, _trees(data["trees"], place), places, float(data["threshold"]), data["about"])


def _line(data: dict[str, Any], place: NDArray[np.int32], width: int) -> Line:
    slopes = np.zeros(width)
    slopes[place] = data["slopes"]
    return Line(slopes, float(data["base"]))


def _trees(data: dict[str, Any], place: NDArray[np.int32]) -> Trees:
    return Trees(
        columns=place[np.array(data["columns"], dtype=np.int32)],
        limits=np.array(data["limits"], dtype=np.float32),
        leaves=np.array(data["leaves"], dtype=np.float32),
        base=float(data["base"]),
    )


@lru_cache(maxsize=1)
def load_model() -> GroupModel:
    """Return the shipped model, read once a process."""
    return read_model(json.loads(MODEL_FILE.read_text(encoding="utf-8")))
