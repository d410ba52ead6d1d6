"""Activity on a map: points sized by stories of seven days, over a drawing that is made beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.models import Region
from aggregator.services.activity import Busy

WIDTH, HEIGHT = 1000.0, 500.0  # equirectangular: a degree of longitude and of latitude is 1000 / 360 units
MIN_RADIUS, MAX_RADIUS = 3.0, 16.0
MARGIN = 0.12  # of a regional map's longer side
# Finer drawings: what touches a box (west, south, east, north). The first that holds a frame is used.
DRAWINGS: dict[str, tuple[float, float, float, float]] = {
    "caucasus": (30.0, 34.0, 62.0, 50.0),
    "middle-east": (22.0, 8.0, 66.0, 44.0),
    "europe": (-26.0, 32.0, 60.0, 74.0),
    "africa": (-28.0, -38.0, 62.0, 40.0),
    "central-asia": (42.0, 22.0, 98.0, 58.0),
    "asia": (58.0, -14.0, 150.0, 56.0),
    "americas": (-130.0, -58.0, -30.0, 52.0),
}


@dataclass(frozen=True)
class Point:
    """A place on a map: centre and radius in the map's units."""

    row: Region
    count: int
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Map:
    """A cut of the world with points on it; `view` is its viewBox, `drawing` the file of the borders."""

    view: str
    drawing: str
    ratio: float
    points: tuple[Point, ...]


def world(regions: Sequence[Region], counts: Mapping[int, int]) -> Map:
    """Return the world with a point for each country, territory and contested area that has stories."""
    rows = [(r, counts.get(r.pk, 0)) for r in regions if r.kind in ("country", "territory", "contested-area")]
    points = _points([(row, count) for row, count in rows if count and row.lat is not None])
    return Map("0 20 1000 400", "map/world.svg", 400 / 1000, points)


def regional(region: Region, areas: Sequence[Busy]) -> Map | None:
    """Return the cut of the map that shows a region and what lies in it, None when nothing is placed."""
    rows = [one for one in areas if isinstance(one.row, Region)]
    if region.kind == "root":
        return None
    return _cut([region, *(one.row for one in rows)], rows)


def of_areas(areas: Sequence[Busy]) -> Map | None:
    """Return the cut of the map that shows the areas of a conflict, None when none is placed."""
    return _cut([one.row for one in areas], areas)


def _cut(rows: Sequence[Any], areas: Sequence[Busy]) -> Map | None:
    placed = [row for row in rows if row.lat is not None and row.lon is not None]
    if not placed:
        return None
    xs, ys = zip(*(_project(row) for row in placed), strict=True)
    x, y, width, height = _frame(min(xs), min(ys), max(xs), max(ys))
    points = _points(_located(areas), scale=width / WIDTH)
    view = f"{x:.1f} {y:.1f} {width:.1f} {height:.1f}"
    return Map(view, _drawing(x, y, width, height), height / width, points)


def _drawing(x: float, y: float, width: float, height: float) -> str:
    """Return the finest drawing that holds a frame, given in the map's units."""
    west, north = x * 360 / WIDTH - 180, 90 - y * 180 / HEIGHT
    east, south = west + width * 360 / WIDTH, north - height * 180 / HEIGHT
    for name, (w, s, e, n) in DRAWINGS.items():
        if w <= west and s <= south and east <= e and north <= n:
            return f"map/{name}.svg"
    return "map/world.svg"


def _located(areas: Sequence[Busy]) -> list[tuple[Region, int]]:
    return [(one.row, one.now) for one in areas if isinstance(one.row, Region) and one.row.lat is not None]


def _frame(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    """Return a frame of 8 to 5 around a box, with a margin and never closer than about 9 degrees."""
    width = max(right - left, (bottom - top) * 1.6, 24.0) * (1 + 2 * MARGIN)
    height = width / 1.6
    return (left + right - width) / 2, (top + bottom - height) / 2, width, height


def _project(row: Region) -> tuple[float, float]:
    assert row.lat is not None
    assert row.lon is not None
    return (row.lon + 180) * WIDTH / 360, (90 - row.lat) * HEIGHT / 180


def _points(pairs: Sequence[tuple[Any, int]], *, scale: float = 1.0) -> tuple[Point, ...]:
    """Return points whose area grows with the count; the largest is drawn first, so that none is hidden."""
    top = max((count for _, count in pairs), default=0) or 1
    found = []
    for row, count in sorted(pairs, key=lambda pair: -pair[1]):
        x, y = _project(row)
        radius = MIN_RADIUS + (MAX_RADIUS - MIN_RADIUS) * math.sqrt(count / top)
        found.append(Point(row, count, round(x, 1), round(y, 1), round(radius * max(scale, 0.05), 2)))
    return tuple(found)
