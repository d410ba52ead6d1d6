"""The desk's queues: what waits for a person, and how much of it.

Every queue is a bounded look: counts stop at MOST, and those about stories look at RECENT stories at a time, so
that no page of the desk grows with the archive. How much waits is kept for the start page, and made anew by a task
each minute, by every look into a queue, and after each act.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import transaction

from aggregator.errors import CurationError
from aggregator.models import Article, Feed, LogEntry, ReaderReport, Source, Story, Work
from aggregator.services import story_queues
from aggregator.services.curation.acts import Actor, ground_moved, log_act
from aggregator.services.story_queues import MOST, RECENT, REVIEWED, Item, Look

__all__ = ["MOST", "QUEUES", "RECENT", "Counted", "Item", "Look", "Queue"]
log = logging.getLogger(__name__)
KEPT_SECONDS = 150  # a task counts anew each minute
UNWELL = (Feed.State.FAILING, Feed.State.DEAD, Feed.State.NOT_A_FEED, Feed.State.MOVED)


@dataclass(frozen=True)
class Queue:
    """A queue: its address, its name, and what it is for. `look` takes the time and where to go on (a story, or 0)."""

    slug: str
    name: str
    sentence: str
    look: Callable[[datetime, int], Look]


@dataclass(frozen=True)
class Counted:
    """A queue with how much waits in it."""

    queue: Queue
    count: int

    @property
    def words(self) -> str:
        """The count as it is shown."""
        return f"{MOST}+" if self.count > MOST else str(self.count)


def counts(now: datetime) -> list[Counted]:
    """Return every queue with its count, in the order of the desk; what is not kept is counted."""
    kept = _ask_cache(lambda: cache.get_many([_key(queue.slug) for queue in QUEUES])) or {}
    missing = {queue.slug: len(queue.look(now, 0).items) for queue in QUEUES if _key(queue.slug) not in kept}
    _keep(missing)
    return [Counted(queue, missing.get(queue.slug, kept.get(_key(queue.slug), 0))) for queue in QUEUES]


def count_all(now: datetime) -> None:
    """Count what waits in every queue, and keep it for the start page."""
    _keep({queue.slug: len(queue.look(now, 0).items) for queue in QUEUES})


def look(queue: Queue, now: datetime, before: int = 0) -> Look:
    """Look into a queue from the newest on, or on from a story that an earlier look ended with."""
    found = queue.look(now, before)
    if not before:
        _keep({queue.slug: len(found.items)})
    return found


def forget_counts() -> None:
    """Count anew at the next look: something was done."""
    _ask_cache(lambda: cache.delete_many([_key(queue.slug) for queue in QUEUES]))


def _keep(found: dict[str, int]) -> None:
    rows = {_key(slug): count for slug, count in found.items()}
    _ask_cache(lambda: cache.set_many(rows, timeout=KEPT_SECONDS) if rows else None)


def _ask_cache(ask: Callable[[], Any]) -> Any:
    """Return what the cache says, None while it is away: then everything is counted each time."""
    try:
        return ask()
    except Exception as error:  # whatever the cache's client raises while it is away
        log.warning("counts_not_kept", extra={"error": type(error).__name__})
        return None


def _key(slug: str) -> str:
    return f"queue-count:{slug}"


def find_queue(slug: str) -> Queue:
    """Return a queue. Raises CurationError when there is none of that name."""
    for queue in QUEUES:
        if queue.slug == slug:
            return queue
    raise CurationError(f"There is no queue '{slug}'.", code="queue_unknown")


def review(actor: Actor, queue: str, story_id: int) -> LogEntry:
    """Say that a story is right as it is: it leaves this queue. Raises CurationError for an unknown story."""
    find_queue(queue)
    story = Story.objects.filter(pk=story_id).first()
    if story is None:
        raise CurationError(f"There is no story {story_id}.", code="story_unknown")
    return log_act(actor, REVIEWED, story, before={}, after={"queue": queue}, public=False)


def _look(items: Iterable[Item]) -> Look:
    return Look(tuple(items))


def _new_sources(now: datetime, before: int) -> Look:
    rows = Source.objects.filter(status=Source.Status.PROPOSED).order_by("name")[: MOST + 1]
    return _look(Item("source", row.pk, row.name, row.homepage, at=row.created_at) for row in rows)


def _failing_feeds(now: datetime, before: int) -> Look:
    unwell = Feed.objects.polled().filter(state__in=UNWELL).select_related("source").order_by("state_since")
    rows = unwell.only("title", "url", "state", "state_sentence", "extra", "state_since", "source__name")
    return _look(
        Item("feed", row.pk, f"{row.source.name}: {row}", f"{row.get_state_display()}. {row.state_words}",
             at=row.state_since)
        for row in rows[: MOST + 1]
    )  # fmt: skip


def _ask(now: datetime, before: int) -> Look:
    asked = Article.objects.filter(relevance="ask", status=Article.Status.VISIBLE)
    rows = asked.select_related("source").only("title", "reported_at", "relevance_score", "source__name")
    return _look(
        Item("article", row.pk, row.title, f"{row.source.name}; score {row.relevance_score:.2f}", at=row.reported_at)
        for row in rows.order_by("-reported_at", "-pk")[: MOST + 1]
    )  # fmt: skip


def _reports(now: datetime, before: int) -> Look:
    rows = ReaderReport.objects.filter(closed_at__isnull=True).select_related("story", "article")
    return _look(
        Item("report", row.pk, str(row.story or row.article or "about the site"),
             f"{row.kind.replace('_', ' ')}: {row.text[:300]}", row.story_id, at=row.at)
        for row in rows.order_by("-at")[: MOST + 1]
    )  # fmt: skip


def _held(now: datetime, before: int) -> Look:
    held = Work.objects.filter(stage=Work.Stage.HELD).select_related("article").order_by("article_id")
    rows = held.only("code", "sentence", "next_at", "article__title", "article__url")
    return _look(
        Item("work", row.pk, row.article.title or row.article.url, f"{row.code}: {row.sentence}", at=row.next_at)
        for row in rows[: MOST + 1]
    )  # fmt: skip


def undo_review(actor: Actor, entry: LogEntry) -> LogEntry:
    """Put a story back into the queue that it left as right."""
    story = Story.objects.get(pk=entry.target_id or 0)
    return log_act(actor, "undo", story, before=entry.after, after={}, undo_of=entry, public=False)


def close_report(actor: Actor, report_id: int, outcome: str) -> LogEntry:
    """Close a reader's report with what came of it. Raises CurationError when it is closed already."""
    with transaction.atomic():
        waiting = ReaderReport.objects.select_for_update().filter(pk=report_id, closed_at__isnull=True)
        report = waiting.first()
        if report is None:
            raise CurationError("This report is closed already.", code="closed_already")
        report.closed_at, report.outcome = actor.now, outcome.strip()[:200]
        report.save(update_fields=["closed_at", "outcome"])
        after = {"outcome": report.outcome}
        return log_act(actor, "close_report", report, before={}, after=after, public=False)


