"""A list as its faces show it: the same items in the same order as the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from aggregator.models import Article, Source
from aggregator.pipeline.faces import Face, FaceItem, Outline
from aggregator.services.cards import Card

FORMATS = {
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
}


def of_cards(
    cards: Iterable[Card],
    *,
    title: str,
    site: str,
    home: str,
    own: str,
    older: str = "",
    updated_at: datetime | None = None,
) -> Face:
    """Return the face of stories. `site` is the address of the site; the others are paths on it."""
    items = tuple(_item(card, site) for card in cards)
    newest = updated_at or max((item.updated_at for item in items), default=None)
    return Face(
        title=title,
        home=site + home,
        own=site + own,
        older=site + older if older else "",
        items=items,
        updated_at=newest,
    )


def _item(card: Card, site: str) -> FaceItem:
    story = card.story
    region = card.region or {}
    return FaceItem(
        id=f"{site}/stories/{story.pk}/",
        number=story.pk,
        url=site + story.get_absolute_url(),
        title=story.headline,
        summary=story.extract,
        published_at=story.first_at,
        updated_at=story.changed_at,
        language=story.language,
        author=card.first_source.get("name", ""),
        tags=tuple(one["name"] for one in [*([region] if region else []), *card.topics]),
        happened_on=story.happened_on,
        happened_precision=story.happened_precision,
        origins=story.origin_count,
        outlets=story.source_count,
        articles=story.article_count,
        region=region.get("slug", ""),
        point=(card.point[0], card.point[1]) if card.point else None,
        pinned=card.pinned,
    )


def of_articles(
    articles: Sequence[Article], *, title: str, site: str, home: str, own: str, older: str = ""
) -> Face:
    """Return the face of articles; their links lead to the outlets."""
    items = tuple(_article_item(article, site) for article in articles)
    newest = max((item.updated_at for item in items), default=None)
    older = site + older if older else ""
    return Face(title=title, home=site + home, own=site + own, items=items, updated_at=newest, older=older)


def _article_item(article: Article, site: str) -> FaceItem:
    return FaceItem(
        id=f"{site}/articles/{article.pk}/",
        number=article.pk,
        url=site + article.get_absolute_url(),
        title=article.title,
        summary=article.extract,
        published_at=article.reported_at,
        updated_at=article.found_at,
        language=article.language,
        author=article.source.name,
        happened_on=article.happened_on,
        happened_precision=article.happened_precision,
        articles=1,
    )


def outlines(sources: Sequence[Source], feeds: Iterable[tuple[int, str, str]]) -> list[Outline]:
    """Return the outlines of outlets; `feeds` are (source id, title, address)."""
    by_id = {source.pk: source for source in sources}
    return [
        Outline(title or by_id[pk].name, url, by_id[pk].homepage, by_id[pk].country)
        for pk, title, url in feeds
        if pk in by_id
    ]
