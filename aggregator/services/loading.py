"""Load the packaged vocabulary and the starter sources into rows, as often as one likes.

A row keeps the hash of what was loaded into it. The next load changes it only while it still is
what was loaded: what a curator edited or deleted stays as the curator left it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.core import get_global
from django.db import transaction

from aggregator.models import (
    Agency,
    Conflict,
    Feed,
    Host,
    LogEntry,
    Party,
    Publisher,
    Region,
    RegionLink,
    Source,
    Topic,
    TopicGroup,
)
from aggregator.pipeline.regions import RegionTree
from aggregator.pipeline.urls import host_key, url_hash
from aggregator.services import slugs

FOLDER = Path(__file__).resolve().parent.parent / "vocabulary"
ACT = "load_vocabulary"
REGION_COLUMNS = ("slug", "name", "kind", "parent", "also_in", "iso2", "m49", "status_note", "lat", "lon")
PARTY_FIELDS = ("name", "side", "kind", "aliases", "position")


@dataclass
class Loaded:
    """What a load did, by kind of row."""

    created: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    kept: dict[str, list[str]] = field(default_factory=dict)  # edited or deleted by a curator

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.created or self.updated)

    def note(self, what: dict[str, int], kind: str) -> None:
        """Count one row of a kind."""
        what[kind] = what.get(kind, 0) + 1


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
            _load_sources(_read(folder, "publishers"), _read(folder, "sources"), now, known, loaded)
        _remember(known, loaded, now)
    return loaded


def content_hash(content: Mapping[str, Any]) -> str:
    """Return the hash of what is loaded into a row."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _read(folder: Path, name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return data


@dataclass(frozen=True)
class _Shelf:
    """How rows of one kind are read, compared and written."""

    kind: str
    model: Any  # a model class with slug and loaded_hash
    content: Callable[[Any], dict[str, Any]]  # what a row holds, as it would be loaded
    write: Callable[[Any, dict[str, Any]], None]  # fills a (new or old) row and saves it


