"""How strongly is a text about a country? Small logistic scores over counted evidence.

A candidate is a country (ISO2) or, for seas, theatres across borders and organisations, a region's
slug. Coefficients are trained offline by bench/train_locate.py on development data and stored as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aggregator.pipeline.regions import RegionTree
from aggregator.pipeline.senses import Meant

FIELDS = ("title", "lead", "text", "dateline")
GROUPS = {
    "name": "N",
    "area": "N",
    "demonym": "D",
    "capital": "P",
    "town": "P",
    "division": "P",
    "leader": "L",
    "party": "L",
    "institution": "I",
}
WEIGHTS = {"title": 3.0, "lead": 2.0, "text": 1.0, "dateline": 0.7}
LOCATIVE = frozenset(
    "in at near from across inside around outside into of en à au aux dans près в на у із з з-за із-за w na do z im aus nach bei".split()
)
LARGE = ("US", "GB", "RU", "CN")


@dataclass(slots=True)
class Candidate:
    """Evidence for one country or stand-alone region."""

    key: str
    meant: list[Meant] = field(default_factory=list)
    weight: float = 0.0
    borrowed: float = 0.0  # weight of cross-border areas that touch it
    first: int = 0  # order of first appearance

    def add(self, meant: Meant) -> None:
        self.meant.append(meant)
        self.weight += weigh(meant)


def weigh(meant: Meant) -> float:
    """Return what one mention adds to a candidate's weight."""
    weight = WEIGHTS[meant.found.field]
    if meant.firm:
        weight *= 0.3
    if meant.weak:
        weight *= 0.7 if meant.supported else 0.25
    return weight


def gather(meant: Iterable[Meant], tree: RegionTree) -> list[Candidate]:
    """Return the candidates of a text in order of appearance.

    An area across borders speaks for the countries it touches, where they are named too.
    """
    found: dict[str, Candidate] = {}
    for name in meant:
        key = name.sense.country or name.sense.region
        if key not in found:
            found[key] = Candidate(key, first=len(found))
        found[key].add(name)
    for key, candidate in found.items():
        for country in tree.countries(key) if len(key) > 2 else ():
            if country in found:
                found[country].borrowed += candidate.weight / 4.0
    return list(found.values())


def features_of(candidates: list[Candidate], *, words: int, home: str) -> list[dict[str, float]]:
    """Return the features of each candidate of one text, by name; all are 0-5."""
    total = sum(candidate.weight for candidate in candidates) or 1.0
    ranked = sorted(candidates, key=lambda candidate: -candidate.weight)
    rank = {candidate.key: place for place, candidate in enumerate(ranked)}
    crowd = math.log1p(len(candidates))
    short = 1.0 if words < 80 else 0.0
    return [_features(item, total, rank[item.key], crowd, short, home) for item in candidates]


def _features(
    item: Candidate, total: float, rank: int, crowd: float, short: float, home: str
) -> dict[str, float]:
    out = _evidence(item)
    share = item.weight / total
    out["share"] = share
    out["share2"] = share * share
    out["weight"] = math.log1p(item.weight)
    out["rank0"] = float(rank == 0)
    out["rank1"] = float(rank == 1)
    out["rank3+"] = float(rank > 2)
    out["first"] = float(item.first == 0)
    out["second"] = float(item.first == 1)
    out["borrowed"] = min(1.0, item.borrowed)
    out["home"] = float(item.key == home)
    if item.key in LARGE:
        out["is_" + item.key] = 1.0
    if len(item.key) > 2:
        out["is_area"] = 1.0
    for name in (
        "share",
        "rank0",
        "first",
        "title_N",
        "title_D",
        "title_P",
        "lead_N",
        "lead_D",
        "text_N",
        "text_D",
    ):
        if out.get(name):
            out["short:" + name] = short * out[name]
            out["crowd:" + name] = crowd * out[name]
    out["short"] = short
    out["crowd"] = crowd
    return out


def _evidence(item: Candidate) -> dict[str, float]:
    counts: dict[str, float] = {}
    names = set()
    strong = False
    for meant in item.meant:
        place, group = meant.found.field, GROUPS[meant.sense.kind]
        if meant.weak and not meant.supported:
            counts["unsure_" + place] = counts.get("unsure_" + place, 0.0) + 1.0
            continue
        strong = strong or not meant.weak
        names.add(meant.found.entry.name)
        group = "W" if meant.weak else "F" if meant.firm else group
        key = place + "_" + group
        counts[key] = counts.get(key, 0.0) + 1.0
        if meant.found.before.lower() in LOCATIVE and group in "NPW":
            counts["in_" + place] = 1.0
        if meant.paired:
            counts["paired"] = 1.0
        if meant.found.after in ("'", "’"):
            counts["own_" + place] = 1.0
    out = {key: math.log1p(value) for key, value in counts.items()}
    out["names"] = math.log1p(len(names))
    out["unsure_only"] = float(not names)
    out["weak_only"] = float(bool(names) and not strong)
    out["dateline_only"] = float(all(meant.found.field == "dateline" for meant in item.meant))
    return out


def logit(features: Mapping[str, float], weights: Mapping[str, Any]) -> float:
    """Return the linear score of a text's features; unknown features count nothing."""
    score: float = weights.get("bias", 0.0)
    for name, value in features.items():
        if value:
            score += value * weights.get(name, 0.0)
    return score


def probability(score: float) -> float:
    """Return the logistic of a score, safe for any size."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))
