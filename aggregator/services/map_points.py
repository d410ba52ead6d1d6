"""Activity on a map: points sized by stories of seven days, over a drawing that is made beforehand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from aggregator.models import Region
from aggregator.services.activity import Busy

WIDTH, HEIGHT = 1000.0, 500.0  # equirectangular: a degree of longitude and of latitude is 1000 / 360 units
MIN_RADIUS, MAX_RADIUS = 3.0, 16.0
MARGIN = 0.12  # of a regional map's longer side


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
    """A cut of the world with points on it; `view` is the SVG's viewBox, `drawing` the file of the borders."""

    view: str
    drawing: str
    ratio: float
    points: tuple[Point, ...]
    x: float = 0.0
    y: float = 0.0
    width: float = WIDTH
    height: float = HEIGHT


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
    points = _points([(one.row, one.now) for one in areas if one.row.lat is not None], scale=width / WIDTH)
    return Map(f"{x:.1f} {y:.1f} {width:.1f} {height:.1f}", "map/world.svg", height / width, points, x, y, width, height)


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


@cache
def drawings() -> dict[str, Any]:
    """Return what the drawings are made from, as the file beside them says."""
    path = finders.find("map/about.json")
    return json.loads(Path(str(path)).read_text()) if path else {}
