"""Digests by mail: of one list, to a confirmed address, without an account.

A digest is a claimed row: two beats never send one twice. A failed sending is tried again later.
"""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from aggregator.models import DigestSubscription
from aggregator.services import letters, listed
from aggregator.services.cards import Card
from aggregator.services.listed import NoListError

log = logging.getLogger(__name__)

HOUR = time(7, 0)  # in the reader's zone
MAX_STORIES = 30
MAX_PER_ADDRESS = 40  # lists that one address may follow
LEASE = timedelta(minutes=10)
RETRY = timedelta(hours=1)
KEY_EVERY = timedelta(minutes=15)  # how often a list is looked at for a key story
MAX_BOUNCES = 5
ALERT_SPAN = timedelta(days=3)  # a story first reported earlier is no news when it becomes a key story
MAX_TOLD = 300  # key stories remembered, so that none is told twice
UNCONFIRMED = timedelta(days=3)  # after which a row that nobody confirmed goes


class SubscribeError(ValueError):
    """A subscription cannot be made; the message is one sentence for the reader."""


def subscribe(
    email: str, query: str, *, rhythm: str, time_zone: str, language: str, now: datetime
) -> DigestSubscription:
    """Store an unconfirmed subscription and send the mail that confirms it.

    The answer is the same whether the address is known or not. Raises SubscribeError.
    """
    email = email.strip().lower()
    _check(email, rhythm, time_zone)
    query, name = _known(query)
    if DigestSubscription.objects.filter(email=email).order_by()[MAX_PER_ADDRESS:].exists():
        raise SubscribeError(gettext("This address follows as many lists as we allow."))
    row, _made = DigestSubscription.objects.get_or_create(
        email=email,
        query=query,
        rhythm=rhythm,
        defaults={
            "name": name[:200],
            "time_zone": time_zone,
            "language": language,
            "token": secrets.token_urlsafe(32),
            "made_at": now,
        },
    )
    if row.confirmed_at is None:
        _send(row, "confirm", gettext("Please confirm: %(name)s") % {"name": name}, {})
    return row


def _check(email: str, rhythm: str, time_zone: str) -> None:
    if not letters.is_address(email):
        raise SubscribeError(gettext("This is not a mail address."))
    if rhythm not in DigestSubscription.Rhythm.values:
        raise SubscribeError(gettext("Please choose how often."))
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SubscribeError(gettext("This time zone is not known.")) from None


def list_name(query: str) -> str:
    """Return the name of the list at an address such as /regions/mali/?topic=battles. Raises SubscribeError."""
    return _known(query)[1]


def _known(query: str) -> tuple[str, str]:
    """Return a list's canonical address and name. Raises SubscribeError."""
    try:
        found = listed.read(query)
        return found.address, listed.name_of(found)
    except NoListError:
        raise SubscribeError(gettext("There is no such list.")) from None


def confirm(token: str, now: datetime) -> DigestSubscription | None:
    """Confirm a subscription by its token; return it, or None when nothing has the token."""
    row = DigestSubscription.objects.filter(token=token).first()
    if row is not None and row.confirmed_at is None:
        start(row, now)
        row.save(update_fields=["confirmed_at", "last_sent_at", "next_at", "told"])
    return row


def start(row: DigestSubscription, now: datetime) -> None:
    """Let a subscription begin: only what comes from now on is told. The row is not saved."""
    row.confirmed_at = row.last_sent_at = now
    row.next_at = next_at(row, now)
    row.told = []
    if row.rhythm == DigestSubscription.Rhythm.KEY:
        row.told = [card.story.pk for card in _newest(row) if card.story.is_key]


def unsubscribe(token: str) -> str | None:
    """Forget a subscription with its address; return its name, or None when it is gone already."""
    row = DigestSubscription.objects.filter(token=token).first()
    if row is None:
        return None
    row.delete()
    return row.name


