"""The same words of another place: reports that no rule of words alone tells from the first.

"Market shelled in Kherson" and "Market shelled in Omdurman" share all words but one. Labelled sets have hardly a pair
of the kind, while agencies write by formula every day. So some reports teach a second time with their places
exchanged, for those of other countries or for other towns of the same one. They belong to no story.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zlib import crc32

from aggregator.pipeline.features import BODY, Features
from aggregator.pipeline.gazetteer import Gazetteer
from aggregator.pipeline.group_peoples import COUNTRY_OF
from aggregator.pipeline.locate import locate
from aggregator.pipeline.types import Mention
from bench.group_sets import Item, Where, read_row

MOVED = 6  # one of so many reports teaches once more
BARE = 3  # one of so many of these without its text
WELL_KNOWN = 40.0  # prior from which a name is one that news would use
_TOWNS = ("area", "town", "division", "capital")
_KINDS = ("name", "demonym", *_TOWNS)
_PEOPLE = {country: people for people, country in reversed(COUNTRY_OF.items())}


@dataclass(frozen=True)
class Twin:
    """An item, perhaps without its text, and the same words of another place."""

    here: Features
    there: Features


def twins(items: list[Item], elsewhere: Elsewhere, where: Where) -> Iterator[tuple[str, Twin]]:
    """Yield one of MOVED items by id with its twin."""
    for item in items:
        dice = random.Random(crc32(item.id.encode()))
        if not item.labelled or dice.random() * MOVED >= 1:
            continue
        moved = elsewhere.moved(item.row.get("title") or "", item.row.get("text") or "", dice)
        if moved is None:
            continue
        title, text = moved
        here = item.features
        if dice.random() * BARE < 1:
            text, here = "", read_row(item.row | {"text": ""}, where)
        source = {"source": "elsewhere"} if dice.random() < 0.5 else {}
        there = read_row(item.row | {"title": title, "text": text} | source, where)
        yield item.id, Twin(here, there)


class Elsewhere:
    """Exchanges the places of a text."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._names = {n.iso2: n.name for n in gazetteer.tree.nodes.values() if n.iso2}
        self._towns = {iso2: towns for iso2, towns in _towns(gazetteer).items() if len(towns) > 5}

    def moved(self, title: str, text: str, dice: random.Random) -> tuple[str, str] | None:
        """Return title and text with the places that they are about exchanged, None where the headline names none."""
        found = locate(title, text[:BODY], gazetteer=self._gazetteer, home_region=None, language="")
        about = {m for m in found.mentions if m.kind in _KINDS and self._country(m) in found.countries}
        near = {m for m in about if m.kind in _TOWNS}
        far = dice.random() < 0.5 or not any(m.field == "title" for m in near)
        chosen = about if far else near
        if not any(m.field == "title" for m in chosen):
            return None
        names = self._exchanged(chosen, dice, far=far)
        longest_first = sorted(names, key=len, reverse=True)
        pattern = re.compile("|".join(rf"\b{re.escape(name)}(?!\w)" for name in longest_first))
        moved = [pattern.sub(lambda m: names[m.group()], field) for field in (title, text)]
        return (moved[0], moved[1]) if moved[0] != title else None

    def _country(self, mention: Mention) -> str:
        return self._gazetteer.tree.country(mention.region) or ""

    def _exchanged(self, mentions: set[Mention], dice: random.Random, *, far: bool) -> Mapping[str, str]:
        """Name → the one to stand in its place; what is of one country goes to one country."""
        country_of: dict[str, str] = {}
        out = {}
        for m in sorted(mentions, key=lambda m: (m.field, m.start)):
            own = self._country(m)
            there = country_of.setdefault(own, dice.choice(sorted(self._towns)) if far else own)
            country = self._names.get(there, there)
            towns = [town for town in self._towns.get(there, ()) if town != m.name]
            if m.name in out:
                continue
            if m.kind in _TOWNS and towns:
                out[m.name] = dice.choice(towns)
            elif m.kind == "demonym":
                out[m.name] = _PEOPLE.get(country.casefold(), country).title()
            else:
                out[m.name] = country
        return out


def _towns(gazetteer: Gazetteer) -> Mapping[str, list[str]]:
    """Well-known towns and areas by ISO code, in plain letters."""
    out: dict[str, list[str]] = defaultdict(list)
    for number in range(len(gazetteer.entries)):
        entry = gazetteer.entries[number]
        sense = entry.senses[0] if entry.senses else None
        if sense is None or sense.kind not in _TOWNS or sense.prior < WELL_KNOWN or sense.weak:
            continue
        if sense.country and entry.name.isascii() and entry.name[0].isupper() and len(entry.name) > 3:
            out[sense.country].append(entry.name)
    return out
