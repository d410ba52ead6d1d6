"""The same headline of another place: "Market shelled in Kherson", "Market shelled in Omdurman".

Agencies write by formula, and words alone would make one happening of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from .features import NUMBER_FLAG, PLACE_FLAG, TITLE_FLAG, TOWN_FLAG, Features


@dataclass(frozen=True, slots=True)
class Formula:
    """A headline without its places and numbers, hashed; its towns; the countries that the report is about."""

    rest: int
    towns: tuple[int, ...]
    countries: tuple[int, ...]

    def is_elsewhere(self, other: Formula) -> bool:
        """True for the same headline of another town, or of another country. A town and its country may be one
        place."""
        return self.rest == other.rest and (
            _apart(self.towns, other.towns) or _apart(self.countries, other.countries)
        )


def formula_of(features: Features) -> Formula | None:
    """Return the formula of a headline, None where it names no place or says nothing else."""
    in_title = features.flags & TITLE_FLAG > 0
    places = in_title & (features.flags & PLACE_FLAG > 0)
    rest = in_title & (features.flags & (PLACE_FLAG | NUMBER_FLAG) == 0)
    if not places.any() or not rest.any():
        return None
    towns = features.ids[in_title & (features.flags & TOWN_FLAG > 0)]
    return Formula(crc32(features.ids[rest].tobytes()), tuple(towns.tolist()), features.countries)


def _apart(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return bool(one) and bool(other) and set(one).isdisjoint(other)
