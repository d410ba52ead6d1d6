"""What is out at a given time: the one place that decides what is served."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from newsroom.samplewire import items
from newsroom.samplewire.derived import derive
from newsroom.samplewire.items import Item
from newsroom.samplewire.outlets import BY_SLUG, Feed, Outlet


@dataclass(frozen=True)
class Wire:
    """All items, and where each outlet's pages live."""

    items: tuple[Item, ...]
    bases: dict[str, str]  # outlet slug -> address without a trailing slash
    by_path: dict[tuple[str, str], list[Item]] = field(default_factory=dict)

    def url(self, outlet: str, path: str = "") -> str:
        """Return the full address of a path under an outlet."""
        return f"{self.bases[outlet]}/o/{outlet}/{path}"

    def promo(self, outlet: Outlet) -> list[str]:
        """Return the lines that close each of an outlet's pages."""
        return [line.replace("{home}", self.url(outlet.slug)) for line in outlet.promo]

    def page(self, outlet: str, path: str, now: datetime) -> Item | None:
        """Return the version of a page that is shown at `now`; None while it is not out."""
        out = [item for item in self.by_path.get((outlet, path), ()) if item.released <= now]
        return out[-1] if out else None

    def entries(self, outlet: Outlet, feed: Feed, now: datetime) -> list[Item]:
        """Return what a feed shows at `now`: each page once, in its present version, newest first."""
        place = feed.slug if feed.section else ""
        out = [i for i in self.items if i.outlet == outlet.slug and i.feed == place and i.released <= now]
        shown = [self.page(outlet.slug, path, now) for path in {item.path for item in out}]
        return sorted((i for i in shown if i), key=lambda i: (i.published, i.key), reverse=True)

    def source_of(self, item: Item) -> str:
        """Return the address of the page that a republished item names; '' for others."""
        if not item.source_path:
            return ""
        outlet, _, path = item.source_path.partition("/")
        return self.url(outlet, path)


def open_wire(bases: dict[str, str]) -> Wire:
    """Return the wire with its reports and all that is derived from them."""
    reports = items.load()
    everything = sorted((*reports, *derive(reports)), key=lambda item: (item.released, item.key))
    return Wire(tuple(everything), bases, _versions(everything))


def _versions(everything: Iterable[Item]) -> dict[tuple[str, str], list[Item]]:
    found: dict[tuple[str, str], list[Item]] = {}
    for item in everything:
        if item.outlet in BY_SLUG and not item.feed:
            found.setdefault((item.outlet, item.path), []).append(item)
    return found
