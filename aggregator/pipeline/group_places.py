"""Where a report is, as grouping compares it: regions, countries, and the names that stand in its text."""

from __future__ import annotations

from dataclasses import dataclass

from .types import Located

_TOWNS = frozenset({"town", "division", "capital", "area"})
_NAMED = _TOWNS | {"name"}  # of a country; not peoples, leaders and parties
_HEAD = frozenset({"title", "lead"})


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`regions` are slugs and `countries` ISO codes of what a text is about, main first; `names` are those of
    places in its headline and lead, as they stand there; `towns` are those of them that lie within a country."""

    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()


NOWHERE = Whereabouts()


def whereabouts(located: Located) -> Whereabouts:
    """Return what grouping compares of what the locating stage found."""
    about = [score.region for score in located.regions if score.about]
    return Whereabouts(
        regions=tuple(sorted(about, key=lambda slug: slug != located.focus)),
        countries=located.countries,
        names=_names(located, _NAMED),
        towns=_names(located, _TOWNS),
    )


def _names(located: Located, kinds: frozenset[str]) -> tuple[str, ...]:
    found = (m.name for m in located.mentions if m.kind in kinds and m.field in _HEAD)
    return tuple(dict.fromkeys(found))
