"""Searching: what is read for a query is bounded, however common its words, and the newest are found."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aggregator.models import Article, ArticleRegion
from aggregator.services import filters, finding, indexing, search
from tests.factories import DAY, make_region, make_source, make_world

pytestmark = pytest.mark.django_db
ARTICLES = 1500
COMMON, WALKED = 250, 150  # in place of the real bounds


@pytest.fixture
def archive(monkeypatch) -> None:
    """Thousands of articles: each says "report", a third "shelling", one in 500 "rocket"; few are about Mali."""
    monkeypatch.setattr(finding, "COMMON", COMMON)
    monkeypatch.setattr(finding, "WALKED", WALKED)
    source, other = make_source("alpha"), make_source("beta")
    mali = make_region("mali", parent=make_world())
    rows = [
        Article(
            source=other if n % 300 == 7 else source,
            url=f"https://alpha.example/{n}",
            url_hash=n,
            title=f"Report {n}"
            + (" of shelling" if n % 3 == 0 else "")
            + (" and a rocket" if n % 500 == 499 else ""),
            extract="Nothing else.",
            language="en" if n % 2 else "fr",
            status=Article.Status.VISIBLE,
            relevance="in",
            reported_at=DAY - timedelta(minutes=n),
            found_at=DAY,
            settled_at=DAY,
        )
        for n in range(ARTICLES)
    ]
    made = Article.objects.bulk_create(rows)
    about = [article for n, article in enumerate(made) if n % 200 == 150]
    ArticleRegion.objects.bulk_create(
        ArticleRegion(article=a, region=mali, about=True, score=1.0) for a in about
    )
    while indexing.index_due():
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def numbers(query: str, **narrowed: Any) -> list[int]:
    """Return which articles a search gives, by their age in minutes."""
    found = search.newest_ids(search.read_query(query), filters.read(narrowed))
    return list(
        Article.objects.filter(pk__in=found).order_by("-reported_at").values_list("url_hash", flat=True)
    )


CASES = [
    ("report", range(30), "in every article"),
    ("shelling", range(0, 90, 3), "in a third"),
    ("rocket", range(499, 1500, 500), "rare"),
    ("shelling rocket", range(999, 1500, 1500), "two words, seldom together"),
    ("report -shelling", [n for n in range(46) if n % 3][:30], "common, without another"),
    ('"of shelling"', range(0, 90, 3), "phrase"),
    ("report source:beta", range(7, 1500, 300), "common, of a small outlet"),
    ("report region:mali", range(150, 1500, 200), "common, about a small region"),
    ("shelling before:2023-09-18", range(721, 1500), "common, in the past"),
    ("report source:nobody", [], "common, of no outlet"),
]


def test_the_newest_that_match_are_found(archive):
    for query, wanted, name in CASES:
        expected = [n for n in wanted if "before:" not in query or n % 3 == 0][:30]
        assert numbers(query) == expected, name


def test_what_a_query_reads_and_sorts_is_bounded(archive):
    for query, _wanted, name in CASES:
        with CaptureQueriesContext(connection) as captured:
            numbers(query)
        for sql in [found["sql"] for found in captured if not found["sql"].startswith("EXPLAIN")]:
            for node in _plan(sql):
                rows = node["Actual Rows"] * node["Actual Loops"]
                if node["Node Type"] == "Sort" or node.get("Relation Name") == "aggregator_searchrow":
                    assert rows <= COMMON, f"{name}: {node['Node Type']} of {rows} rows in {sql[:300]}"


def _plan(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the tables are small enough to tempt the planner
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
        plan = cursor.fetchone()[0]
    return _nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node] + [inner for child in node.get("Plans", []) for inner in _nodes(child)]
