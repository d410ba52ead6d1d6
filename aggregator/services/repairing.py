"""Keep stories right: every ten minutes the recent ones are decided again, in the order of the reports.

What arrived since the last look decides how far back it goes: to the earliest of the new reports, at
most LIMIT articles and, where older stories are stored than are held in memory, some days. What is older
stands, and so does what a curator linked, parted or put somewhere. Reading takes the line's lock for a
moment, deciding needs none, writing takes it for a portion of the changes at a time: a look that is
killed has done some of them whole. Story ids stay, a merged story's address redirects for ever, and
every change is logged with its reason, as the machine's.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Max

from aggregator.models import GroupFeatures, LogEntry, Membership, Override, Story
from aggregator.pipeline.group import WINDOW
from aggregator.pipeline.repair import DAY, HELD, Standing
from aggregator.services import chaining, grouping, moving, regrouping
from aggregator.services.locks import line_lock
from aggregator.services.story_shelf import Shelf
from aggregator.services.writing import update_rows

log = logging.getLogger(__name__)

REACH = timedelta(hours=48)  # what arrived since may still put others in their place
LIMIT = 5_000  # articles decided again in one look: some seconds without the lock
PORTION = 40  # stories written in one transaction, at most
SECONDS = 2.0  # that a portion may take: one that takes longer is followed by a smaller one
MOVING_ACTS = ("merge", "split", "move")
Mark = tuple[int | None, tuple[float, int, int, int]]


@dataclass
class _Memory:
    """What this process has looked at: how articles stood after its last look, and the newest change seen."""

    shelf: Shelf | None = None
    stood: dict[int, Mark] | None = None
    chained: chaining.Looked = field(default_factory=chaining.Looked)


@dataclass
class _Words:
    """What curators said: links, articles that stay where they are, and the newest word known."""

    must: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    cannot: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    shaped: set[int] = field(default_factory=set)
    newest: tuple[int, int] = (0, 0)


_memory = _Memory()


def repair_stories(now: datetime) -> int:
    """Put what arrived in the last 48 hours, and what was reported since, in order; return the changes."""
    newest = _newest_word()
    grouping.warm_up()
    with line_lock():
        shelf = grouping.synced_shelf()
        if _memory.shelf is not shelf:
            _memory.shelf, _memory.stood, _memory.chained = shelf, None, chaining.Looked()
    standing = sorted(_held(shelf), key=lambda s: s.order)
    since = _since(standing, now)
    changes, missed, moved = 0, set[int](), set[int]()
    if since is not None:
        near = _near(standing, since)
        words = _words(near, newest)
        looked = _context(near, since, words)
        plan = regrouping.plan(looked, words.must, words.cannot)
        _keep_threads(plan)
        changes, missed = _write(plan, looked, words, now)
        moved = plan.moved
    if standing:
        newest_report = datetime.fromtimestamp(standing[-1].order[0], UTC)
        chaining.chain_stories(newest_report, _memory.chained)
    where = {a: shelf.index.story_of(a) for a in moved}
    _memory.stood = {
        s.article: (where.get(s.article, s.story), s.order) for s in standing if s.article not in missed
    }
    log.info("stories_repaired", extra={"looked_at": len(standing), "changed": changes})
    return changes


def _held(shelf: Shelf) -> list[Standing]:
    """Return every original held in memory."""
    return [
        Standing(member.article, member.features, story.story)
        for story in shelf.index.stories.values()
        for member in story.members
    ]


def _since(standing: Sequence[Standing], now: datetime) -> float | None:
    """Return from which report on to decide again, in seconds since 1970; None when nothing is new."""
    if not standing:
        return None
    if _memory.stood is None:
        asked = _arrived(standing[-LIMIT:], now - REACH) | regrouping.unfinished(_with_threads(standing))
        new = [s.order[0] for s in standing if s.article in asked]
    else:
        held = {s.article for s in standing}
        new = [s.order[0] for s in standing if _memory.stood.get(s.article) != (s.story, s.order)]
        new += [order[0] for article, (_, order) in _memory.stood.items() if article not in held]
    if not new:
        return None
    begin = max(min(new), standing[-LIMIT:][0].order[0])
    known = standing[-1].order[0] - (WINDOW - HELD - DAY)  # the days before it are held whole
    return begin if begin >= known or _holds_everything(standing) else known


def _holds_everything(standing: Sequence[Standing]) -> bool:
    """True on a site that holds no older stories than those in memory: a first start reads weeks at once."""
    first = datetime.fromtimestamp(standing[0].order[0], UTC)
    return not Story.objects.live().filter(last_at__lt=first, article_count__gt=0).exists()


def _arrived(standing: Sequence[Standing], after: datetime) -> set[int]:
    """Return the articles that joined their story after a time; asked by article, so that the archive is not read."""
    rows = Membership.objects.filter(article_id__in=[s.article for s in standing], joined_at__gte=after)
    return set(rows.values_list("article_id", flat=True))


def _near(standing: Sequence[Standing], since: float) -> list[Standing]:
    """Return what a look from `since` on needs: whole stories of the days before, and what is loose."""
    begin = since - since % DAY - HELD
    near = {s.story for s in standing if s.order[0] >= begin}
    return [s for s in standing if s.story in near]


def _words(standing: Sequence[Standing], newest: tuple[int, int]) -> _Words:
    """Read what curators said about these articles."""
    words, story_of = _Words(newest=newest), {s.article: s.story for s in standing}
    if not standing:
        return words
    kinds = (Override.Kind.MUST_LINK, Override.Kind.CANNOT_LINK)
    rows = Override.objects.filter(kind__in=kinds, lifted_at__isnull=True, other__isnull=False)
    said: dict[int, datetime] = {}
    for kind, one, other, at in rows.values_list("kind", "article_id", "other_id", "made_at"):
        if one == other:
            continue
        links = words.must if kind == Override.Kind.MUST_LINK else words.cannot
        links[one].add(other)
        links[other].add(one)
        for story in {story_of.get(one), story_of.get(other)} - {None}:
            said[story or 0] = max(said.get(story or 0, at), at)
    for article, story, at in _members(said):
        if at <= said[story]:
            words.shaped.add(article)
    first = datetime.fromtimestamp(standing[0].order[0], UTC)
    hidden = Story.objects.filter(pk__in={*story_of.values()}, hidden=True).values_list("pk", flat=True)
    words.shaped.update(article for article, _, _ in _members(list(hidden)))
    words.shaped.update(_taken_back(first))
    return words


def _members(stories: Iterable[int]) -> Iterable[tuple[int, int, datetime]]:
    rows = Membership.objects.filter(story_id__in=list(stories))
    return rows.values_list("article_id", "story_id", "joined_at")


def _taken_back(since: datetime) -> set[int]:
    """Return articles that somebody put back by an undo: they stay where that left them."""
    rows = LogEntry.objects.filter(act="undo", undo_of__act__in=MOVING_ACTS, at__gte=since)
    found: set[int] = set()
    for after in rows.values_list("after", flat=True):
        for ids in after.get("stories", {}).values():
            found.update(ids)
    return found


def _newest_word() -> tuple[int, int]:
    """Return the newest override and undo: when one came while we decided, we wait for the next look."""
    override = Override.objects.aggregate(newest=Max("pk"))["newest"] or 0
    undo = LogEntry.objects.filter(act="undo").aggregate(newest=Max("pk"))["newest"] or 0
    return override, undo


def _context(near: Sequence[Standing], since: float, words: _Words) -> list[Standing]:
    """Return articles with what earlier looks and curators said of them; those before `since` are fixed."""
    return [
        replace(s, fixed=s.order[0] < since, shaped=s.article in words.shaped) for s in _with_threads(near)
    ]


def _with_threads(standing: Sequence[Standing]) -> list[Standing]:
    """Return articles with what earlier looks said of them: the thread, and the one that it united with there."""
    rows = GroupFeatures.objects.filter(pk__in=[s.article for s in standing], thread__isnull=False)
    threads = {pk: (thread, unites) for pk, thread, unites in rows.values_list("pk", "thread", "unites")}
    return [
        replace(s, thread=thread, unites=unites)
        for s in standing
        for thread, unites in [threads.get(s.article, (None, None))]
    ]


def _keep_threads(plan: regrouping.Plan) -> None:
    """Keep what this look says, before anything is moved: for those that begin after it, or finish it."""
    if not plan.threads:
        return
    articles, threads, unites = zip(*sorted(plan.threads), strict=True)
    with line_lock():
        columns = {"article_id": articles, "thread": threads, "unites": unites}
        update_rows(GroupFeatures, columns, key="article_id")


def _write(
    plan: regrouping.Plan, looked: Sequence[Standing], words: _Words, now: datetime
) -> tuple[int, set[int]]:
    """Write the changes, a portion at a time; return how many, and the articles that are left for the next look.

    Left are those whose stories changed meanwhile, and all when a curator said something.
    """
    seen: dict[int, set[int]] = defaultdict(set)
    for one in looked:
        seen[one.story or 0].add(one.article)
    changes, missed, opened = 0, set[int](), dict[int, int]()
    steps, size = deque(plan.steps), PORTION
    while portion := regrouping.take(steps, size):
        with line_lock():
            began = time.monotonic()
            shelf = grouping.synced_shelf()
            heard = words.newest != _newest_word()
            ready = [] if heard else [step for step in portion if _as_seen(step, shelf, seen, opened)]
            touched, done = moving.write(ready, opened, words.shaped, now)
            shelf.note(touched)
        changes += done
        missed.update(article for step in portion if step not in ready for article in step.articles)
        for way in (way for step in ready for way in step.ways):
            seen[way.leaves] -= way.places.keys()
            seen[way.goes_to(opened) or 0] |= way.places.keys()
        size = max(1, min(PORTION, round(size * SECONDS / max(time.monotonic() - began, 0.001))))
    return changes, missed


def _as_seen(step: regrouping.Step, shelf: Shelf, seen: dict[int, set[int]], opened: dict[int, int]) -> bool:
    """True when the stories of a step hold what they did when it was decided, and what was written since."""
    stories = {story for way in step.ways for story in (way.leaves, way.goes_to(opened)) if story}
    return all(shelf.index.members_of(story) == seen[story] for story in stories)
