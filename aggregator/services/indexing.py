"""The search index, made in batches off the poll path (a stored tsvector slows inserts 8-16 times).

Each row is indexed under the text search configuration of its language; a query asks every
configuration by its own words, so that stems and exclusions mean the same on both sides.
Chinese, Japanese and Thai have no spaces: their runs are indexed as bigrams.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from aggregator.models import Article
from aggregator.services import stage_times

BATCH = 200
MAX_CHARACTERS = 150_000  # PostgreSQL refuses a tsvector of more than 1 MB

CONFIGS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
SIMPLE = "simple"

_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{2,}")


def config_of(language: str) -> str:
    """Return the text search configuration for a BCP 47 tag; 'simple' where PostgreSQL has none."""
    return CONFIGS.get(language.split("-")[0].lower(), SIMPLE)


def with_bigrams(text: str) -> str:
    """Return `text` with each run of a script without spaces written as its overlapping pairs."""
    return _UNSPACED.sub(lambda run: " " + " ".join(_pairs(run.group())) + " ", text)


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


_WRITE = """
INSERT INTO aggregator_searchrow (article_id, reported_at, config, vector)
SELECT id, reported_at, config,
    setweight(to_tsvector(config::regconfig, unaccent(title)), 'A')
    || setweight(to_tsvector(config::regconfig, unaccent(body)), 'B')
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[])
    AS rows (id, reported_at, config, title, body)
ON CONFLICT (article_id) DO UPDATE
SET reported_at = excluded.reported_at, config = excluded.config, vector = excluded.vector
"""


def index_due(*, limit: int = BATCH) -> bool:
    """Index one batch of settled articles; return whether more may be waiting.

    Only articles that readers may see have a row: hidden and withdrawn ones lose theirs.
    """
    with transaction.atomic():
        articles = list(
            Article.objects.filter(indexed=False, settled_at__isnull=False)
            .select_related("body")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")[:limit]
        )
        if articles:
            with stage_times.timed("index", len(articles)):
                _index(articles)
            Article.objects.filter(pk__in=[a.pk for a in articles]).update(indexed=True)
    return len(articles) == limit


def _index(articles: Sequence[Article]) -> None:
    shown = [a for a in articles if a.status == Article.Status.VISIBLE]
    gone = [a.pk for a in articles if a.status != Article.Status.VISIBLE]
    texts = [a.body.text if hasattr(a, "body") else a.extract for a in shown]
    columns: list[Any] = [
        [a.pk for a in shown],
        [a.reported_at for a in shown],
        [config_of(a.language) for a in shown],
        [with_bigrams(a.title[:2000]) for a in shown],
        [with_bigrams(text[:MAX_CHARACTERS])[:MAX_CHARACTERS] for text in texts],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, columns)
        if gone:
            cursor.execute("DELETE FROM aggregator_searchrow WHERE article_id = ANY(%s)", [gone])
