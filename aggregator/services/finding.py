"""Which articles match a text, newest first, with a bound on what is read for it.

There are two ways. The newest articles of what narrows a search most (a region, a topic, an outlet, a language; all
articles, where nothing does) are walked one after the other until a page is full, up to a bound: each of these has an
index in order of report. Or the index of words gives all matches of a text, capped, and the newest are taken; that is
for words that are rarer than what they are looked for in. So nothing makes the database sort a whole match set.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from aggregator.services.filters import Cursor
from aggregator.services.indexing import CONFIGS, SIMPLE, with_bigrams

COMMON = 20_000  # matches that the index of words gives at most; words expected more often are walked for
WALKED = 6_000  # newest articles read at most: a quarter of them first
LISTED = 20_000  # the same without a text, where nothing is looked for in each
CANDIDATES = 200  # newest matches whose own language is asked in one round
BRANCHES = 80  # indexes merged at most: of regions in a region, of outlets of a kind


@dataclass(frozen=True)
class Narrow:
    """What narrows a search; None means "any". Ids are those of rows; an empty tuple lets nothing through."""

    regions: tuple[int, ...] | None = None  # the region and all in it
    topic: int | None = None
    sources: tuple[int, ...] | None = None
    language: str = ""
    since: datetime | None = None
    until: datetime | None = None  # not included
    nothing: bool = False

    @property
    def impossible(self) -> bool:
        """Whether no article can come through."""
        return self.nothing or self.regions == () or self.sources == ()


def newest(text: str, narrow: Narrow, before: Cursor | None, size: int) -> list[Cursor]:
    """Return the places of at most `size` articles that match `text`, newest first, those after `before`.

    `text` is in PostgreSQL's websearch form; '' matches everything.
    """
    if narrow.impossible:
        return []
    way = _ways(narrow)[0]
    if not text:
        return _walk("", narrow, way, before, LISTED)[:size]
    asked = _any_language(text)
    if not asked:
        return []
    expected = _expected("SELECT 1 FROM aggregator_searchrow WHERE vector @@ %s::tsquery", [asked])
    by_words = expected <= COMMON and (expected <= way.expected or way.expected > WALKED)
    found: list[Cursor] = []
    for most in (WALKED // 4, WALKED - WALKED // 4):
        near = _gather(asked, narrow, before) if by_words else _walk(asked, narrow, way, before, most)
        found += _in_own_language(text, near)
        if len(found) >= size:
            break
        if len(near) >= CANDIDATES:
            before = near[-1]
        elif by_words or (before := _end(narrow, way, before, most)) is None:
            break
    return found[:size]


# --- what is walked --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Way:
    """Places in the order of reports, from one index or several that are merged; `expected`: how many there are."""

    name: str  # of the field of Narrow that it stands for
    branches: tuple[tuple[str, Any], ...]  # (table and condition, its value)
    column: str = "article_id"
    expected: int = 0


def _ways(narrow: Narrow) -> list[_Way]:
    """Return the ways to walk, the one with the fewest articles first."""
    ways = []
    if narrow.regions is not None and len(narrow.regions) <= BRANCHES:
        sql = "aggregator_articleregion WHERE about AND region_id = %s"
        ways.append(_Way("regions", tuple((sql, pk) for pk in narrow.regions)))
    if narrow.topic is not None:
        ways.append(_Way("topic", (("aggregator_articletopic WHERE topic_id = %s", narrow.topic),)))
    if narrow.sources is not None and len(narrow.sources) <= BRANCHES:
        sql = "aggregator_article WHERE source_id = %s"
        ways.append(_Way("sources", tuple((sql, pk) for pk in narrow.sources), "id"))
    if narrow.language:
        ways.append(_Way("language", (("aggregator_article WHERE language = %s", narrow.language),), "id"))
    everything = _Way("", (("aggregator_article WHERE %s", True),), "id")
    counted = [replace(way, expected=_size(way)) for way in [*ways, everything]]
    return sorted(counted, key=lambda way: way.expected)


def _size(way: _Way) -> int:
    """Return how many places the planner expects on a way."""
    parts = " UNION ALL ".join(f"SELECT 1 FROM {sql}" for sql, _ in way.branches)
    return _expected(parts, [value for _, value in way.branches])


def _places(way: _Way, narrow: Narrow, before: Cursor | None) -> tuple[str, list[Any]]:
    """Return the SQL of a way's places within the dates and after a place, newest first, and its values."""
    within, bounds = _within(narrow, before, way.column)
    parts, values = [], []
    for sql, value in way.branches:
        parts.append(f"SELECT {way.column} AS pk, reported_at FROM {sql}{within}")
        values += [value, *bounds]
    return " UNION ALL ".join(parts), values


def _within(narrow: Narrow, before: Cursor | None, column: str) -> tuple[str, list[Any]]:
    """Return the conditions on the time of a report, as an index can use them."""
    sql = ""
    values: list[Any] = []
    if narrow.since:
        sql, values = f"{sql} AND reported_at >= %s", [*values, narrow.since]
    if narrow.until:
        sql, values = f"{sql} AND reported_at < %s", [*values, narrow.until]
    if before:
        sql, values = f"{sql} AND (reported_at, {column}) < (%s, %s)", [*values, before.report_at, before.id]
    return sql, values