def next_at(row: DigestSubscription, now: datetime) -> datetime:
    """Return when a subscription is due next: seven in the morning of its zone, on Mondays when weekly."""
    if row.rhythm == DigestSubscription.Rhythm.KEY:
        return now + KEY_EVERY
    zone = ZoneInfo(row.time_zone)
    day = now.astimezone(zone).date()
    for _ in range(9):
        due = datetime.combine(day, HOUR, zone).astimezone(UTC)
        if due > now and (row.rhythm == DigestSubscription.Rhythm.DAILY or day.weekday() == 0):
            return due
        day += timedelta(days=1)
    raise AssertionError("a week has a Monday")


def send_digests(now: datetime) -> int:
    """Send what is due; return how many mails went out. Forgets what nobody confirmed."""
    DigestSubscription.objects.filter(confirmed_at__isnull=True, made_at__lt=now - UNCONFIRMED).delete()
    sent = 0
    while (row := _claim(now)) is not None:
        sent += _deliver(row, now)
    return sent


def _claim(now: datetime) -> DigestSubscription | None:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    with transaction.atomic():
        rows = DigestSubscription.objects.filter(free, confirmed_at__isnull=False, next_at__lte=now)
        row = rows.select_for_update(skip_locked=True).order_by("next_at").first()
        if row is not None:
            row.lease_until = now + LEASE
            row.save(update_fields=["lease_until"])
    return row


def _deliver(row: DigestSubscription, now: datetime) -> int:
    """Send one digest; an empty one is not sent. The row moves on before the mail leaves: never twice."""
    since = row.last_sent_at or row.made_at
    cards = new_cards(row, since)
    told = [*row.told, *(card.story.pk for card in cards)][-MAX_TOLD:]
    DigestSubscription.objects.filter(pk=row.pk).update(
        next_at=next_at(row, now),
        lease_until=None,
        last_sent_at=now if cards else F("last_sent_at"),
        told=told if row.rhythm == DigestSubscription.Rhythm.KEY else [],
    )
    if not cards:
        return 0
    with translation.override(row.language):
        subject = _subject(row, len(cards))
    try:
        _send(row, "digest", subject, {"cards": cards, "since": since})
    except OSError as error:  # the mail server's trouble, not the reader's
        _put_back(row, since, now)
        log.warning("digest_not_sent", extra={"digest": row.pk, "reason": type(error).__name__})
        return 0
    return 1


def _subject(row: DigestSubscription, count: int) -> str:
    words = ngettext("%(name)s: %(count)s new story", "%(name)s: %(count)s new stories", count)
    if row.rhythm == DigestSubscription.Rhythm.KEY:
        words = ngettext("%(name)s: a key story", "%(name)s: %(count)s key stories", count)
    return words % {"name": row.name, "count": count}


def _put_back(row: DigestSubscription, since: datetime, now: datetime) -> None:
    bounces = row.bounces + 1
    when = now + RETRY * bounces if bounces < MAX_BOUNCES else None
    DigestSubscription.objects.filter(pk=row.pk).update(
        last_sent_at=since, next_at=when, bounces=bounces, told=row.told
    )


def new_cards(row: DigestSubscription, since: datetime) -> list[Card]:
    """Return what entered a list since a moment, newest report first; key stories alone where asked.

    An alert tells each key story once, however often it changes afterwards.
    """
    found = _newest(row)
    if row.rhythm == DigestSubscription.Rhythm.KEY:
        recent = [card for card in found if card.story.is_key and card.report_at > since - ALERT_SPAN]
        fresh = [card for card in recent if card.story.pk not in row.told and card.story.changed_at > since]
    else:
        fresh = [card for card in found if card.report_at > since or card.story.created_at > since]
    return fresh[:MAX_STORIES]


def _newest(row: DigestSubscription) -> list[Card]:
    try:
        return listed.newest(listed.read(row.query), MAX_STORIES * 4)
    except NoListError:
        return []  # what it names is no more; its page says so


def _send(row: DigestSubscription, kind: str, subject: str, context: dict[str, Any]) -> None:
    leave = letters.site() + reverse("digest-leave", args=[row.token])
    values = {
        "row": row,
        "list_url": letters.site() + quote(row.query, safe="/?&=%+"),
        "confirm_url": letters.site() + reverse("digest-confirm", args=[row.token]),
        "leave_url": leave,
        **context,
    }
    headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    letters.send(row.email, kind, subject, values, language=row.language, headers=headers)
