"""How the line is: feeds by state, articles by stage, queue lengths, the newest article.

Nothing here changes while nothing happens: no clock, no durations.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from aggregator.models import Article, Feed, Item, Source, Story, Work

COUNTED = 20_000  # rows; of larger tables PostgreSQL's own estimate is told, which costs the same at any size


def facts() -> dict[str, Any]:
    """Return counts as JSON values; see /status.json. Those of large tables are estimates."""
    return {
        "feeds": feeds_by_state(),
        "sources": _by(Source.objects.all(), "status"),
        "articles": _articles(),
        "queues": _by(Work.objects.all(), "stage"),
        "items": _count(Item.objects.all()),
        "copies": _count(Article.objects.filter(copy_of__isnull=False), "copy_of_id"),
        "stories": _count(Story.objects.filter(retired_into__isnull=True, article_count__gt=0)),
        "newest_article": _newest(),
    }


def feeds_by_state() -> dict[str, int]:
    """Return how many feeds that are read are in which state, with `polled` and `all`."""
    states = _by(Feed.objects.polled(), "state")
    total = sum(states.values())
    return {**states, "all": total, "polled": total - states.get("new", 0)}


def progress_sentence() -> str:
    """Return one line such as '42 of 196 feeds polled, 1,240 articles'."""
    feeds = feeds_by_state()
    articles = _count(Article.objects.all())
    waiting = Work.objects.exclude(stage="held").count()
    words = f"{feeds['polled']:,} of {feeds['all']:,} feeds polled, {articles:,} articles"
    return f"{words}, {waiting:,} under way" if waiting else words


def _by(rows: Any, field: str) -> dict[str, int]:
    return dict(rows.values_list(field).annotate(n=Count("pk")).order_by(field))


def _articles() -> dict[str, int]:
    """Return articles by status; of a large archive those under way, and all others as visible."""
    total = _count(Article.objects.all())
    if total < COUNTED:
        return _by(Article.objects.all(), "status")
    waiting = Work.objects.filter(article__status=Article.Status.UNDER_WAY)[:COUNTED].count()
    return {"under_way": waiting, "visible": total - waiting}


_ESTIMATE = """
SELECT greatest(reltuples, 0) * coalesce((SELECT 1 - null_frac FROM pg_stats
    WHERE schemaname = current_schema() AND tablename = relname AND attname = %s), 1)
FROM pg_class WHERE oid = %s::regclass
"""


def _count(rows: QuerySet[Any], filled: str = "") -> int:
    """Return how many rows there are: estimated where the table is large, else counted.

    `filled` names a column that they have. Where nothing was estimated yet, at most COUNTED are counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ESTIMATE, [filled, rows.model._meta.db_table])
        estimate = round(cursor.fetchone()[0])
    return estimate if estimate >= COUNTED else int(rows.order_by()[:COUNTED].count())


def _newest() -> dict[str, Any] | None:
    newest = Article.objects.order_by("-pk").values_list("pk", "found_at").first()
    return {"id": newest[0], "found_at": newest[1].isoformat()} if newest else None
