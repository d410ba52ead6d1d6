"""One outlet: who it is and whose, how its feeds do, how it behaves here, what it covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from django.db import connection

from aggregator.models import Article, Feed, LogEntry, Region, SlugRedirect, Source, Topic
from aggregator.services import atlas, subjects
from aggregator.services.kept import until_act
from aggregator.services.subjects import MovedError, UnknownError

RECENT = 25
SAMPLE = 300  # newest articles from which its behaviour is worked out: told on the page
MAX_COVERED = 10
PER_PAGE = 500  # outlets on a page of the list of all


@dataclass(frozen=True)
class Behaviour:
    """What the newest articles of an outlet are: how many are its own, whose texts it carries, how fast."""

    articles: int
    originals: int
    copies: int
    agencies: tuple[tuple[str, int], ...]
    firsts: int
    stories: int
    joined: int
    lag: timedelta | None

    @property
    def own_percent(self) -> int:
        """Share of its own texts."""
        return round(100 * self.originals / self.articles) if self.articles else 0


@dataclass(frozen=True)
class SourcePage:
    """Everything an outlet's page shows."""

    source: Source
    feeds: tuple[Feed, ...]
    behaviour: Behaviour
    regions: tuple[tuple[str, str, int], ...]
    topics: tuple[tuple[str, str, int], ...]
    recent: tuple[Item, ...]
    siblings: tuple[Source, ...]
    log: tuple[LogEntry, ...]

    @property
    def newest_at(self) -> datetime | None:
        """When a feed of it last brought something new."""
        return max((feed.last_new_at for feed in self.feeds if feed.last_new_at), default=None)


def find_source(slug: str) -> Source:
    """Return a source that readers may see. Raises MovedError and UnknownError."""
    hidden = (Source.Status.PROPOSED, Source.Status.REJECTED)
    source = Source.objects.select_related("publisher").filter(slug=slug).exclude(status__in=hidden).first()
    if source is not None:
        return source
    moved = (
        SlugRedirect.objects.filter(kind="source", slug=slug).values_list("target_slug", flat=True).first()
    )
    if moved:
        raise MovedError(moved)
    raise UnknownError(slug, [])


def read_source(slug: str) -> SourcePage:
    """Return an outlet's page; constant queries. Raises as `find_source`."""
    source = find_source(slug)
    sample = _sample(source)
    regions, topics = atlas.regions().by_pk, subjects.topics_by_pk()
    siblings = Source.objects.approved().filter(publisher=source.publisher_id).exclude(pk=source.pk)
    return SourcePage(
        source=source,
        feeds=tuple(source.feeds.filter(enabled=True).order_by("title", "pk")),
        behaviour=_behaviour(sample),
        regions=_most((pk for one in sample for pk in one.regions), regions),
        topics=_most((pk for one in sample for pk in one.topics), topics),
        recent=tuple(sample[:RECENT]),
        siblings=tuple(siblings.only("slug", "name")),
        log=tuple(LogEntry.objects.filter(target_type="source", target_id=source.pk, public=True)[:20]),
    )


class Item(NamedTuple):
    """An article of the sample: whose text it is, where it stands in its story, and what it is about."""

    pk: int
    reported_at: datetime
    language: str
    title: str
    copy_kind: str
    agency: str | None
    story: int | None
    is_first: bool | None
    has_others: bool | None
    first_at: datetime | None
    regions: list[int]
    topics: list[int]  # the first

    @property
    def is_copy(self) -> bool:
        """Whether its text repeats another's."""
        return self.copy_kind not in ("", "original")


