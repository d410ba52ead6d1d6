"""How strongly is a text about a country? Small logistic scores over counted evidence.

A candidate is a country (ISO2) or, for seas, theatres across borders and organisations, a region's
slug. Coefficients are trained offline by bench/train_locate.py on development data and stored as JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.pipeline.placewords import DEEDS, RELATIONS
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
    "party": "Y",
    "institution": "I",
    "target": "T",
}
WEIGHTS = {"title": 3.0, "lead": 2.0, "text": 1.0, "dateline": 0.7}
HEADS = {"title": "title:", "lead": "lead:"}
ACTORS = frozenset({"party", "leader", "target"})  # they act; where they act is named otherwise
ACTOR_WEIGHT = 0.4
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
        """Count one more mention."""
        self.meant.append(meant)
        meant.weight = weigh(meant)
        self.weight += meant.weight


def acts(meant: Meant) -> bool:
    """Tell whether a mention says who acts rather than where: parties, leaders, "Palestinian militants"."""
    if meant.acting is None:
        meant.acting = meant.sense.kind in ACTORS or DEEDS.get(meant.found.after.lower()) == "fighters"
    return meant.acting


def weigh(meant: Meant) -> float:
    """Return what one mention adds to a candidate's weight."""
    weight = WEIGHTS[meant.found.field]
    if meant.firm:
        weight *= 0.3
    if acts(meant):
        weight *= ACTOR_WEIGHT
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


def features_of(candidates: list[Candidate], *, head: str, words: int, home: str) -> list[dict[str, float]]:
    """Return the features of each candidate of one text, by name; all are 0-5.

    `head` is title and lead, `words` the length of the whole text, `home` the outlet's country or ''.
    """
    total = sum(candidate.weight for candidate in candidates) or 1.0
    ranked = sorted(candidates, key=lambda candidate: -candidate.weight)
    rank = {candidate.key: place for place, candidate in enumerate(ranked)}
    crowd = math.log1p(len(candidates))
    short = 1.0 if words < 80 else 0.0
    rows = [_features(item, total, rank[item.key], crowd, short, home) for item in candidates]
    _add_side(rows, head)
    return rows


def _add_side(rows: list[dict[str, float]], head: str) -> None:
    """Where an armed party is named, tell a raid by it from a siege of where it is at home."""
    parties = ["title_Y" in row or "lead_Y" in row for row in rows]
    if not any(parties):
        return
    raid, siege = min(2, len(_RAID.findall(head))), min(2, len(_SIEGE.findall(head)))
    for row, is_party in zip(rows, parties, strict=True):
        side = "party" if is_party else "other"
        row["raid:" + side] = float(raid)
        row["siege:" + side] = float(siege)
        if not _ARMS.isdisjoint(row):
            row["siege:arms"] = float(siege)


_ARMS = frozenset({"title:a_Darms", "lead:a_Darms", "title:a_Narms"})


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
    names, kinds = set(), set()
    strong = False
    for meant in item.meant:
        place, group = meant.found.field, _group(meant)
        if meant.weak and not meant.supported:
            key = "unsure" + ("I_" if group == "I" else "_") + place
            counts[key] = counts.get(key, 0.0) + 1.0
            continue
        strong = strong or not meant.weak
        names.add(meant.found.entry.name)
        kinds.add(group)
        group = "W" if meant.weak else "F" if meant.firm else group
        key = place + "_" + group
        counts[key] = counts.get(key, 0.0) + 1.0
        if meant.paired:
            counts["paired"] = 1.0
        for name in _context(meant):
            counts[name] = counts.get(name, 0.0) + 1.0
    out = {key: math.log1p(value) for key, value in counts.items()}
    out["names"] = math.log1p(len(names))
    out["unsure_only"] = float(not names)
    out["weak_only"] = float(bool(names) and not strong)
    for group in "DLYIT":
        out["only_" + group] = float(kinds == {group})
    out["dateline_only"] = float(all(meant.found.field == "dateline" for meant in item.meant))
    return out


def _group(meant: Meant) -> str:
    group = GROUPS[meant.sense.kind]
    return "Y" if group not in "LT" and acts(meant) else group


_ATTACK = re.compile(
    r"\b(?:attack|assault|offensive|incursion|inva[ds]|raid|rocket|massacre|launch|carried out|storm|abduct|"
    r"kidnap|ambush|seize|captur|kill|gunm[ae]n|militants|fighters|infiltrat|target|bomb|shell|fire[sd]?\b)"
)
_RAID = re.compile(
    r"(?i)\b(?:hostages?|kidnap\w*|abduct\w*|captives?|gunm[ae]n|infiltrat\w*|storm(?:ed|s)|massacre\w*|"
    r"surprise attack|terror attack\w*|incursion|rampage|rocket attack|rocket fire|suicide bomb\w*)\b"
)
_SIEGE = re.compile(
    r"(?i)\b(?:air ?strikes?|air raids?|bombard\w*|siege|blockade|ground (?:offensive|invasion|operation)|"
    r"warplanes?|shelling|displaced|evacuat\w*|enclave|hospitals?|residents|humanitarian|aid|airlift)\b"
)
_SHORT = {"demonym": "D", "party": "Y", "leader": "L", "institution": "L", "target": "T"}


def short_kind(meant: Meant) -> str:
    """Return N for a place, D for a people, L for a leader or institution, Y for an armed party."""
    return "Y" if _group(meant) == "Y" else _SHORT.get(meant.sense.kind, "N")


def _context(meant: Meant) -> list[str]:
    """Name what the text does with a mention, and whether a hyphen joins it to another name."""
    found = meant.found
    place = HEADS.get(found.field, "body:")
    names = []
    relation = RELATIONS.get(found.before.lower())
    if relation:
        names.append(place + "b_" + short_kind(meant) + relation)
    deed = DEEDS.get(found.after.lower())
    if deed:
        names.append(place + "a_" + short_kind(meant) + deed)
    if place != "body:" and _ATTACK.search(found.rest):
        names.append(place + "r_" + short_kind(meant) + "attack")
    if found.gap == "-" or found.after == "-":
        names.append(place + "joined")
    if found.after in ("'", "’"):
        names.append(place + "own")
    if found.start == 0:
        names.append("opens_" + found.field)
    return names


Head = Mapping[str, float]


def logits(features: Mapping[str, float], heads: Sequence[Head]) -> list[float]:
    """Return the linear score of a text's features under each head; unknown features count nothing."""
    present = [(name, value) for name, value in features.items() if value]
    return [
        head.get("bias", 0.0) + sum([value * head[name] for name, value in present if name in head])
        for head in heads
    ]


def probability(score: float) -> float:
    """Return the logistic of a score, safe for any size."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))
