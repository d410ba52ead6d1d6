"""Where a report is, as grouping compares it: regions, countries, and the names that stand in its text."""

from __future__ import annotations

from dataclasses import dataclass

from .types import Located

_NAMED = frozenset({"name", "town", "division", "capital", "area"})  # not peoples, leaders and parties
_HEAD = frozenset({"title", "lead"})


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`regions` are slugs and `countries` ISO codes of what a text is about, main first; `names` are those of
    places in its headline and lead, as they stand there."""

    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


NOWHERE = Whereabouts()


def whereabouts(located: Located) -> Whereabouts:
    """Return what grouping compares of what the locating stage found."""
    about = [score.region for score in located.regions if score.about]
    return Whereabouts(
        regions=tuple(sorted(about, key=lambda slug: slug != located.focus)),
        countries=located.countries,
        names=tuple({m.name: None for m in located.mentions if m.kind in _NAMED and m.field in _HEAD}),
    )
