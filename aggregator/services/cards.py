"""What a list shows of one story: worked out once, for the page and for every face."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection

from aggregator.models import Story, TimelineEntry
from aggregator.services import addresses
from aggregator.services.filters import EVENT

LATE = timedelta(hours=24)  # a story that entered a timeline later than this was "added later"


class _Columns(NamedTuple):
    """A story's columns, as lists read them."""

    pk: int
    slug: str
    headline: str
    extract: str
    language: str
    first_at: datetime
    last_at: datetime
    created_at: datetime
    changed_at: datetime
    happened_on: date
    happened_precision: str
    origin_count: int
    source_count: int
    article_count: int
    is_key: bool
    version: int
    stored: str  # the card as it is stored, JSON


class Told(_Columns):
    """A story as lists tell it, read without making a row of Django's."""

    @cached_property
    def card(self) -> dict[str, Any]:
        """What was made for cards at ingest; read when it is asked for: a card that was made already needs none."""
        found: dict[str, Any] = json.loads(self.stored)
        return found

    @property
    def copy_count(self) -> int:
        """Articles beyond the first of each origin."""
        return max(self.article_count - self.origin_count, 0)

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return addresses.story(self.pk, self.slug)


STORY = ", ".join(f"story.{name}" for name in ("id", *_Columns._fields[1:-1], "card"))


class Row(NamedTuple):
    """A timeline row as lists read it: what orders a page, and the story."""

    report_at: datetime
    event_on: date
    added_at: datetime
    origin_count: int
    story: Told

    @classmethod
    def read(cls, columns: tuple[Any, ...]) -> Row:
        """Return the row of the columns ROW."""
        return cls._make((*columns[:4], Told._make(columns[4:])))


ROW = f"entry.report_at, entry.event_on, entry.added_at, entry.origin_count, {STORY}"


def stories_told(ids: Iterable[int]) -> dict[int, Told]:
    """Return stories by id; one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {STORY} FROM aggregator_story AS story WHERE id = ANY(%s)", [list(ids)])
        return {row[0]: Told._make(row) for row in cursor.fetchall()}


@dataclass(frozen=True)
class Card:
    """A story on a list. `on` is the day it stands under; `large` marks a turning point."""

    story: Story | Told = field(repr=False)
    on: date
    report_at: datetime
    event_on: date
    added_late_at: datetime | None
    by_event: bool
    large: bool
    pinned: bool = False

    @property
    def story_id(self) -> int:
        """The key of the story."""
        return self.story.pk

    @property
    def key(self) -> tuple[object, ...]:
        """What the card's look depends on, but for the language: equal keys look the same."""
        return (self.story.pk, self.story.version, self.by_event, self.large, bool(self.added_late_at))

    @property
    def reported_later_on(self) -> date | None:
        """The day of the report in UTC, where it is later than the day under which the story stands."""
        if not self.by_event:
            return None
        day = self.report_at.astimezone(UTC).date()
        return day if day > self.on else None  # east of Greenwich the day of the place begins first

    @property
    def about_on(self) -> date | None:
        """The day of the event, where it is older than the day of the report."""
        return self.event_on if not self.by_event and self.event_on < self.on else None

    @property
    def region(self) -> dict[str, str] | None:
        """Slug and name of the region it is about."""
        found: dict[str, str] | None = self.story.card.get("region")
        return found

    @property
    def topics(self) -> list[dict[str, str]]:
        """Slugs and names of its topics."""
        return self.story.card.get("topics") or []

    @property
    def outlets(self) -> list[int] | None:
        """The ids of the outlets of its articles, one an article; None for a story placed before they were kept."""
        found: list[int] | None = self.story.card.get("outlets")
        return found

    @property
    def first_source(self) -> dict[str, Any]:
        """The outlet of the first report."""
        return self.story.card.get("first_source") or {}

    @property
    def agencies(self) -> list[str]:
        """Wire agencies whose texts it carries."""
        return self.story.card.get("agencies") or []

    @property
    def point(self) -> list[float] | None:
        """Longitude and latitude of the region it is about, when that is placed."""
        found: list[float] | None = self.story.card.get("point")
        return found


def make_card(entry: Row | TimelineEntry, order: str, large_from: int, *, pinned: bool = False) -> Card:
    """Return the card of a timeline row; `large_from` is the number of origins of a turning point."""
    by_event = order == EVENT
    late = entry.added_at - entry.report_at > LATE
    return Card(
        story=entry.story,
        on=entry.event_on if by_event else entry.report_at.astimezone(UTC).date(),
        report_at=entry.report_at,
        event_on=entry.event_on,
        added_late_at=entry.added_at if late else None,
        by_event=by_event,
        large=entry.origin_count >= large_from,
        pinned=pinned,
    )


def card_of_story(story: Story | Told) -> Card:
    """Return a card in report order for a story that comes from no timeline (front page, search)."""
    return Card(
        story=story,
        on=story.first_at.astimezone(UTC).date(),
        report_at=story.first_at,
        event_on=story.happened_on,
        added_late_at=None,
        by_event=False,
        large=False,
    )
