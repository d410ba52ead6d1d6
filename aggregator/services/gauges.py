"""Figures that alerts stand on: is the line moving, does it lose workers, is there room, is there a backup.

Each is read from the front of an index, from the file system or from Redis, so that asking costs the same
at any size. Ages are on the project's clock where rows are, on the machine's where files are.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from axes.models import AccessAttempt
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

MOST = 10_000  # rows that are counted; more are as alarming
HOUR = 3600

_MOVING = """
SELECT extract(epoch FROM %(now)s - (SELECT max(at) FROM aggregator_poll)),
       extract(epoch FROM %(now)s - (SELECT found_at FROM aggregator_article ORDER BY id DESC LIMIT 1)),
       (SELECT count(*) FROM (SELECT FROM aggregator_article WHERE NOT indexed LIMIT %(most)s) AS rows),
       (SELECT count(*) FROM (SELECT FROM aggregator_host WHERE due_at <= %(now)s LIMIT %(most)s) AS rows),
       (SELECT count(*) FROM (SELECT FROM aggregator_work WHERE lease_until < clock_timestamp() LIMIT %(most)s) AS w)
     + (SELECT count(*) FROM (SELECT FROM aggregator_host WHERE lease_until < clock_timestamp() LIMIT %(most)s) AS h),
       pg_database_size(current_database())
"""
_NAMES = (
    ("newsroom_last_poll_age_seconds", "Seconds since a feed was polled last."),
    ("newsroom_last_article_age_seconds", "Seconds since an article was found last."),
    ("newsroom_articles_not_indexed", f"Articles that wait for their search row, at most {MOST}."),
    ("newsroom_hosts_due", f"Hosts at which something is due, at most {MOST}."),
    ("newsroom_leases_run_out", "Rows and hosts whose worker did not give them back in time."),
    ("newsroom_database_bytes", "Size of the database."),
)


class Gauges:
    """Collects the figures when they are asked for."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Yield one family after the other; what there is none of (a first poll, a backup) is left out."""
        with connection.cursor() as cursor:
            cursor.execute(_MOVING, {"now": self.now, "most": MOST})
            values = cursor.fetchone()
        for (name, words), value in zip(_NAMES, values, strict=True):
            if value is not None:
                yield GaugeMetricFamily(name, words, max(0.0, float(value)))
        yield from _machine()
        yield GaugeMetricFamily(
            "newsroom_sign_in_failures_1h", "Failed sign-ins of the last hour.", _failures()
        )


def _machine() -> Iterator[Metric]:
    room = shutil.disk_usage(settings.DATA_DIR)
    yield GaugeMetricFamily("newsroom_disk_free_bytes", "Room on the disk of the data folder.", room.free)
    yield GaugeMetricFamily("newsroom_disk_bytes", "Size of that disk.", room.total)
    yield GaugeMetricFamily("newsroom_broker_up", "Whether Redis answers.", float(_broker_answers()))
    newest = max((file.stat().st_mtime for file in _backups()), default=None)
    if newest is not None:
        age = max(0.0, time.time() - newest)
        yield GaugeMetricFamily("newsroom_backup_age_seconds", "Age of the newest backup in DATA_DIR.", age)


def _backups() -> list[Path]:
    return list((Path(settings.DATA_DIR) / "backups").glob("*.dump"))


def _broker_answers() -> bool:
    try:
        cache.get("metrics")
    except Exception:  # whatever the cache's client raises while it is away
        return False
    return True


def _failures() -> int:
    """Return failed sign-ins; axes counts them by name and address and forgets them after a success."""
    since = timezone.now() - timedelta(seconds=HOUR)
    counted = AccessAttempt.objects.filter(attempt_time__gte=since).values_list(
        "failures_since_start", flat=True
    )
    return sum(counted[:MOST])
