"""Reading lists: one call gives what the page, the fragment, Atom, JSON and CSV show, so that they agree.

Keyset pages on TimelineEntry: no offset and no count; the number of queries depends on neither
the number of stories nor the filters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.conf import settings
from django.db import connection

from aggregator.models import Conflict, Region, Topic
from aggregator.pipeline import timeline as rules
from aggregator.services import activity, atlas, changes, subjects
from aggregator.services.cards import ROW, Card, Row, make_card
from aggregator.services.filters import EVENT, Cursor, Filters
from aggregator.services.kept import Kept
from aggregator.services.subjects import Find, Subject
from aggregator.services.timeline_query import Statement, page_of, rows_among

PAGE_SIZE = 50  # stories; decided in the product's rules, pinned ones come on top
MAX_PINS = 5


@dataclass(frozen=True)
class Timeline:
    """One page of a reading list."""

    subject: Subject
    filters: Filters
    pinned: tuple[Card, ...]
    cards: tuple[Card, ...]
    older: str = ""  # query strings of the neighbouring pages, '' when there are none
    newer: str = ""
    counts: dict[date, int] = field(default_factory=dict)  # stories a day; empty when another filter is on

    @property
    def all_cards(self) -> tuple[Card, ...]:
        """Pinned ones first: the order of every face."""
        return self.pinned + self.cards

    @property
    def updated_at(self) -> datetime | None:
        """The newest change of a story shown."""
        return max((card.story.changed_at for card in self.all_cards), default=None)

    @property
    def days(self) -> tuple[rules.Day[Card], ...]:
        """The cards under their days, with the gaps between."""
        return rules.by_day(self.cards, lambda card: card.on)

    @property
    def months(self) -> tuple[rules.Month[Card], ...]:
        """The days under their months."""
        return rules.by_month(self.days)

    @property
    def path(self) -> str:
        """The address of this page, filters and place included."""
        return _join(self.subject.path, self.filters.query())


def _join(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def subject_of(kind: str, slug: str, filters: Filters, find: Find = subjects.find) -> Subject:
    """Return what a page is about, with the filters that are part of it.

    Raises MovedError and UnknownError for the page's own slug and those of its filters.
    """
    owner = find(kind, slug)
    if isinstance(owner, Topic):
        region = find("region", filters.region or subjects.WORLD)
        assert isinstance(region, Region)
        return Subject("topic", region=region, topic=owner)
    topic = find("topic", filters.topic) if filters.topic else None
    assert topic is None or isinstance(topic, Topic)
    if isinstance(owner, Conflict):
        return Subject("conflict", conflict=owner, topic=topic)
    return Subject("region", region=owner, topic=topic)


_pages: Kept[Timeline] = Kept(100)


def forget() -> None:
    """Drop the pages in memory."""
    _pages.clear()


def read(subject: Subject, filters: Filters, *, size: int = PAGE_SIZE) -> Timeline:
    """Return a page of at most `size` stories, the pinned ones of the first page, and day totals.

    Three queries at most, whatever is shown; none while no story and no act has changed since it was read last.
    """
    if not settings.LOOK_SECONDS:
        return _read(subject, filters, size)
    key = (changes.newest(), subject.key, filters, size)
    page = _pages.get(key)
    if page is None:
        page = _read(subject, filters, size)
        _pages.put(key, page)
    return page


def _read(subject: Subject, filters: Filters, size: int) -> Timeline:
    found = _rows(page_of(subject, filters, ROW, size + 1))
    more = len(found) > size
    found = found[:size]
    if filters.after:
        found.reverse()
    pins = () if filters.paged else _pins(subject, filters)
    pinned_ids = {entry.story.pk for entry in pins}
    large = rules.large_from([entry.origin_count for entry in found])
    timeline = Timeline(
        subject,
        filters,
        pinned=tuple(make_card(entry, filters.order, large, pinned=True) for entry in pins),
        cards=tuple(
            make_card(entry, filters.order, large) for entry in found if entry.story.pk not in pinned_ids
        ),
    )
    older, newer = _neighbours(found, filters, more)
    return replace(timeline, older=older, newer=newer, counts=_shown_counts(timeline))


def _rows(statement: Statement) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        return [Row.read(columns) for columns in cursor.fetchall()]


def title_of(subject: Subject, filters: Filters) -> str:
    """Return the name of a list for headings, feeds and mails, e.g. "Mali: Shelling"."""
    parts = [subject.name]
    if subject.kind != "topic" and subject.topic:
        parts.append(subject.topic.name)
    if subject.kind == "topic" and subject.region and filters.region:
        parts.append(subject.region.name)
    return ": ".join(parts)


def _pins(subject: Subject, filters: Filters) -> Sequence[Row]:
    place = (row.pk if row else None for row in (subject.region, subject.conflict, subject.topic))
    newest = atlas.pins().get(tuple(place), [])[:MAX_PINS]  # type: ignore[arg-type]
    if not newest:
        return ()
    found = {row.story.pk: row for row in _rows(rows_among(subject, filters, ROW, newest))}
    return [found[pk] for pk in newest if pk in found]


def _neighbours(found: Sequence[Row], filters: Filters, more: bool) -> tuple[str, str]:
    """Return the query strings of the older and the newer page."""
    older, newer = (True, more) if filters.after else (more, bool(filters.before))
    if not found:
        return "", (filters.first_page() or "?") if filters.before else ""
    first, last = (_place(entry, filters.order) for entry in (found[0], found[-1]))
    return (
        filters.query(before=last, after=None) if older else "",
        filters.query(after=first, before=None) if newer else "",
    )


def _place(entry: Row, order: str) -> Cursor:
    return Cursor(entry.report_at, entry.story.pk, entry.event_on if order == EVENT else None)


def _shown_counts(timeline: Timeline) -> dict[date, int]:
    """Return the totals of the days shown; none where another filter than the subject's own is on."""
    filters = timeline.filters
    crossed = filters.conflict or (filters.region and timeline.subject.kind == "conflict")
    if filters.narrowed or crossed or not timeline.cards:
        return {}
    on = [card.on for card in timeline.cards]
    rows = activity.days(timeline.subject, filters.order, min(on), max(on))
    return {day: count for day, count in rows if count > 0}
