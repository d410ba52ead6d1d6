"""Figures of the line for Prometheus, read from rows: any process can answer, none has to remember."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from aggregator.services.gauges import Gauges
from aggregator.services.stage_times import StageTimes

WINDOW = timedelta(hours=24)
BOUNDS = (60, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)  # seconds from published to visible

_POLLS = """
SELECT outcome, count(*), sum(bytes), count(*) FILTER (WHERE status = 304), sum(duration_ms)
FROM aggregator_poll WHERE at > %(since)s GROUP BY outcome
"""
_QUEUES = """
SELECT stage, count(*), extract(epoch FROM %(now)s - min(next_at)) FROM aggregator_work GROUP BY stage
"""
_FEEDS = "SELECT state, count(*) FROM aggregator_feed WHERE enabled GROUP BY state"
_FRESHNESS = """
SELECT width_bucket(extract(epoch FROM settled_at - published_at), %(bounds)s::numeric[]) AS bucket,
       count(*), sum(extract(epoch FROM settled_at - published_at))
FROM aggregator_article
WHERE reported_at > %(since)s AND status = 'visible' AND published_kind NOT IN ('missing', 'clamped')
  AND settled_at >= published_at
GROUP BY bucket
"""
_QUANTILES = """
SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - published_at))
FROM aggregator_article
WHERE reported_at > %(since)s AND status = 'visible' AND published_kind NOT IN ('missing', 'clamped')
  AND settled_at >= published_at
"""


def render(now: datetime) -> bytes:
    """Return the figures of the last day in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Line(now))
    registry.register(Gauges(now))
    registry.register(StageTimes())
    return generate_latest(registry)


def freshness(now: datetime) -> tuple[float, float] | None:
    """Return the median and the 95th percentile of seconds from published to visible, of the last day."""
    found = _rows(_QUANTILES, {"since": now - WINDOW})[0][0]
    return (float(found[0]), float(found[1])) if found else None


class _Line:
    """Collects the figures when they are asked for."""

    def __init__(self, now: datetime) -> None:
        self.now, self.since = now, now - WINDOW

    def collect(self) -> Iterator[Metric]:
        """Yield one family of figures after the other."""
        yield from self._polls()
        yield from self._queues()
        feeds = GaugeMetricFamily("newsroom_feeds", "Feeds that are read, by state.", labels=["state"])
        for state, count in _rows(_FEEDS, {}):
            feeds.add_metric([state], count)
        yield feeds
        yield self._freshness()

    def _polls(self) -> Iterator[Metric]:
        polls = GaugeMetricFamily(
            "newsroom_polls_24h", "Polls of the last day, by outcome.", labels=["outcome"]
        )
        rows = _rows(_POLLS, {"since": self.since})
        for outcome, count, *_ in rows:
            polls.add_metric([outcome], count)
        yield polls
        total = sum(row[1] for row in rows)
        unchanged = sum(row[3] for row in rows)
        yield GaugeMetricFamily(
            "newsroom_polls_304_share",
            "Share of 304 among the polls of a day.",
            unchanged / total if total else 0,
        )
        yield GaugeMetricFamily(
            "newsroom_poll_bytes_24h",
            "Bytes on the wire of the polls of a day.",
            int(sum(row[2] or 0 for row in rows)),
        )
        yield GaugeMetricFamily(
            "newsroom_poll_seconds_24h",
            "Seconds spent on the polls of a day.",
            float(sum(row[4] or 0 for row in rows)) / 1000,
        )

    def _queues(self) -> Iterator[Metric]:
        sizes = GaugeMetricFamily("newsroom_work", "Articles under way, by stage.", labels=["stage"])
        ages = GaugeMetricFamily(
            "newsroom_work_age_seconds", "How long the first one waits.", labels=["stage"]
        )
        for stage, count, age in _rows(_QUEUES, {"now": self.now}):
            sizes.add_metric([stage], count)
            ages.add_metric([stage], max(0.0, float(age or 0)))
        yield from (sizes, ages)

    def _freshness(self) -> Metric:
        found = {bucket: (count, total) for bucket, count, total in _rows(_FRESHNESS, self._bounds())}
        buckets, below = [], 0
        for number, bound in enumerate((*map(str, BOUNDS), "+Inf")):
            below += found.get(number, (0, 0))[0]
            buckets.append((bound, below))
        family = HistogramMetricFamily(
            "newsroom_freshness_seconds", "Seconds from published to visible, articles of the last day."
        )
        family.add_metric([], buckets, float(sum(total for _, total in found.values())))
        return family

    def _bounds(self) -> dict[str, Any]:
        return {"since": self.since, "bounds": list(BOUNDS)}


def _rows(statement: str, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return found
