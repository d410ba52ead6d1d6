from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from aggregator.models import Article, Feed, Poll
from aggregator.services import metrics, retention, stage_times
from tests.factories import make_source

pytestmark = pytest.mark.django_db
NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)


def test_figures_come_from_rows() -> None:
    source = make_source()
    feed = Feed.objects.create(source=source, url="https://e.org/f", url_hash=1, state="ok")
    Poll.objects.create(feed=feed, at=NOW, outcome="unchanged", status=304, bytes=10)
    Article.objects.create(
        source=source,
        url="https://e.org/1",
        url_hash=1,
        status="visible",
        published_at=NOW - timedelta(minutes=10),
        published_kind="feed",
        reported_at=NOW - timedelta(minutes=10),
        found_at=NOW,
        settled_at=NOW,
    )
    words = metrics.render(NOW).decode()
    assert 'newsroom_polls_24h{outcome="unchanged"} 1.0' in words
    assert "newsroom_polls_304_share 1.0" in words
    assert 'newsroom_freshness_seconds_bucket{le="300"} 0.0' in words
    assert 'newsroom_freshness_seconds_bucket{le="900"} 1.0' in words
    assert metrics.freshness(NOW) == (600.0, 600.0)


def test_seconds_are_counted_by_stage() -> None:
    cache.clear()
    for _ in range(2):
        stage_times.note("fetch", 1.5, 20)
    with stage_times.timed("index", 7):
        pass
    words = metrics.render(NOW).decode()
    assert 'newsroom_stage_seconds_total{stage="fetch"} 3.0' in words
    assert 'newsroom_stage_items_total{stage="fetch"} 40.0' in words
    assert 'newsroom_stage_items_total{stage="index"} 7.0' in words
    assert 'newsroom_stage_seconds_total{stage="judge"} 0.0' in words


def test_old_polls_are_summed_up_once() -> None:
    feed = Feed.objects.create(source=make_source(), url="https://e.org/f", url_hash=1)
    old = NOW - timedelta(days=40)
    for outcome in ("new", "unchanged", "failed"):
        Poll.objects.create(feed=feed, at=old, outcome=outcome, bytes=5, new_count=2)
    Poll.objects.create(feed=feed, at=NOW, outcome="new")
    assert (retention.roll_up(NOW), retention.roll_up(NOW)) == (3, 0)
    day = feed.poll_days.get()
    assert (day.polls, day.unchanged, day.failed, day.new_count, day.bytes) == (3, 1, 1, 6, 15)
    assert Poll.objects.count() == 1
