"""The trained part: one hashed linear model for relevance and topics, read from the package.

Features are the hashed roots of the words of headline and opening, as a set, and the headline's
once more, scaled to length 1. Weights are int8 with one scale per output. The file holds
weights only, no text; its card says from which data, when, and how well (bench/train_classify.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.cues import CUE_KINDS
from aggregator.pipeline.stems import CACHE_LIMIT, Words, root_hash

FOLDER = Path(__file__).parent / "model"
RELEVANCE_BITS, TOPIC_BITS = 16, 16
_ODD, _TITLE_SALT = 0x9E3779B1, 0x5BD1E995


@dataclass(frozen=True, slots=True)
class Model:
    """Weights and what belongs to them; `card` holds dense weights, thresholds and origin."""

    relevance: NDArray[np.int8]  # [2**RELEVANCE_BITS]
    relevance_scale: float
    topics: NDArray[np.int8]  # [2**TOPIC_BITS, topic_count]
    topic_scales: NDArray[np.float32]
    cues: NDArray[
        np.float32
    ]  # [topic_count * len(CUE_KINDS), topic_count]: what any topic's cues say of each
    untitled: NDArray[np.float32]  # [topic_count]: added where a text has no headline
    topic_slugs: tuple[str, ...]
    card: Mapping[str, Any]


def hashed(title: Words, body: Words) -> NDArray[np.uint32]:
    """Return the distinct 32-bit features of a text, sorted; `body` holds the headline's words too."""
    found = set(map(_IN_TEXT.__getitem__, set(body.stems)))
    found.update(map(_IN_TITLE.__getitem__, set(title.stems)))
    features = np.fromiter(found, dtype=np.uint32, count=len(found))
    features.sort()
    return features


class _Features(dict[str, int]):
    """Features of the stems that a process has seen: a speed-up that changes no result."""

    def __init__(self, salt: int) -> None:
        self.salt = salt

    def __missing__(self, stem: str) -> int:
        if len(self) > CACHE_LIMIT:
            self.clear()
        mixed = ((root_hash(stem) ^ self.salt) * _ODD) & 0xFFFFFFFF
        self[stem] = feature = mixed ^ (mixed >> 15)
        return feature


_IN_TEXT, _IN_TITLE = _Features(0), _Features(_TITLE_SALT)


def relevance_logit(model: Model, features: NDArray[np.uint32]) -> float:
    """Return the hashed part of the relevance score (before dense features and bias)."""
    if not len(features):
        return 0.0
    total = model.relevance[features & np.uint32((1 << RELEVANCE_BITS) - 1)].sum(dtype=np.int32)
    return float(total) * model.relevance_scale / float(np.sqrt(len(features)))


def topic_logits(
    model: Model, features: NDArray[np.uint32], counts: Mapping[str, Mapping[str, int]], *, titled: bool
) -> dict[str, float]:
    """Return the model's part of each topic's score: words, and the cues of all topics together.

    `counts` are the distinct cues per topic and kind (cues.Evidence); each counts at most twice.
    """
    totals = np.zeros(len(model.topic_slugs), dtype=np.float32)
    if len(features):
        rows = model.topics[features & np.uint32((1 << TOPIC_BITS) - 1)]
        totals += rows.sum(axis=0, dtype=np.int32) * model.topic_scales / np.float32(np.sqrt(len(features)))
    for place, topic in enumerate(model.topic_slugs):
        found = counts.get(topic)
        if found:
            values = [min(2, found[kind]) for kind in CUE_KINDS]
            totals += values @ model.cues[place * len(CUE_KINDS) : (place + 1) * len(CUE_KINDS)]
    if not titled:
        totals += model.untitled
    return dict(zip(model.topic_slugs, totals.tolist(), strict=True))


@cache
def load_model(folder: Path = FOLDER) -> Model:
    """Read the model that ships with the package (about 5 ms); cached for the process."""
    card = json.loads((folder / "classify.json").read_text(encoding="utf-8"))
    with np.load(folder / "classify.npz", allow_pickle=False) as arrays:
        return Model(
            relevance=arrays["relevance"],
            relevance_scale=float(arrays["relevance_scale"]),
            topics=arrays["topics"],
            topic_scales=arrays["topic_scales"],
            cues=arrays["cues"].astype(np.float32),
            untitled=arrays["untitled"].astype(np.float32),
            topic_slugs=tuple(card["topic_slugs"]),
            card=card,
        )
