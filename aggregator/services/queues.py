"""The desk's queues: what waits for a person, and how much of it.

Every queue is a bounded look: counts stop at MOST, and those about stories look at the newest
RECENT stories only, so that no page of the desk grows with the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from aggregator.errors import CurationError
from aggregator.models import (
    Article,
    Feed,
    LogEntry,
    Membership,
    Override,
    ReaderReport,
    Region,
    Source,
    Story,
    StoryRegion,
    StoryTopic,
    TimelineEntry,
    Work,
)
from aggregator.services import likeness
from aggregator.services.curation.acts import Actor, ground_moved, log_act

MOST = 200  # a count above it is shown as "200+"
RECENT = 600  # stories looked at
WEAK_BELOW = 0.45  # of a membership; joined in doubt (grouping joins from about 0.3)
REVIEWED = "reviewed"
CONTESTED = "contested-area"  # a kind of region
UNWELL = (Feed.State.FAILING, Feed.State.DEAD, Feed.State.NOT_A_FEED, Feed.State.MOVED)


@dataclass(frozen=True)
class Item:
    """One thing that waits for a person: the row it is about, why it is here, and the stories it concerns."""

    kind: str  # source | feed | article | story | report | work
    pk: int
    title: str
    why: str = ""
    story: int | None = None
    other_story: int | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Queue:
    """A queue: its address, its name, and what it is for."""

    slug: str
    name: str
    sentence: str
    items: Callable[[datetime], list[Item]]


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
    """Return every queue with its count, in the order of the desk."""
    return [Counted(queue, len(queue.items(now))) for queue in QUEUES]


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


def _new_sources(now: datetime) -> list[Item]:
    rows = Source.objects.filter(status=Source.Status.PROPOSED).order_by("name")[: MOST + 1]
    return [Item("source", row.pk, row.name, row.homepage, at=row.created_at) for row in rows]


def _failing_feeds(now: datetime) -> list[Item]:
    unwell = Feed.objects.polled().filter(state__in=UNWELL).select_related("source").order_by("state_since")
    rows = unwell.only("title", "url", "state", "state_sentence", "state_since", "source__name")
    return [
        Item("feed", row.pk, f"{row.source.name}: {row}", f"{row.get_state_display()}. {row.state_sentence}",
             at=row.state_since)
        for row in rows[: MOST + 1]
    ]  # fmt: skip


def _ask(now: datetime) -> list[Item]:
    asked = Article.objects.filter(relevance="ask", status=Article.Status.VISIBLE)
    rows = asked.select_related("source").only("title", "reported_at", "relevance_score", "source__name")
    return [
        Item("article", row.pk, row.title, f"{row.source.name}; score {row.relevance_score:.2f}", at=row.reported_at)
        for row in rows.order_by("-reported_at", "-pk")[: MOST + 1]
    ]  # fmt: skip


def _duplicates(now: datetime) -> list[Item]:
    stories = list(_recent().order_by("-last_at", "-pk")[:RECENT])
    pairs = likeness.alike(stories, limit=MOST + 1)
    done = _reviewed_ids("duplicates", [first.pk for first, _, _ in pairs])
    return [
        Item("story", first.pk, first.headline, f"{round(100 * score)} % of its words: {second.headline}",
             story=first.pk, other_story=second.pk, at=first.last_at)
        for first, second, score in pairs if first.pk not in done
    ]  # fmt: skip


def _weak(now: datetime) -> list[Item]:
    recent = list(
        _recent()
        .filter(article_count__gte=2)
        .order_by("-last_at", "-pk")
        .values_list("pk", flat=True)[:RECENT]
    )
    rows = (
        Membership.objects.filter(story_id__in=recent, score__gt=0, score__lt=WEAK_BELOW)
        .select_related("story", "article__source")
        .only(
            "score", "reason", "story__headline", "story__last_at", "article__title", "article__source__name"
        )
        .order_by("score")
    )
    items, done = {}, _reviewed_ids("weak", recent)
    for row in rows[: 3 * MOST]:
        if row.story_id not in items and row.story_id not in done and _joined(row):
            why = f"joined with score {row.score:.2f}: {row.article.source.name}, {row.article.title}"
            items[row.story_id] = Item(
                "story", row.story_id, row.story.headline, why, row.story_id, at=row.story.last_at
            )
    return list(items.values())[: MOST + 1]


def _joined(row: Membership) -> bool:
    """Return whether the line joined an article to its story; an opener's score is about the story it did not join."""
    compared_with = row.reason.get("story", row.story_id)
    return row.reason.get("code") not in ("curator", "opened") and compared_with == row.story_id


