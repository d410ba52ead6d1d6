"""One outlet: who it is and whose, how its feeds do, how it behaves here, what it covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from aggregator.models import (
    Article,
    ArticleRegion,
    ArticleTopic,
    Feed,
    LogEntry,
    Region,
    SlugRedirect,
    Source,
    Story,
)
from aggregator.services import atlas
from aggregator.services.subjects import MovedError, UnknownError

RECENT = 25
SAMPLE = 300  # newest articles from which its behaviour is worked out: told on the page
MAX_COVERED = 10


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
    recent: tuple[Article, ...]
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
    sample = recent_articles(source, SAMPLE)
    ids = [article.pk for article in sample]
    regions = ArticleRegion.objects.filter(article__in=ids, about=True)
    topics = ArticleTopic.objects.filter(article__in=ids, rank=0)
    return SourcePage(
        source=source,
        feeds=tuple(source.feeds.filter(enabled=True).order_by("title", "pk")),
        behaviour=_behaviour(sample),
        regions=_most(regions.values_list("region__slug", "region__name")),
        topics=_most(topics.values_list("topic__slug", "topic__name")),
        recent=tuple(sample[:RECENT]),
        siblings=tuple(Source.objects.approved().filter(publisher=source.publisher_id).exclude(pk=source.pk)),
        log=tuple(LogEntry.objects.filter(target_type="source", target_id=source.pk, public=True)[:20]),
    )


def recent_articles(source: Source, limit: int = RECENT) -> list[Article]:
    """Return the newest visible, relevant articles of an outlet, with story and origin."""
    rows = Article.objects.published().filter(source=source).select_related("origin", "membership__story")
    return list(rows.order_by("-reported_at", "-pk")[:limit])


def _behaviour(sample: Sequence[Article]) -> Behaviour:
    copies = [article for article in sample if article.is_copy]
    agencies = Counter(a.origin.name for a in sample if a.origin and a.origin.kind == "agency")
    stories = {story.pk: story for story in map(_story, sample) if story}
    lags = [(a.reported_at - a.membership.story.first_at) for a in sample if _story(a)]
    return Behaviour(
        articles=len(sample),
        originals=len(sample) - len(copies),
        copies=len(copies),
        agencies=tuple(agencies.most_common(6)),
        firsts=sum(
            1 for article in sample if (story := _story(article)) and story.first_article_id == article.pk
        ),
        stories=len(stories),
        joined=sum(1 for story in stories.values() if story.origin_count > 1),
        lag=timedelta(seconds=median(lag.total_seconds() for lag in lags)) if lags else None,
    )


def _story(article: Article) -> Story | None:
    membership = getattr(article, "membership", None)
    return membership.story if membership else None


def _most(pairs) -> tuple[tuple[str, str, int], ...]:  # type: ignore[no-untyped-def]
    counted = Counter(pairs)
    return tuple((slug, name, count) for (slug, name), count in counted.most_common(MAX_COVERED))


def all_sources() -> list[Source]:
    """Return the outlets that are read or paused, by country and name, with their feeds' states."""
    shown = (Source.Status.APPROVED, Source.Status.PAUSED)
    rows = Source.objects.filter(status__in=shown).select_related("publisher").prefetch_related("feeds")
    return list(rows.order_by("country", "name"))


def at_home(region: Region) -> list[Source]:
    """Return the approved outlets at home in a region or in what lies in it, by name."""
    ids = [one.pk for one in atlas.at_home(region)]
    rows = Source.objects.filter(pk__in=ids).only("slug", "name", "country", "homepage")
    return list(rows.order_by("name"))
