"""What a country is to the wars we know, and whose troops a headline tells of: "US troops besiege Iraqi city".

A state's troops are news where they are, so a country that fights abroad speaks less for a text than the ground it
fights on; and of two countries the one that a war is fought in is likelier meant than one that hosts the talks.
Read for short texts only; how much either says is learned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from aggregator.pipeline.placetargets import TARGET
from aggregator.pipeline.placewords import TROOPS, tokens
from aggregator.pipeline.senses import Meant

VOCABULARY = Path(__file__).resolve().parent.parent / "vocabulary"
REACH = 30  # characters after a name in which its troops are named
WORDS = 2


def _read_grounds() -> dict[str, str]:
    """Return by ISO2 "ground" for the first-named country of a conflict of the vocabulary, "side" for the others."""
    regions = json.loads((VOCABULARY / "regions.json").read_text("utf-8"))["regions"]
    conflicts = json.loads((VOCABULARY / "conflicts.json").read_text("utf-8"))["conflicts"]
    codes = {region["slug"]: region.get("iso2") or "" for region in regions}
    named = [[codes.get(slug, "") for slug in conflict["regions"]] for conflict in conflicts]
    sides = {code: "side" for places in named for code in places[1:]}
    return sides | {places[0]: "ground" for places in named if places}


GROUNDS = _read_grounds()


def add_grounds(
    rows: Sequence[dict[str, float]],
    places: Sequence[list[Meant]],
    kinds: Mapping[int, str],
    texts: Mapping[str, str],
    prefix: str,
) -> None:
    """Add to each row what its country is to the wars of the vocabulary and to troops that are told of.

    `places` are the mentions of each row's candidate, `kinds` their short kinds by id (see `add_roles`), `texts` the
    normalised title and lead by field.
    """
    for row, mentions in zip(rows, places, strict=True):
        country = mentions[0].sense.country
        if country:
            row[f"{prefix}ground|{GROUNDS.get(country, 'none')}"] = 1.0
    sends = [any(_has_troops(meant, texts) for meant in mentions) for mentions in places]
    if not any(sends):
        return
    for number, (row, mentions) in enumerate(zip(rows, places, strict=True)):
        is_place = any(kinds[id(meant)] == "N" for meant in mentions)
        is_rivalled = any(not own for other, own in enumerate(sends) if other != number)
        whose = "own" if sends[number] else "others"
        row[f"{prefix}troops|{whose}{'|place' if is_place else ''}{'|rival' if is_rivalled else ''}"] = 1.0


def _has_troops(meant: Meant, texts: Mapping[str, str]) -> bool:
    if meant.sense.kind == TARGET or (meant.weak and not meant.supported):
        return False
    end = meant.found.end
    after = texts.get(meant.found.field, "")[end : end + REACH]
    return not TROOPS.isdisjoint(tokens(after)[:WORDS])
