"""Maintained day totals: what a change of timeline rows adds to and takes from each day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any, NamedTuple

from django.db import connection

from aggregator.models import DayCount, TimelineEntry


class Subject(NamedTuple):
    """What a timeline is about: a region or a conflict, with a topic or none."""

    region_id: int | None
    conflict_id: int | None
    topic_id: int | None


class _Day(NamedTuple):
    subject: Subject
    clock: str
    on: date


@dataclass
class Change:
    """Differences of day totals, collected before they are written."""

    stories: Counter[_Day] = field(default_factory=Counter)
    keys: Counter[_Day] = field(default_factory=Counter)

    def take(self, subject: Subject, row: TimelineEntry) -> None:
        """Note that `row`, as it stands now, no longer counts."""
        self._add(subject, row, -1)

    def put(self, subject: Subject, row: TimelineEntry) -> None:
        """Note that `row`, as it stands now, counts."""
        self._add(subject, row, 1)

    def _add(self, subject: Subject, row: TimelineEntry, step: int) -> None:
        for clock, on in _days(row):
            day = _Day(subject, clock, on)
            self.stories[day] += step
            self.keys[day] += step * int(row.is_key)


def _days(row: TimelineEntry) -> tuple[tuple[str, date], ...]:
    """Return the days (UTC for reports, of the place for events) under which a row counts."""
    return (
        (DayCount.Clock.REPORT.value, row.report_at.astimezone(UTC).date()),
        (DayCount.Clock.EVENT.value, row.event_on),
    )


_APPLY = """
INSERT INTO aggregator_daycount (region_id, conflict_id, topic_id, clock, "on", story_count, key_count)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::date[], %s::int[], %s::int[])
ON CONFLICT (region_id, conflict_id, topic_id, clock, "on") DO UPDATE
SET story_count = aggregator_daycount.story_count + excluded.story_count,
    key_count = aggregator_daycount.key_count + excluded.key_count
"""


def apply(change: Change) -> None:
    """Write the collected differences in one statement."""
    days = sorted(
        (day for day in {*change.stories, *change.keys} if change.stories[day] or change.keys[day]),
        key=lambda day: (*(value or 0 for value in day.subject), day.clock, day.on),
    )
    if not days:
        return
    columns: list[Any] = [
        [day.subject.region_id for day in days],
        [day.subject.conflict_id for day in days],
        [day.subject.topic_id for day in days],
        [day.clock for day in days],
        [day.on for day in days],
        [change.stories[day] for day in days],
        [change.keys[day] for day in days],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_APPLY, columns)


def wrong_days() -> int:
    """Return how many day totals differ from the timeline rows."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING)
        return int(cursor.fetchone()[0])


def recount() -> int:
    """Make every day total again from the timeline rows; return how many were wrong.

    For `verify --repair` and after a restore. The caller holds the line's lock.
    """
    wrong = wrong_days()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM aggregator_daycount")
        cursor.execute(_REFILL)
    return wrong


_TRUE_COUNTS = """
SELECT region_id, conflict_id, topic_id, clock, day, count(*)::int AS stories,
       (count(*) FILTER (WHERE is_key))::int AS keys
FROM (
    SELECT region_id, conflict_id, topic_id, is_key, 'report' AS clock,
           (report_at AT TIME ZONE 'UTC')::date AS day
    FROM aggregator_timelineentry
    UNION ALL
    SELECT region_id, conflict_id, topic_id, is_key, 'event', event_on FROM aggregator_timelineentry
) rows GROUP BY 1, 2, 3, 4, 5
"""
_DIFFERING = f"""
SELECT count(*) FROM (
    (SELECT region_id, conflict_id, topic_id, clock, "on" AS day, story_count, key_count
     FROM aggregator_daycount WHERE story_count <> 0 OR key_count <> 0
     EXCEPT {_TRUE_COUNTS})
    UNION ALL
    ({_TRUE_COUNTS}
     EXCEPT SELECT region_id, conflict_id, topic_id, clock, "on", story_count, key_count
     FROM aggregator_daycount)
) differing
"""
_REFILL = f"""
INSERT INTO aggregator_daycount (region_id, conflict_id, topic_id, clock, "on", story_count, key_count)
{_TRUE_COUNTS}
"""
