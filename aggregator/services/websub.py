"""WebSub: hubs tell us of news, and a feed that is told about is asked less often, never no more.

What a hub sends is not read: its word, signed, makes the feed due, and the feed is fetched from its own
address as ever. So a hub can neither put words into an outlet's mouth nor keep its news from us.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from aggregator.errors import AggregatorError
from aggregator.models import Feed, HubSubscription
from aggregator.pipeline import schedule
from aggregator.pipeline.hubs import Hub, is_signed
from aggregator.services import hosts, nudge
from aggregator.services.fetching import Network

log = logging.getLogger(__name__)

LEASE = timedelta(days=10)  # that we ask for
LEASES = (timedelta(hours=1), timedelta(days=30))  # within which a hub's own choice is believed
RENEW = 0.8  # of a lease after which it is asked for anew
ANSWER_WITHIN = timedelta(hours=1)  # a confirmation that comes later was not asked for
REFUSED_WAIT = timedelta(days=7)
LEAST_APART = timedelta(minutes=1)  # two fetches that a hub may bring about
AT_ONCE = 50


def note_hubs(named: Mapping[int, Hub | None], now: datetime) -> None:
    """Note which hub feeds (by id) have just named; leases at one that is named no more run out."""
    known = HubSubscription.objects.in_bulk(named)
    for feed_id, hub in sorted(named.items()):
        old = known.get(feed_id)
        if hub is None:
            if old is not None and old.next_at is not None:
                _store(old, next_at=None)
        elif old is None or old.next_at is None or (old.hub_url, old.topic_url) != (hub.url, hub.topic):
            HubSubscription.objects.update_or_create(
                feed_id=feed_id,
                defaults={
                    "hub_url": hub.url,
                    "topic_url": hub.topic,
                    "token": secrets.token_urlsafe(32),
                    "secret": secrets.token_urlsafe(32),
                    "next_at": now,
                    "asked_at": None,
                    "lease_until": None,
                    "pushed_at": None,
                    "failures": 0,
                    "code": "",
                },
            )


def pushed_at(feed_ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    """Return when hubs last told of each feed, of those with a lease that runs."""
    rows = HubSubscription.objects.filter(feed_id__in=feed_ids, lease_until__gt=now, pushed_at__isnull=False)
    return {pk: moment for pk, moment in rows.values_list("feed_id", "pushed_at") if moment}


def ask_due(network: Network, now: datetime) -> int:
    """Ask hubs for the subscriptions that are due or to be renewed; return how many were asked for.

    Until its confirmation comes a subscription counts as failed, and is asked for again with growing waits.
    """
    due = list(
        HubSubscription.objects.filter(next_at__lte=now, feed__enabled=True)
        .select_related("feed")
        .order_by("next_at")[:AT_ONCE]
    )
    if not due:
        return 0
    for row in due:  # before the hub can answer
        row.failures = min(row.failures + 1, 20)
        row.asked_at = now
        wait = schedule.next_poll_at(
            now, every=ANSWER_WITHIN, failures=row.failures, jitter=schedule.jitter_of(row.pk, row.failures)
        )
        row.next_at = max(wait, now + ANSWER_WITHIN)
        row.save(update_fields=["failures", "asked_at", "next_at"])
    codes = asyncio.run(_ask(network, due))
    for row, code in zip(due, codes, strict=True):
        HubSubscription.objects.filter(pk=row.pk, token=row.token).update(code=code[:40])
    return len(due)


async def _ask(network: Network, rows: Sequence[HubSubscription]) -> list[str]:
    async with network.web() as web:

        async def one(row: HubSubscription) -> str:
            fields = {
                "hub.mode": "subscribe",
                "hub.topic": row.topic_url,
                "hub.callback": f"{settings.SITE_URL}/hub/{row.token}",
                "hub.secret": row.secret,
                "hub.lease_seconds": str(int(LEASE.total_seconds())),
            }
            try:
                status = await web.post(row.hub_url, fields, home=row.feed.url)
            except AggregatorError as error:
                return error.code
            return "" if 200 <= status < 300 else f"http_{status}"

        return list(await asyncio.gather(*map(one, rows)))


def confirm(token: str, mode: str, topic: str, lease_seconds: str, now: datetime) -> bool:
    """Return whether we have asked for what a hub wants confirmed; if so the lease runs from now.

    Nothing is confirmed that was not asked for within the hour before, under any other name, or to end.
    """
    row = HubSubscription.objects.filter(token=token).first()
    if row is None or topic != row.topic_url:
        return False
    if mode == "denied":
        _store(row, code="hub_denied", lease_until=None, next_at=now + REFUSED_WAIT)
        return True
    if mode != "subscribe" or row.asked_at is None or now - row.asked_at > ANSWER_WITHIN:
        return False
    lease = (
        timedelta(seconds=int(lease_seconds))
        if lease_seconds.isdecimal() and len(lease_seconds) < 10
        else LEASE
    )
    lease = min(max(lease, LEASES[0]), LEASES[1])
    _store(row, code="", failures=0, asked_at=None, lease_until=now + lease, next_at=now + lease * RENEW)
    return True


def _store(row: HubSubscription, **values: object) -> None:
    HubSubscription.objects.filter(pk=row.pk).update(**values)


def is_known(token: str) -> bool:
    """Return whether a hub may call this address."""
    return HubSubscription.objects.filter(token=token).exists()


def take_word(token: str, body: bytes, signature: str, now: datetime) -> bool:
    """Make a feed due when its hub says, signed, that there is news; return whether it was believed."""
    row = HubSubscription.objects.filter(token=token, lease_until__gt=now).select_related("feed").first()
    if row is None or not is_signed(body, signature, row.secret):
        return False
    last = row.feed.last_polled_at
    at = max(now, last + LEAST_APART) if last else now
    with transaction.atomic():
        _store(row, pushed_at=now)
        is_later = Q(next_poll_at__gt=at) | Q(next_poll_at=None)
        # A feed that was given up or switched off stays so.
        if (
            Feed.objects.filter(is_later, pk=row.pk, enabled=True)
            .exclude(next_poll_at=None)
            .update(next_poll_at=at)
        ):
            hosts.wake({row.feed.host_id: at} if row.feed.host_id else {})
            nudge.poll()
    log.info("hub_told", extra={"feed": row.pk})
    return True
