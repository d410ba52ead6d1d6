"""Hosts: who may be asked, and when. Fetching is claimed by host, with a lease on the database's clock.

`due_at` and `hold_until` run on the project's clock, which may be a replayed one; leases and gaps are
real time, told by the database, so that workers on several machines agree.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from aggregator.errors import gettext_noop as _
from aggregator.models import Feed, Host
from aggregator.pipeline.urls import host_key
from aggregator.services.writing import insert_rows

LEASE_SECONDS = 150  # longer than any visit: its budget, then one last request with its redirects

# MATERIALIZED: as a plain subquery it may be run once a row, and then takes more hosts than the limit.
_CLAIM = """
WITH picked AS MATERIALIZED (
    SELECT id FROM aggregator_host
    WHERE due_at <= %(now)s
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
      AND (free_at IS NULL OR free_at <= clock_timestamp())
      AND (hold_until IS NULL OR hold_until <= %(now)s)
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE aggregator_host AS host
SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s), lease_token = %(token)s
FROM picked WHERE host.id = picked.id
RETURNING host.id, host.key, host.crawl_delay_seconds
"""

# What is due next at a host: its first feed, its first page. Both come from the front of an index.
_NEXT = """
LEAST(
    (SELECT feed.next_poll_at FROM aggregator_feed AS feed JOIN aggregator_source AS source
       ON source.id = feed.source_id
     WHERE feed.host_id = host.id AND feed.enabled AND source.status = 'approved'
       AND feed.next_poll_at IS NOT NULL ORDER BY feed.next_poll_at LIMIT 1),
    (SELECT work.next_at FROM aggregator_work AS work
     WHERE work.host_id = host.id AND work.stage = 'page' ORDER BY work.next_at LIMIT 1)
)
"""
# A hold that is over counts no more.
_HOLD = "CASE WHEN {0} > %(now)s THEN {0} END"
_RELEASE = f"""
UPDATE aggregator_host AS host
SET lease_until = NULL, lease_token = NULL,
    free_at = clock_timestamp() + make_interval(secs => given.gap),
    crawl_delay_seconds = given.crawl_delay,
    hold_until = {_HOLD.format("GREATEST(host.hold_until, given.hold_until)")},
    due_at = GREATEST({_NEXT}, {_HOLD.format("GREATEST(host.hold_until, given.hold_until)")})
FROM unnest(%(ids)s::bigint[], %(gaps)s::float8[], %(delays)s::float8[], %(holds)s::timestamptz[])
    AS given(id, gap, crawl_delay, hold_until)
WHERE host.id = given.id AND host.lease_token = %(token)s
"""
_WAKE = """
UPDATE aggregator_host AS host
SET due_at = GREATEST(LEAST(host.due_at, given.at), host.hold_until)
FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[]) AS given(id, at)
WHERE host.id = given.id AND (host.due_at IS NULL OR host.due_at > GREATEST(given.at, host.hold_until))
"""
_MEND = f"""
UPDATE aggregator_host AS host SET due_at = GREATEST(found.due_at, {_HOLD.format("host.hold_until")})
FROM (SELECT host.id, {_NEXT} AS due_at FROM aggregator_host AS host
      WHERE host.lease_until IS NULL OR host.lease_until < clock_timestamp()) AS found
WHERE host.id = found.id AND host.due_at IS DISTINCT FROM GREATEST(found.due_at, {_HOLD.format("host.hold_until")})
  AND (host.lease_until IS NULL OR host.lease_until < clock_timestamp())
"""


_REST = """
SELECT extract(epoch FROM min(free_at) - clock_timestamp()) FROM aggregator_host
WHERE due_at <= %(now)s AND free_at > clock_timestamp()
  AND (lease_until IS NULL OR lease_until < clock_timestamp())
  AND (hold_until IS NULL OR hold_until <= %(now)s)
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A host that is ours until its lease ends."""

    id: int
    key: str
    crawl_delay: float


@dataclass(frozen=True, slots=True)
class Left:
    """A host that a visit has left: `gap` in real seconds, `hold_until` when it asked to be left alone."""

    id: int
    gap: float
    crawl_delay: float
    hold_until: datetime | None = None


def new_token() -> int:
    """Return what tells our leases from those of other workers."""
    return secrets.randbits(62)


def claim(now: datetime, *, limit: int, token: int) -> list[Claimed]:
    """Claim at most `limit` hosts at which something is due, the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "limit": limit, "token": token, "lease": LEASE_SECONDS})
        return [Claimed(*row) for row in cursor.fetchall()]


def rest(now: datetime) -> float | None:
    """Return the seconds until the first due host may be asked that keeps its gap; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_REST, {"now": now})
        found = cursor.fetchone()[0]
    return None if found is None else float(found)


def release(left: Sequence[Left], now: datetime, *, token: int) -> None:
    """Give hosts back and note when each is due again. A lease that ran out meanwhile is left alone."""
    if not left:
        return
    left = sorted(left, key=lambda each: each.id)
    with connection.cursor() as cursor:
        cursor.execute(
            _RELEASE,
            {
                "ids": [each.id for each in left],
                "gaps": [each.gap for each in left],
                "delays": [each.crawl_delay for each in left],
                "holds": [each.hold_until for each in left],
                "token": token,
                "now": now,
            },
        )


def wake(due: Mapping[int, datetime]) -> None:
    """Note that something is due at hosts (id → when), unless something is due earlier or the host is held."""
    if due:
        ids = sorted(due)
        with connection.cursor() as cursor:
            cursor.execute(_WAKE, {"ids": ids, "ats": [due[pk] for pk in ids]})


def mend(now: datetime) -> None:
    """Work out anew when each idle host is due: whatever forgot to wake a host is made good here."""
    with connection.cursor() as cursor:
        cursor.execute(_MEND, {"now": now})


def hosts_for(keys: Iterable[str]) -> dict[str, int]:
    """Return key → id of hosts, making those that are new."""
    wanted = sorted(set(keys) - {""})
    found = dict(Host.objects.filter(key__in=wanted).values_list("key", "id"))
    missing = [key for key in wanted if key not in found]
    if missing:
        insert_rows(Host, {"key": missing})
        found.update(Host.objects.filter(key__in=missing).values_list("key", "id"))
    return found


def attach_feeds(now: datetime, limit: int = 5000) -> int:
    """Give feeds that have no host theirs, make them due, and return how many there were."""
    homeless = Feed.objects.filter(host=None, enabled=True).only("id", "url", "next_poll_at")
    if not homeless.exists():
        return 0
    with transaction.atomic():
        # Locked: a curator who gives a feed another address meanwhile would find the host of the old one.
        feeds = list(homeless.select_for_update(skip_locked=True)[:limit])
        ids = hosts_for(host_key(feed.url) for feed in feeds)
        for feed in feeds:
            feed.host_id = ids.get(host_key(feed.url))
            feed.next_poll_at = feed.next_poll_at or now
        fit = [feed for feed in feeds if feed.host_id]
        Feed.objects.bulk_update(fit, ["host", "next_poll_at"], batch_size=1000)
        Feed.objects.filter(pk__in=[feed.pk for feed in feeds if not feed.host_id]).update(
            enabled=False,
            state=Feed.State.FAILING,
            state_code="bad_address",
            state_sentence=_("The address is not an http or https address."),
            state_since=now,
        )
        wake({feed.host_id: feed.next_poll_at for feed in fit if feed.host_id and feed.next_poll_at})
    return len(feeds)
