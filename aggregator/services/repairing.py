"""Keep stories right: a bounded look at what changed in the last 48 hours merges and splits.

Runs every ten minutes under the line's lock. It looks at most at LIMIT stories, those that changed
since it last looked first, so its cost does not grow with the archive. Story ids stay: a merged
story retires into the older one and its address redirects for ever; every change is logged with its
reason, as the machine's. What a curator linked, parted or put somewhere by hand is never touched.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from aggregator.models import LogEntry, Membership, Override, Story
from aggregator.pipeline import repair
from aggregator.services import grouping, placing
from aggregator.services.curation.acts import Actor, log_act, member_ids
from aggregator.services.locks import line_lock
from aggregator.services.story_shelf import Shelf

log = logging.getLogger(__name__)

REACH = timedelta(hours=48)
LIMIT = 300  # stories looked at in one pass: some five seconds under the lock
MACHINE = "They report one happening."
PARTED = "It reports something else than the rest of its story."


_looked_to = 0  # the change number up to which this process has looked


def repair_stories(now: datetime) -> int:
    """Merge and split among the stories touched in the last 48 hours of reports; return the changes."""
    global _looked_to
    with line_lock():
        shelf = grouping.synced_shelf()
        stories = _touched(now)
        words = _Words(shelf, [s.pk for s in stories])
        touched: set[int] = set()
        changes = sum(_repair_one(shelf, story, words, touched, now) for story in stories)
        placing.place_stories(touched, now)
        _chain(shelf, [s.pk for s in stories])
        shelf.note(touched)
    _looked_to = max([_looked_to, *(s.changed_no for s in stories)])
    log.info("stories_repaired", extra={"looked_at": len(stories), "changed": changes})
    return changes


def _touched(now: datetime) -> list[Story]:
    """Return stories of the last 48 hours that changed since the last look, longest unseen first."""
    rows = Story.objects.live().filter(last_at__gte=now - REACH, last_at__lte=now, article_count__gt=0)
    return list(rows.filter(changed_no__gt=_looked_to).order_by("changed_no")[:LIMIT])


class _Words:
    """What curators said about the members of some stories."""

    def __init__(self, shelf: Shelf, story_ids: Iterable[int]) -> None:
        ids = list(story_ids)
        kinds = (Override.Kind.MUST_LINK, Override.Kind.CANNOT_LINK)
        rows = Override.objects.filter(
            Q(article__membership__story_id__in=ids) | Q(other__membership__story_id__in=ids),
            kind__in=kinds,
            lifted_at__isnull=True,
        ).values_list("kind", "article_id", "other_id")
        self.kept: set[int] = set()
        self.apart: dict[int, set[int]] = defaultdict(set)
        for kind, one, other in rows:
            self.kept.update(a for a in (one, other) if a is not None)
            if kind == Override.Kind.CANNOT_LINK and other is not None:
                self.apart[one].add(other)
                self.apart[other].add(one)
        linked = {a for group in self.apart.values() for a in group} | self.kept
        self.story_of = dict(
            Membership.objects.filter(article_id__in=linked).values_list("article_id", "story_id")
        )

    def barred(self) -> set[frozenset[int]]:
        """Return the pairs of stories that must stay apart."""
        pairs = ((one, other) for one, others in self.apart.items() for other in others)
        return repair.pairs_apart(pairs, self.story_of)

    def moved(self, article_ids: Iterable[int], story: int) -> None:
        """Remember where linked articles stand now."""
        self.story_of.update({a: story for a in article_ids if a in self.story_of})


def _repair_one(shelf: Shelf, story: Story, words: _Words, touched: set[int], now: datetime) -> int:
    if story.pk not in shelf.index.stories:
        return 0  # merged away in this pass
    merge = repair.find_merge(shelf.index, story.pk, apart=words.barred())
    if merge is not None and _may_merge(merge):
        _merge(shelf, merge, words, now)
        touched.update((merge.stays, merge.goes))
        return 1
    leavers = repair.find_leavers(shelf.index, story.pk, kept=words.kept)
    parted = [_part(shelf, leave, now) for leave in leavers]
    touched.update(*parted)
    return sum(bool(stories) for stories in parted)


def _may_merge(merge: repair.Merge) -> bool:
    """The rows say whether copies, too, stay within a story's span; and a curator's undo holds."""
    rows = list(Story.objects.filter(pk__in=(merge.stays, merge.goes), retired_into__isnull=True))
    span = max(s.last_at for s in rows) - min(s.first_at for s in rows)
    undone = _undone(("merge",), after__retired=merge.goes, target_id=merge.stays)
    return len(rows) == 2 and span <= grouping.STORY_SPAN and not undone


def _undone(acts: tuple[str, ...], **what: int) -> bool:
    """True when a curator took back the same change once."""
    return LogEntry.objects.filter(
        act__in=acts, target_type="story", undone_by__isnull=False, **what
    ).exists()


def _merge(shelf: Shelf, merge: repair.Merge, words: _Words, now: datetime) -> None:
    stay, move = member_ids(merge.stays), member_ids(merge.goes)
    survivor = Story.objects.get(pk=merge.stays)
    log_act(
        Actor(None, now, MACHINE),
        "merge",
        survivor,
        before={"stories": {str(merge.stays): stay, str(merge.goes): move}},
        after={"story": merge.stays, "retired": merge.goes, "score": round(merge.score, 3)},
    )
    reason = {"rule": "repair_merge", "from": merge.goes, "score": round(merge.score, 3)}
    Membership.objects.filter(article_id__in=move).update(story_id=merge.stays, reason=reason)
    Story.objects.filter(pk=merge.goes).update(retired_into_id=merge.stays)
    for member in list(shelf.index.stories[merge.goes].members):
        shelf.index.add(merge.stays, member.article, member.features)
    words.moved(move, merge.stays)


def _part(shelf: Shelf, leave: repair.Leave, now: datetime) -> set[int]:
    """Move one member, and its copies with it, to another story or one of its own."""
    if _undone(("split", "move"), after__article=leave.article, target_id=leave.leaves):
        return set()
    old = Story.objects.get(pk=leave.leaves)
    before = {"stories": {str(old.pk): member_ids(old.pk)}}
    target = leave.story if leave.story is not None else _open_like(old, leave.article, now)
    log_act(
        Actor(None, now, PARTED),
        "split" if leave.story is None else "move",
        old,
        before=before,
        after={"story": target, "article": leave.article, "score": round(leave.score, 3)},
    )
    features = shelf.index.features_of(leave.article)
    reason = {"rule": "repair_split", "from": old.pk, "score": round(leave.score, 3)}
    moving = Membership.objects.filter(Q(article_id=leave.article) | Q(article__copy_of_id=leave.article))
    moving.filter(story_id=old.pk).update(story_id=target, reason=reason)
    if features is not None:
        shelf.index.add(target, leave.article, features)
    return {old.pk, target}


def _open_like(old: Story, article_id: int, now: datetime) -> int:
    at = Membership.objects.values_list("article__reported_at", flat=True).get(article_id=article_id)
    return Story.objects.create(
        first_at=at, last_at=at, happened_on=at.date(), created_at=now, changed_at=now
    ).pk


def _chain(shelf: Shelf, story_ids: Iterable[int]) -> None:
    """Tie each story to the one that it goes on from, and write what changed."""
    ids = [pk for pk in story_ids if pk in shelf.index.stories]
    found = {pk: repair.find_earlier(shelf.index, pk) for pk in ids}
    rows = Story.objects.live().filter(pk__in=ids).only("pk", "earlier_id")
    changed = [row for row in rows if row.earlier_id != found[row.pk]]
    alive = set(
        Story.objects.live()
        .filter(pk__in=[pk for r in changed if (pk := found[r.pk]) is not None])
        .values_list("pk", flat=True)
    )
    for row in changed:
        row.earlier_id = found[row.pk] if found[row.pk] in alive else None
    Story.objects.bulk_update(changed, ["earlier"], batch_size=200)
