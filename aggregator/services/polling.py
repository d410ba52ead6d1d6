"""Poll what is due, in rounds (`poll_round`), and what the desk, the beat and commands ask of polling."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from aggregator.models import Feed, Host
from aggregator.services import fetching, hosts, jumps, nudge
from aggregator.services.fetching import Network
from aggregator.services.poll_round import Now, Round

SECONDS = 20.0  # a call claims no more hosts after it

_BUSY = """
SELECT EXISTS (SELECT FROM aggregator_host WHERE due_at <= %(now)s OR lease_until > clock_timestamp())
    OR EXISTS (SELECT FROM aggregator_work WHERE stage = 'settle' AND next_at <= %(now)s)
"""


def poll_due(network: Network, now: Now, *, limit: int = 200, seconds: float = SECONDS) -> bool:
    """Poll feeds and fetch pages that are due; return whether there may be more.

    At most `limit` hosts are visited at once. `now` is read at each write, so that what is found late in
    a call is not dated before it was published. Killing the process at any moment loses nothing: the
    leases run out, and what was not written is fetched again.
    """
    hosts.attach_feeds(now())
    round_ = Round(network, limit)
    try:
        return round_.run(now, time.monotonic() + seconds)
    finally:
        round_.close()


def poll_now(feed_ids: Sequence[int], now: datetime) -> None:
    """Make feeds due at once, and nudge: a person's word, which also ends what their hosts were held for.

    Gaps are kept as ever, and a host that asks to be left alone again is left alone again.
    """
    with transaction.atomic():
        feeds = Feed.objects.filter(pk__in=feed_ids)
        feeds.update(next_poll_at=now)
        hosts.attach_feeds(now)
        due = list(feeds.exclude(host=None).values_list("host_id", flat=True).distinct())
        Host.objects.filter(pk__in=due).exclude(hold_until=None).update(hold_until=None)
        hosts.wake({pk: now for pk in due if pk})
        nudge.poll()


def mend(now: datetime) -> None:
    """Make good what was forgotten: feeds without host, hosts with a wrong due time, pages waited for too long."""
    jumps.mend(now)
    hosts.attach_feeds(now)
    hosts.mend(now)
    fetching.give_up_late_pages(now)


def is_busy(now: datetime) -> bool:
    """Return whether a feed, a page or an article waits to be dealt with now, or is being dealt with."""
    with connection.cursor() as cursor:
        cursor.execute(_BUSY, {"now": now})
        return bool(cursor.fetchone()[0])
