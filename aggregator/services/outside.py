"""Opinion, explainers and other pieces outside stories, as they stand beside a region's list."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from aggregator.models import Region, Topic
from aggregator.pipeline.group import OUTSIDE_FORMS
from aggregator.services import addresses, atlas
from aggregator.services.kept import until_act

SPAN = timedelta(days=14)
MOST = 6
LOOKED_AT = 1000  # newest pieces outside stories, wherever they are about: bounds what a page reads
KEPT = 2 * LOOKED_AT  # the newest are kept for all pages


class Piece(NamedTuple):
    """A piece outside stories, with the regions that it is about and its topics."""

    pk: int
    reported_at: datetime
    form: str
    language: str
    title: str
    source_name: str
    regions: list[int]
    topics: list[int]

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return addresses.article(self.pk)


_PIECES = """
SELECT near.*,
    ARRAY(SELECT region_id FROM aggregator_articleregion WHERE article_id = near.id AND about),
    ARRAY(SELECT topic_id FROM aggregator_articletopic WHERE article_id = near.id)
FROM (
    SELECT article.id, article.reported_at, article.form, article.language, article.title, source.name
    FROM aggregator_article AS article JOIN aggregator_source AS source ON source.id = article.source_id
    WHERE article.status = 'visible' AND article.relevance = 'in' AND article.form IN ({forms}) {dated}
    ORDER BY article.reported_at DESC, article.id DESC LIMIT %(looked_at)s
) AS near
WHERE {about} ORDER BY near.reported_at DESC, near.id DESC LIMIT %(most)s
"""
_FORMS = ", ".join(f"'{form}'" for form in sorted(OUTSIDE_FORMS))  # written out: the index is for these alone
_DATED = "AND article.reported_at > %(since)s AND article.reported_at <= %(until)s"
_IN_REGION = """EXISTS (SELECT FROM aggregator_articleregion
    WHERE article_id = near.id AND about AND region_id = ANY(%(regions)s))"""
_ON_TOPIC = "EXISTS (SELECT FROM aggregator_articletopic WHERE article_id = near.id AND topic_id = %(topic)s)"


def beside(region: Region, topic: Topic | None, until: datetime) -> list[Piece]:
    """Return pieces about a region, newest first, of the 14 days that end with `until`; at most MOST."""
    inside = None if region.kind == "root" else atlas.regions().inside_of(region)
    newest = until_act("pieces", lambda: _read("TRUE", "", looked_at=KEPT, most=KEPT))
    first = bisect_left(newest, -until.timestamp(), key=lambda piece: -piece.reported_at.timestamp())
    if len(newest) == KEPT and first > KEPT - LOOKED_AT:  # a list that ends long ago
        return _until(inside, topic, until)
    found: list[Piece] = []
    for piece in newest[first : first + LOOKED_AT]:
        if len(found) == MOST or piece.reported_at <= until - SPAN:
            break
        if (inside is None or not inside.isdisjoint(piece.regions)) and (
            topic is None or topic.pk in piece.topics
        ):
            found.append(piece)
    return found


def _until(inside: Collection[int] | None, topic: Topic | None, until: datetime) -> list[Piece]:
    about = [words for words, on in ((_IN_REGION, inside is not None), (_ON_TOPIC, topic is not None)) if on]
    return _read(
        " AND ".join(about) or "TRUE",
        _DATED,
        since=until - SPAN,
        until=until,
        regions=list(inside or ()),
        topic=topic.pk if topic else None,
        looked_at=LOOKED_AT,
        most=MOST,
    )


def _read(about: str, dated: str, **values: Any) -> list[Piece]:
    with connection.cursor() as cursor:
        cursor.execute(_PIECES.format(about=about, dated=dated, forms=_FORMS), values)
        return [Piece(*row) for row in cursor.fetchall()]
