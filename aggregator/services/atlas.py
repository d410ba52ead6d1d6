"""The vocabulary in memory: regions in their tree, conflicts and where they are, outlets and where they are at home.

Some hundred rows that only curators change, read once for all pages and kept until one of them acts. Nobody may
change what is returned here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aggregator.models import Conflict, Pin, Region, RegionLink, Source
from aggregator.services import addresses
from aggregator.services.kept import until_act

MAX_PINS = 5000  # newest pins that are looked at, of all lists together


@dataclass(frozen=True)
class Regions:
    """All regions, their parents at hand, by slug and by id; ids of what lies in a region and of what it lies in, itself included."""

    by_slug: dict[str, Region]
    by_pk: dict[int, Region]
    inside: dict[int, frozenset[int]]
    above: dict[int, frozenset[int]]
    children: dict[int, tuple[Region, ...]]

    def within(self, region: Region) -> tuple[Region, ...]:
        """Return what lies directly in a region, or is also listed under it."""
        return self.children.get(region.pk, ())

    def inside_of(self, region: Region) -> frozenset[int]:
        """Return the ids of all that lies in a region, itself included."""
        return self.inside.get(region.pk, frozenset())

    def above_all(self, ids: Iterable[int]) -> set[int]:
        """Return the ids of all regions whose pages show what is in one of these."""
        return {pk for one in ids for pk in self.above.get(one, ())}


class Outlet(NamedTuple):
    """An approved outlet, as lists name it."""

    pk: int
    slug: str
    name: str
    country: str
    kind: str
    languages: list[str]
    home_regions: list[str]

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return addresses.page("source", self.slug)


def regions() -> Regions:
    """Return all regions."""
    return until_act("regions", _regions)


def _regions() -> Regions:
    rows = list(Region.objects.defer("data", "loaded_hash", "last_story_at"))
    by_pk = {row.pk: row for row in rows}
    for row in rows:
        row.parent = by_pk.get(row.parent_id) if row.parent_id else None
    inside: dict[int, set[int]] = defaultdict(set)
    above: dict[int, set[int]] = defaultdict(set)
    for region, ancestor in RegionLink.objects.values_list("region_id", "ancestor_id"):
        inside[ancestor].add(region)
        above[region].add(ancestor)
    by_slug = {row.slug: row for row in rows}
    children: dict[int, dict[int, Region]] = defaultdict(dict)
    for row in rows:
        for parent in (row.parent, *(by_slug.get(slug) for slug in row.also_in)):
            if parent is not None:
                children[parent.pk][row.pk] = row
    return Regions(
        by_slug,
        by_pk,
        {pk: frozenset(ids) for pk, ids in inside.items()},
        {pk: frozenset(ids) for pk, ids in above.items()},
        {pk: tuple(found.values()) for pk, found in children.items()},
    )


@dataclass(frozen=True)
class Theatre:
    """A conflict, the ids of its regions and the slugs of its areas and waters."""

    conflict: Conflict
    regions: frozenset[int]
    slugs: frozenset[str]


def theatres() -> tuple[Theatre, ...]:
    """Return all conflicts with where they are."""
    return until_act("theatres", _theatres)


def _theatres() -> tuple[Theatre, ...]:
    rows = Conflict.objects.prefetch_related("regions")
    return tuple(
        Theatre(
            row,
            frozenset(region.pk for region in row.regions.all()),
            frozenset([*row.data.get("areas", ()), *row.data.get("waters", ())]),
        )
        for row in rows
    )


def outlets() -> tuple[Outlet, ...]:
    """Return all approved outlets, by name."""
    return until_act("outlets", _outlets)


def _outlets() -> tuple[Outlet, ...]:
    rows = Source.objects.approved().order_by("name").values_list(*("pk", *Outlet._fields[1:]))
    return tuple(Outlet(*row) for row in rows)


def kinds() -> dict[int, str]:
    """Return the kind of every outlet, by its id."""
    return until_act("kinds", lambda: dict(Source.objects.order_by().values_list("pk", "kind")))


def sources(ids: Iterable[int]) -> Mapping[int, Source]:
    """Return outlets by id, whatever their status, with their publishers at hand; one query for those not known yet."""
    known: dict[int, Source] = until_act("sources", dict)
    if missing := set(ids) - known.keys():
        known.update(Source.objects.select_related("publisher").in_bulk(missing))
    return known


def at_home(region: Region) -> list[Outlet]:
    """Return the approved outlets at home in a region or in what lies in it, by name."""
    return until_act("at home", _at_home).get(region.pk, [])


def _at_home() -> dict[int, list[Outlet]]:
    rows, found = regions(), defaultdict(list)
    for one in outlets():
        homes = (rows.by_slug.get(slug) for slug in one.home_regions)
        for pk in rows.above_all(home.pk for home in homes if home):
            found[pk].append(one)
    return found


def conflicts_of(region: Region) -> list[Conflict]:
    """Return the conflicts of a region and of what lies in it."""
    return until_act("conflicts of regions", _conflicts_of).get(region.pk, [])


def _conflicts_of() -> dict[int, list[Conflict]]:
    rows, found = regions(), defaultdict(list)
    for one in theatres():
        areas = (rows.by_slug.get(slug) for slug in one.slugs)
        for pk in rows.above_all([*one.regions, *(area.pk for area in areas if area)]):
            found[pk].append(one.conflict)
    return found


Place = tuple[int | None, int | None, int | None]  # region, conflict, topic


def pins() -> dict[Place, list[int]]:
    """Return the stories that are pinned to each list, the newest pin first."""
    return until_act("pins", _pins)


def _pins() -> dict[Place, list[int]]:
    found: dict[Place, list[int]] = defaultdict(list)
    rows = Pin.objects.order_by("-pinned_at", "-pk")
    for region, conflict, topic, story in rows.values_list("region", "conflict", "topic", "story")[:MAX_PINS]:
        found[region, conflict, topic].append(story)
    return dict(found)
