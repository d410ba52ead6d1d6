"""Look again at young articles: their pages are asked for conditionally, because edits are news."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from aggregator.models import Article, Work
from aggregator.pipeline.urls import host_key
from aggregator.services import hosts
from aggregator.services.writing import insert_rows

_LOOKED = "UPDATE aggregator_article SET next_look_at = NULL, looks = looks + 1 WHERE id = ANY(%(ids)s)"


def look_again(now: datetime, limit: int = 500) -> int:
    """Put articles whose page is to be looked at again under way; return how many.

    When the next look is due is decided when this one is over.
    """
    with transaction.atomic():
        due = list(
            Article.objects.select_for_update(skip_locked=True)
            .filter(next_look_at__lte=now, status=Article.Status.VISIBLE)
            .only("id", "url")
            .order_by("next_look_at")[:limit]
        )
        if not due:
            return 0
        ids = hosts.hosts_for(host_key(article.url) for article in due)
        fit = sorted((article for article in due if host_key(article.url) in ids), key=lambda each: each.pk)
        insert_rows(
            Work,
            {
                "article_id": [article.pk for article in fit],
                "stage": ["page"] * len(fit),
                "why": ["look"] * len(fit),
                "host_id": [ids[host_key(article.url)] for article in fit],
                "next_at": [now] * len(fit),
            },
        )
        with connection.cursor() as cursor:
            cursor.execute(_LOOKED, {"ids": [article.pk for article in due]})
        hosts.wake(dict.fromkeys(ids.values(), now))
    return len(due)
