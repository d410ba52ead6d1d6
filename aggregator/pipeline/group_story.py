"""A story as grouping sees it: its originals in order of arrival, its dates, and what its members say together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .features import Features
from .group_formula import Formula, formula_of

SPAN = 72 * 3600.0  # seconds from the first to the newest report of one story
MEMBERS = 24  # members compared with: the first two and the newest


@dataclass(slots=True)
class Member:
    """An original in a story."""

    article: int
    features: Features
    _formula: Formula | None = None
    _is_asked: bool = False

    @property
    def formula(self) -> Formula | None:
        """The formula of its headline, made when first asked for."""
        if not self._is_asked:
            self._formula, self._is_asked = formula_of(self.features), True
        return self._formula


@dataclass(frozen=True, slots=True)
class Centroid:
    """What all members of a story say together: summed weights of its heaviest words."""

    ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    flags: NDArray[np.uint8]


@dataclass(slots=True)
class StorySnapshot:
    """A story as grouping sees it: its originals in order of arrival."""

    story: int
    members: list[Member] = field(default_factory=list)
    first_at: float | None = None  # seconds since 1970 of the first dated report
    last_at: float | None = None
    _centroid: Centroid | None = None

    def append(self, member: Member) -> None:
        """Add a member at the end."""
        self.members.append(member)
        self._centroid = None
        at = member.features.at
        if at is not None:
            self.first_at = at if self.first_at is None else min(self.first_at, at)
            self.last_at = at if self.last_at is None else max(self.last_at, at)

    def take_out(self, article: int) -> Member | None:
        """Remove and return the member of an article, None when there is none."""
        for i, member in enumerate(self.members):
            if member.article == article:
                del self.members[i]
                self._settle()
                return member
        return None

    def compared(self) -> list[Member]:
        """The first two members and the newest: at most MEMBERS."""
        if len(self.members) <= MEMBERS:
            return self.members
        return self.members[:2] + self.members[2 - MEMBERS :]

    def documents(self) -> list[Centroid | Features]:
        """The centroid, then the compared members."""
        if self._centroid is None:
            self._centroid = _sum([m.features for m in self.compared()])
        return [self._centroid, *(m.features for m in self.compared())]

    def _settle(self) -> None:
        dates = [m.features.at for m in self.members if m.features.at is not None]
        self.first_at, self.last_at = (min(dates), max(dates)) if dates else (None, None)
        self._centroid = None


def _sum(features: list[Features]) -> Centroid:
    """Add up the weights of several articles by word; of flags, all that one of them has."""
    if len(features) == 1:
        return Centroid(features[0].ids, features[0].weights, features[0].flags)
    ids, where = np.unique(np.concatenate([f.ids for f in features]), return_inverse=True)
    weights = np.bincount(where, np.concatenate([f.weights for f in features]))
    flags = np.zeros(len(ids), dtype=np.uint8)
    np.bitwise_or.at(flags, where, np.concatenate([f.flags for f in features]))
    return Centroid(ids, weights.astype(np.float32), flags)


def fits_span(story: StorySnapshot, at: float | None) -> bool:
    """True when a report at `at` leaves the story within SPAN; undated ones fit anywhere."""
    first, last = story.first_at, story.last_at
    if at is None or first is None or last is None:
        return True
    return max(last, at) - min(first, at) <= SPAN
