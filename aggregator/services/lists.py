"""What stands beside a timeline on region, topic and conflict pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from aggregator.models import (
    Article,
    ArticleRegion,
    ArticleTopic,
    Conflict,
    Membership,
    Region,
    RegionLink,
    Source,
    Topic,
)
from aggregator.pipeline.group import OUTSIDE_FORMS
from aggregator.services import activity, subjects
from aggregator.services.activity import Busy
from aggregator.services.front import PLACED_KINDS
from aggregator.services.subjects import Subject
from aggregator.services.timelines import Timeline

ALSO_DAYS = timedelta(days=14)
MAX_ALSO = 6
ALSO_LOOKED_AT = 1000  # newest pieces outside stories, wherever they are about: bounds what a page reads
MAX_CHIPS = 6
MAX_BESIDE = 12


@dataclass(frozen=True)
class Share:
    """How many outlets of a kind reported the stories shown, and their share of the articles."""

    kind: str
    outlets: int
    articles: int
    percent: int


@dataclass(frozen=True)
class Choices:
    """What the filter bar offers."""

    topics: tuple[Topic, ...]
    kinds: tuple[str, ...]
    languages: tuple[str, ...]


def breadcrumb(region: Region) -> list[Region]:
    """Return the parents of a region, the root first; at most two queries for the four levels above it."""
    above = []
    row = region.parent
    while row is not None:
        above.append(row)
        row = row.parent
    return above[::-1]


def also_listed_under(region: Region) -> list[Region]:
    """Return the regions that a region is also listed under."""
    return list(Region.objects.filter(slug__in=region.also_in)) if region.also_in else []


def sub_areas(region: Region, today: date) -> list[Busy]:
    """Return what lies within and is also listed under a region, with counts of seven days, busiest first."""
    within = Q(parent=region) | Q(also_in__contains=[region.slug])
    rows = list(Region.objects.filter(within).only("pk", "slug", "name", "kind", "lat", "lon", "m49"))
    return activity.busy_regions(rows, today)


def conflicts_in(region: Region, today: date, limit: int = MAX_CHIPS) -> list[Busy]:
    """Return the conflicts of a region and of what lies in it, busiest first."""
    inside = dict(RegionLink.objects.filter(ancestor=region).values_list("region_id", "region__slug"))
    slugs = sorted(inside.values())
    here = Q(regions__in=inside) | Q(data__areas__has_any_keys=slugs) | Q(data__waters__has_any_keys=slugs)
    rows = list(Conflict.objects.filter(here).distinct())
    return activity.busy_conflicts(rows, today)[:limit]


def areas_of(conflict: Conflict, today: date) -> list[Busy]:
    """Return the countries, areas and waters of a conflict with counts of seven days, busiest first."""
    slugs = [*conflict.data.get("areas", ()), *conflict.data.get("waters", ())]
    rows = Region.objects.filter(Q(conflicts=conflict) | Q(slug__in=slugs)).distinct()
    return activity.busy_regions(list(rows.only("pk", "slug", "name", "kind", "lat", "lon")), today)


def all_topics() -> list[Topic]:
    """Return all topics with their groups, in the vocabulary's order."""
    return subjects.kept("topics", _all_topics)


def _all_topics() -> list[Topic]:
    rows = Topic.objects.select_related("group").defer("data", "includes", "excludes", "definition")
    return list(rows.order_by("group__position", "position", "name"))


def choices(topics: Sequence[Topic]) -> Choices:
    """Return what the filter bar offers: topics, and the kinds and languages of approved outlets."""
    kinds, languages = subjects.kept("choices", _kinds_and_languages)
    return Choices(tuple(topics), kinds, languages)


def _kinds_and_languages() -> tuple[tuple[str, ...], tuple[str, ...]]:
    rows = list(Source.objects.approved().order_by().values_list("kind", "languages"))
    kinds = {kind for kind, _ in rows}
    return tuple(sorted(kinds)), tuple(sorted({one for _, languages in rows for one in languages}))


def who_reports(timeline: Timeline) -> list[Share]:
    """Return the kinds of outlets behind the stories of this page, most articles first."""
    ids = [card.story_id for card in timeline.all_cards]
    if not ids:
        return []
    rows = Membership.objects.filter(story_id__in=ids, article__status=Article.Status.VISIBLE)
    pairs = list(rows.values_list("article__source__kind", "article__source_id"))
    articles = Counter(kind for kind, _ in pairs)
    outlets = Counter(kind for kind, _ in set(pairs))
    shares = [Share(kind, outlets[kind], n, round(100 * n / len(pairs))) for kind, n in articles.items()]
    return sorted(shares, key=lambda share: (-share.articles, share.kind))


def sources_of(region: Region) -> list[Source]:
    """Return the approved outlets at home in a region or in what lies in it."""
    slugs = RegionLink.objects.filter(ancestor=region).values_list("region__slug", flat=True)
    rows = Source.objects.approved().filter(home_regions__overlap=list(slugs))
    return list(rows.only("slug", "name", "country", "homepage").order_by("name"))


def also_published(
    region: Region, topic: Topic | None, until: datetime, limit: int = MAX_ALSO
) -> list[Article]:
    """Return opinion, explainers and other pieces outside stories, newest first, of the last 14 days."""
    rows = Article.objects.published().filter(
        form__in=sorted(OUTSIDE_FORMS), reported_at__gt=until - ALSO_DAYS, reported_at__lte=until
    )
    rows = rows.order_by("-reported_at", "-pk")
    ids = list(rows.values_list("pk", flat=True)[:ALSO_LOOKED_AT])
    if region.kind != "root":
        ids = _carrying(ids, ArticleRegion.objects.filter(about=True, region__in=_inside(region)))
    if topic is not None:
        ids = _carrying(ids, ArticleTopic.objects.filter(topic=topic))
    found = Article.objects.select_related("source").defer("mentions").in_bulk(ids[:limit])
    return [found[pk] for pk in ids[:limit]]


def _carrying(ids: Sequence[int], tags: QuerySet[Any]) -> list[int]:
    """Return those articles that carry one of the tags, in their order."""
    carrying = set(tags.filter(article__in=ids).values_list("article_id", flat=True))
    return [pk for pk in ids if pk in carrying]


def _inside(region: Region) -> list[int]:
    return list(RegionLink.objects.filter(ancestor=region).values_list("region", flat=True))


def busy_topics_everywhere(topics: Sequence[Topic], today: date) -> list[Busy]:
    """Return topics with their stories of seven days everywhere."""
    root = Region.objects.filter(slug=subjects.WORLD).first()
    if root is None:
        return [Busy(topic, activity.Change(7, 0, 0)) for topic in topics]
    return activity.busy_topics(Subject("region", region=root), topics, today)


def regions_of_topic(topic: Topic, today: date, limit: int = MAX_BESIDE) -> list[Busy]:
    """Return the countries and areas where a topic was busiest in the last seven days."""
    rows = list(Region.objects.filter(kind__in=PLACED_KINDS).only("pk", "slug", "name", "kind", "lat", "lon"))
    return [one for one in activity.busy_regions(rows, today, topic=topic) if one.now][:limit]