def _place(
    shelf: _Shelf, wanted: Iterable[dict[str, Any]], known: dict[str, set[str]], loaded: Loaded
) -> None:
    """Create or update the rows of a shelf; leave what a curator edited or deleted."""
    rows = {row.slug: row for row in shelf.model.objects.all()}
    before = known.setdefault(shelf.kind, set())
    for content in wanted:
        slug, mark = content["slug"], content_hash(content)
        row = rows.get(slug)
        if row is None and slug in before:
            loaded.kept.setdefault(shelf.kind, []).append(slug)
        elif row is None:
            row = shelf.model(slug=slug, loaded_hash=mark)
            shelf.write(row, content)
            loaded.note(loaded.created, shelf.kind)
        elif row.loaded_hash == mark:
            pass
        elif content_hash(shelf.content(row)) == row.loaded_hash:
            row.loaded_hash = mark
            shelf.write(row, content)
            loaded.note(loaded.updated, shelf.kind)
        else:
            loaded.kept.setdefault(shelf.kind, []).append(slug)
        before.add(slug)


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
    _place(_Shelf("region", Region, region_content, write), wanted, known, loaded)
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
    _place(
        _plain("topic_group", TopicGroup, groups), [_picked(g, groups) for g in data["groups"]], known, loaded
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

    wanted = [{**_picked(t, fields), "group": t["group"]} for t in data["topics"]]
    _place(_Shelf("topic", Topic, content, write), wanted, known, loaded)


def _picked(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in fields}


def _plain(kind: str, model: Any, fields: tuple[str, ...]) -> _Shelf:
    def write(row: Any, wanted: dict[str, Any]) -> None:
        for name in fields:
            setattr(row, name, wanted[name])
        row.save()

    return _Shelf(kind, model, lambda row: {name: getattr(row, name) for name in fields}, write)


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
        **_picked(row, plain),
        "regions": sorted(row["regions"]),
        "data": {**row["data"], "within": row.get("within", [])},
        "parties": [_picked(party, PARTY_FIELDS) for party in row["parties"]],
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
    _place(_Shelf("conflict", Conflict, conflict_content, write), wanted, known, loaded)


# -- agencies --------------------------------------------------------------------------------


AGENCY_FIELDS = ("slug", "name", "domains", "forms", "personal", "state_control", "active", "note")
_NO_AGENCY = {
    "domains": [], "forms": [], "personal": [], "state_control": 0, "active": True, "note": "",
}  # fmt: skip


def _load_agencies(rows: Iterable[Mapping[str, Any]], known: dict[str, set[str]], loaded: Loaded) -> None:
    """Load wire agencies, given in the shape of the vocabulary file."""
    wanted = [{**_NO_AGENCY, **_picked(row, (name for name in AGENCY_FIELDS if name in row))} for row in rows]
    _place(_plain("agency", Agency, AGENCY_FIELDS), wanted, known, loaded)


def add_agency(row: Mapping[str, Any]) -> bool:
    """Add one agency that the packaged list does not have; False when there is one with its slug."""
    wanted = {**_NO_AGENCY, **row}
    _, made = Agency.objects.get_or_create(slug=wanted.pop("slug"), defaults=wanted)
    return made


# -- publishers, sources, feeds --------------------------------------------------------------


def _load_sources(
    publishers: Mapping[str, Any],
    sources: Mapping[str, Any],
    now: datetime,
    known: dict[str, set[str]],
    loaded: Loaded,
) -> None:
    wanted = [
        {name: p.get(name) or _empty(name) for name in PUBLISHER_FIELDS} for p in publishers["publishers"]
    ]
    _place(_plain("publisher", Publisher, PUBLISHER_FIELDS), wanted, known, loaded)
    _place(_source_shelf(now), [_wanted_source(s) for s in sources["sources"]], known, loaded)
    ids = slugs.ids("source")
    feeds = [_wanted_feed(feed, s) for s in sources["sources"] for feed in s["feeds"] if s["slug"] in ids]
    _place(_feed_shelf(ids, now), feeds, known, loaded)


def _empty(name: str) -> Any:
    return {"state_control": 0, "homepage_domains": []}.get(name, "")


PUBLISHER_FIELDS = (
    *("slug", "name", "country", "owner_group", "owner_note"),
    *("state_control", "state_control_basis", "homepage_domains"),
)
SOURCE_FIELDS = (
    *("slug", "name", "homepage", "country", "languages", "home_regions", "kind", "state_control"),
    *("paywall", "counts_as_source", "status_note", "time_zone"),
)


def _wanted_source(row: Mapping[str, Any]) -> dict[str, Any]:
    zone = row.get("time_zone") or time_zone_of(row["country"] or "")
    wanted = {
        name: row.get(name) or _empty_source(name) for name in SOURCE_FIELDS if name != "counts_as_source"
    }
    status = Source.Status.APPROVED if any(f["enabled"] for f in row["feeds"]) else Source.Status.PROPOSED
    return {
        **wanted,
        "counts_as_source": row["counts_as_source"],
        "time_zone": zone,
        "publisher": row["publisher"],
        "status": str(status),
    }


def _empty_source(name: str) -> Any:
    return {"languages": [], "home_regions": [], "state_control": 0, "paywall": False}.get(name, "")


def time_zone_of(country: str) -> str:
    """Return the time zone of a country that has one only (CLDR); '' otherwise."""
    zones = get_global("territory_zones").get(country, [])
    return zones[0] if len(zones) == 1 else ""


def _source_shelf(now: datetime) -> _Shelf:
    ids = slugs.ids("publisher")

    def content(row: Source) -> dict[str, Any]:
        own = {name: getattr(row, name) for name in SOURCE_FIELDS}
        return {**own, "publisher": row.publisher.slug, "status": row.status}

    def write(row: Source, wanted: dict[str, Any]) -> None:
        for name in (*SOURCE_FIELDS, "status"):
            setattr(row, name, wanted[name])
        row.publisher_id = ids[wanted["publisher"]]
        row.created_at = row.created_at or now
        row.save()

    return _Shelf("source", Source, content, write)


FEED_FIELDS = ("slug", "title", "url", "section", "language", "region_hint", "enabled")


def _wanted_feed(row: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """A proposed source's feeds stand ready, so that approving it is enough."""
    waits = not any(feed["enabled"] for feed in source["feeds"])
    wanted = {name: row.get(name) or "" for name in FEED_FIELDS}
    return {
        **wanted,
        "region_hint": list(row.get("region_hint") or ()),
        "enabled": row["enabled"] or waits,
        "source": source["slug"],
        "every_seconds": 60 * int(row.get("poll_minutes") or 15),
    }


def _feed_shelf(sources: Mapping[str, int], now: datetime) -> _Shelf:
    def content(row: Feed) -> dict[str, Any]:
        own = {name: getattr(row, name) for name in FEED_FIELDS}
        return {**own, "source": row.source.slug, "every_seconds": row.every_seconds}

    def write(row: Feed, wanted: dict[str, Any]) -> None:
        taken = Feed.objects.filter(url_hash=url_hash(wanted["url"])).exclude(pk=row.pk).first()
        if taken is not None:  # the operator's own list has it already
            return
        for name in FEED_FIELDS:
            setattr(row, name, wanted[name])
        row.source_id, row.every_seconds = sources[wanted["source"]], wanted["every_seconds"]
        row.url_hash = url_hash(row.url)
        row.host = Host.objects.get_or_create(key=host_key(row.url), defaults={"due_at": now})[0]
        row.next_poll_at = row.next_poll_at or now
        row.save()

    return _Shelf("feed", Feed, content, write)


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
