"""What a clock that jumped leaves behind: leases, waits and polls that lie further ahead than any of them can.

Leases and gaps are on the database's clock, the rest on the project's. A clock that was years ahead for a minute
would hold a host, a feed or an article for years; the conditions here say what no rule gives, and `mend`, called
every minute, frees it. Clocks that jump back make rows wait at most as long as the jump.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

WORK_LATE = "next_at > %(now)s + interval '2 days' OR lease_until > clock_timestamp() + interval '1 hour'"
FEED_LATE = "next_poll_at > %(now)s + interval '2 days'"
HOST_LATE = """lease_until > clock_timestamp() + interval '1 hour' OR free_at > clock_timestamp() + interval '1 day'
    OR hold_until > %(now)s + interval '2 days'"""
LOOK_LATE = "next_look_at > %(now)s + interval '5 days'"

_MEND = (
    f"UPDATE aggregator_work SET next_at = LEAST(next_at, %(now)s), lease_until = NULL WHERE {WORK_LATE}",
    f"UPDATE aggregator_feed SET next_poll_at = %(now)s WHERE {FEED_LATE}",
    f"UPDATE aggregator_host SET lease_until = NULL, free_at = NULL, hold_until = NULL WHERE {HOST_LATE}",
    f"UPDATE aggregator_article SET next_look_at = NULL WHERE {LOOK_LATE}",
)


def mend(now: datetime) -> int:
    """Free what lies too far ahead; return how many rows that was."""
    freed = 0
    with connection.cursor() as cursor:
        for statement in _MEND:
            cursor.execute(statement, {"now": now})
            freed += max(cursor.rowcount, 0)
    return freed
