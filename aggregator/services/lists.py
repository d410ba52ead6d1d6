"""What stands beside a timeline on region, topic and conflict pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from aggregator.models import Conflict, Region, Topic
from aggregator.services import activity, atlas, subjects
from aggregator.services.activity import Busy
from aggregator.services.cards import Card
from aggregator.services.front import PLACED_KINDS
from aggregator.services.subjects import Subject
from aggregator.services.timelines import Timeline

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
    """Return the parents of a region, the root first."""
    above: list[Region] = []
    row = region.parent
    while row is not None and row not in above:
        above.append(row)
        row = row.parent
    return above[::-1]


def also_listed_under(region: Region) -> list[Region]:
    """Return the regions that a region is also listed under, by name."""
    rows = atlas.regions().by_slug
    return sorted((rows[slug] for slug in set(region.also_in) if slug in rows), key=lambda row: row.name)


def areas_of(conflict: Conflict) -> list[Region]:
    """Return the countries, areas and waters of a conflict."""
    here = next((one for one in atlas.theatres() if one.conflict.pk == conflict.pk), None)
    if here is None:
        return []
    return [
        row for row in atlas.regions().by_slug.values() if row.pk in here.regions or row.slug in here.slugs
    ]


def choices(topics: Sequence[Topic]) -> Choices:
    """Return what the filter bar offers: topics, and the kinds and languages of approved outlets."""
    kinds, languages = subjects.kept("choices", _kinds_and_languages)
    return Choices(tuple(topics), kinds, languages)


def _kinds_and_languages() -> tuple[tuple[str, ...], tuple[str, ...]]:
    rows = atlas.outlets()
    kinds = {one.kind for one in rows}
    return tuple(sorted(kinds)), tuple(sorted({code for one in rows for code in one.languages}))


_WHO = """
SELECT article.source_id FROM aggregator_membership AS member
JOIN aggregator_article AS article ON article.id = member.article_id AND article.status = 'visible'
WHERE member.story_id = ANY(%s)
"""


def who_reports(timeline: Timeline) -> list[Share]:
    """Return the kinds of outlets behind the stories of this page, most articles first."""
    kinds = atlas.kinds()
    pairs = [(kinds.get(pk, ""), pk) for pk in _reporting(timeline.all_cards)]
    articles = Counter(kind for kind, _ in pairs)
    outlets = Counter(kind for kind, _ in set(pairs))
    shares = [Share(kind, outlets[kind], n, round(100 * n / len(pairs))) for kind, n in articles.items()]
    return sorted(shares, key=lambda share: (-share.articles, share.kind))


def _reporting(cards: Sequence[Card]) -> list[int]:
    """Return the outlet of every article; asked for only of stories placed before their cards told it."""
    found = [pk for card in cards for pk in card.outlets or ()]
    untold = [card.story_id for card in cards if card.outlets is None]
    if untold:
        with connection.cursor() as cursor:
            cursor.execute(_WHO, [untold])
            found += [pk for (pk,) in cursor.fetchall()]
    return found


def busy_topics_everywhere(topics: Sequence[Topic], today: date) -> list[Busy]:
    """Return topics with their stories of seven days everywhere."""
    root = atlas.regions().by_slug.get(subjects.WORLD)
    if root is None:
        return [Busy(topic, activity.Change(7, 0, 0)) for topic in topics]
    return activity.busy_topics(Subject("region", region=root), topics, today)


def regions_of_topic(topic: Topic, today: date, limit: int = MAX_BESIDE) -> list[Busy]:
    """Return the countries and areas where a topic was busiest in the last seven days."""
    rows = [row for row in atlas.regions().by_slug.values() if row.kind in PLACED_KINDS]
    return [one for one in activity.busy_regions(rows, today, topic=topic) if one.now][:limit]
