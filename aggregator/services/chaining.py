"""Which story goes on from which: stories that changed are tied to their forerunner, a portion at each look.

Those of the last days by their own dates come first; what a portion has left goes to older ones, so that a first start
that reads weeks at once, or a backlog, has its chains some looks later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from aggregator.models import Story
from aggregator.pipeline import repair
from aggregator.pipeline.group import WINDOW, StoryIndex
from aggregator.services import grouping
from aggregator.services.locks import line_lock

RECENT = timedelta(hours=48)
HELD = timedelta(seconds=WINDOW)  # stories that ended within it are in memory
PORTION = 300  # stories whose forerunner is looked for in one look: some tenths of a second


@dataclass
class Looked:
    """Up to which change this process has looked at stories: at the recent ones, and at older ones."""

    recent: int = 0
    older: int = 0


def chain_stories(newest: datetime, looked: Looked) -> int:
    """Tie stories that changed to the one that each goes on from; `newest` is the newest report's time.

    Looks at PORTION changed stories at most, and at as many that may go on from these, and notes in `looked` where to
    go on. Returns how many ties are new. The caller does not hold the line's lock: reading takes it for a moment,
    looking needs none, and writing takes it again.
    """
    with line_lock():
        index = grouping.synced_shelf().index
        live = Story.objects.live().filter(article_count__gt=0)
        recent = _next(live.filter(last_at__gte=newest - RECENT), looked.recent, PORTION)
        before = live.filter(last_at__gte=newest - HELD, last_at__lt=newest - RECENT)
        older = _next(before, looked.older, PORTION - len(recent))
    stories = {story.pk: story for story in [*recent, *older]}
    if later := _later(index, stories, newest):
        stories |= live.in_bulk(later)
    found = {pk: repair.find_earlier(index, pk) for pk in stories}
    changed = [
        story
        for pk, story in stories.items()
        if story.earlier_id != found[pk] and (story.earlier_id is None or _is_sure(story, newest))
    ]
    _write(changed, found)
    looked.recent = max([looked.recent, *(s.changed_no for s in recent)])
    looked.older = max([looked.older, *(s.changed_no for s in older)])
    return len(changed)


def _next(stories: QuerySet[Story], after: int, count: int) -> list[Story]:
    """Return the stories that changed after a change, the earliest change first."""
    return list(stories.filter(changed_no__gt=after).order_by("changed_no")[:count]) if count > 0 else []


def _later(index: StoryIndex, stories: Collection[int], newest: datetime) -> list[int]:
    """Return stories that may go on from some others and are none of them: a backlog tells the later days first."""
    later: set[int] = set()
    latest = newest.timestamp() - repair.GOES_ON_AFTER
    for pk in stories:
        mine = index.stories.get(pk)
        if mine is None or mine.first_at is None or mine.first_at > latest:
            continue
        for other in index.near(mine.documents()[0], but=pk):
            begins = other.first_at
            if begins is not None and repair.GOES_ON_AFTER <= begins - mine.first_at <= repair.CHAIN_REACH:
                later.add(other.story)
    return sorted(later.difference(stories), reverse=True)[:PORTION]


def _is_sure(story: Story, newest: datetime) -> bool:
    """True when all that a story may go on from is in memory: an older one keeps the forerunner that it has."""
    return story.first_at >= newest - HELD + timedelta(seconds=repair.CHAIN_REACH)


def _write(changed: Sequence[Story], found: Mapping[int, int | None]) -> None:
    if not changed:
        return
    with line_lock():
        wanted = [pk for pk in found.values() if pk is not None]
        alive = set(Story.objects.live().filter(pk__in=wanted).values_list("pk", flat=True))
        for story in changed:
            earlier = found[story.pk]
            story.earlier_id = earlier if earlier in alive else None
        Story.objects.bulk_update(changed, ["earlier"], batch_size=200)
