"""A second look at recent stories: what would they be, had the reports come in order?

Grouping decides on arrival, and arrivals come in any order: a feed was slow, a worker was killed, a
backlog waits. `regroup` decides again in the order of the reports, so that what it says depends on
the set of articles and on the curators' links alone. What an article joins depends on earlier reports
only; so a report that is new changes nothing before it, and a second look changes nothing at all.
`name_groups` says which story each group goes on being.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from .features import Features
from .group import SPAN, GroupVerdict, StoryIndex, StorySnapshot
from .group_model import GroupModel

COMPARED = 6  # members of a story that speak for it
MERGE_FROM = 0.5  # mean score both ways from which two stories are one (development data)
DOUBT_FROM = 0.3  # score of a runner-up from which an article makes two stories look at each other
DAY = 24 * 3600.0  # seconds
HELD = 7 * DAY  # stories silent for longer, when a day begins, are no candidates of that day
GOES_ON_AFTER = 12 * 3600.0  # seconds; what starts closer together is a side story, not a sequel
CHAIN_REACH = 7 * DAY
Links = Mapping[int, Collection[int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """An original and the story that it stands in, None when it is in none yet.

    `fixed`: it is older than what is looked at and stays; `shaped`: a curator put it there, and it stays. `thread`
    and `unites` are what an earlier look said (see Place), None where there was none.
    """

    article: int
    features: Features
    story: int | None = None
    fixed: bool = False
    shaped: bool = False
    thread: int | None = None
    unites: int | None = None

    @property
    def order(self) -> tuple[float, int, int, int]:
        """Where it comes in the order of reports: by date, then by its words, never by arrival."""
        return order_of(self.features)


@dataclass(frozen=True, slots=True)
class Place:
    """The group that an original belongs to, and why; groups are numbered by their first report.

    A group grows as a thread, named by the article that opened it; `unites` names another thread that
    became one with this one at this very article. Both are kept with the article, so that a later look
    can begin after it with groups exactly as they were at that moment, not as they became afterwards.
    """

    group: int
    score: float
    reason: dict[str, Any]
    thread: int
    unites: int | None = None


def order_of(features: Features) -> tuple[float, int, int, int]:
    """Return where an article comes in the order of reports; undated ones come last."""
    at = float("inf") if features.at is None else features.at
    return at, features.title_key, features.outlet, crc32(features.ids.tobytes())


def regroup(
    articles: Iterable[Standing],
    *,
    must: Links | None = None,
    cannot: Links | None = None,
    model: GroupModel | None = None,
) -> dict[int, Place]:
    """Return the group of every article: fixed ones keep together, loose ones are decided in order.

    `must` and `cannot` are the curators' links by article; they hold for all that is linked by
    must, and cannot wins. About a millisecond an article that is not fixed, a twentieth of one that is.
    """
    ordered = sorted(articles, key=lambda a: (a.order, a.article))
    by_hand = {a.story for a in ordered if a.shaped}
    look = _Look(StoryIndex(model), _Bonds(must or {}, cannot or {}), by_hand)
    for one in sorted(ordered, key=lambda a: not a.shaped):
        if one.fixed or one.shaped:
            look.keep(one)
        else:
            look.decide(one)
    return look.places()


class _Bonds:
    """Curators' links, closed over must: who is tied to whom also shares what that one is kept from."""

    def __init__(self, must: Links, cannot: Links) -> None:
        self._head: dict[int, int] = {}
        for one, others in must.items():
            for other in others:
                self._head[self._find(one)] = self._find(other)
        self._tied: dict[int, set[int]] = defaultdict(set)
        for article in [*self._head]:
            self._tied[self._find(article)].add(article)
        self._apart: dict[int, set[int]] = defaultdict(set)
        for one, others in cannot.items():
            for other in others:
                self._bar(one, other)
                self._bar(other, one)

    def _find(self, article: int) -> int:
        while (head := self._head.setdefault(article, article)) != article:
            article = head
        return article

    def _bar(self, one: int, other: int) -> None:
        together = self._find(one) == self._find(other)
        for each in {one} if together else self._tied[self._find(one)] or {one}:
            self._apart[each] |= {other} if together else self._tied[self._find(other)] or {other}

    def must(self, article: int) -> list[int]:
        return sorted(self._tied[self._find(article)] - {article}) if article in self._head else []

    def cannot(self, article: int) -> set[int]:
        return self._apart.get(article, set())

    def part(self, one: Iterable[int], other: Collection[int]) -> bool:
        """True when somebody of the one may not stand with somebody of the other."""
        return bool(self._apart) and any(not self.cannot(a).isdisjoint(other) for a in one)


