"""What an account follows: its lists, what is new on them, and the two ways to mark it read.

Whether a story is new is told by when it entered the list (`added_at`), against `Follow.seen_at`;
single stories are marked read by a row until the whole list is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from aggregator.models import DigestSubscription, Follow, ReadMark, Story, TimelineEntry
from aggregator.pipeline import timeline as rules
from aggregator.services import listed, subjects
from aggregator.services.cards import Card, make_card
from aggregator.services.filters import Cursor
from aggregator.services.listed import Listed, NoListError
from aggregator.services.subjects import Find
from aggregator.services.timeline_query import Statement, page_of

MAX_FOLLOWS = 500  # of one account
MAX_SEARCHES = 20  # of these; each costs a search when the lists are read
LOOKED_AT = 50  # newest stories of a list that are looked at for what is new
PAGE_SIZE = 50


class FollowError(ValueError):
    """Something cannot be followed; the message is one sentence for the reader."""


@dataclass(frozen=True)
class Followed:
    """A followed list: how many of its newest LOOKED_AT stories are new, and the rhythm of its mail."""

    row: Follow
    new_count: int = 0
    rhythm: str = ""
    gone: bool = False  # what it names does not exist any more
    paused: bool = False  # its mail was refused too often

    @property
    def all_new(self) -> bool:
        """Whether there may be more than `new_count`."""
        return self.new_count >= LOOKED_AT


@dataclass(frozen=True)
class Unread:
    """A story on the merged list of an account, and whether it is new to the reader."""

    card: Card
    is_new: bool


@dataclass(frozen=True)
class Reading:
    """A page of the merged list, the followed lists, and the cursor of what is older ('' at the end)."""

    follows: tuple[Followed, ...]
    stories: tuple[Unread, ...]
    older: str = ""
    since: datetime | None = None  # the oldest moment up to which a list was marked read

    @property
    def new_count(self) -> int:
        """New stories on this page."""
        return sum(story.is_new for story in self.stories)

    @property
    def days(self) -> tuple[rules.Day[Unread], ...]:
        """The stories under the days of their first reports."""
        return rules.by_day(self.stories, lambda unread: unread.card.on)


def follow(user: Any, address: str, now: datetime) -> Follow:
    """Keep a list for an account; one that it has already is returned as it is.

    Raises FollowError for an address that is no list, and above MAX_FOLLOWS or MAX_SEARCHES.
    """
    try:
        found = listed.read(address)
        name = listed.name_of(found)
    except NoListError:
        raise FollowError(gettext("There is no such list.")) from None
    mine = Follow.objects.filter(user=user)
    if (known := mine.filter(query=found.address).first()) is not None:
        return known
    if mine[MAX_FOLLOWS - 1 : MAX_FOLLOWS].exists():
        raise FollowError(gettext("An account follows at most %(n)s lists.") % {"n": MAX_FOLLOWS})
    searches = mine.filter(query__startswith="/search/")
    if found.kind == "search" and searches[MAX_SEARCHES - 1 : MAX_SEARCHES].exists():
        raise FollowError(gettext("An account follows at most %(n)s searches.") % {"n": MAX_SEARCHES})
    row, _made = Follow.objects.get_or_create(
        user=user, query=found.address, defaults={"name": name, "made_at": now, "seen_at": now}
    )
    return row


def unfollow(user: Any, pk: int) -> Follow | None:
    """Forget a followed list and its mail; return it, None when there is none."""
    row = Follow.objects.filter(user=user, pk=pk).first()
    if row is not None:
        DigestSubscription.objects.filter(user=user, query=row.query).delete()
        row.delete()
    return row


def follow_many(user: Any, addresses: Sequence[str], now: datetime) -> tuple[int, int]:
    """Keep many lists, such as those of a device; return how many are kept and how many could not be."""
    kept = refused = 0
    for address in addresses[:MAX_FOLLOWS]:
        try:
            follow(user, address, now)
            kept += 1
        except FollowError:
            refused += 1
    return kept, refused + max(len(addresses) - MAX_FOLLOWS, 0)


@dataclass(frozen=True)
class _Place:
    """A story on a followed list."""

    follow: int
    entry: int | None  # the timeline row; None for a search
    story: int
    report_at: datetime
    added_at: datetime


def read(user: Any, *, before: Cursor | None = None, searches: bool = True) -> Reading:
    """Return the followed lists and a page of their stories, newest first report first, each once.

    The number of queries does not depend on the number of timelines followed; each search costs one more.
    """
    rows = list(Follow.objects.filter(user=user).order_by("name", "pk")[:MAX_FOLLOWS])
    lists, gone = _resolve(rows)
    find = subjects.find_many(pair for found in lists.values() for pair in found.slugs)
    places, lost = _timeline_places(lists, find, before)
    cards: dict[int, Card] = {}
    if searches:
        places += _search_places(lists, before, cards)
    gone |= lost
    marked = set(ReadMark.objects.filter(user=user).values_list("story_id", flat=True))
    seen_at = {row.pk: row.seen_at or row.made_at for row in rows}
    fresh = [p for p in places if p.added_at > seen_at[p.follow] and p.story not in marked]
    stories, older = _merged(places, {place.story for place in fresh}, cards)
    rhythms = _rhythms(user)
    counts = {pk: len({place.story for place in fresh if place.follow == pk}) for pk in seen_at}
    follows = []
    for row in rows:
        rhythm, paused = rhythms.get(row.query, ("", False))
        follows.append(Followed(row, counts[row.pk], rhythm, gone=row.pk in gone, paused=paused))
    return Reading(tuple(follows), stories, older, min(seen_at.values(), default=None))


def _resolve(rows: Sequence[Follow]) -> tuple[dict[int, Listed], set[int]]:
    lists, gone = {}, set()
    for row in rows:
        try:
            lists[row.pk] = listed.read(row.query)
        except NoListError:  # an address of an older make
            gone.add(row.pk)
    return lists, gone


_PLACE = "%s::bigint, entry.id, entry.story_id, entry.report_at, entry.added_at"  # of a follow's list


def _timeline_places(
    lists: dict[int, Listed], find: Find, before: Cursor | None
) -> tuple[list[_Place], set[int]]:
    """Return the newest places of all timelines in one query, and the follows whose list is gone."""
    parts: list[Statement] = []
    gone: set[int] = set()
    for pk, found in lists.items():
        if found.kind == "search":
            continue
        found = listed.with_place(found, before)
        try:
            part = page_of(found.subject(find), found.filters, _PLACE, LOOKED_AT + 1, find)
        except LookupError:
            gone.add(pk)
            continue
        parts.append(Statement(part.sql, (pk, *part.values)))
    if not parts:
        return [], gone
    with connection.cursor() as cursor:
        together = " UNION ALL ".join(f"({part.sql})" for part in parts)
        cursor.execute(together, [value for part in parts for value in part.values])
        return [_Place(*row) for row in cursor.fetchall()], gone


def _search_places(lists: dict[int, Listed], before: Cursor | None, cards: dict[int, Card]) -> list[_Place]:
    places = []
    for pk, found in lists.items():
        if found.kind != "search":
            continue
        for card in listed.found_stories(listed.with_place(found, before)):
            cards.setdefault(card.story.pk, card)
            places.append(_Place(pk, None, card.story.pk, card.report_at, card.story.created_at))
    return places


def _merged(
    places: Sequence[_Place], fresh: set[int], cards: dict[int, Card]
) -> tuple[tuple[Unread, ...], str]:
    """Return the newest PAGE_SIZE stories of all places, and the cursor of what is older."""
    first: dict[int, _Place] = {}
    for place in sorted(places, key=lambda p: (p.report_at, p.story, p.entry or 0), reverse=True):
        first.setdefault(place.story, place)
    shown = list(first.values())[:PAGE_SIZE]
    entries = (
        TimelineEntry.objects.select_related("story")
        .defer("story__happened_reason", "story__speaker_reason")
        .in_bulk([place.entry for place in shown if place.entry])
    )
    stories = []
    for place in shown:
        entry = entries.get(place.entry) if place.entry else None
        card = make_card(entry, "report", 10**6) if entry else cards.get(place.story)
        if card is not None:
            stories.append(Unread(card, place.story in fresh))
    older = str(Cursor(shown[-1].report_at, shown[-1].story)) if len(first) > PAGE_SIZE else ""
    return tuple(stories), older


def _rhythms(user: Any) -> dict[str, tuple[str, bool]]:
    """Return the mail of each followed address: its rhythm, and whether it was given up."""
    rows = DigestSubscription.objects.filter(user=user).values_list("query", "rhythm", "next_at")
    return {query: (rhythm, next_at is None) for query, rhythm, next_at in rows}


def mark_story(user: Any, story_id: int, now: datetime) -> None:
    """Mark one story as read; an unknown one is passed over."""
    if Story.objects.filter(pk=story_id).exists():
        ReadMark.objects.get_or_create(user=user, story_id=story_id, defaults={"at": now})


def mark_lists(user: Any, until: datetime, pk: int | None = None) -> None:
    """Mark one list, or all, as read up to `until`: the moment of the page on which the reader saw it."""
    rows = Follow.objects.filter(user=user)
    rows = rows.filter(pk=pk) if pk else rows
    rows.exclude(seen_at__gte=until).update(seen_at=until)
    if not pk:
        ReadMark.objects.filter(user=user, at__lte=until).delete()
