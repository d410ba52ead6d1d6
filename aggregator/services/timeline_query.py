"""What a reading list asks PostgreSQL: the rows of a subject with its filters, in the order of a page.

Put together by hand: for the page asked for most, making the statement in Django costs more than running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from aggregator.services import subjects
from aggregator.services.filters import EVENT, Cursor, Filters
from aggregator.services.subjects import Find, Subject


class Statement(NamedTuple):
    """SQL and its values."""

    sql: str
    values: tuple[Any, ...]


def page_of(
    subject: Subject, filters: Filters, columns: str, limit: int, find: Find = subjects.find
) -> Statement:
    """Return the query of the first `limit` rows of a page; `columns` are of `entry` and of its `story`."""
    where = _Where(subject, filters, find)
    forward = not filters.after
    if at := filters.before or filters.after:
        where.beyond(at, "<" if forward else ">", filters.order)
    return where.statement(columns, f"ORDER BY {_order(filters.order, forward)} LIMIT %s", limit)


def rows_among(
    subject: Subject, filters: Filters, columns: str, story_ids: Sequence[int], find: Find = subjects.find
) -> Statement:
    """Return the query of the rows of some stories, wherever in the list they are."""
    where = _Where(subject, filters, find)
    where.add("entry.story_id = ANY(%s)", list(story_ids))
    return where.statement(columns, "")


def _order(order: str, forward: bool) -> str:
    """Return the order of a page, as the index has it.

    The topic comes first though all rows have the same: where it is none, PostgreSQL does not see that,
    and would read and sort the whole subject.
    """
    names = [*(["event_on"] if order == EVENT else []), "report_at", "story_id"]
    topic, others = ("", " DESC") if forward else (" DESC", "")
    return ", ".join([f"entry.topic_id{topic}", *(f"entry.{name}{others}" for name in names)])


class _Where:
    """The conditions of a list, one after the other."""

    def __init__(self, subject: Subject, filters: Filters, find: Find) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []
        self._owner(subject)
        self._marked(filters)
        self._crossed(subject, filters, find)
        self._dated(filters)

    def add(self, condition: str, *values: Any) -> None:
        """Narrow further."""
        self.parts.append(condition)
        self.values += values

    def statement(self, columns: str, ending: str, *values: Any) -> Statement:
        """Return the whole query; stories are joined where a column is asked of them."""
        story = " JOIN aggregator_story AS story ON story.id = entry.story_id" if "story." in columns else ""
        sql = f"SELECT {columns} FROM aggregator_timelineentry AS entry{story} WHERE {' AND '.join(self.parts)} {ending}"
        return Statement(sql, (*self.values, *values))

    def _owner(self, subject: Subject) -> None:
        """A row has a region or a conflict: asking for both would make PostgreSQL expect fewer rows than there are."""
        owner = subject.region or subject.conflict
        assert owner is not None
        self.add(f"entry.{'region' if subject.region else 'conflict'}_id = %s", owner.pk)
        if subject.topic:
            self.add("entry.topic_id = %s", subject.topic.pk)
        else:
            self.add("entry.topic_id IS NULL")

    def _marked(self, filters: Filters) -> None:
        if filters.key:
            self.add("entry.is_key")
        if filters.thin:
            self.add("entry.is_thin")
        if filters.kind:
            self.add("entry.source_kinds @> %s::varchar[]", [filters.kind])
        if filters.language:
            self.add("entry.languages @> %s::varchar[]", [filters.language])

    def _crossed(self, subject: Subject, filters: Filters, find: Find) -> None:
        """Narrow a region's or topic's list to a conflict, and a conflict's list to a region."""
        if filters.conflict and subject.kind != "conflict":
            kind, other = "conflict", find("conflict", filters.conflict)
        elif filters.region and subject.kind == "conflict":
            kind, other = "region", find("region", filters.region)
        else:
            return
        self.add(
            f"EXISTS (SELECT FROM aggregator_timelineentry AS other WHERE other.{kind}_id = %s"
            " AND other.topic_id IS NULL AND other.story_id = entry.story_id)",
            other.pk,
        )

    def _dated(self, filters: Filters) -> None:
        if filters.as_of:
            self.add("entry.report_at < %s", _midnight(filters.as_of + timedelta(days=1)))
        since, until = filters.since, filters.until
        if filters.order == EVENT:
            if since:
                self.add("entry.event_on >= %s", since)
            if until:
                self.add("entry.event_on <= %s", until)
            return
        if since:
            self.add("entry.report_at >= %s", _midnight(since))
        if until:
            self.add("entry.report_at < %s", _midnight(until + timedelta(days=1)))

    def beyond(self, at: Cursor, side: str, order: str) -> None:
        """Keep what lies beyond a place: one comparison, at which the index starts."""
        if order == EVENT:
            place = (at.event_on, at.report_at, at.id)
            self.add(f"(entry.event_on, entry.report_at, entry.story_id) {side} (%s, %s, %s)", *place)
        else:
            self.add(f"(entry.report_at, entry.story_id) {side} (%s, %s)", at.report_at, at.id)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
