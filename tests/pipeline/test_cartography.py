"""Borders as drawings."""

from __future__ import annotations

from aggregator.pipeline import cartography


def square(west: int, east: int) -> list[list[int]]:
    return [[west, 0], [east - west, 0], [0, 10], [west - east, 0], [0, -10]]


TOPOLOGY = {
    "transform": {"scale": [1, 1], "translate": [0, 0]},
    "arcs": [square(0, 10), square(20, 30), [[40, 0], [0, 10]]],
    "objects": {
        "countries": {
            "geometries": [
                {"type": "Polygon", "id": "100", "arcs": [[0]]},
                {"type": "MultiPolygon", "arcs": [[[1]], [[2]]]},
                {"type": "Polygon", "id": "732", "arcs": [[~2]]},
                {"type": None},
            ]
        }
    },
}


def test_lines_keep_their_ends_and_what_sticks_out():
    line = [(0.0, 0.0), (1.0, 0.01), (2.0, 1.0), (3.0, 0.0)]
    assert cartography.simplify(line, 0.1) == [(0.0, 0.0), (1.0, 0.01), (2.0, 1.0), (3.0, 0.0)]
    assert cartography.simplify([(0.0, 0.0), (1.0, 0.01), (2.0, 0.0)], 0.1) == [(0.0, 0.0), (2.0, 0.0)]


def test_a_border_with_a_disputed_place_is_dashed():
    drawing = cartography.draw(TOPOLOGY, tolerance=0.0, scale=1)
    assert '<path class="b" d=""/>' in drawing
    assert '<path class="d" d="M' in drawing


def test_a_box_keeps_what_touches_it():
    whole = cartography.draw(TOPOLOGY, tolerance=0.0, scale=1)
    cut = cartography.draw(TOPOLOGY, tolerance=0.0, scale=1, box=(0, 0, 12, 10))
    assert whole.count("M") > cut.count("M") > 0


def test_a_ring_over_the_edge_of_the_map_is_drawn_at_both_edges():
    ring = [(170.0, 0.0), (-170.0, 0.0), (-170.0, 10.0), (170.0, 10.0)]
    at_east, at_west = cartography._unwrapped(ring)
    assert max(x for x, _ in at_east) == 190
    assert min(x for x, _ in at_west) == -190