_WALK = """
SELECT near.pk, near.reported_at
FROM (
    SELECT DISTINCT reported_at, pk FROM ({places}) AS places ORDER BY reported_at DESC, pk DESC LIMIT %s
) AS near
CROSS JOIN LATERAL (SELECT 1 FROM aggregator_article AS article WHERE article.id = near.pk {wanted} LIMIT 1) AS shown
{matched} ORDER BY near.reported_at DESC, near.pk DESC LIMIT %s
"""
_MATCHED = """CROSS JOIN LATERAL (
    SELECT 1 FROM aggregator_searchrow AS row WHERE row.article_id = near.pk AND row.vector @@ %s::tsquery LIMIT 1
) AS matched"""


def _walk(asked: str, narrow: Narrow, way: _Way, before: Cursor | None, most: int) -> list[Cursor]:
    """Return the matches among the newest `most` articles of a way, newest first; stops when there are enough."""
    places, values = _places(way, narrow, before)
    wanted, more = _wanted(narrow, but=way.name)
    sql = _WALK.format(places=places, wanted=wanted, matched=_MATCHED if asked else "")
    return _ask(sql, [*values, most, *more, *([asked] if asked else []), CANDIDATES])


_END = """
SELECT pk, reported_at FROM (SELECT DISTINCT reported_at, pk FROM ({places}) AS places
    ORDER BY reported_at DESC, pk DESC LIMIT %s) AS near
ORDER BY reported_at, pk LIMIT 1
"""


def _end(narrow: Narrow, way: _Way, before: Cursor | None, most: int) -> Cursor | None:
    """Return the last place that was walked, None when there is nothing beyond it."""
    places, values = _places(way, narrow, before)
    found = _ask(_END.format(places=places), [*values, most])
    return found[0] if found else None


def _wanted(narrow: Narrow, *, but: str = "") -> tuple[str, list[Any]]:
    """Return the conditions on an article beyond its dates, without the one that is walked."""
    sql, values = "AND article.status = 'visible' AND article.relevance = 'in'", []
    for name, condition, value in (
        ("sources", "article.source_id = ANY(%s)", list(narrow.sources) if narrow.sources else None),
        ("language", "article.language = %s", narrow.language or None),
        ("regions", _IN_REGION, list(narrow.regions) if narrow.regions else None),
        ("topic", _ON_TOPIC, narrow.topic),
    ):
        if value is not None and name != but:
            sql += f" AND {condition}"
            values.append(value)
    return sql, values


_IN_REGION = """EXISTS (SELECT FROM aggregator_articleregion AS tag
    WHERE tag.article_id = article.id AND tag.about AND tag.region_id = ANY(%s))"""
_ON_TOPIC = "EXISTS (SELECT FROM aggregator_articletopic AS tag WHERE tag.article_id = article.id AND tag.topic_id = %s)"


# --- what the index of words gives -----------------------------------------------------------------

_GATHER = """
SELECT near.pk, near.reported_at
FROM (
    SELECT pk, reported_at FROM (
        SELECT article_id AS pk, reported_at FROM aggregator_searchrow WHERE vector @@ %s::tsquery LIMIT %s
    ) AS matched WHERE TRUE {within} ORDER BY reported_at DESC, pk DESC
) AS near
CROSS JOIN LATERAL (SELECT 1 FROM aggregator_article AS article WHERE article.id = near.pk {wanted} LIMIT 1) AS shown
LIMIT %s
"""


def _gather(asked: str, narrow: Narrow, before: Cursor | None) -> list[Cursor]:
    """Return the newest of the matches that the index of words gives, of COMMON at most."""
    within, bounds = _within(narrow, before, "pk")
    wanted, more = _wanted(narrow)
    sql = _GATHER.format(within=within, wanted=wanted)
    return _ask(sql, [asked, COMMON, *bounds, *more, CANDIDATES])


def _ask(sql: str, values: Sequence[Any]) -> list[Cursor]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Cursor(at, pk) for pk, at in cursor.fetchall()]


_PARSE = """
SELECT DISTINCT websearch_to_tsquery(config::regconfig, unaccent(%s))::text FROM unnest(%s::text[]) AS config
"""


def _any_language(text: str) -> str:
    """Return a query that matches what any language's words match; '' when nothing is left to ask."""
    with connection.cursor() as cursor:
        cursor.execute(_PARSE, [with_bigrams(text), [SIMPLE, *sorted(set(CONFIGS.values()))]])
        return " | ".join(f"({query})" for (query,) in sorted(cursor.fetchall()) if query)


def _expected(sql: str, values: Sequence[Any]) -> int:
    """Return how many rows the planner expects of a query, from its statistics."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        plan = cursor.fetchone()[0]
    return int((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]["Plan Rows"])


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
