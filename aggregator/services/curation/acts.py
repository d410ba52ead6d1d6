"""What every act shares: who acts, the log entry, overrides, and the rows an act may touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from aggregator.errors import CurationError
from aggregator.models import Article, LogEntry, Membership, Override, Story


@dataclass(frozen=True)
class Actor:
    """Who acts, why and when; `user` is None for the machine."""

    user: User | None
    now: datetime
    reason: str = ""

    @property
    def role(self) -> str:
        """The role that the public log names in the place of a person."""
        if self.user is None:
            return "machine"
        return "admin" if self.user.is_superuser else "curator"


def log_act(
    actor: Actor,
    act: str,
    target: Story | Article | Any,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    undo_of: LogEntry | None = None,
    public: bool = True,
) -> LogEntry:
    """Write one log entry; call it inside the act's own transaction."""
    return LogEntry.objects.create(
        at=actor.now,
        actor=actor.user,
        role=actor.role,
        act=act,
        target_type=target._meta.model_name or "",
        target_id=target.pk,
        target_name=str(target)[:300],
        reason=actor.reason,
        before=before,
        after=after,
        undo_of=undo_of,
        public=public,
    )


def need_reason(actor: Actor) -> None:
    """Raise CurationError when the actor gave no reason."""
    if not actor.reason.strip():
        raise CurationError("Say why: this act needs a reason.", code="reason_missing")


def lock_stories(story_ids: Sequence[int]) -> list[Story]:
    """Return the stories in the order asked for, locked.

    Raises CurationError when one does not exist or has been merged away.
    """
    rows = {s.pk: s for s in Story.objects.select_for_update().filter(pk__in=story_ids).order_by("pk")}
    for pk in story_ids:
        if pk not in rows:
            raise CurationError(f"There is no story {pk}.", code="story_unknown")
        if rows[pk].retired_into_id:
            raise CurationError(
                f"Story {pk} has been merged into story {rows[pk].retired_into_id}; open that one.",
                code="story_retired",
            )
    return [rows[pk] for pk in story_ids]


def check_version(story: Story, seen: int | None) -> None:
    """Raise CurationError when the story changed since the curator looked at it (`seen` version)."""
    if seen is not None and story.version != seen:
        raise CurationError(
            f"Story {story.pk} changed while you were looking at it. Look again, then decide.",
            code="story_changed",
        )


def member_ids(story_id: int) -> list[int]:
    """Return the ids of a story's articles, hidden ones included, by first report."""
    rows = Membership.objects.filter(story_id=story_id).order_by("article__reported_at", "article_id")
    return list(rows.values_list("article_id", flat=True))


def add_overrides(
    actor: Actor,
    kind: str,
    article_ids: Sequence[int],
    *,
    log_entry: LogEntry,
    other_id: int | None = None,
    value: dict[str, Any] | None = None,
) -> None:
    """Set a curator's word about each article, in the place of an earlier one of the same kind."""
    if kind not in (Override.Kind.MUST_LINK, Override.Kind.CANNOT_LINK):
        old = Override.objects.filter(article_id__in=article_ids, kind=kind, lifted_at__isnull=True)
        old.update(lifted_at=actor.now)
    Override.objects.bulk_create(
        [
            Override(
                kind=kind,
                article_id=pk,
                other_id=other_id,
                value=value or {},
                reason=actor.reason,
                made_at=actor.now,
                made_by=actor.user,
                log_entry=log_entry,
            )
            for pk in article_ids
            if pk != other_id
        ]
    )


def lift_overrides(entry: LogEntry, now: datetime) -> None:
    """Lift every override that an act made."""
    Override.objects.filter(log_entry=entry, lifted_at__isnull=True).update(lifted_at=now)
