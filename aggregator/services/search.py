"""Search in headlines and texts: PostgreSQL full text in every language's own configuration, newest first.

A query is words, "phrases", -exclusions, and source: region: topic: before: after: pairs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection
from django.utils.translation import gettext_noop

from aggregator.models import Article, ArticleBody, Conflict, Region, Source, Topic
from aggregator.services import atlas, finding, subjects
from aggregator.services.filters import EARLIEST, LATEST, FilterError, Filters
from aggregator.services.finding import Narrow
from aggregator.services.indexing import with_bigrams
from aggregator.services.subjects import WORLD

PAGE_SIZE = 30
MAX_LENGTH = 300  # characters; longer queries are refused with a sentence
MAX_WORDS = 24
_TOKEN = re.compile(r'(-?)"([^"]*)"|(\S+)')
_PAIR = re.compile(r"(source|region|topic|before|after):(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """What a reader asked for: text for the index, and what narrows it."""

    text: str = ""
    source: str = ""
    region: str = ""
    topic: str = ""
    since: date | None = None
    until: date | None = None
    wanted: int = 0  # words and phrases that must be there

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.wanted or self.source or self.region or self.topic or self.since or self.until)


@dataclass(frozen=True)
class Hit:
    """A found article, with the words around the match; marked parts are between \\x02 and \\x03."""

    article: Article
    headline: str
    snippet: str


@dataclass(frozen=True)
class Results:
    """One page of hits, newest first."""

    query: Query
    hits: tuple[Hit, ...]
    older: str = ""
    near: tuple[tuple[str, str, str], ...] = ()  # kind, slug, name of what may have been meant


def read_query(text: str) -> Query:
    """Return the query written in `text`. Raises FilterError when it is too long or asks for no word."""
    text = text.replace("\x00", " ").strip()
    if len(text) > MAX_LENGTH:
        raise FilterError("q", gettext_noop("A search has at most 300 characters."))
    query, parts, wanted = Query(), [], 0
    for minus, phrase, word in _TOKEN.findall(text)[:MAX_WORDS]:
        pair = _PAIR.fullmatch(word) if word else None
        if pair:
            query = _narrowed(query, pair[1].lower(), pair[2])
        elif re.search(r"\w", phrase or word):
            excluded = bool(minus) or (word.startswith("-") and len(word) > 1)
            wanted += not excluded
            parts.append(f'{minus}"{phrase}"' if phrase else word)
    query = replace(query, text=" ".join(parts), wanted=wanted)
    if text and query.empty:
        raise FilterError("q", gettext_noop("A search needs at least one word that is to be there."))
    return query


def _narrowed(query: Query, name: str, value: str) -> Query:
    if name not in ("before", "after"):
        return replace(query, **{name: value.lower()})  # type: ignore[arg-type]
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise FilterError("q", gettext_noop("Dates are written like before:2023-09-19.")) from None
    if not EARLIEST <= day <= LATEST:
        raise FilterError("q", gettext_noop("This date lies outside the archive."))
    return replace(query, until=day) if name == "before" else replace(query, since=day)


def search(query: Query, filters: Filters) -> Results:
    """Return a page of hits, newest first.

    What it reads is bounded, however common the words and whatever narrows it.
    """
    found = finding.newest(query.text, _narrow(query, filters), filters.before, PAGE_SIZE + 1)
    ids = [hit.id for hit in found[:PAGE_SIZE]]
    articles = Article.objects.select_related("source", "membership__story").defer("mentions").in_bulk(ids)
    snippets = _snippets(list(articles.values()), query)
    hits = tuple(
        Hit(articles[pk], *snippets.get(pk, (articles[pk].title, articles[pk].extract))) for pk in ids
    )
    older = str(found[PAGE_SIZE - 1]) if len(found) > PAGE_SIZE else ""
    return Results(query, hits, older, () if hits else tuple(suggestions(query)))


def newest_ids(query: Query, filters: Filters) -> list[int]:
    """Return the ids of the articles on a page of a search, without their texts."""
    return [hit.id for hit in finding.newest(query.text, _narrow(query, filters), filters.before, PAGE_SIZE)]


def _narrow(query: Query, filters: Filters) -> Narrow:
    """Return what narrows a search, in ids; a slug that nothing has lets nothing through."""
    region, topic = query.region or filters.region, query.topic or filters.topic
    since, until = query.since or filters.since, query.until or filters.until
    try:
        inside, tagged = _inside(region), subjects.find("topic", topic).pk if topic else None
    except LookupError:
        return Narrow(nothing=True)
    return Narrow(
        regions=inside,
        topic=tagged,
        sources=_sources(query.source, filters.kind),
        language=filters.language,
        since=datetime.combine(since, time.min, UTC) if since else None,
        until=datetime.combine(until + timedelta(days=1), time.min, UTC) if until else None,
    )


def _inside(slug: str) -> tuple[int, ...] | None:
    if not slug or slug == WORLD:
        return None
    region = subjects.find("region", slug)
    assert isinstance(region, Region)
    return tuple(sorted(atlas.regions().inside_of(region)))


def _sources(slug: str, kind: str) -> tuple[int, ...] | None:
    if not (slug or kind):
        return None
    rows = Source.objects.all()
    rows = rows.filter(slug=slug) if slug else rows
    return tuple((rows.filter(kind=kind) if kind else rows).values_list("pk", flat=True))


_SNIPPET = """
SELECT given.id,
    ts_headline(
        row.config::regconfig, given.title, asked, 'HighlightAll=true, StartSel=\x02, StopSel=\x03'
    ),
    ts_headline(row.config::regconfig, given.text, asked,
        'MaxWords=36, MinWords=18, MaxFragments=1, StartSel=\x02, StopSel=\x03')
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS given (id, title, text)
JOIN aggregator_searchrow AS row ON row.article_id = given.id
CROSS JOIN LATERAL websearch_to_tsquery(row.config::regconfig, unaccent(%s)) AS asked
"""


def _snippets(articles: list[Article], query: Query) -> dict[int, tuple[str, str]]:
    """Return marked headline and snippet of each hit; a snippet is an extract of at most 300 characters."""
    if not articles or not query.text:
        return {}
    shown = [a.pk for a in articles if "nosnippet" not in a.noindex]
    texts = dict(ArticleBody.objects.filter(pk__in=shown).values_list("pk", "text"))
    columns: list[Any] = [
        [a.pk for a in articles],
        [a.title for a in articles],
        [(texts.get(a.pk) or a.extract)[:20_000] for a in articles],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SNIPPET, [*columns, with_bigrams(query.text)])
        return {pk: (title, snippet[:300]) for pk, title, snippet in cursor.fetchall()}


_NAMED: tuple[tuple[str, Any], ...] = (
    ("region", Region.objects),
    ("topic", Topic.objects),
    ("conflict", Conflict.objects),
    ("source", Source.objects.approved()),
)


def suggestions(query: Query, limit: int = 5) -> list[tuple[str, str, str]]:
    """Return regions, topics, conflicts and outlets whose names look like the query, by trigrams."""
    asked = query.text or query.region or query.topic or query.source
    found: list[tuple[float, str, str, str]] = []
    like = TrigramSimilarity("name", asked[:80])
    for kind, rows in _NAMED:
        near = rows.all().annotate(like=like).filter(like__gt=0.3).order_by("-like")
        found += [(row.like, kind, row.slug, row.name) for row in near[:limit]]
    return [(kind, slug, name) for _, kind, slug, name in sorted(found, reverse=True)[:limit]]