_SAMPLE = """
SELECT near.id, near.reported_at, near.language, near.title, near.copy_kind, CASE WHEN origin.kind = 'agency' THEN origin.name END,
    story.id, story.first_article_id = near.id, story.origin_count > 1, story.first_at,
    ARRAY(SELECT region_id FROM aggregator_articleregion WHERE article_id = near.id AND about),
    ARRAY(SELECT topic_id FROM aggregator_articletopic WHERE article_id = near.id AND rank = 0)
FROM (
    SELECT id, reported_at, language, title, copy_kind, origin_id FROM aggregator_article
    WHERE source_id = %s AND status = 'visible' AND relevance = 'in' ORDER BY reported_at DESC, id DESC LIMIT %s
) AS near
LEFT JOIN aggregator_origin AS origin ON origin.id = near.origin_id
LEFT JOIN aggregator_membership AS member ON member.article_id = near.id
LEFT JOIN aggregator_story AS story ON story.id = member.story_id
ORDER BY near.reported_at DESC, near.id DESC
"""


def _sample(source: Source) -> list[Item]:
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, [source.pk, SAMPLE])
        return [Item(*row) for row in cursor.fetchall()]


def recent_articles(source: Source, limit: int = RECENT) -> list[Article]:
    """Return the newest visible, relevant articles of an outlet, with story and origin."""
    rows = Article.objects.published().filter(source=source).select_related("origin", "membership__story")
    return list(rows.order_by("-reported_at", "-pk")[:limit])


def _behaviour(sample: Sequence[Item]) -> Behaviour:
    copies = [one for one in sample if one.is_copy]
    agencies = Counter(one.agency for one in sample if one.agency)
    lags = [one.reported_at - one.first_at for one in sample if one.first_at]
    return Behaviour(
        articles=len(sample),
        originals=len(sample) - len(copies),
        copies=len(copies),
        agencies=tuple(agencies.most_common(6)),
        firsts=sum(1 for one in sample if one.is_first),
        stories=len({one.story for one in sample if one.story}),
        joined=len({one.story for one in sample if one.has_others}),
        lag=timedelta(seconds=median(lag.total_seconds() for lag in lags)) if lags else None,
    )


def _most(ids: Iterable[int], rows: Mapping[int, Region | Topic]) -> tuple[tuple[str, str, int], ...]:
    """Return slug, name and number of articles of what is told most often."""
    counted = Counter(pk for pk in ids if pk in rows)
    return tuple((rows[pk].slug, rows[pk].name, count) for pk, count in counted.most_common(MAX_COVERED))


class Listed(NamedTuple):
    """An outlet that is read or paused, as the list of all shows it."""

    pk: int
    slug: str
    name: str
    country: str
    kind: str
    state_control: int
    status: str


@dataclass(frozen=True)
class Part:
    """A page of the list of all outlets; `after` is the key of the next one, 0 at the end."""

    rows: tuple[Listed, ...]
    total: int
    after: int


def listed_sources(after: int = 0) -> Part:
    """Return the outlets that are read or paused, by country and name, PER_PAGE from the one after `after` on."""
    rows = until_act("all outlets", _all_sources)
    first = next((n + 1 for n, one in enumerate(rows) if one.pk == after), 0) if after else 0
    shown = tuple(rows[first : first + PER_PAGE])
    return Part(shown, len(rows), shown[-1].pk if first + PER_PAGE < len(rows) else 0)


def _all_sources() -> list[Listed]:
    shown = (Source.Status.APPROVED, Source.Status.PAUSED)
    rows = Source.objects.filter(status__in=shown).order_by("country", "name", "pk")
    return [Listed(*row) for row in rows.values_list(*Listed._fields)]


def all_sources() -> list[Source]:
    """Return the outlets that are read or paused, by country and name, with their publishers."""
    shown = (Source.Status.APPROVED, Source.Status.PAUSED)
    rows = Source.objects.filter(status__in=shown).select_related("publisher")
    return list(rows.order_by("country", "name"))


def at_home(region: Region) -> list[Source]:
    """Return the approved outlets at home in a region or in what lies in it, by name."""
    ids = [one.pk for one in atlas.at_home(region)]
    rows = Source.objects.filter(pk__in=ids).only("slug", "name", "country", "homepage")
    return list(rows.order_by("name"))
