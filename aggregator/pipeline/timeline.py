"""Stories → days, gaps, peaks: what a timeline shows beside its stories. Pure rules on dates and counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Generic, TypeVar

T = TypeVar("T")

MIN_GAP_DAYS = 2  # fewer empty days are not worth a row
MIN_LARGE_ORIGINS = 4  # a turning point is confirmed by several outlets, whatever the page
LARGE_SHARE = 10  # one story in ten may be large
MAX_DOTS = 12  # as decided for the design: more cannot be read at a glance
TREND_FACTOR = 1.5  # rise or fall that is told as such; smaller moves are noise
TREND_MIN = 3  # stories


@dataclass(frozen=True, slots=True)
class Gap:
    """Empty days between two days that have stories; both ends are empty days."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days are empty."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Day(Generic[T]):
    """One day of a timeline: its stories, and the gap that follows it further down."""

    on: date
    items: tuple[T, ...]
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Month(Generic[T]):
    """A month of a timeline; `new_year` says that its year differs from that of the month above."""

    first: date
    days: tuple[Day[T], ...]
    new_year: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One day in a density strip; `share` is its height, 0.0-1.0."""

    on: date
    count: int
    share: float
    peak: bool


@dataclass(frozen=True, slots=True)
class Dots:
    """Filled dots for origins, open ones for copies, and how many found no room."""

    filled: int
    open: int
    more: int


def gap_between(newer: date, older: date) -> Gap | None:
    """Return the empty days strictly between two days, None when fewer than MIN_GAP_DAYS."""
    gap = Gap(older + timedelta(days=1), newer - timedelta(days=1))
    return gap if gap.days >= MIN_GAP_DAYS else None


def by_day(items: Iterable[T], on: Callable[[T], date]) -> tuple[Day[T], ...]:
    """Group items, which come newest first, under their days, with the gaps between."""
    groups = [(day, tuple(members)) for day, members in groupby(items, on)]
    after = [*(day for day, _ in groups[1:]), None][: len(groups)]
    return tuple(
        Day(day, members, gap_between(day, older) if older else None)
        for (day, members), older in zip(groups, after, strict=True)
    )


def by_month(days: Sequence[Day[T]]) -> tuple[Month[T], ...]:
    """Group days under their months: year › month › day."""
    months: list[Month[T]] = []
    for first, members in groupby(days, lambda day: day.on.replace(day=1)):
        new_year = not months or months[-1].first.year != first.year
        months.append(Month(first, tuple(members), new_year))
    return tuple(months)


def density(counts: Mapping[date, int], first: date, last: date) -> tuple[Bar, ...]:
    """Return one bar a day from `first` to `last`, both included.

    A peak has at least TREND_MIN stories and lies two standard deviations above the mean of the
    strip, or is its highest day.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    values = [max(counts.get(day, 0), 0) for day in days]
    top, limit = max(values, default=0), _peak_limit(values)
    return tuple(
        Bar(day, value, value / top if top else 0.0, value >= limit and value >= TREND_MIN)
        for day, value in zip(days, values, strict=True)
    )


def _peak_limit(values: Sequence[int]) -> float:
    if not values:
        return 0.0
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    return min(mean + 2 * spread, max(values))


def large_from(origin_counts: Sequence[int]) -> int:
    """Return the number of origins from which a story on this page is a turning point.

    At least MIN_LARGE_ORIGINS, and so many that no more than one story in LARGE_SHARE (or one alone) is large.
    """
    ranked = sorted(origin_counts, reverse=True)
    allowed = max(len(ranked) // LARGE_SHARE, 1)
    first_small = ranked[allowed] if len(ranked) > allowed else 0
    return max(MIN_LARGE_ORIGINS, first_small + 1)


def dots(origins: int, copies: int) -> Dots:
    """Return at most MAX_DOTS dots: origins first, then copies, then "+n"."""
    filled = min(origins, MAX_DOTS)
    hollow = min(copies, MAX_DOTS - filled)
    return Dots(filled, hollow, origins + copies - filled - hollow)


def trend(now: int, before: int) -> str:
    """Return up, down or same: a change by TREND_FACTOR and by at least TREND_MIN stories."""
    if now - before >= TREND_MIN and now >= TREND_FACTOR * before:
        return "up"
    if before - now >= TREND_MIN and before >= TREND_FACTOR * now:
        return "down"
    return "same"
