"""Publishers, outlets and feeds of the starter list, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.models import Feed, Publisher, Source
from aggregator.pipeline.urls import host_key, url_hash
from aggregator.services import hosts, slugs
from aggregator.services.loading_shelf import Loaded, Shelf, place, plain_shelf
from aggregator.services.zones import time_zone_of


def load_sources(
    publishers: Mapping[str, Any],
    sources: Mapping[str, Any],
    now: datetime,
    known: dict[str, set[str]],
    loaded: Loaded,
) -> None:
    """Load publishers, then their outlets, then the outlets' feeds."""
    wanted = [
        {name: p.get(name) or _empty(name) for name in PUBLISHER_FIELDS} for p in publishers["publishers"]
    ]
    place(plain_shelf("publisher", Publisher, PUBLISHER_FIELDS), wanted, known, loaded)
    place(_source_shelf(now), [_wanted_source(s) for s in sources["sources"]], known, loaded)
    ids = slugs.ids("source")
    feeds = [_wanted_feed(feed, s) for s in sources["sources"] for feed in s["feeds"] if s["slug"] in ids]
    due: dict[int, datetime] = {}
    place(_feed_shelf(ids, feeds, due, now), feeds, known, loaded)
    hosts.wake(due)


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


def _source_shelf(now: datetime) -> Shelf:
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

    return Shelf("source", Source, content, write)


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


def _feed_shelf(
    sources: Mapping[str, int], wanted: Sequence[Mapping[str, Any]], due: dict[int, datetime], now: datetime
) -> Shelf:
    """Return the shelf of feeds; what it writes is noted in `due`, by host."""
    taken = dict(Feed.objects.values_list("url_hash", "pk"))
    host_ids = hosts.hosts_for(host_key(feed["url"]) for feed in wanted)

    def content(row: Feed) -> dict[str, Any]:
        own = {name: getattr(row, name) for name in FEED_FIELDS}
        return {**own, "source": row.source.slug, "every_seconds": row.every_seconds}

    def write(row: Feed, wanted: dict[str, Any]) -> None:
        place_of = url_hash(wanted["url"])
        if taken.get(place_of, row.pk) != row.pk:  # the operator's own list has it already
            return
        for name in FEED_FIELDS:
            setattr(row, name, wanted[name])
        row.source_id, row.every_seconds = sources[wanted["source"]], wanted["every_seconds"]
        row.url_hash, row.host_id = place_of, host_ids[host_key(row.url)]
        row.next_poll_at = row.next_poll_at or now
        row.save()
        taken[place_of] = row.pk
        due[row.host_id] = min(due.get(row.host_id, now), row.next_poll_at)

    return Shelf("feed", Feed, content, write)
