"""Borders as drawings: TopoJSON in, SVG out. Equirectangular, so that a point's place is plain arithmetic.

Borders of places whose status is disputed are dashed. Which ones: those that the data set itself
lists without a country code, those named in DISPUTED, and the lines inside DISPUTED_BOXES.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # west, south, east, north, in degrees

WIDTH, HEIGHT = 1000.0, 500.0
DISPUTED = frozenset({"732", "275", "158"})  # ISO numeric: Western Sahara, Palestine, Taiwan
DISPUTED_BOXES: tuple[Box, ...] = (
    (33.0, 45.6, 35.5, 46.5),  # Crimea's northern limit
    (72.0, 32.0, 81.0, 37.5),  # Kashmir
    (91.0, 26.5, 98.0, 29.8),  # Arunachal Pradesh
    (33.5, 21.7, 37.2, 22.3),  # Halaib
    (35.5, 32.5, 36.0, 33.5),  # Golan Heights
    (27.5, 9.0, 29.5, 11.0),  # Abyei
)


def decode_arcs(topology: Mapping[str, Any]) -> list[list[Point]]:
    """Return the arcs of a quantised topology as (longitude, latitude)."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for deltas in topology["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            arc.append((x * sx + tx, y * sy + ty))
        arcs.append(arc)
    return arcs


def simplify(line: Sequence[Point], tolerance: float) -> list[Point]:
    """Return the line with fewer points (Douglas and Peucker); both ends stay, so that borders still meet."""
    keep = [False] * len(line)
    keep[0] = keep[-1] = True
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        far, distance = _farthest(line, first, last)
        if distance > tolerance:
            keep[far] = True
            spans += [(first, far), (far, last)]
    return [point for point, kept in zip(line, keep, strict=True) if kept]


def _farthest(line: Sequence[Point], first: int, last: int) -> tuple[int, float]:
    (x1, y1), (x2, y2) = line[first], line[last]
    dx, dy = x2 - x1, y2 - y1
    length = math.hypot(dx, dy)
    best, far = -1.0, first
    for n in range(first + 1, last):
        x, y = line[n]
        distance = abs(dy * (x - x1) - dx * (y - y1)) / length if length else math.hypot(x - x1, y - y1)
        if distance > best:
            best, far = distance, n
    return far, best


def draw(topology: Mapping[str, Any], *, tolerance: float, scale: float, box: Box | None = None) -> str:
    """Return an SVG of 1000 by 500 units: land, borders, and disputed borders dashed.

    `tolerance` is in degrees, `scale` the steps of a unit that coordinates are rounded to, `box`
    keeps only what touches it.
    """
    arcs = [simplify(arc, tolerance) for arc in decode_arcs(topology)]
    countries = topology["objects"]["countries"]["geometries"]
    polygons = [polygon for country in countries for polygon in _polygons(country)]
    rings = [ring for polygon in polygons for ring in _rings(polygon, arcs) if _touches(ring, box)]
    plain, dashed = _borders(countries, arcs, box)
    parts = [f'<path class="l" d="{_paths(rings, scale, close=True)}"/>']
    parts += [
        f'<path class="b" d="{_paths(plain, scale)}"/>',
        f'<path class="d" d="{_paths(dashed, scale)}"/>',
    ]
    # A drawing of a part is shown enlarged, strokes and all: its lines are drawn thinner.
    return _HEAD.format(k=1 / scale, width=1 if box is None else 0.35) + "".join(parts) + "</g></svg>\n"


_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 500"><style>'
    ".l{{fill:#ddd7cb}}.b,.d{{fill:none;stroke:#fdfcfa;stroke-width:{width:g};"
    "vector-effect:non-scaling-stroke}}"
    ".d{{stroke:#565b63;stroke-dasharray:3 3}}"
    "@media(prefers-color-scheme:dark){{.l{{fill:#2b3038}}.b{{stroke:#14161a}}.d{{stroke:#a3a8b0}}}}"
    '</style><g transform="scale({k:g})">'
)


def _polygons(country: Mapping[str, Any]) -> list[Any]:
    if country.get("type") == "Polygon":
        return [country["arcs"]]
    return list(country["arcs"]) if country.get("type") == "MultiPolygon" else []


def _rings(polygon: Iterable[Sequence[int]], arcs: Sequence[Sequence[Point]]) -> list[list[Point]]:
    rings = []
    for indexes in polygon:
        ring: list[Point] = []
        for index in indexes:
            arc = list(arcs[index]) if index >= 0 else list(reversed(arcs[~index]))
            ring += arc[1:] if ring else arc
        rings += _unwrapped(ring)
    return rings


def _unwrapped(ring: Sequence[Point]) -> list[list[Point]]:
    """Return a ring that crosses the edge of the map without its jump, once at each edge."""
    found: list[Point] = []
    shift, before = 0.0, ring[0][0]
    for x, y in ring:
        if abs(x - before) > 180:
            shift += 360 if x < before else -360
        before = x
        found.append((x + shift, y))
    xs = [x for x, _ in found]
    if max(xs) > 180 or min(xs) < -180:
        away = -360 if max(xs) > 180 else 360
        return [found, [(x + away, y) for x, y in found]]
    return [found]


def _borders(
    countries: Sequence[Mapping[str, Any]], arcs: Sequence[Sequence[Point]], box: Box | None
) -> tuple[list[list[Point]], list[list[Point]]]:
    """Return the lines between two countries, plain and disputed."""
    users: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for country in countries:
        for polygon in _polygons(country):
            for ring in polygon:
                for index in ring:
                    users[index if index >= 0 else ~index].append(country)
    plain: list[list[Point]] = []
    dashed: list[list[Point]] = []
    for index, sides in users.items():
        line = list(arcs[index])
        if len(sides) > 1 and _touches(line, box):
            (dashed if _is_disputed(sides, line) else plain).append(line)
    return plain, dashed


def _is_disputed(sides: Sequence[Mapping[str, Any]], line: Sequence[Point]) -> bool:
    if any(country.get("id") is None or country["id"] in DISPUTED for country in sides):
        return True
    middle = line[len(line) // 2]
    return any(w <= middle[0] <= e and s <= middle[1] <= n for w, s, e, n in DISPUTED_BOXES)


def _touches(line: Sequence[Point], box: Box | None) -> bool:
    if box is None:
        return True
    west, south, east, north = box
    xs, ys = [x for x, _ in line], [y for _, y in line]
    return min(xs) <= east and max(xs) >= west and min(ys) <= north and max(ys) >= south


def _paths(lines: Iterable[Sequence[Point]], scale: float, *, close: bool = False) -> str:
    return "".join(_path(line, scale, close) for line in lines)


def _path(line: Sequence[Point], scale: float, close: bool) -> str:
    """Return one path in whole steps, each point relative to the one before; too small ones vanish."""
    steps = [
        (round((x + 180) * WIDTH / 360 * scale), round((90 - y) * HEIGHT / 180 * scale)) for x, y in line
    ]
    moved = [(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(steps)]
    numbers = " ".join(f"{dx} {dy}" for dx, dy in moved if dx or dy).replace(" -", "-")
    if not numbers or (close and len(moved) < 3):
        return ""
    return f"M{steps[0][0]} {steps[0][1]}l{numbers}" + ("z" if close else "")
