"""A list by its address, as followers and digests keep it: /regions/mali/?topic=battles, /search/?q=…"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from aggregator.models import Membership, Story
from aggregator.services import filters, search, subjects, timelines
from aggregator.services.cards import Card, card_of_story
from aggregator.services.filters import Filters
from aggregator.services.subjects import Find, Subject

TIMELINES = frozenset({"region", "topic", "conflict"})
MAX_LENGTH = 500  # characters of an address
_PLACE = frozenset({"before", "after", "order"})  # of a page, not of the list


class NoListError(LookupError):
    """An address leads to no list that can be followed."""


@dataclass(frozen=True)
class Listed:
    """A timeline or a search: what its address says, in report order and from its first page.

    `path` has no language in front, so that an address means the same list for every reader.
    """

    kind: str  # region | topic | conflict | search
    path: str
    slug: str
    filters: Filters
    text: str = ""  # what a search looks for

    @property
    def address(self) -> str:
        """The canonical address: the same for every way in which the list can be written."""
        words = [urlencode({"q": self.text})] if self.text else []
        query = "&".join([*words, *filter(None, [self.filters.first_page()])])
        return f"{self.path}?{query}" if query else self.path

    @property
    def slugs(self) -> list[tuple[str, str]]:
        """Kind and slug of every row that it names, for `subjects.find_many`."""
        if self.kind == "search":
            return []
        asked = self.filters
        named = [("region", asked.region), ("topic", asked.topic), ("conflict", asked.conflict)]
        return [(self.kind, self.slug), ("region", subjects.WORLD), *(pair for pair in named if pair[1])]

    def subject(self, find: Find) -> Subject:
        """Return what a timeline is about. Raises UnknownError when a row of it is gone."""
        return timelines.subject_of(self.kind, self.slug, self.filters, find)


def read(address: str) -> Listed:
    """Return the list at an address of this site. Raises NoListError, also for filters that cannot be read."""
    try:
        parts = urlsplit(address.strip())
        if parts.scheme or parts.netloc or len(address) > MAX_LENGTH:
            raise NoListError(address)
        path = _without_language(parts.path)
        match = resolve(path)
        pairs = {name: value for name, value in parse_qsl(parts.query) if name not in _PLACE}
        asked = filters.read(pairs)
        if match.url_name in TIMELINES:
            return Listed(match.url_name, path, match.kwargs["slug"], asked)
        if match.url_name == "search" and not search.read_query(pairs.get("q", "")).empty:
            return Listed("search", path, "", asked, pairs["q"].strip())
    except (Resolver404, ValueError):
        pass
    raise NoListError(address)


def _without_language(path: str) -> str:
    first, _, rest = path.lstrip("/").partition("/")
    others = {code for code, _name in settings.LANGUAGES} - {settings.LANGUAGE_CODE}
    return f"/{rest}" if first in others else path


def name_of(listed: Listed, find: Find | None = None) -> str:
    """Return a list's name for headings and mails. Raises NoListError when what it names does not exist."""
    if listed.kind == "search":
        return listed.text[:200]
    try:
        subject = listed.subject(find or subjects.find_many(listed.slugs))
    except LookupError:
        raise NoListError(listed.address) from None
    return timelines.title_of(subject, listed.filters)[:200]


def newest(listed: Listed, size: int) -> list[Card]:
    """Return the newest stories of a list, newest first report first. Raises NoListError when it is gone."""
    if listed.kind == "search":
        return found_stories(listed)[:size]
    try:
        subject = listed.subject(subjects.find_many(listed.slugs))
    except LookupError:
        raise NoListError(listed.address) from None
    return list(timelines.read(subject, listed.filters, size=size).cards)


def found_stories(listed: Listed) -> list[Card]:
    """Return the stories of the articles on a search's first page, newest first, each once."""
    hits = search.newest_ids(search.read_query(listed.text), listed.filters)
    return stories_of(hits)


def stories_of(article_ids: Iterable[int]) -> list[Card]:
    """Return the stories that articles belong to, newest first."""
    members = Membership.objects.filter(article__in=list(article_ids), story__hidden=False)
    rows = Story.objects.filter(pk__in=members.values("story"), retired_into__isnull=True)
    rows = rows.defer("happened_reason", "speaker_reason").order_by("-first_at", "-pk")
    return [card_of_story(story) for story in rows]


def with_place(listed: Listed, before: filters.Cursor | None) -> Listed:
    """Return the list from a place on, further down."""
    return replace(listed, filters=replace(listed.filters, before=before))
