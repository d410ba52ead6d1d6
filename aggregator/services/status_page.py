"""The status page: the line and each feed, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When

from aggregator.models import Feed
from aggregator.services import health, metrics, status
from aggregator.services.kept import until_change

ORDER = ("failing", "dead", "not_a_feed", "stale", "empty", "new", "moved", "ok")  # trouble first
PER_PAGE = 200  # feeds


@dataclass(frozen=True)
class StatusPage:
    """Facts of the line, and a page of the feeds that are read, those with trouble first."""

    facts: dict[str, Any]
    feeds: tuple[Feed, ...]
    after: int  # the key of the next page, 0 at the end
    health: health.FeedHealth
    newest_at: datetime | None
    freshness: tuple[timedelta, timedelta] | None = None


def read_status(now: datetime, after: int = 0) -> StatusPage:
    """Return the status page, with the feeds from the one after `after` on; constant queries."""
    rows = list(_feeds(after)[: PER_PAGE + 1])
    facts = status.facts()
    newest = facts["newest_article"]
    newest_at = datetime.fromisoformat(newest["found_at"]) if newest else None
    more = rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else 0
    return StatusPage(facts, tuple(rows[:PER_PAGE]), more, health.feed_health(), newest_at, _freshness(now))


def _feeds(after: int) -> QuerySet[Feed]:
    states = [When(state=state, then=Value(n)) for n, state in enumerate(ORDER)]
    rows = Feed.objects.polled().annotate(rank=Case(*states, default=Value(9)))
    if after and (last := rows.filter(pk=after).values_list("rank", "source__name", "pk").first()):
        rank, name, pk = last
        rows = rows.filter(
            Q(rank__gt=rank)
            | Q(rank=rank, source__name__gt=name)
            | Q(rank=rank, source__name=name, pk__gt=pk)
        )
    shown = (
        "title",
        "state",
        "state_sentence",
        "extra",
        "last_polled_at",
        "last_new_at",
        "source__slug",
        "source__name",
    )
    return rows.select_related("source").only(*shown).order_by("rank", "source__name", "pk")


def _freshness(now: datetime) -> tuple[timedelta, timedelta] | None:
    """Return how long it took from published to visible, median and 95th percentile of the last day."""
    found = until_change(("freshness", now.date()), lambda: metrics.freshness(now))
    return (
        (timedelta(minutes=round(found[0] / 60)), timedelta(minutes=round(found[1] / 60))) if found else None
    )
