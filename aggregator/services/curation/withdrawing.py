"""Withdraw a whole outlet on request: it is read no more at once, its articles go in batches."""

from __future__ import annotations

from datetime import datetime

from aggregator.errors import CurationError
from aggregator.models import Article, LogEntry, Source
from aggregator.services import nudge
from aggregator.services.curation.acts import Actor, log_act, need_reason
from aggregator.services.curation.visibility import withdraw_articles
from aggregator.services.locks import line_lock

ACT = "withdraw_source"
BATCH = 100  # articles of one transaction


def withdraw_source(actor: Actor, source_id: int) -> LogEntry:
    """Read an outlet no more and take out the words of all its articles; tombstones stay.

    This cannot be undone. Raises CurationError without a reason, or when it is unknown or withdrawn already.
    """
    need_reason(actor)
    with line_lock():
        source = Source.objects.select_for_update().filter(pk=source_id).first()
        if source is None:
            raise CurationError(f"There is no source {source_id}.", code="source_unknown")
        if source.status == Source.Status.WITHDRAWN:
            raise CurationError("This outlet is withdrawn already.", code="withdrawn_already")
        before = {"status": source.status}
        entry = log_act(
            actor, ACT, source, before=before, after={"status": Source.Status.WITHDRAWN, "done": False}
        )
        source.status, source.status_note = Source.Status.WITHDRAWN, actor.reason
        source.save(update_fields=["status", "status_note"])
        nudge.withdraw()
    return entry


def withdraw_next(now: datetime) -> bool:
    """Withdraw the next articles of a withdrawn outlet; return whether there may be more.

    What is left to do is told by the log and the articles themselves: a worker that dies loses nothing.
    """
    entry = LogEntry.objects.filter(act=ACT, after__done=False).select_related("actor").order_by("pk").first()
    if entry is None:
        return False
    rows = Article.objects.filter(source_id=entry.target_id or 0).exclude(status=Article.Status.WITHDRAWN)
    ids = list(rows.order_by("-reported_at", "-pk").values_list("pk", flat=True)[:BATCH])
    withdraw_articles(Actor(entry.actor, now, entry.reason), ids)
    if len(ids) < BATCH:
        entry.after = {**entry.after, "done": True}
        entry.save(update_fields=["after"])
    return True
