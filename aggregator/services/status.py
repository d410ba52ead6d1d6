"""How the line is: feeds by state, articles by stage, queue lengths, the newest article.

Nothing here changes while nothing happens: no clock, no durations.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max

from aggregator.models import Article, Feed, Item, Source, Story, Work


def facts() -> dict[str, Any]:
    """Return counts as JSON values; see /status.json."""
    return {
        "feeds": feeds_by_state(),
        "sources": _by(Source.objects.all(), "status"),
        "articles": _by(Article.objects.all(), "status"),
        "queues": _by(Work.objects.all(), "stage"),
        "items": Item.objects.count(),
        "copies": Article.objects.filter(copy_of__isnull=False).count(),
        "stories": Story.objects.filter(retired_into__isnull=True, article_count__gt=0).count(),
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
    articles = Article.objects.count()
    waiting = Work.objects.exclude(stage="held").count()
    words = f"{feeds['polled']:,} of {feeds['all']:,} feeds polled, {articles:,} articles"
    return f"{words}, {waiting:,} under way" if waiting else words


def _by(rows: Any, field: str) -> dict[str, int]:
    return dict(rows.values_list(field).annotate(n=Count("pk")).order_by(field))


def _newest() -> dict[str, Any] | None:
    newest = Article.objects.aggregate(id=Max("pk"), found_at=Max("found_at"))
    if newest["id"] is None:
        return None
    return {"id": newest["id"], "found_at": newest["found_at"].isoformat()}
