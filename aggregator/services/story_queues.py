"""Queues about stories: each looks at RECENT stories at a time, from the newest on, and says how far it looked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from aggregator.models import (
    LogEntry,
    Membership,
    Override,
    Region,
    Story,
    StoryRegion,
    StoryTopic,
    TimelineEntry,
)
from aggregator.services import likeness

MOST = 200  # a count above it is shown as "200+"
RECENT = 600  # stories looked at in one go
WEAK_BELOW = 0.45  # of a membership; joined in doubt (grouping joins from about 0.3)
REVIEWED = "reviewed"
CONTESTED = "contested-area"  # a kind of region
CONTESTED_DAYS = 14


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
class Look:
    """What one look into a queue found.

    `looked` counts the stories looked at, 0 for queues about other things; `since` is the newest report of the
    oldest of them; `older` is the story before which the next look begins, 0 when there is none.
    """

    items: tuple[Item, ...]
    looked: int = 0
    since: datetime | None = None
    older: int = 0


def duplicates(now: datetime, before: int = 0) -> Look:
    """Pairs of stories that may be one."""
    stories = list(_window(_live(), before))
    pairs = likeness.alike(stories, limit=MOST + 1)
    done = _reviewed_ids("duplicates", [first.pk for first, _, _ in pairs])
    items = [
        Item("story", first.pk, first.headline, f"{round(100 * score)} % of its words: {second.headline}",
             story=first.pk, other_story=second.pk, at=first.last_at)
        for first, second, score in pairs if first.pk not in done
    ]  # fmt: skip
    return _look(items, stories)


def weak(now: datetime, before: int = 0) -> Look:
    """Stories of which an article joined in doubt, the weakest first."""
    stories = list(_window(_live().filter(article_count__gte=2).only("last_at"), before))
    rows = (
        Membership.objects.filter(story_id__in=[s.pk for s in stories], score__gt=0, score__lt=WEAK_BELOW)
        .select_related("story", "article__source")
        .only(
            "score", "reason", "story__headline", "story__last_at", "article__title", "article__source__name"
        )
        .order_by("score")
    )
    found = {}
    for row in rows[: 3 * MOST]:
        if row.story_id not in found and _joined(row):
            why = f"joined with score {row.score:.2f}: {row.article.source.name}, {row.article.title}"
            found[row.story_id] = Item(
                "story", row.story_id, row.story.headline, why, row.story_id, at=row.story.last_at
            )
    done = _reviewed_ids("weak", found)
    return _look([item for pk, item in found.items() if pk not in done], stories)


def _joined(row: Membership) -> bool:
    """Return whether the line joined an article to its story; an opener's score is about the story it did not join."""
    compared_with = row.reason.get("story", row.story_id)
    why = row.reason.get("rule") or row.reason.get("code")
    return why not in ("curator", "opened") and compared_with == row.story_id


def untagged(now: datetime, before: int = 0) -> Look:
    """Stories without a region or a topic."""
    stories = list(_window(_live().only("headline", "last_at"), before))
    ids = [story.pk for story in stories]
    # Two look-ups of some hundred keys: asked as EXISTS, PostgreSQL reads both tables whole.
    has_topic = set(StoryTopic.objects.filter(story_id__in=ids).values_list("story_id", flat=True))
    has_region = set(StoryRegion.objects.filter(story_id__in=ids).values_list("story_id", flat=True))
    bare = [story for story in stories if story.pk not in has_topic & has_region]
    items = _story_items("untagged", bare, lambda s: _missing(s.pk in has_topic, s.pk in has_region))
    return _look(items, stories)


def _missing(has_topic: bool, has_region: bool) -> str:
    return " and ".join(
        words for has, words in ((has_region, "no region"), (has_topic, "no topic")) if not has
    )


def contested(now: datetime, before: int = 0) -> Look:
    """Stories of CONTESTED_DAYS whose focus is a contested area and which no curator has placed."""
    areas = list(Region.objects.filter(kind=CONTESTED).values_list("pk", flat=True))
    newest = TimelineEntry.objects.filter(region_id__in=areas, topic=None)
    newest = newest.filter(report_at__gte=now - timedelta(days=CONTESTED_DAYS))
    anchor = newest.filter(story_id=before).values_list("report_at", flat=True).first() if before else None
    if anchor is not None:
        newest = newest.filter(_before("report_at", anchor, "story_id", before))
    rows = list(newest.order_by("-report_at", "-story_id").values_list("story_id", "report_at")[: RECENT + 1])
    ids = [pk for pk, _ in rows[:RECENT]]
    focused = StoryRegion.objects.filter(story_id__in=ids, region__kind=CONTESTED, focus=True)
    names = dict(focused.values_list("story_id", "region__name"))
    fixed = _with_override(list(names), Override.Kind.REGIONS)
    stories = list(
        _live().only("headline", "last_at").filter(pk__in=names.keys() - fixed).order_by("-last_at", "-pk")
    )
    items = _story_items("contested", stories, lambda s: f"placed in {names[s.pk]}")
    more = ids[-1] if len(rows) > RECENT else 0
    return Look(tuple(items[: MOST + 1]), len(set(ids)), rows[len(ids) - 1][1] if ids else None, more)


def _live() -> QuerySet[Story]:
    rows = Story.objects.live().filter(article_count__gt=0)
    return rows.only("headline", "language", "card", "first_at", "last_at")


def _window(rows: QuerySet[Any], before: int) -> QuerySet[Any]:
    """Return RECENT stories, those with the newest reports first, after a story that an earlier look ended with."""
    anchor = Story.objects.filter(pk=before).values_list("last_at", flat=True).first() if before else None
    if anchor is not None:
        rows = rows.filter(_before("last_at", anchor, "pk", before))
    return rows.order_by("-last_at", "-pk")[:RECENT]


def _before(time: str, at: datetime, key: str, pk: int) -> Q:
    """Return the condition of coming later in the order of a time and a key, newest first; an index can begin at it."""
    return Q(**{f"{time}__lte": at}) & ~Q(**{time: at, f"{key}__gte": pk})


def _look(items: Sequence[Item], stories: Sequence[Story]) -> Look:
    last = stories[-1] if stories else None
    older = last.pk if last is not None and len(stories) == RECENT else 0
    return Look(tuple(items[: MOST + 1]), len(stories), last.last_at if last else None, older)


def _story_items(queue: str, stories: Sequence[Any], why: Callable[[Any], str]) -> list[Item]:
    done = _reviewed_ids(queue, [story.pk for story in stories])
    left = [story for story in stories if story.pk not in done]
    return [Item("story", s.pk, s.headline, why(s), s.pk, at=s.last_at) for s in left[: MOST + 1]]


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
