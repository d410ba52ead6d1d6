"""Counts of the status page: exact while they are small, PostgreSQL's own estimate beyond."""

from __future__ import annotations

import pytest
from django.db import connection

from aggregator.services import status
from tests.factories import make_article

pytestmark = pytest.mark.django_db


def analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE aggregator_article")


def test_small_tables_are_counted():
    articles = [make_article() for _ in range(3)]
    analyse()  # a test before this one may have left an estimate of rows that are gone
    found = status.facts()
    assert sum(found["articles"].values()) == 3
    assert found["newest_article"]["id"] == max(article.pk for article in articles)


def test_large_tables_are_estimated(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries):
    for _ in range(3):
        make_article()
    analyse()
    monkeypatch.setattr(status, "COUNTED", 2)
    with django_assert_num_queries(2):  # the estimate, and those under way
        assert sum(status._articles().values()) == 3