def _untagged(now: datetime) -> list[Item]:
    rows = _recent().annotate(
        has_topic=Exists(StoryTopic.objects.filter(story=OuterRef("pk"))),
        has_region=Exists(StoryRegion.objects.filter(story=OuterRef("pk"))),
    )
    stories = [s for s in rows.order_by("-last_at", "-pk")[:RECENT] if not (s.has_topic and s.has_region)]
    return _story_items("untagged", stories, lambda s: _missing(s.has_topic, s.has_region))


def _missing(has_topic: bool, has_region: bool) -> str:
    return " and ".join(
        words for has, words in ((has_region, "no region"), (has_topic, "no topic")) if not has
    )


def _contested(now: datetime) -> list[Item]:
    since = now - timedelta(days=14)
    areas = list(Region.objects.filter(kind=CONTESTED).values_list("pk", flat=True))
    newest = TimelineEntry.objects.filter(region_id__in=areas, topic=None, report_at__gte=since)
    ids = list(newest.order_by("-report_at", "-story_id").values_list("story_id", flat=True)[:RECENT])
    rows = StoryRegion.objects.filter(story_id__in=ids, region__kind=CONTESTED, focus=True)
    names = dict(rows.values_list("story_id", "region__name"))
    fixed = _with_override(list(names), Override.Kind.REGIONS)
    stories = _recent().filter(pk__in=names.keys() - fixed).order_by("-last_at", "-pk")
    return _story_items("contested", list(stories), lambda s: f"placed in {names[s.pk]}")


def _reports(now: datetime) -> list[Item]:
    rows = ReaderReport.objects.filter(closed_at__isnull=True).select_related("story", "article")
    return [
        Item("report", row.pk, str(row.story or row.article or "about the site"),
             f"{row.kind.replace('_', ' ')}: {row.text[:300]}", row.story_id, at=row.at)
        for row in rows.order_by("-at")[: MOST + 1]
    ]  # fmt: skip


def _held(now: datetime) -> list[Item]:
    held = Work.objects.filter(stage=Work.Stage.HELD).select_related("article").order_by("article_id")
    rows = held.only("code", "sentence", "next_at", "article__title", "article__url")
    return [
        Item("work", row.pk, row.article.title or row.article.url, f"{row.code}: {row.sentence}", at=row.next_at)
        for row in rows[: MOST + 1]
    ]  # fmt: skip


def _recent() -> QuerySet[Story]:
    rows = Story.objects.live().filter(article_count__gt=0)
    return rows.only("headline", "language", "card", "first_at", "last_at")


def _story_items(queue: str, stories: Sequence[Any], why: Callable[[Any], str]) -> list[Item]:
    done = _reviewed_ids(queue, [story.pk for story in stories])
    left = [story for story in stories if story.pk not in done][: MOST + 1]
    return [Item("story", s.pk, s.headline, why(s), s.pk, at=s.last_at) for s in left]


def _reviewed_ids(queue: str, story_ids: Iterable[int]) -> set[int]:
    rows = LogEntry.objects.filter(
        target_type="story",
        target_id__in=list(story_ids),
        act=REVIEWED,
        after__queue=queue,
        undone_by__isnull=True,
    )
    return {pk for pk in rows.values_list("target_id", flat=True) if pk is not None}


def _with_override(story_ids: Sequence[int], kind: str) -> set[int]:
    rows = Override.objects.filter(
        article__membership__story_id__in=story_ids, kind=kind, lifted_at__isnull=True
    )
    return set(rows.values_list("article__membership__story_id", flat=True))


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
    Queue("duplicates", "Possible duplicates", "Two stories that may be one.", _duplicates),
    Queue("weak", "Weak merges", "Articles that joined their story in doubt.", _weak),
    Queue("untagged", "Untagged", "Stories without a region or a topic.", _untagged),
    Queue(
        "contested", "Contested places", "Stories placed in a contested area; check the focus.", _contested
    ),
    Queue("reports", "Reader reports", "What readers say is wrong.", _reports),
    Queue("held", "Held articles", "Articles that kept failing and wait for a person.", _held),
)
