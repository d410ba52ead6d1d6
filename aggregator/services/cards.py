"""What a list shows of one story: worked out once, for the page and for every face."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from aggregator.models import Story, TimelineEntry
from aggregator.services import addresses
from aggregator.services.filters import EVENT

LATE = timedelta(hours=24)  # a story that entered a timeline later than this was "added later"


class Row(NamedTuple):
    """A timeline row as lists read it: what orders a page, and which version of which story it shows."""

    story_id: int
    report_at: datetime
    event_on: date
    added_at: datetime
    origin_count: int
    version: int
    changed_at: datetime


ROW = ("story_id", "report_at", "event_on", "added_at", "origin_count", "story__version", "story__changed_at")


class Told(NamedTuple):
    """A story as lists tell it: its columns, read without making a row of Django's."""

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
    card: dict[str, Any]

    @property
    def copy_count(self) -> int:
        """Articles beyond the first of each origin."""
        return max(self.article_count - self.origin_count, 0)

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return addresses.story(self.pk, self.slug)


_TOLD = f"""SELECT id, {", ".join(Told._fields[1:])} FROM aggregator_story WHERE id = ANY(%s)"""


def stories_told(ids: Iterable[int]) -> dict[int, Told]:
    """Return stories by id; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, [list(ids)])
        return {row[0]: Told._make((*row[:-1], json.loads(row[-1]))) for row in cursor.fetchall()}


class Shelf:
    """The stories of one page, read in one query when the first of them is asked for.

    A page whose cards are all made already asks for none.
    """

    def __init__(self, stories: Iterable[Story | Told] = ()) -> None:
        self._stories: dict[int, Story | Told] = {story.pk: story for story in stories}
        self._wanted: set[int] = set()

    def want(self, pk: int) -> None:
        """Note that a story may be asked for."""
        self._wanted.add(pk)

    def story(self, pk: int) -> Story | Told:
        """Return a story of the page."""
        if pk not in self._stories:
            missing = (self._wanted | {pk}) - self._stories.keys()
            self._stories.update(stories_told(missing))
        return self._stories[pk]


@dataclass(frozen=True)
class Card:
    """A story on a list. `on` is the day it stands under; `large` marks a turning point."""

    story_id: int
    version: int
    changed_at: datetime
    shelf: Shelf = field(compare=False, repr=False)
    on: date
    report_at: datetime
    event_on: date
    added_late_at: datetime | None
    by_event: bool
    large: bool
    pinned: bool = False

    @property
    def story(self) -> Story | Told:
        """The story itself."""
        return self.shelf.story(self.story_id)

    @property
    def key(self) -> tuple[object, ...]:
        """What the card's look depends on, but for the language: equal keys look the same."""
        return (self.story_id, self.version, self.by_event, self.large, bool(self.added_late_at))

    @property
    def reported_later_on(self) -> date | None:
        """The day of the report, where it differs from the day under which the story stands."""
        if not self.by_event:
            return None
        day = self.report_at.astimezone(UTC).date()
        return day if day != self.on else None

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


def make_card(
    entry: Row | TimelineEntry, order: str, large_from: int, shelf: Shelf, *, pinned: bool = False
) -> Card:
    """Return the card of a timeline row; `large_from` is the number of origins of a turning point."""
    by_event = order == EVENT
    late = entry.added_at - entry.report_at > LATE
    shelf.want(entry.story_id)
    newest = entry if isinstance(entry, Row) else entry.story
    return Card(
        story_id=entry.story_id,
        version=newest.version,
        changed_at=newest.changed_at,
        shelf=shelf,
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
        story_id=story.pk,
        version=story.version,
        changed_at=story.changed_at,
        shelf=Shelf([story]),
        on=story.first_at.astimezone(UTC).date(),
        report_at=story.first_at,
        event_on=story.happened_on,
        added_late_at=None,
        by_event=False,
        large=False,
    )
