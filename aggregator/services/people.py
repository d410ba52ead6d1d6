"""Who is signed in where; a session can be ended from the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils import timezone

from aggregator.models import SignIn

MOST = 500  # sessions shown, those that end last first


@dataclass(frozen=True)
class SignedIn:
    """One session: whose, since when, and the browser it came from. `key` ends it."""

    key: str
    user_id: int
    name: str
    since: datetime
    agent: str
    expires_at: datetime


def note_sign_in(session: SessionBase, agent: str, now: datetime) -> None:
    """Keep who opened a session, when, and with which browser; no address is kept."""
    if session.session_key is None:
        session.save()
    SignIn.objects.update_or_create(
        session_key=session.session_key,
        defaults={"user_id": int(session[SESSION_KEY]), "at": now, "agent": agent.replace("\x00", "")[:200]},
    )


def sessions(user_id: int | None = None) -> list[SignedIn]:
    """Return the live sessions of one person, or of all people of the desk; two queries."""
    rows = SignIn.objects.select_related("user").order_by("-at", "-pk")
    rows = rows.filter(user_id=user_id) if user_id is not None else rows.filter(user__is_staff=True)
    found = list(rows[:MOST])
    live = Session.objects.filter(session_key__in=[row.session_key for row in found])
    ends = dict(live.filter(expire_date__gt=timezone.now()).values_list("session_key", "expire_date"))
    kept = [row for row in found if row.session_key in ends]
    return [
        SignedIn(row.session_key, row.user_id, str(row.user), row.at, row.agent, ends[row.session_key])
        for row in kept
    ]


def end_session(key: str, user_id: int | None = None) -> bool:
    """End a session (of this person only, when `user_id` is given); return whether there was one.

    Without `user_id` it may be of anybody of the desk, but of no reader.
    """
    rows = SignIn.objects.filter(session_key=key)
    rows = rows.filter(user_id=user_id) if user_id is not None else rows.filter(user__is_staff=True)
    if not rows.exists():
        return False
    gone, _ = Session.objects.filter(session_key=key).delete()
    SignIn.objects.filter(session_key=key).delete()
    return bool(gone)


def forget_ended() -> int:
    """Delete what is kept of sessions that are over; return how many. Their own rows go with it."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    live = Session.objects.values("session_key")
    gone, _ = SignIn.objects.exclude(session_key__in=live).delete()
    return gone
