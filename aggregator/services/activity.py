"""Day totals as pages show them: strips, weeks, lists of what is busy. Never counted on request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, QuerySet, Sum

from aggregator.models import Conflict, DayCount, Region, Topic
from aggregator.pipeline import timeline as rules
from aggregator.services.filters import REPORT
from aggregator.services.subjects import Subject

WEEK = timedelta(days=7)
STRIP_DAYS = 30


@dataclass(frozen=True)
class Strip:
    """A density strip: one bar a day."""

    bars: tuple[rules.Bar, ...]

    @property
    def total(self) -> int:
        """Stories of the whole strip."""
        return sum(bar.count for bar in self.bars)

    @property
    def top(self) -> rules.Bar | None:
        """The busiest day, None when nothing happened."""
        top = max(self.bars, key=lambda bar: bar.count, default=None)
        return top if top and top.count else None

    @property
    def first(self) -> date:
        """Its first day."""
        return self.bars[0].on

    @property
    def last(self) -> date:
        """Its last day."""
        return self.bars[-1].on


@dataclass(frozen=True)
class Change:
    """Stories in a span of days against the same span before it."""

    days: int
    now: int
    before: int

    @property
    def trend(self) -> str:
        """up, down or same."""
        return rules.trend(self.now, self.before)


@dataclass(frozen=True)
class Busy:
    """A region, topic or conflict with its stories of seven days, and of the seven before."""

    row: Region | Topic | Conflict
    change: Change

    @property
    def now(self) -> int:
        """Stories of the last seven days."""
        return self.change.now


def strip(subject: Subject, last: date, *, clock: str = REPORT, days: int = STRIP_DAYS) -> Strip:
    """Return the `days` days that end with `last`."""
    first = last - timedelta(days=days - 1)
    rows = subject.days().filter(clock=clock, on__gte=first, on__lte=last)
    return Strip(rules.density(dict(rows.values_list("on", "story_count")), first, last))


def changes(subject: Subject, today: date) -> tuple[Change, Change]:
    """Return the last 7 and the last 30 days, each against the span before it."""
    first = today - timedelta(days=59)
    rows = subject.days().filter(clock=REPORT, on__gte=first, on__lte=today)
    counts = dict(rows.values_list("on", "story_count"))
    return _change(counts, today, 7), _change(counts, today, 30)


def _change(counts: Mapping[date, int], today: date, days: int) -> Change:
    middle = today - timedelta(days=days)
    start = today - timedelta(days=2 * days)
    now = sum(count for on, count in counts.items() if middle < on <= today)
    return Change(days, now, sum(count for on, count in counts.items() if start < on <= middle))


def busy_regions(regions: Collection[Region], today: date, *, topic: Topic | None = None) -> list[Busy]:
    """Return the regions, busiest of the last seven days first; one query."""
    rows = DayCount.objects.filter(region__in=regions, conflict__isnull=True, topic=topic)
    return _busy(regions, rows, "region_id", today)


def busy_topics(subject: Subject, topics: Collection[Topic], today: date) -> list[Busy]:
    """Return the topics of a region or conflict, busiest of the last seven days first; one query."""
    rows = DayCount.objects.filter(region=subject.region, conflict=subject.conflict, topic__in=topics)
    return _busy(topics, rows, "topic_id", today)


def busy_conflicts(conflicts: Collection[Conflict], today: date) -> list[Busy]:
    """Return the conflicts, busiest of the last seven days first; one query."""
    rows = DayCount.objects.filter(region__isnull=True, conflict__in=conflicts, topic__isnull=True)
    return _busy(conflicts, rows, "conflict_id", today)


def conflict_strips(conflicts: Collection[Conflict], today: date) -> dict[int, Strip]:
    """Return the last STRIP_DAYS days of each conflict that has stories in them; one query."""
    first = today - timedelta(days=STRIP_DAYS - 1)
    rows = DayCount.objects.filter(region__isnull=True, conflict__in=conflicts, topic__isnull=True)
    counts: dict[int, dict[date, int]] = {}
    for pk, on, count in rows.filter(clock=REPORT, on__gte=first, on__lte=today).values_list(
        "conflict_id", "on", "story_count"
    ):
        if pk is not None:
            counts.setdefault(pk, {})[on] = count
    return {pk: Strip(rules.density(found, first, today)) for pk, found in counts.items()}


def _busy(
    rows: Collection[Region] | Collection[Topic] | Collection[Conflict],
    days: QuerySet[DayCount],
    field: str,
    today: date,
) -> list[Busy]:
    week = today - WEEK
    days = days.filter(clock=REPORT, on__gt=today - 2 * WEEK, on__lte=today)
    now = _sums(days.filter(on__gt=week), field)
    before = _sums(days.filter(on__lte=week), field)
    found = [Busy(row, Change(7, now.get(row.pk, 0), before.get(row.pk, 0))) for row in rows]
    return sorted(found, key=lambda busy: (-busy.now, busy.row.name))


def _sums(days: QuerySet[DayCount], field: str) -> dict[int, int]:
    summed = days.values(key=F(field)).annotate(total=Sum("story_count")).values_list("key", "total")
    return {key: total for key, total in summed if key is not None}


def anchor(newest: date | None, today: date, *, days: int = STRIP_DAYS) -> date:
    """Return the day on which a strip ends: today, or the newest story's day when that is long ago."""
    if newest is None or newest > today - timedelta(days=days):
        return today
    return newest
