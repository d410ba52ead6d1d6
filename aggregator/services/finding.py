"""Which articles match a text, newest first, with a bound on what is read for it.

A text is asked in two ways. Where the planner expects few matches, the index gives them all, capped, and the
newest are taken. Where it expects many, the newest articles are read one after the other until a page is
full, up to a bound. So neither a rare nor a common word makes the database sort the whole match set.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from aggregator.models import Article
from aggregator.services.filters import Cursor
from aggregator.services.indexing import CONFIGS, SIMPLE, with_bigrams

COMMON = 20_000  # expected matches above which the newest articles are walked; also the index's cap
WALKED = 6_000  # newest articles read in one round
CANDIDATES = 200  # newest matches whose own language is asked in one round
ROUNDS = 3


def newest(text: str, rows: QuerySet[Article], before: Cursor | None, size: int) -> list[Cursor]:
    """Return the places of at most `size` of `rows` that match `text`, newest first, those after `before`.

    `text` is in PostgreSQL's websearch form; '' matches everything.
    """
    if not text:
        return [Cursor(at, pk) for pk, at in _after(rows, before).values_list("pk", "reported_at")[:size]]
    asked = _any_language(text)
    if not asked:
        return []
    common = _expected(asked) > COMMON
    found: list[Cursor] = []
    for _ in range(ROUNDS):
        near = _walk(asked, rows, before) if common else _gather(asked, rows, before)
        if common and len(near) < CANDIDATES:  # not so common after all, or only further back
            near = sorted({*near, *_gather(asked, rows, before)}, key=_order, reverse=True)[:CANDIDATES]
        found += _in_own_language(text, near)
        if len(found) >= size or len(near) < CANDIDATES:
            break
        before = near[-1]
    return found[:size]


def _order(place: Cursor) -> tuple[Any, int]:
    return place.report_at, place.id


def _after(rows: QuerySet[Article], before: Cursor | None) -> QuerySet[Article]:
    if before:
        rows = rows.filter(reported_at__lte=before.report_at).exclude(
            reported_at=before.report_at, pk__gte=before.id
        )
    return rows.order_by("-reported_at", "-pk")


_PARSE = """
SELECT DISTINCT websearch_to_tsquery(config::regconfig, unaccent(%s))::text FROM unnest(%s::text[]) AS config
"""


def _any_language(text: str) -> str:
    """Return a query that matches what any language's words match; '' when nothing is left to ask."""
    with connection.cursor() as cursor:
        cursor.execute(_PARSE, [with_bigrams(text), [SIMPLE, *sorted(set(CONFIGS.values()))]])
        return " | ".join(f"({query})" for (query,) in sorted(cursor.fetchall()) if query)


def _expected(asked: str) -> int:
    """Return how many rows the planner expects to match, from the statistics of the index's words."""
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (FORMAT JSON) SELECT 1 FROM aggregator_searchrow WHERE vector @@ %s::tsquery", [asked]
        )
        plan = cursor.fetchone()[0]
    return int((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]["Plan Rows"])


def _gather(asked: str, rows: QuerySet[Article], before: Cursor | None) -> list[Cursor]:
    """Return the newest of the matches that the index gives, of COMMON at most."""
    matched = "aggregator_article.id IN (SELECT article_id FROM aggregator_searchrow WHERE vector @@ %s::tsquery LIMIT %s)"
    rows = _after(rows, before).extra(where=[matched], params=[asked, COMMON])  # noqa: S610
    return [Cursor(at, pk) for pk, at in rows.values_list("pk", "reported_at")[:CANDIDATES]]


_WALK = """
SELECT near.pk, near.reported_at
FROM ({newest}) AS near (pk, reported_at)
CROSS JOIN LATERAL (
    SELECT 1 FROM aggregator_searchrow AS row WHERE row.article_id = near.pk AND row.vector @@ %s::tsquery LIMIT 1
) AS matched
ORDER BY near.reported_at DESC, near.pk DESC LIMIT %s
"""


def _walk(asked: str, rows: QuerySet[Article], before: Cursor | None) -> list[Cursor]:
    """Return the matches among the newest WALKED articles, newest first; stops when there are enough."""
    newest = _after(rows, before).values_list("pk", "reported_at")[:WALKED]
    sql, values = newest.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_WALK.format(newest=sql), [*values, asked, CANDIDATES])
        return [Cursor(at, pk) for pk, at in cursor.fetchall()]


_OWN = """
SELECT article_id FROM aggregator_searchrow
WHERE article_id = ANY(%s) AND vector @@ websearch_to_tsquery(config::regconfig, unaccent(%s))
"""


def _in_own_language(text: str, near: list[Cursor]) -> list[Cursor]:
    """Keep the places whose row matches by its own language's words: another's may stem or exclude otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [[place.id for place in near], with_bigrams(text)])
        own = {pk for (pk,) in cursor.fetchall()}
    return [place for place in near if place.id in own]
