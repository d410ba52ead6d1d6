"""Who is signed in where; a session can be ended from the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils import timezone

NOTE = "signed_in"
MOST = 1000  # sessions looked at; only people of the desk have one


@dataclass(frozen=True)
class SignedIn:
    """One session: whose, since when, and the browser it came from. `key` ends it."""

    key: str
    user_id: int
    name: str
    since: str
    agent: str
    expires_at: datetime


def note_sign_in(session: SessionBase, agent: str, now: datetime) -> None:
    """Keep the time and the browser of a sign-in in its own session; no address is kept."""
    session[NOTE] = {"at": f"{now:%Y-%m-%d %H:%M}", "agent": agent.replace("\x00", "")[:200]}


def sessions(user_id: int | None = None) -> list[SignedIn]:
    """Return the live sessions, of one person or of all, those that end last first."""
    found = [
        _read(row)
        for row in Session.objects.filter(expire_date__gt=timezone.now()).order_by("-expire_date")[:MOST]
    ]
    kept = [one for one in found if one is not None and (user_id is None or one[1] == user_id)]
    names = get_user_model().objects.in_bulk({one[1] for one in kept})
    return [
        SignedIn(row.session_key, pk, str(names[pk]), note.get("at", ""), note.get("agent", ""), row.expire_date)
        for row, pk, note in kept if pk in names
    ]  # fmt: skip


def end_session(key: str, user_id: int | None = None) -> bool:
    """End a session (of this person only, when `user_id` is given); return whether there was one."""
    row = Session.objects.filter(session_key=key).first()
    read = _read(row) if row else None
    if row is None or (user_id is not None and (read is None or read[1] != user_id)):
        return False
    row.delete()
    return True


def _read(row: Session) -> tuple[Session, int, dict[str, str]] | None:
    data = row.get_decoded()
    owner = str(data.get(SESSION_KEY, ""))
    return (row, int(owner), data.get(NOTE) or {}) if owner.isdigit() else None
