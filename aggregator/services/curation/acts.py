"""What every act shares: who acts, the log entry, overrides, and the rows an act may touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from aggregator.errors import CurationError
from aggregator.models import Article, LogEntry, Membership, Override, Story
from aggregator.services import changes, roles

LINKS = (Override.Kind.MUST_LINK, Override.Kind.CANNOT_LINK)  # these stand beside one another
REPLACED = "replaced"  # in a log entry's `after`: ids of the overrides that gave way


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
        return "admin" if self.user.has_perm(roles.MAY_MANAGE_PEOPLE) else "curator"


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
    entry = entry_of(actor, act, target, before=before, after=after)
    entry.undo_of, entry.public = undo_of, public
    return log_acts([entry])[0]


def entry_of(
    actor: Actor, act: str, target: Story | Article | Any, *, before: dict[str, Any], after: dict[str, Any]
) -> LogEntry:
    """Return a log entry that is yet to be written."""
    return LogEntry(
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
    )


def log_acts(entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
    """Write log entries, in order; call it inside the acts' own transaction.

    Once that is committed, the next page of this process is made from what there is then.
    """
    transaction.on_commit(changes.forget)
    return LogEntry.objects.bulk_create(entries)


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
    """Set a curator's word about each article, in the place of an earlier one of the same kind.

    The log entry keeps which overrides gave way, so that an undo brings them back.
    """
    if kind not in LINKS:
        replace_overrides(actor, kind, article_ids, log_entry=log_entry)
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


def replace_overrides(actor: Actor, kind: str, article_ids: Sequence[int], *, log_entry: LogEntry) -> None:
    """Lift the overrides of a kind on articles for a new one, and note them in its log entry."""
    old = Override.objects.filter(article_id__in=article_ids, kind=kind, lifted_at__isnull=True)
    ids = list(old.order_by("pk").values_list("pk", flat=True))
    if ids:
        Override.objects.filter(pk__in=ids).update(lifted_at=actor.now)
        log_entry.after = {**log_entry.after, REPLACED: [*log_entry.after.get(REPLACED, []), *ids]}
        log_entry.save(update_fields=["after"])


def lift_overrides(entry: LogEntry, now: datetime) -> None:
    """Lift every override that an act made, and set those again that had given way to it."""
    Override.objects.filter(log_entry=entry, lifted_at__isnull=True).update(lifted_at=now)
    Override.objects.filter(pk__in=entry.after.get(REPLACED, [])).update(lifted_at=None)


def check_word_stands(entry: LogEntry) -> None:
    """Raise CurationError, naming the act in the way, when an override of an act no longer holds."""
    gone = Override.objects.filter(log_entry=entry, lifted_at__isnull=False).exclude(kind__in=LINKS)
    row = gone.order_by("pk").first()
    if row is None:
        return
    newer = Override.objects.filter(article_id=row.article_id, kind=row.kind, pk__gt=row.pk)
    later = newer.order_by("pk").values_list("log_entry_id", flat=True).first()
    lifts = LogEntry.objects.filter(act="lift", target_type="article", target_id=row.article_id)
    lifted = lifts.filter(at__gte=entry.at, undone_by__isnull=True).order_by("-pk")
    in_the_way = later or lifted.values_list("pk", flat=True).first()
    raise ground_moved(f"Act {in_the_way}" if in_the_way else "A later act")


def ground_moved(what: str) -> CurationError:
    """Return the error of an undo that a later act stands in the way of."""
    return CurationError(f"{what} came after it and built on it. Undo that first.", code="ground_moved")
