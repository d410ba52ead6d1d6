"""What the line asks about a batch runs on indexes, however many articles there are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from aggregator.models import Article, ArticleBody, Membership, Source, Work
from aggregator.services import grouping, indexing, loading, sample_rows, settling
from bench import plans
from tests import factories

NOW = datetime(2023, 9, 20, tzinfo=UTC)
ARTICLES = 3000
BATCH = 6
_FINGERPRINTS = """
INSERT INTO aggregator_fingerprintrow (article_id, reported_on, shingles, quoted, numbers, words, text_hash, title_hash, credits)
SELECT id, reported_at::date, '{}', '{}', '{}', 0, url_hash, url_hash, '[]' FROM aggregator_article
"""
_READS = re.compile(r"\s*(SELECT|WITH|UPDATE|DELETE)\b")


@pytest.fixture
def archive(db) -> None:
    """Some thousand articles in stories, and the planner told that a page read by an index costs about as much as another."""
    loading.load_vocabulary(NOW)
    Source.objects.update(status="approved")
    sample_rows.make_rows(ARTICLES, until=NOW, days=60)
    Article.objects.update(indexed=True)  # else all of them wait for the search index
    with connection.cursor() as cursor:
        cursor.execute(_FINGERPRINTS)
        cursor.execute("SET random_page_cost = 1.1; SET effective_cache_size = '1GB'; ANALYZE")
    grouping.forget()


def settle_batch(slug: str) -> None:
    """Let a batch wait for the rules: what others said before, so that there are twins and stories to find."""
    source = factories.make_source(slug, text_from="feed")
    known = (
        ArticleBody.objects.filter(article__copy_of__isnull=True).select_related("article").order_by("-pk")
    )
    for number, body in enumerate(known[:BATCH]):
        article = Article.objects.create(
            source=source, url=f"https://{slug}.example/{number}", url_hash=number, title=body.article.title,
            found_at=NOW, reported_at=NOW - timedelta(minutes=number),
        )  # fmt: skip
        entry = {"guid": article.url, "url": article.url, "title": article.title, "content": body.text}
        Work.objects.create(article=article, stage=Work.Stage.SETTLE, next_at=NOW, entry=entry)
    while settling.settle_due(NOW):
        pass
    indexing.index_due()
    assert source.articles.filter(settled_at__isnull=False, indexed=True).count() == BATCH


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_statement_of_a_batch_reads_a_large_table_from_end_to_end(archive: None) -> None:
    settle_batch("first")  # with it the stories of the last days come into memory
    with CaptureQueriesContext(connection) as queries:
        settle_batch("second")
    asked = [query["sql"] for query in queries if _READS.match(query["sql"])]
    assert any("aggregator_membership" in sql for sql in asked)
    across = Q(article_id__in=[1, 2]) | Q(article__copy_of_id__in=[1, 2])  # what no index answers is seen
    assert plans.faults(str(Membership.objects.filter(across).query))
    assert [fault for sql in asked for fault in plans.faults(sql)] == []