def undo_close(actor: Actor, entry: LogEntry) -> LogEntry:
    """Open a closed report again."""
    report = ReaderReport.objects.filter(pk=entry.target_id or 0).first()
    if report is None or report.closed_at is None:
        raise ground_moved("A later act")
    report.closed_at, report.outcome = None, ""
    report.save(update_fields=["closed_at", "outcome"])
    return log_act(actor, "undo", report, before=entry.after, after={}, undo_of=entry, public=False)


QUEUES = (
    Queue("sources", "New sources", "Outlets that were proposed and wait for a yes or no.", _new_sources),
    Queue("feeds", "Failing feeds", "Feeds that cannot be read, the longest first.", _failing_feeds),
    Queue("ask", "Relevant or not?", "Articles that the rules could not decide about.", _ask),
    Queue("duplicates", "Possible duplicates", "Two stories that may be one.", story_queues.duplicates),
    Queue("weak", "Weak merges", "Articles that joined their story in doubt.", story_queues.weak),
    Queue("untagged", "Untagged", "Stories without a region or a topic.", story_queues.untagged),
    Queue(
        "contested",
        "Contested places",
        "Stories placed in a contested area; check the focus.",
        story_queues.contested,
    ),
    Queue("reports", "Reader reports", "What readers say is wrong.", _reports),
    Queue("held", "Held articles", "Articles that kept failing and wait for a person.", _held),
)
