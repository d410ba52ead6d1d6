"""Which rules decided of late: counted by day, kept, and read as one sum."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from aggregator.models import Article, ArticleTopic
from aggregator.services import reason_counts
from tests.factories import make_article, make_topic

NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()
    yield
    cache.clear()


def _article(at: datetime, **values):
    article = make_article(reported_at=at, found_at=at)
    Article.objects.filter(pk=article.pk).update(
        **{"status": "visible", "relevance": "in", "reported_at": at, "found_at": at, **values}
    )
    return article


def _questions():
    return {
        question: (total, dict(rules)) for question, total, rules in reason_counts.read_counts().questions
    }


def test_nothing_is_said_before_the_first_count():
    assert reason_counts.read_counts() is None


def test_rules_are_counted_over_thirty_days_of_what_readers_see():
    first = _article(
        NOW, copy_reason={"code": "same_text"}, conflicts=[{"slug": "x", "reason": {"code": "conflict_area"}}]
    )
    _article(NOW - timedelta(days=10), copy_reason={"code": "no_match"})
    _article(NOW - timedelta(days=29), copy_reason={"code": "no_match"})
    _article(NOW - timedelta(days=31), copy_reason={"code": "no_match"})
    _article(NOW, relevance="out", copy_reason={"code": "same_text"})
    ArticleTopic.objects.create(article=first, topic=make_topic("shelling"), reason={"rule": "cue"})
    reason_counts.count_days(NOW)
    found = _questions()
    assert reason_counts.read_counts().articles == 3
    assert found["origin"] == (3, {"no_match": 2, "same_text": 1})
    assert found["topic"] == (1, {"cue": 1})
    assert found["conflict"] == (1, {"conflict_area": 1})
    assert found["relevance"] == (4, {"in": 3, "out": 1})


def test_a_day_that_is_over_is_counted_once_and_a_recent_one_each_time():
    _article(NOW - timedelta(days=5), copy_reason={"code": "no_match"})
    assert reason_counts.count_days(NOW) == reason_counts.DAYS
    _article(NOW - timedelta(hours=1), copy_reason={"code": "same_text"})
    assert reason_counts.count_days(NOW) == 2
    assert _questions()["origin"] == (2, {"no_match": 1, "same_text": 1})
    later = NOW + timedelta(days=3)
    assert reason_counts.count_days(later) == 5  # three new days, and the two that were not over


def test_reading_asks_no_row(django_assert_num_queries):
    reason_counts.count_days(NOW)
    with django_assert_num_queries(0):
        assert reason_counts.read_counts().articles == 0
