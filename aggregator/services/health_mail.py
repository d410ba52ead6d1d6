"""The daily mail about feeds: to admins, and only when the state of a feed has changed since the one before."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from aggregator.models import Feed, HealthReport, Work
from aggregator.services import feed_care, health, roles

log = logging.getLogger(__name__)

NOT_BEFORE = time(6, 0)  # UTC
KEPT = timedelta(days=60)
LISTED = 100  # feeds of one kind in one mail
SILENT = "silent"

States = dict[str, list[str]]  # feed id → its state, and what else is to be told of it


@dataclass(frozen=True)
class Told:
    """A feed whose state has changed: from what, to what, and why."""

    feed: Feed
    was: str
    now: str
    address: str


@dataclass(frozen=True)
class Changes:
    """What has changed since the last report."""

    worse: tuple[Told, ...]
    better: tuple[Told, ...]
    other: tuple[Told, ...]

    @property
    def count(self) -> int:
        """How many feeds have changed."""
        return len(self.worse) + len(self.better) + len(self.other)


def tell_health(now: datetime) -> int:
    """Make today's report once, and mail it to the admins if anything changed; return how many mails went out.

    A second beat finds the day's row and does nothing. When nobody could be told, because the mail server is away, the
    row goes again, so that the next tick tries anew; what one address refuses is not sent to the others twice.
    """
    if now.time() < NOT_BEFORE:
        return 0
    try:
        with transaction.atomic():
            report, is_new = HealthReport.objects.get_or_create(on=now.date())
            return _report(report, now) if is_new else 0
    except OSError as error:
        log.warning("health_mail_not_sent", extra={"reason": type(error).__name__})
        return 0


def _report(report: HealthReport, now: datetime) -> int:
    before = HealthReport.objects.filter(on__lt=report.on).order_by("-on").first()
    report.states = read_states(now)
    changes = compare(before.states, report.states) if before else Changes((), (), ())
    report.changes = changes.count
    report.save()
    HealthReport.objects.filter(on__lt=report.on - KEPT).delete()
    people = admins() if changes.count else []
    return _send(people, changes, report) if people else 0


def read_states(now: datetime) -> States:
    """Return the state of every feed that is read, with where it has moved to and whether it fell silent."""
    rows = Feed.objects.polled().order_by("pk").values_list("pk", "state", "moved_to", "url", "last_new_at")
    return {
        str(pk): [
            state,
            moved_to if moved_to != url else "",
            SILENT if last_new_at and now - last_new_at > feed_care.SILENT_AFTER else "",
        ]
        for pk, state, moved_to, url, last_new_at in rows
    }


def compare(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> Changes:
    """Return which feeds changed their state. New ones and those that are read no more are no change."""
    changed = [pk for pk, facts in after.items() if pk in before and list(before[pk]) != list(facts)]
    feeds = Feed.objects.select_related("source").in_bulk([int(pk) for pk in changed])
    worse: list[Told] = []
    better: list[Told] = []
    other: list[Told] = []
    for pk in changed:
        feed = feeds.get(int(pk))
        if feed is None:
            continue
        told = Told(feed, _words(before[pk]), _words(after[pk]), _site() + reverse("desk-feed", args=[pk]))
        was_well, is_well = before[pk][0] in health.WELL, after[pk][0] in health.WELL
        (worse if was_well and not is_well else better if is_well and not was_well else other).append(told)
    return Changes(tuple(worse), tuple(better), tuple(other))


def _words(facts: Sequence[str]) -> str:
    state, moved_to, silent = facts
    words = str(Feed.State(state).label) if state in Feed.State.values else state
    return words + (f", moved to {moved_to}" if moved_to else "") + (f", {silent}" if silent else "")


def admins() -> list[str]:
    """Return the addresses of active admins and superusers who gave one."""
    people = get_user_model().objects.filter(is_active=True).exclude(email="")
    rows = people.filter(Q(is_superuser=True) | Q(groups__name=roles.ADMIN))
    return sorted(set(rows.values_list("email", flat=True)))


def _site() -> str:
    return str(settings.SITE_URL).rstrip("/")


def _send(people: Sequence[str], changes: Changes, report: HealthReport) -> int:
    """Send each person a mail; return how many went out. Raises OSError when none did."""
    unwell = sum(facts[0] not in health.WELL for facts in report.states.values())
    values: dict[str, Any] = {
        "site_name": settings.SITE_NAME,
        "lists": [
            (words, rows[:LISTED], len(rows[LISTED:]))
            for words, rows in (
                ("Worse", changes.worse), ("Well again", changes.better), ("Otherwise", changes.other),
            )
        ],
        "unwell": unwell,
        "total": len(report.states),
        "held": Work.objects.filter(stage=Work.Stage.HELD)[:1000].count(),
        "feeds_url": _site() + reverse("desk-feeds"),
        "line_url": _site() + reverse("desk-line"),
    }  # fmt: skip
    subject = f"{settings.SITE_NAME}: {changes.count} feed{'s' if changes.count != 1 else ''} changed"
    body, refused = render_to_string("mail/health.txt", values), []
    for address in people:
        try:
            EmailMultiAlternatives(subject, body, to=[address]).send()
        except OSError as error:
            refused.append(error)
    if len(refused) == len(people):
        raise refused[0]
    if refused:
        log.warning("health_mail_refused", extra={"count": len(refused), "reason": type(refused[0]).__name__})
    return len(people) - len(refused)
