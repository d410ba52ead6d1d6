"""Does an article belong? A score from words, cues and places, and two thresholds.

`in` is shown, `ask` waits for a curator, `out` is kept and searchable by staff. Weights and
thresholds come from the model card and were fixed on development data (docs/quality-topics.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log1p
from typing import Any

from aggregator.pipeline.cues import BELONGS, BELONGS_NOT, FIELDS, STRONG, WEAK, Evidence
from aggregator.pipeline.types import Reason

IN, ASK, OUT = "in", "ask", "out"
DENSE = (
    "belongs_title", "belongs_lead", "belongs_text", "not_title", "not_lead", "not_text",
    "strong_title", "strong_lead", "strong_text", "weak_title", "weak_rest", "topics",
    "conflict_area", "conflict_country", "party", "placed", "short",
)  # fmt: skip
_KINDS = tuple((where, f"{where}_{STRONG}", f"{where}_{WEAK}") for where in FIELDS)


def dense_features(evidence: Evidence, places: Mapping[str, bool], word_count: int) -> list[float]:
    """Return the values of DENSE, in order; counts are capped so that length does not decide.

    `places` says whether the text lies in a conflict's area, in a country at conflict, names a
    party, or is placed at all.
    """
    strong = dict.fromkeys(FIELDS, 0)
    weak = dict.fromkeys(FIELDS, 0)
    topics = 0
    for topic, counts in evidence.counts.items():
        if topic in (BELONGS, BELONGS_NOT):
            continue
        topics += 1
        for where, strong_kind, weak_kind in _KINDS:
            strong[where] += counts[strong_kind]
            weak[where] += counts[weak_kind]
    values = [
        float(min(3, evidence.count(sign, strong_kind)))
        for sign in (BELONGS, BELONGS_NOT)
        for _, strong_kind, _ in _KINDS
    ]
    values += [float(min(3, strong[where])) for where in FIELDS]
    values += [float(min(3, weak["title"])), log1p(weak["lead"] + weak["text"]), float(min(4, topics))]
    values += [
        float(places.get(key, False)) for key in ("conflict_area", "conflict_country", "party", "placed")
    ]
    return [*values, 1.0 if word_count < 12 else 0.0]


def relevance_score(dense: Sequence[float], hashed_logit: float, card: Mapping[str, Any]) -> float:
    """Return the probability (0-1) that the article belongs."""
    part = card["relevance"]
    logit = part["bias"] + part["hashed"] * hashed_logit
    logit += sum(weight * value for weight, value in zip(part["dense"], dense, strict=True))
    return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))


def verdict(score: float, card: Mapping[str, Any]) -> str:
    """Return in, ask or out for a score."""
    part = card["relevance"]
    if score >= part["in"]:
        return IN
    return ASK if score >= part["ask"] else OUT


def relevance_reason(
    score: float, dense: Sequence[float], card: Mapping[str, Any], cues: Sequence[str]
) -> Reason:
    """Return why: the score, its strongest parts and the words that spoke for it."""
    weights = card["relevance"]["dense"]
    parts = sorted(
        ((round(w * v, 2), name) for w, v, name in zip(weights, dense, DENSE, strict=True) if v),
        key=lambda p: -abs(p[0]),
    )
    return Reason("relevance_score", {"score": round(score, 3), "cues": list(cues)[:6], "parts": parts[:3]})
