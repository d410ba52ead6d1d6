"""Measure locating: labelled rows in, regions out, by the functions of the line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from aggregator.pipeline.gazetteer import Gazetteer, load_gazetteer
from aggregator.pipeline.locate import locate
from aggregator.pipeline.types import Located


@cache
def load() -> Gazetteer:
    """Load what the stage needs; not counted in its time."""
    return load_gazetteer()


def evaluate(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Locate each row {id, title, text, source_region, language}; any field but id may be null or missing.

    Gives {id, countries, mentioned, focus, regions, focus_region}: countries are ISO2, best first;
    regions are slugs, deepest first.
    """
    gazetteer = load()
    for row in rows:
        located = locate(
            row.get("title") or "",
            row.get("text") or "",
            gazetteer=gazetteer,
            home_region=row.get("source_region"),
            language=row.get("language") or "",
        )
        yield {"id": row.get("id"), **_answer(located, gazetteer)}


def _answer(located: Located, gazetteer: Gazetteer) -> dict[str, Any]:
    about = [score.region for score in located.regions if score.about]
    return {
        "countries": list(located.countries),
        "mentioned": list(located.countries_mentioned),
        "focus": located.focus_country,
        "regions": sorted(about, key=lambda slug: -gazetteer.tree.depth(slug)),
        "focus_region": located.focus,
    }
