"""Poll rows are kept for thirty days; older ones are summed up by feed and day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

KEPT = timedelta(days=30)
BATCH = 20_000

# The rows that are summed up are those that are deleted, whoever else deletes meanwhile.
_ROLL_UP = """
WITH picked AS MATERIALIZED (
    SELECT id FROM aggregator_poll WHERE at < %(before)s ORDER BY at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), old AS (
    DELETE FROM aggregator_poll WHERE id IN (SELECT id FROM picked)
    RETURNING feed_id, (at AT TIME ZONE 'UTC')::date AS day, outcome, bytes, new_count
), summed AS (
    INSERT INTO aggregator_pollday AS kept (feed_id, day, polls, unchanged, failed, new_count, bytes)
    SELECT feed_id, day, count(*), count(*) FILTER (WHERE outcome = 'unchanged'),
           count(*) FILTER (WHERE outcome = 'failed'), sum(new_count), sum(bytes)
    FROM old GROUP BY feed_id, day ORDER BY feed_id, day
    ON CONFLICT (feed_id, day) DO UPDATE SET
        polls = kept.polls + EXCLUDED.polls, unchanged = kept.unchanged + EXCLUDED.unchanged,
        failed = kept.failed + EXCLUDED.failed, new_count = kept.new_count + EXCLUDED.new_count,
        bytes = kept.bytes + EXCLUDED.bytes
)
SELECT count(*) FROM old
"""


def roll_up(now: datetime, *, batches: int = 10) -> int:
    """Sum up polls older than thirty days; return how many. Safe to run twice and side by side."""
    done = 0
    for _ in range(batches):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ROLL_UP, {"before": now - KEPT, "limit": BATCH})
            found = cursor.fetchone()[0]
        done += found
        if found < BATCH:
            break
    return done
