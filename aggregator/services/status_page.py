"""The status page: the line and each feed, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aggregator.models import Feed
from aggregator.services import health, metrics, status

ORDER = {
    state: n
    for n, state in enumerate(("failing", "dead", "not_a_feed", "stale", "empty", "new", "moved", "ok"))
}


@dataclass(frozen=True)
class StatusPage:
    """Facts of the line, and the feeds that are read, those with trouble first."""

    facts: dict[str, Any]
    feeds: tuple[Feed, ...]
    health: health.FeedHealth
    sentence: str
    newest_at: datetime | None
    freshness: tuple[timedelta, timedelta] | None = None


def read_status(now: datetime) -> StatusPage:
    """Return the status page; constant queries."""
    rows = Feed.objects.polled().select_related("source").defer("extra", "etag", "last_modified")
    feeds = sorted(rows, key=lambda feed: (ORDER.get(feed.state, 9), feed.source.name, feed.pk))
    facts = status.facts()
    newest = facts["newest_article"]
    newest_at = datetime.fromisoformat(newest["found_at"]) if newest else None
    return StatusPage(
        facts, tuple(feeds), health.feed_health(), status.progress_sentence(), newest_at, _freshness(now)
    )


def _freshness(now: datetime) -> tuple[timedelta, timedelta] | None:
    """Return how long it took from published to visible, median and 95th percentile of the last day."""
    found = metrics.freshness(now)
    return (
        (timedelta(minutes=round(found[0] / 60)), timedelta(minutes=round(found[1] / 60))) if found else None
    )
