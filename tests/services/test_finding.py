"""Searching: what is read for a query is bounded, however common its words, and the newest are found."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from aggregator.models import Article, ArticleRegion, ArticleTopic
from aggregator.services import filters, finding, indexing, search
from tests.factories import DAY, make_article, make_region, make_source, make_topic, make_world

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


@pytest.fixture
def tagged() -> dict[str, Any]:
    """Articles of two countries of one region, of two topics, outlets, kinds and languages, in all mixes."""
    world = make_world()
    north = make_region("north", parent=world)
    regions = [
        make_region("mali", parent=north),
        make_region("niger", parent=north),
        make_region("chad", parent=world),
    ]
    topics = [make_topic("shelling"), make_topic("peace-talks")]
    sources = [make_source("alpha", kind="national"), make_source("beta", kind="igo")]
    for n in range(96):
        make_article(
            sources[n % 2],
            title="Report of a rocket" if n % 3 else "Report",
            at=DAY - timedelta(hours=n // 2),
            language="fr" if n % 5 == 0 else "en",
            regions=[regions[n % 3], regions[(n // 2) % 3]]
            if n % 4 == 0 and n % 3 != (n // 2) % 3
            else [regions[n % 3]],
            topics=[topics[n // 3 % 2]],
        )
    while indexing.index_due():
        pass
    return {
        "regions": ["", "mali", "north"],
        "topics": ["", "shelling"],
        "sources": ["", "beta"],
        "kinds": ["", "igo"],
    }


def _all_that_match(text: str, asked: filters.Filters, source: str) -> list[int]:
    rows = Article.objects.published()
    rows = rows.filter(title__contains="rocket") if text else rows
    if asked.region:
        rows = rows.filter(regions__region__ancestor_links__ancestor__slug=asked.region, regions__about=True)
    rows = rows.filter(topics__topic__slug=asked.topic) if asked.topic else rows
    rows = rows.filter(source__slug=source) if source else rows
    rows = rows.filter(source__kind=asked.kind) if asked.kind else rows
    rows = rows.filter(language=asked.language) if asked.language else rows
    rows = rows.filter(reported_at__date__gte=asked.since) if asked.since else rows
    found = rows.order_by("-reported_at", "-pk").values_list("pk", "reported_at").distinct()
    return [pk for pk, _ in found][: search.PAGE_SIZE]


@pytest.mark.parametrize("text", ["", "rocket"])
@pytest.mark.parametrize("rare", [True, False], ids=["by words", "walked"])
def test_every_mix_of_filters_gives_the_newest_that_match(tagged, monkeypatch, text, rare):
    monkeypatch.setattr(finding, "COMMON", 10_000 if rare else 0)  # the planner expects one row at least
    mixes = itertools.product(
        tagged["regions"],
        tagged["topics"],
        tagged["sources"],
        tagged["kinds"],
        ["", "fr"],
        ["", "2023-09-18"],
    )
    for region, topic, source, kind, language, since in mixes:
        given = {"region": region, "topic": topic, "kind": kind, "language": language, "from": since}
        asked = filters.read({name: value for name, value in given.items() if value})
        query = search.read_query(f"{text} source:{source}" if source else text)
        assert search.newest_ids(query, asked) == _all_that_match(text, asked, source), given | {
            "source": source
        }


def test_pages_of_a_search_within_a_region_follow_each_other_without_a_gap(tagged, monkeypatch):
    monkeypatch.setattr(search, "PAGE_SIZE", 7)
    asked, seen = filters.read({"region": "north"}), []
    while True:
        results = search.search(search.read_query("rocket"), asked)
        seen += [hit.article.pk for hit in results.hits]
        if not results.older:
            break
        asked = filters.read({"region": "north", "before": results.older})
    monkeypatch.setattr(search, "PAGE_SIZE", 1000)
    assert seen == _all_that_match("rocket", filters.read({"region": "north"}), "")


def test_a_search_within_what_does_not_exist_finds_nothing(tagged):
    for narrowed in ({"region": "atlantis"}, {"topic": "weather"}, {"kind": "none-such"}):
        assert search.newest_ids(search.read_query("report"), filters.read(narrowed)) == []


def test_tags_carry_the_time_of_the_report_whoever_writes_them(tagged):
    article = Article.objects.order_by("pk")[5]
    moved = article.reported_at - timedelta(days=3)
    Article.objects.filter(pk=article.pk).update(reported_at=moved)
    for rows in (ArticleRegion.objects, ArticleTopic.objects):
        assert not rows.exclude(reported_at=F("article__reported_at")).exists()
        assert rows.filter(article=article, reported_at=moved).exists()
