"""Day totals as pages show them: strips, weeks, lists of what is busy. Never counted on request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db import connection

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
    where = "region_id = ANY(%s) AND conflict_id IS NULL AND topic_id "
    values: tuple[Any, ...] = ([row.pk for row in regions],)
    if topic is None:
        return _busy(regions, "region_id", f"{where} IS NULL", values, today)
    return _busy(regions, "region_id", f"{where} = %s", (*values, topic.pk), today)


def busy_topics(subject: Subject, topics: Collection[Topic], today: date) -> list[Busy]:
    """Return the topics of a region or conflict, busiest of the last seven days first; one query."""
    own, values = _own(subject, topics=True)
    return _busy(
        topics, "topic_id", f"{own} AND topic_id = ANY(%s)", (*values, [row.pk for row in topics]), today
    )


def busy_conflicts(conflicts: Collection[Conflict], today: date) -> list[Busy]:
    """Return the conflicts, busiest of the last seven days first; one query."""
    where = "region_id IS NULL AND conflict_id = ANY(%s) AND topic_id IS NULL"
    return _busy(conflicts, "conflict_id", where, ([row.pk for row in conflicts],), today)


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
    column: str,
    where: str,
    values: tuple[Any, ...],
    today: date,
) -> list[Busy]:
    with connection.cursor() as cursor:
        cursor.execute(*_weeks(column, where, values, today))
        counts = {key: (now, before) for _, key, now, before in cursor.fetchall()}
    return _ranked(rows, counts)


def _ranked(rows: Collection[Any], counts: Mapping[int, tuple[int, int]]) -> list[Busy]:
    found = [Busy(row, Change(7, *counts.get(row.pk, (0, 0)))) for row in rows]
    return sorted(found, key=lambda busy: (-busy.now, busy.row.name))


def days(subject: Subject, clock: str, first: date, last: date) -> list[tuple[date, int]]:
    """Return the stories of each day of a list, from `first` to `last`, where there are any."""
    own, values = _own(subject)
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "on", story_count FROM aggregator_daycount WHERE {own}'
            ' AND clock = %s AND "on" >= %s AND "on" <= %s',
            [*values, clock, first, last],
        )
        return [(on, count) for on, count in cursor.fetchall()]


def _own(subject: Subject, *, topics: bool = False) -> tuple[str, tuple[Any, ...]]:
    """Return the condition for a subject's day totals, and its values; `topics`: of all its topics."""
    where = (
        "region_id = %s AND conflict_id IS NULL"
        if subject.region
        else "region_id IS NULL AND conflict_id = %s"
    )
    owner = subject.region or subject.conflict
    values: tuple[Any, ...] = (owner.pk if owner else None,)
    if topics:
        return where, values
    if subject.topic is None:
        return f"{where} AND topic_id IS NULL", values
    return f"{where} AND topic_id = %s", (*values, subject.topic.pk)


class Around:
    """All day totals that stand beside one list, read in one query when the first of them is asked for.

    `regions`, `conflicts` and `topics` are called then: what has counts of seven days; topics are those of `subject`.
    """

    def __init__(
        self,
        subject: Subject,
        today: date,
        *,
        regions: Callable[[], Collection[Region]] = tuple,
        conflicts: Callable[[], Collection[Conflict]] = tuple,
        topics: Callable[[], Collection[Topic]] = tuple,
        strip: tuple[date, str, int] = (date.min, REPORT, 0),
    ) -> None:
        self.subject, self.today = subject, today
        self._rows = {"region_id": regions, "conflict_id": conflicts, "topic_id": topics}
        self._last, self._clock, self._days = strip  # the strip's last day, its clock, how many days

    @property
    def regions(self) -> list[Busy]:
        """The regions, busiest first."""
        return self._busy("region_id")

    @property
    def conflicts(self) -> list[Busy]:
        """The conflicts, busiest first."""
        return self._busy("conflict_id")

    @property
    def topics(self) -> list[Busy]:
        """The topics of the subject's region or conflict, busiest first."""
        return self._busy("topic_id")

    @property
    def strip(self) -> Strip:
        """The days of the subject's own list."""
        first = self._last - timedelta(days=self._days - 1)
        days = {first + timedelta(days=key): now for key, (now, _) in self._counts["on"].items()}
        return Strip(rules.density(days, first, self._last))

    def _busy(self, column: str) -> list[Busy]:
        return _ranked(self._asked[column], self._counts[column])

    @cached_property
    def _asked(self) -> dict[str, Collection[Any]]:
        return {column: rows() for column, rows in self._rows.items()}

    @cached_property
    def _counts(self) -> dict[str, dict[int, tuple[int, int]]]:
        """Return (this week, the week before) by column and id; for "on" the stories by day of the strip."""
        found: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
        parts = self._parts()
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(sql for sql, _ in parts), [v for _, vs in parts for v in vs])
            for column, key, now, before in cursor.fetchall():
                found[column][key] = (now, before)
        return found

    def _parts(self) -> list[tuple[str, tuple[Any, ...]]]:
        last, days = self._last, self._days
        own, values = _own(self.subject)
        first = last - timedelta(days=days - 1) if days else last
        strip = (
            f"""SELECT 'on', "on" - %s::date, story_count, 0 FROM aggregator_daycount
            WHERE {own} AND clock = %s AND "on" >= %s AND "on" <= %s""",
            (first, *values, self._clock, first, last),
        )
        parts = [strip]
        own, values = _own(self.subject, topics=True)
        for column, where, more in (
            ("region_id", "region_id = ANY(%s) AND conflict_id IS NULL AND topic_id IS NULL", ()),
            ("conflict_id", "region_id IS NULL AND conflict_id = ANY(%s) AND topic_id IS NULL", ()),
            ("topic_id", f"{own} AND topic_id = ANY(%s)", values),
        ):
            if ids := [row.pk for row in self._asked[column]]:
                parts.append(_weeks(column, where, (*more, ids), self.today))
        return parts


def _weeks(column: str, where: str, values: Sequence[Any], today: date) -> tuple[str, tuple[Any, ...]]:
    """Return the query of the last seven days and the seven before, summed by a column."""
    week = today - WEEK
    sql = f"""SELECT '{column}', {column}::int, coalesce(sum(story_count) FILTER (WHERE "on" > %s), 0)::int,
        coalesce(sum(story_count) FILTER (WHERE "on" <= %s), 0)::int FROM aggregator_daycount
        WHERE {where} AND clock = 'report' AND "on" > %s AND "on" <= %s GROUP BY {column}"""
    return sql, (week, week, *values, today - 2 * WEEK, today)


def anchor(newest: date | None, today: date, *, days: int = STRIP_DAYS) -> date:
    """Return the day on which a strip ends: today, or the newest story's day when that is long ago."""
    if newest is None or newest > today - timedelta(days=days):
        return today
    return newest
