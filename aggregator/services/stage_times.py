"""What each stage of the line takes, noted where it is spent and read by /metrics.

Kept in Redis, which all workers share: figures that are lost there only start anew, as Prometheus expects of counters.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from django.core.cache import cache
from prometheus_client.core import CounterMetricFamily, Metric

STAGES = ("fetch", "store", "read", "judge", "write", "index")


@contextlib.contextmanager
def timed(stage: str, count: int) -> Iterator[None]:
    """Note the seconds on the clock that `count` feeds, pages or articles take in one of STAGES."""
    began = time.perf_counter()
    yield
    note(stage, time.perf_counter() - began, count)


def note(stage: str, seconds: float, count: int) -> None:
    """Note what a stage took; a Redis that is away is no fault of the stage."""
    with contextlib.suppress(Exception):
        for name, number in (("ms", round(seconds * 1000)), ("count", count)):
            key = f"stage:{stage}:{name}"
            if not cache.add(key, number, timeout=None):
                cache.incr(key, number)


class StageTimes:
    """Collects the counters when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        """Yield the seconds and the numbers of all stages; nothing while Redis is away."""
        seconds = CounterMetricFamily(
            "newsroom_stage_seconds", "Seconds that workers spent, by stage.", labels=["stage"]
        )
        counts = CounterMetricFamily(
            "newsroom_stage_items", "Feeds, pages and articles that went through, by stage.", labels=["stage"]
        )
        with contextlib.suppress(Exception):
            found = cache.get_many([f"stage:{stage}:{name}" for stage in STAGES for name in ("ms", "count")])
            for stage in STAGES:
                seconds.add_metric([stage], found.get(f"stage:{stage}:ms", 0) / 1000)
                counts.add_metric([stage], found.get(f"stage:{stage}:count", 0))
        yield from (seconds, counts)
