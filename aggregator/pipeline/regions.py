"""Published areas as a tree: parents, also_in, and the country a region counts for.

`parent` is for navigation and takes no position on sovereignty. Countries are read from the
vocabulary alone, never from border polygons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ROOT = "world"


@dataclass(frozen=True, slots=True)
class RegionNode:
    """One region of the vocabulary, as the rules need it."""

    slug: str
    name: str
    kind: (
        str  # root | macro | subregion | country | territory | subnational | contested-area | theatre | water
    )
    parent: str | None = None
    also_in: tuple[str, ...] = ()
    iso2: str = ""


@dataclass(frozen=True, slots=True)
class RegionTree:
    """Every region by slug, with the questions that rules and services ask of it."""

    nodes: Mapping[str, RegionNode]
    _by_iso: Mapping[str, str] = field(default_factory=dict)
    _ancestors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _countries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def build(cls, nodes: Iterable[RegionNode]) -> RegionTree:
        """Return the tree of `nodes`. Unknown parents and cycles are tolerated: they end the climb."""
        by_slug = {node.slug: node for node in nodes}
        by_iso = {node.iso2: node.slug for node in by_slug.values() if node.iso2}
        bare = cls(by_slug, by_iso)
        return cls(
            by_slug,
            by_iso,
            {slug: bare._climb(slug) for slug in by_slug},
            {slug: bare._find_countries(slug) for slug in by_slug},
        )

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> RegionTree:
        """Return the tree of vocabulary rows (slug, name, kind, parent, also_in, iso2)."""
        return cls.build(
            RegionNode(
                slug=row["slug"],
                name=row["name"],
                kind=row["kind"],
                parent=row.get("parent"),
                also_in=tuple(row.get("also_in") or ()),
                iso2=row.get("iso2") or "",
            )
            for row in rows
        )

    def __contains__(self, slug: object) -> bool:
        return slug in self.nodes

    def ancestors(self, slug: str) -> tuple[str, ...]:
        """Return every region that shows this one: parents and also_in, closed, nearest first."""
        return self._ancestors.get(slug, ())

    def depth(self, slug: str) -> int:
        """Return the number of parents above a region; 0 for the root and for unknown slugs."""
        steps, seen = 0, {slug}
        node = self.nodes.get(slug)
        while node and node.parent and node.parent not in seen:
            seen.add(node.parent)
            node = self.nodes.get(node.parent)
            steps += 1
        return steps

    def country(self, slug: str) -> str | None:
        """Return the ISO2 code of the nearest parent that has one, or None (a sea, a theatre)."""
        seen: set[str] = set()
        node = self.nodes.get(slug)
        while node and node.slug not in seen:
            if node.iso2:
                return node.iso2
            seen.add(node.slug)
            node = self.nodes.get(node.parent) if node.parent else None
        return None

    def countries(self, slug: str) -> tuple[str, ...]:
        """Return the countries a region counts for: its own, else those of its also_in, in their order."""
        return self._countries.get(slug, ())

    def listed_countries(self, slug: str) -> tuple[str, ...]:
        """Return every country a region is shown under: its own and those of its also_in."""
        node = self.nodes.get(slug)
        areas = (slug, *node.also_in) if node else ()
        return tuple(dict.fromkeys(code for area in areas if (code := self.country(area))))

    def slug_of(self, iso2: str) -> str | None:
        """Return the region of an ISO2 code."""
        return self._by_iso.get(iso2)

    def _climb(self, slug: str) -> tuple[str, ...]:
        """Climb parents from a region; also_in counts for the region, its parents and whole sub-regions only.

        An area that is also listed under a theatre does not thereby lie in every country of that theatre.
        """
        found: dict[str, None] = {}
        queue = [(slug, True)]
        while queue:
            node, follows = self.nodes.get(queue[0][0]), queue.pop(0)[1]
            if node is None:
                continue
            steps = [(node.parent, follows)] if node.parent else []
            if follows or node.kind in ("macro", "subregion"):
                steps += [(area, False) for area in node.also_in]
            for above, goes_on in steps:
                if above != slug and above not in found:
                    found[above] = None
                    queue.append((above, goes_on))
        return tuple(found)

    def _find_countries(self, slug: str) -> tuple[str, ...]:
        own = self.country(slug)
        if own:
            return (own,)
        shared = (self.country(area) for area in self.nodes[slug].also_in)
        return tuple(dict.fromkeys(code for code in shared if code))
