"""A second look at recent stories: which two are one, and which member does not belong.

Grouping decides on arrival, when little is known; two threads of one happening often start apart.
The look is bounded: the caller names the stories, and each compares at most COMPARED members with
its own few candidates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from .group import SPAN, StoryIndex, StorySnapshot

COMPARED = 6  # members of a story that speak for it
MERGE_FROM = 0.55  # mean score both ways from which two stories are one (development data)
LEAVE_BELOW = 0.04  # score with the rest of its story below which a member leaves (development data)
GOES_ON_AFTER = 12 * 3600.0  # seconds; what starts closer together is a side story, not a sequel
CHAIN_REACH = 7 * 24 * 3600.0  # seconds
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Merge:
    """Two stories are one; the one that stays is the older."""

    stays: int
    goes: int
    score: float


@dataclass(frozen=True, slots=True)
class Leave:
    """A member does not belong: to `story` if another fits well, None for a story of its own."""

    article: int
    leaves: int
    story: int | None
    score: float


def find_merge(
    index: StoryIndex, story: int, *, apart: Collection[frozenset[int]] = (), merge_from: float = MERGE_FROM
) -> Merge | None:
    """Return the best merge for a story, None when it stands well alone; the index is not changed.

    `apart` are pairs of stories that must stay apart.
    """
    mine = index.stories.get(story)
    if mine is None:
        return None
    forward = mean_scores(index, mine)
    for other, there in sorted(forward.items(), key=lambda pair: (-pair[1], pair[0])):
        theirs = index.stories[other]
        if there < merge_from or frozenset((story, other)) in apart or not _fit_together(mine, theirs):
            continue
        back = mean_scores(index, theirs).get(story, 0.0)
        score = (there + back) / 2
        if score >= merge_from:
            first, second = sorted((story, other), key=lambda s: (_start(index.stories[s]), s))
            return Merge(first, second, score)
    return None


def find_leavers(index: StoryIndex, story: int, *, kept: Collection[int] = ()) -> list[Leave]:
    """Return members that do not belong; `kept` are articles that a curator put there."""
    snapshot = index.stories.get(story)
    if snapshot is None or len(snapshot.members) < 2:
        return []
    found = []
    for member in snapshot.members[1:][-COMPARED:]:
        if member.article in kept:
            continue
        rest = StorySnapshot(story)
        for other in snapshot.members:
            if other.article != member.article:
                rest.append(other)
        score = index.score_with(member.features, rest)
        if score < LEAVE_BELOW:
            verdict = index.decide(member.features, but=story)
            found.append(Leave(member.article, story, verdict.story, score))
    return found


def find_earlier(index: StoryIndex, story: int) -> int | None:
    """Return the story that this one goes on from: the newest that began at least GOES_ON_AFTER before
    it, is no more than CHAIN_REACH older and shares words and a place with it; None when there is none.

    A running happening thus reads as a chain of days, though no story is longer than its span.
    """
    mine = index.stories.get(story)
    if mine is None or mine.first_at is None:
        return None
    near = [
        other
        for other in index.near(mine.documents()[0], but=story)
        if other.first_at is not None
        and GOES_ON_AFTER <= mine.first_at - other.first_at <= CHAIN_REACH
        and _shares_place(mine, other)
    ]
    return max(near, key=lambda s: (s.first_at or 0.0, -s.story)).story if near else None


def _shares_place(one: StorySnapshot, other: StorySnapshot) -> bool:
    places = [{p for m in s.compared() for p in m.features.places} for s in (one, other)]
    return bool(places[0] & places[1]) or not (places[0] and places[1])


def mean_scores(index: StoryIndex, story: StorySnapshot) -> dict[int, float]:
    """Return the mean score of a story's members with each other story that any of them found."""
    members = story.compared()[:COMPARED]
    totals: dict[int, list[float]] = {}
    for member in members:
        for other, score in index.scores(member.features, but=story.story).items():
            totals.setdefault(other, []).append(score)
    return {other: float(np.sum(scores)) / len(members) for other, scores in totals.items()}


def _fit_together(one: StorySnapshot, other: StorySnapshot) -> bool:
    dates = [d for d in (one.first_at, one.last_at, other.first_at, other.last_at) if d is not None]
    return not dates or max(dates) - min(dates) <= SPAN


def _start(story: StorySnapshot) -> float:
    return story.first_at if story.first_at is not None else float("inf")


def pairs_apart(links: Iterable[Pair], story_of: dict[int, int]) -> set[frozenset[int]]:
    """Return the pairs of stories that cannot-links between articles keep apart."""
    return {
        frozenset((story_of[one], story_of[other]))
        for one, other in links
        if one in story_of and other in story_of
    }
