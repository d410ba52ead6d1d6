"""Load the packaged vocabulary and the starter sources into rows, as often as one likes.

A row keeps the hash of what was loaded into it. The next load changes it only while it still is
what was loaded: what a curator edited or deleted stays as the curator left it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from aggregator.models import (
    Agency,
    Conflict,
    LogEntry,
    Party,
    Region,
    RegionLink,
    Topic,
    TopicGroup,
)
from aggregator.pipeline.regions import RegionTree
from aggregator.services import slugs
from aggregator.services.loading_shelf import Loaded, Shelf, picked, place, plain_shelf
from aggregator.services.loading_sources import load_sources

FOLDER = Path(__file__).resolve().parent.parent / "vocabulary"
ACT = "load_vocabulary"
REGION_COLUMNS = ("slug", "name", "kind", "parent", "also_in", "iso2", "m49", "status_note", "lat", "lon")
PARTY_FIELDS = ("name", "side", "kind", "aliases", "position")


def load_vocabulary(now: datetime, *, sources: bool = True, folder: Path = FOLDER) -> Loaded:
    """Load regions, topics, conflicts, agencies and (with `sources`) publishers, sources and feeds.

    One transaction; loading the same files again writes nothing. Starter sources that have an
    enabled feed start approved, the others wait as proposed. Raises KeyError or ValueError when a
    vocabulary file is not what it should be, before anything is written.
    """
    with transaction.atomic():
        known = _known_slugs()
        loaded = Loaded()
        _load_regions(_read(folder, "regions"), known, loaded)
        _load_topics(_read(folder, "topics"), known, loaded)
        _load_conflicts(_read(folder, "conflicts"), known, loaded)
        _load_agencies(_read(folder, "agencies")["agencies"], known, loaded)
        if sources:
            load_sources(_read(folder, "publishers"), _read(folder, "sources"), now, known, loaded)
        _remember(known, loaded, now)
    return loaded


def _read(folder: Path, name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return data


# -- regions ---------------------------------------------------------------------------------


def region_content(row: Region) -> dict[str, Any]:
    """Return what a region row holds, in the shape of the vocabulary file."""
    return {
        "slug": row.slug,
        "name": row.name,
        "kind": row.kind,
        "parent": row.parent.slug if row.parent else None,
        "also_in": list(row.also_in),
        "iso2": row.iso2,
        "m49": row.m49,
        "status_note": row.status_note,
        "lat": row.lat,
        "lon": row.lon,
        "data": row.data,
    }


def _wanted_region(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "slug": row["slug"],
        "name": row["name"],
        "kind": row["kind"],
        "parent": row.get("parent"),
        "also_in": list(row.get("also_in") or ()),
        "iso2": row.get("iso2") or "",
        "m49": row.get("m49") or "",
        "status_note": row.get("status_note") or "",
        "lat": row.get("lat"),
        "lon": row.get("lon"),
        "data": {key: value for key, value in row.items() if key not in REGION_COLUMNS},
    }


def _load_regions(data: Mapping[str, Any], known: dict[str, set[str]], loaded: Loaded) -> None:
    ids = slugs.ids("region")

    def write(row: Region, content: dict[str, Any]) -> None:
        for name, value in content.items():
            if name != "parent":
                setattr(row, name, value)
        row.parent_id = ids.get(content["parent"] or "")
        row.save()
        ids[row.slug] = row.pk

    wanted = _parents_first([_wanted_region(row) for row in data["regions"]])
    done = loaded.created.get("region", 0), loaded.updated.get("region", 0)
    place(Shelf("region", Region, region_content, write), wanted, known, loaded)
    if done != (loaded.created.get("region", 0), loaded.updated.get("region", 0)):
        link_regions()


def _parents_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_slug = {row["slug"]: row for row in rows}

    def depth(row: dict[str, Any], seen: int = 0) -> int:
        above = by_slug.get(row["parent"] or "")
        return 0 if above is None or seen > 20 else 1 + depth(above, seen + 1)

    return sorted(rows, key=depth)


def link_regions() -> None:
    """Rewrite the closure of parents and also_in from the region rows (a curator may move one)."""
    rows = list(Region.objects.select_related("parent"))
    tree = RegionTree.from_rows([region_content(row) for row in rows])
    ids = {row.slug: row.pk for row in rows}
    links = [
        RegionLink(region_id=ids[slug], ancestor_id=ids[above], depth=number)
        for slug in ids
        for number, above in enumerate((slug, *(a for a in tree.ancestors(slug) if a != slug)))
        if above in ids
    ]
    RegionLink.objects.all().delete()
    RegionLink.objects.bulk_create(links, batch_size=2_000)


# -- topics ----------------------------------------------------------------------------------


def _load_topics(data: Mapping[str, Any], known: dict[str, set[str]], loaded: Loaded) -> None:
    groups = ("slug", "name", "blurb", "position")
    place(
        plain_shelf("topic_group", TopicGroup, groups),
        [picked(g, groups) for g in data["groups"]],
        known,
        loaded,
    )
    ids = dict(TopicGroup.objects.values_list("slug", "pk"))
    fields = ("slug", "name", "definition", "includes", "excludes", "data", "position")

    def content(row: Topic) -> dict[str, Any]:
        return {**{name: getattr(row, name) for name in fields}, "group": row.group.slug}

    def write(row: Topic, wanted: dict[str, Any]) -> None:
        for name in fields:
            setattr(row, name, wanted[name])
        row.group_id = ids[wanted["group"]]
        row.save()

    wanted = [{**picked(t, fields), "group": t["group"]} for t in data["topics"]]
    place(Shelf("topic", Topic, content, write), wanted, known, loaded)


# -- conflicts -------------------------------------------------------------------------------


def conflict_content(row: Conflict) -> dict[str, Any]:
    """Return what a conflict row holds, in the shape of the vocabulary file (without `within`)."""
    return {
        "slug": row.slug,
        "name": row.name,
        "status": row.status,
        "status_as_of": row.status_as_of,
        "type": row.type,
        "parent": row.parent.slug if row.parent else None,
        "regions": sorted(region.slug for region in row.regions.all()),
        "started_on": row.started_on.isoformat() if row.started_on else None,
        "start_precision": row.start_precision,
        "note": row.note,
        "data": row.data,
        "parties": [{name: getattr(party, name) for name in PARTY_FIELDS} for party in row.parties.all()],
    }


def _wanted_conflict(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = (
        "slug",
        "name",
        "status",
        "status_as_of",
        "type",
        "parent",
        "started_on",
        "start_precision",
        "note",
    )
    return {
        **picked(row, plain),
        "regions": sorted(row["regions"]),
        "data": {**row["data"], "within": row.get("within", [])},
        "parties": [picked(party, PARTY_FIELDS) for party in row["parties"]],
    }


def _load_conflicts(data: Mapping[str, Any], known: dict[str, set[str]], loaded: Loaded) -> None:
    regions = slugs.ids("region")

    def write(row: Conflict, wanted: dict[str, Any]) -> None:
        for name in ("name", "status", "status_as_of", "type", "start_precision", "note", "data"):
            setattr(row, name, wanted[name])
        row.started_on = date.fromisoformat(wanted["started_on"]) if wanted["started_on"] else None
        row.parent = Conflict.objects.filter(slug=wanted["parent"]).first() if wanted["parent"] else None
        row.save()
        row.regions.set(regions[slug] for slug in wanted["regions"] if slug in regions)
        row.parties.all().delete()
        Party.objects.bulk_create(Party(conflict=row, **party) for party in wanted["parties"])

    wanted = _parents_first([_wanted_conflict(row) for row in data["conflicts"]])
    place(Shelf("conflict", Conflict, conflict_content, write), wanted, known, loaded)


# -- agencies --------------------------------------------------------------------------------


AGENCY_FIELDS = ("slug", "name", "domains", "forms", "personal", "state_control", "active", "note")
_NO_AGENCY = {
    "domains": [], "forms": [], "personal": [], "state_control": 0, "active": True, "note": "",
}  # fmt: skip


def _load_agencies(rows: Iterable[Mapping[str, Any]], known: dict[str, set[str]], loaded: Loaded) -> None:
    """Load wire agencies, given in the shape of the vocabulary file."""
    wanted = [{**_NO_AGENCY, **picked(row, (name for name in AGENCY_FIELDS if name in row))} for row in rows]
    place(plain_shelf("agency", Agency, AGENCY_FIELDS), wanted, known, loaded)


def add_agency(row: Mapping[str, Any]) -> bool:
    """Add one agency that the packaged list does not have; False when there is one with its slug."""
    wanted = {**_NO_AGENCY, **row}
    _, made = Agency.objects.get_or_create(slug=wanted.pop("slug"), defaults=wanted)
    return made


# -- what was loaded before ------------------------------------------------------------------


def _known_slugs() -> dict[str, set[str]]:
    """Return the slugs of every load so far: one that is known but gone was deleted by a curator."""
    last = LogEntry.objects.filter(act=ACT).order_by("-pk").first()
    return {kind: set(slugs) for kind, slugs in (last.after.get("known", {}) if last else {}).items()}


def _remember(known: dict[str, set[str]], loaded: Loaded, now: datetime) -> None:
    if loaded.changed:
        after = {
            "created": loaded.created,
            "updated": loaded.updated,
            "kept": loaded.kept,
            "known": {kind: sorted(slugs) for kind, slugs in known.items()},
        }
        LogEntry.objects.create(at=now, act=ACT, target_type="vocabulary", public=False, after=after)