@dataclass(slots=True)
class _Look:
    """One pass in order. `index` holds groups in the place of stories."""

    index: StoryIndex
    bonds: _Bonds
    shaped_stories: Collection[int | None]
    members: dict[int, list[int]] = field(default_factory=dict)  # of a group, those left behind too
    verdicts: dict[int, GroupVerdict] = field(default_factory=dict)
    unites: dict[int, int] = field(default_factory=dict)
    _thread_of: dict[int, int] = field(default_factory=dict)
    _group_of: dict[int, int] = field(default_factory=dict)  # by thread, and by story as (0 - story)
    _thread: dict[int, int] = field(default_factory=dict)  # by group
    _day: float | None = None

    def keep(self, one: Standing) -> None:
        """Put an article where it stands: with its thread as it was then, or with its story."""
        by_story = one.thread is None or one.shaped or one.story in self.shaped_stories
        key = -(one.story or 0) if by_story or one.thread is None else one.thread
        if not one.shaped:
            self._begin_day(one.features.at)
        group = self._group_of.get(key)
        if group is None:
            group = self._group_of[key] = self._open(one.article if by_story else key)
        self._add(group, one, GroupVerdict("join", group, 1.0, {"rule": "fixed"}))
        other = self._group_of.get(one.unites) if one.unites is not None and not by_story else None
        if other is not None and other != group:
            self._unite(one.article, group, other)

    def decide(self, one: Standing) -> None:
        """Put a loose article where it belongs among what was reported before it."""
        self._begin_day(one.features.at)
        must, cannot = self.bonds.must(one.article), self.bonds.cannot(one.article)
        verdict = self.index.decide(one.features, must=must, cannot=sorted(cannot))
        group = self._open(one.article) if verdict.story is None else verdict.story
        self._add(group, one, verdict)
        rival = verdict.reason.get("runner_up", {})
        if verdict.story is not None and rival.get("score", 0.0) >= DOUBT_FROM:
            other = rival["story"]
            apart = self.bonds.part(self.members[group], self.members[other])
            if not apart and are_one(self.index, group, other):
                self._unite(one.article, group, other)

    def _add(self, group: int, one: Standing, verdict: GroupVerdict) -> None:
        self.index.add(group, one.article, one.features)
        self.members[group].append(one.article)
        self.verdicts[one.article] = verdict
        self._thread_of[one.article] = self._thread[group]

    def _open(self, thread: int) -> int:
        group = len(self._thread) + 1
        self.members[group] = []
        self._thread[group] = thread
        self._group_of[thread] = group
        return group

    def _begin_day(self, at: float | None) -> None:
        """Forget what is long silent, at midnight: so it does not matter when a look began."""
        if at is not None and (self._day is None or at >= self._day + DAY):
            self._day = at - at % DAY
            self.index.evict(self._day - HELD)

    def _unite(self, article: int, one: int, other: int) -> None:
        """Make two groups one at an article; the one that was opened first goes on."""
        stays, goes = sorted((one, other))
        self.unites[article] = self._thread[other]
        for member in list(self.index.stories[goes].members):
            self.index.add(stays, member.article, member.features)
        self.members[stays] += self.members.pop(goes)
        for key, group in self._group_of.items():
            if group == goes:
                self._group_of[key] = stays

    def places(self) -> dict[int, Place]:
        """Return every article's group and the verdict on it."""
        return {
            a: Place(
                group, self.verdicts[a].score, self.verdicts[a].reason, self._thread_of[a], self.unites.get(a)
            )
            for group, articles in self.members.items()
            for a in articles
        }


def are_one(index: StoryIndex, one: int, other: int) -> bool:
    """True when the members of two stories find each other's story with MERGE_FROM on average."""
    mine, theirs = index.stories[one], index.stories[other]
    if not _fit_together(mine, theirs):
        return False
    there = _mean_score(index, mine, other)
    return there > 0 and (there + _mean_score(index, theirs, one)) / 2 >= MERGE_FROM


def _mean_score(index: StoryIndex, story: StorySnapshot, other: int) -> float:
    """Return the mean score of a story's members with another story."""
    members = story.compared()[:COMPARED]
    scores = [index.scores(m.features, but=story.story).get(other, 0.0) for m in members]
    return float(np.mean(scores))


def _fit_together(one: StorySnapshot, other: StorySnapshot) -> bool:
    dates = [d for d in (one.first_at, one.last_at, other.first_at, other.last_at) if d is not None]
    return not dates or max(dates) - min(dates) <= SPAN


def name_groups(groups: Mapping[int, int], standing: Iterable[Standing]) -> dict[int, int]:
    """Return the story that a group goes on being, by group; one that is not named opens a story.

    `groups` gives the group by article. A story's id stays with the group that holds most of its
    articles; one that a curator put there weighs more than all others.
    """
    held: Counter[tuple[int, int]] = Counter()
    first: dict[tuple[int, int], tuple[Any, ...]] = {}
    for one in standing:
        if one.story is not None and one.article in groups:
            pair = groups[one.article], one.story
            held[pair] += 1_000_000 if one.shaped else 1
            first[pair] = min(first.get(pair, (one.order, one.article)), (one.order, one.article))
    names: dict[int, int] = {}
    taken: set[int] = set()
    for group, story in sorted(held, key=lambda pair: (-held[pair], first[pair])):
        if group not in names and story not in taken:
            names[group] = story
            taken.add(story)
    return names


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
