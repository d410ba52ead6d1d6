"""What a second look at stories changes: which articles go from where to where, in steps that can be written alone.

A chain of stories that exchange articles may hold any number of them, so it is not written at once: every step
leaves whole stories behind. No story is empty between two steps, for one that others come to keeps some of its own
articles, and one that all leave is left in one step, with its redirect.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.pipeline import repair
from aggregator.pipeline.repair import Links, Place, Standing

Target = tuple[str, int]  # ("story", id), or ("new", number of the group) for one that is opened


@dataclass(frozen=True)
class Way:
    """Articles that go from one story to one other, each with the verdict on it; `empties`: all that stood there go."""

    leaves: int
    target: Target
    empties: bool = False
    places: dict[int, Place] = field(default_factory=dict)

    def goes_to(self, opened: Mapping[int, int]) -> int | None:
        """Return the story that it goes to, None for a new one that is not opened yet; `opened` is by group."""
        kind, number = self.target
        return number if kind == "story" else opened.get(number)


@dataclass
class Step:
    """Ways that are written together or not at all: all out of a story that goes, and what may not meet on the way."""

    ways: list[Way] = field(default_factory=list)

    @property
    def ends(self) -> set[Target]:
        """Where the articles come from and go to."""
        return {end for way in self.ways for end in (("story", way.leaves), way.target)}

    @property
    def articles(self) -> set[int]:
        """The articles that move."""
        return {article for way in self.ways for article in way.places}


@dataclass
class Plan:
    """Everything that a look changes; `threads` are (article, thread, unites) as they are to be kept."""

    steps: list[Step]
    threads: list[tuple[int, int, int | None]] = field(default_factory=list)

    @property
    def moved(self) -> set[int]:
        """The articles that move."""
        return {article for step in self.steps for article in step.articles}


def take(steps: deque[Step], size: int) -> list[Step]:
    """Take steps that touch at most `size` stories together, or one step; none when none are left."""
    portion: list[Step] = []
    ends: set[Target] = set()
    while steps and (not portion or len(ends | steps[0].ends) <= size):
        portion.append(steps.popleft())
        ends |= portion[-1].ends
    return portion


def plan(looked: Sequence[Standing], must: Links, cannot: Links) -> Plan:
    """Decide again about what is loose, and return which articles go where. Takes a millisecond each."""
    places = repair.regroup(looked, must=must, cannot=cannot)
    groups = {article: place.group for article, place in places.items()}
    names = repair.name_groups(groups, looked)
    stay = set(names.values())
    ways: dict[tuple[int, Target], Way] = {}
    for one in looked:
        leaves, group = one.story or 0, groups[one.article]
        target: Target = ("story", names[group]) if group in names else ("new", group)
        if target != ("story", leaves):
            way = ways.setdefault((leaves, target), Way(leaves, target, empties=leaves not in stay))
            way.places[one.article] = places[one.article]
    threads = []
    for one in looked:
        place = places[one.article]
        if not one.fixed and (place.thread, place.unites) != (one.thread, one.unites):
            threads.append((one.article, place.thread, place.unites))
    standing = {one.article: one.story or 0 for one in looked}
    return Plan(_in_turn(_steps(list(ways.values()), standing, cannot)), threads)


def _steps(ways: Sequence[Way], standing: dict[int, int], cannot: Links) -> list[Step]:
    """Put ways together that may not be written one without the other."""
    tied = Ties()
    way_of = {article: number for number, way in enumerate(ways) for article in way.places}
    for number, way in enumerate(ways):
        if way.empties:
            tied.tie(number, ("leaves", way.leaves))
    for article, number in way_of.items():
        for other in cannot.get(article, ()):
            # It comes to where the other still stands: they would meet for as long as one portion takes.
            if other in way_of and ways[number].target == ("story", standing[other]):
                tied.tie(number, way_of[other])
    steps: dict[Hashable, Step] = defaultdict(Step)
    for number, way in enumerate(ways):
        steps[tied.head(number)].ways.append(way)
    return list(steps.values())


def _in_turn(steps: Sequence[Step]) -> list[Step]:
    """Order steps so that those that share a story follow one another: fewer stories are made twice."""
    at: dict[Target, list[int]] = defaultdict(list)
    for number, step in enumerate(steps):
        for end in step.ends:
            at[end].append(number)
    ordered: dict[int, None] = {}
    for first in range(len(steps)):
        waiting = deque([first])
        while waiting:
            if (number := waiting.popleft()) not in ordered:
                ordered[number] = None
                for end in sorted(steps[number].ends):
                    waiting.extend(at.pop(end, ()))
    return [steps[number] for number in ordered]


class Ties:
    """What belongs together, tie by tie."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def head(self, one: Hashable) -> Hashable:
        """Return the same for all that are tied."""
        while (above := self._above.setdefault(one, one)) != one:
            self._above[one] = self._above[above]
            one = above
        return one

    def tie(self, one: Hashable, other: Hashable) -> None:
        """Tie two, and with them all that each is tied to."""
        self._above[self.head(other)] = self.head(one)


def unfinished(standing: Sequence[Standing]) -> set[int]:
    """Return the articles that stand otherwise than the last look said: it was interrupted, or left them for the next.

    What it says is kept before anything is moved. A curator's word against it counts here too: one look more.
    """
    told = [one for one in standing if one.thread is not None]
    tied = Ties()
    for one in told:
        if one.unites is not None:
            tied.tie(one.thread, one.unites)
    stories: dict[Hashable, set[int | None]] = defaultdict(set)
    groups: dict[int | None, set[Hashable]] = defaultdict(set)
    for one in told:
        group = tied.head(one.thread)
        stories[group].add(one.story)
        groups[one.story].add(group)
    return {
        one.article for one in told if len(stories[tied.head(one.thread)]) > 1 or len(groups[one.story]) > 1
    }
