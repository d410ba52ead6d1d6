"""Measures an article against candidate stories: the table that the grouping model reads.

All candidates are measured in one pass over concatenated arrays, so that an article costs under a
millisecond: the article's weights are laid out by bucket once, and every member of every candidate
picks its own words from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import BUCKETS, NAME_FLAG, NUMBER_FLAG, PART, PART_FLAG, PLACE_FLAG, TITLE_FLAG, Features
from .group_formula import formula_of
from .group_story import StorySnapshot

Table = NDArray[np.float32]
Idf = Callable[[NDArray[np.int32]], NDArray[np.float32]]
HOUR = 3600.0
UNDATED = -1.0  # stands for "no date" in the columns of hours

# Column → +1 / -1 / 0: may the model's answer only rise, only fall, or move freely with it?
COLUMNS: dict[str, int] = {
    "centroid": 1,
    "best": 1,
    "mean": 1,
    "title_best": 1,
    "title_centroid": 1,
    "name_best": 1,
    "covered": 1,
    "title_covered": 1,
    "title_covers": 1,
    "rarest": 1,
    "shared": 1,
    "numbers": 1,
    "lead_over_next": 1,
    "crowd": -1,
    "hours_to_last": 0,
    "hours_to_first": 0,
    "dated": 0,
    "size": 0,
    "same_outlet": 0,
    "outlets": 0,
    "words": 0,
    "story_words": 0,
    "title_words": 0,
    "places_shared": 1,
    "places_apart": -1,
    "main_place": 1,
    "places_agree": 1,
    "countries_apart": -1,
    "place_words": 1,
}
UNKNOWN = 0.5  # stands for "no place named" in the columns of agreement
_SHARED, _NUMBERS = list(COLUMNS).index("shared"), list(COLUMNS).index("numbers")


@dataclass(frozen=True, slots=True)
class Measured:
    """Candidates (best first by their words) with one row of COLUMNS each; `parts` counts which of the shared
    words are parts of words; `elsewhere` says which have a report with the same headline of another place."""

    stories: list[StorySnapshot]
    table: Table
    parts: Any = 0.0
    elsewhere: Any = False

    def shared_words(self) -> Any:
        """Return how many words, numbers left out, the article shares with each candidate's nearest member."""
        return self.table[:, _SHARED] - self.table[:, _NUMBERS] - (1 - PART) * self.parts

    def explain(self, best: int, scores: NDArray[np.float64]) -> dict[str, Any]:
        """Return the reason for the best candidate as JSON values."""
        row = dict(zip(COLUMNS, self.table[best].tolist(), strict=True))
        others = [
            (float(s), m.story)
            for i, (s, m) in enumerate(zip(scores, self.stories, strict=True))
            if i != best
        ]
        reason: dict[str, Any] = {
            "rule": "model",
            "story": self.stories[best].story,
            "words": round(row["best"], 3),
            "title": round(row["title_best"], 3),
            "shared_words": int(row["shared"]),
            "shared_numbers": int(row["numbers"]),
            "places_shared": round(row["places_shared"], 2),
        }
        if row["hours_to_last"] != UNDATED:
            reason["hours"] = round(row["hours_to_last"], 1)
        if others:
            score, story = max(others)
            reason["runner_up"] = {"story": story, "score": round(score, 3)}
        return reason


class Measurer:
    """Holds the scratch arrays, 4 MB each, that one article at a time is laid out in."""

    def __init__(self) -> None:
        self._all = np.zeros(BUCKETS, dtype=np.float32)
        self._title = np.zeros(BUCKETS, dtype=np.float32)
        self._name = np.zeros(BUCKETS, dtype=np.float32)
        self._place = np.zeros(BUCKETS, dtype=np.float32)

    def measure(
        self, article: Features, stories: list[StorySnapshot], idf: Idf, *, inflected: bool = False
    ) -> Measured:
        """Return the table of `article` against `stories`; no rows when there are none. Names of places are not
        compared where words are `inflected`: cases of one name may not meet."""
        if not stories or not len(article.ids):
            return Measured([], np.zeros((0, len(COLUMNS)), dtype=np.float32))
        heavy = article.weights * idf(article.ids)
        title = heavy * _has(article.flags, TITLE_FLAG)
        name = heavy * _has(article.flags, NAME_FLAG)
        place = heavy * _has(article.flags, PLACE_FLAG)
        self._all[article.ids], self._title[article.ids], self._name[article.ids] = heavy, title, name
        self._place[article.ids] = place
        try:
            columns = self._words(stories, idf, (heavy, title, name, place))
        finally:
            for laid_out in (self._all, self._title, self._name, self._place):
                laid_out[article.ids] = 0
        columns |= _times(article, stories)
        columns |= _context(article, stories)
        if inflected:
            columns["place_words"] = np.full(len(stories), UNKNOWN)
        columns["lead_over_next"] = _lead(columns["centroid"])
        columns["crowd"] = np.full(len(stories), _crowd(columns["best"]))
        table = np.stack([columns[c] for c in COLUMNS], axis=1).astype(np.float32)
        return Measured(stories, table, columns["parts"], _elsewhere(article, stories))

    def _words(
        self, stories: list[StorySnapshot], idf: Idf, own: tuple[Table, Table, Table, Table]
    ) -> dict[str, Any]:
        """Cosines and coverages; per story the best of its members, and its centroid."""
        heavy, title, name, place = own
        docs = [(d.ids, d.weights, d.flags) for s in stories for d in s.documents()]
        per_story = np.array([len(s.documents()) for s in stories])
        starts = np.concatenate(([0], np.cumsum([len(d[0]) for d in docs])[:-1]))
        ids = np.concatenate([d[0] for d in docs])
        flags = np.concatenate([d[2] for d in docs])
        rarity = idf(ids)
        w = np.concatenate([d[1] for d in docs]) * rarity
        wt, wn, wp = (w * _has(flags, flag) for flag in (TITLE_FLAG, NAME_FLAG, PLACE_FLAG))
        mine, mine_title, mine_name = self._all[ids], self._title[ids], self._name[ids]
        there = mine > 0

        def total(x: Any) -> Any:
            return np.add.reduceat(x, starts)

        def cosine(x: Any, y: Any, own: Any) -> Any:
            return total(x * y) / (np.sqrt(total(y * y)) * float(np.linalg.norm(own)) + 1e-6)

        whole, titles, names = (
            cosine(mine, w, heavy),
            cosine(mine_title, wt, title),
            cosine(mine_name, wn, name),
        )
        places = np.full(len(starts), -1.0)  # of those that name no place
        if place.any():
            named = total(wp) > 0
            places[named] = cosine(self._place[ids], wp, place)[named]
        covered = total(mine) / (float(heavy.sum()) + 1e-6)
        title_covered = total(mine_title) / (float(title.sum()) + 1e-6)
        title_covers = total(wt * there) / (total(wt) + 1e-6)
        rarest = np.maximum.reduceat(rarity * there, starts)
        shared = total(there.astype(np.float32))
        numbers = total((there & (flags & NUMBER_FLAG > 0)).astype(np.float32))
        parts = total((there & (flags & (NUMBER_FLAG | PART_FLAG) == PART_FLAG)).astype(np.float32))
        ends = np.cumsum(per_story)
        first = ends - per_story  # each story's documents start with its centroid
        member = first + 1

        def top(x: Any) -> Any:
            return np.array([x[a:b].max() for a, b in zip(member, ends, strict=True)])

        best_place = top(places)
        return {
            "place_words": np.where(best_place < 0, UNKNOWN, best_place),
            "centroid": whole[first],
            "best": top(whole),
            "mean": np.array([whole[a:b].mean() for a, b in zip(member, ends, strict=True)]),
            "title_best": top(titles),
            "title_centroid": titles[first],
            "name_best": top(names),
            "covered": top(covered),
            "title_covered": title_covered[first],
            "title_covers": top(title_covers),
            "rarest": rarest[first],
            "shared": top(shared),
            "numbers": top(numbers),
            "parts": top(parts),
        }


def _elsewhere(article: Features, stories: list[StorySnapshot]) -> Any:
    """Which stories hold the same headline of another place, and none of one's own."""
    own = formula_of(article)
    if own is None:
        return np.zeros(len(stories), dtype=bool)
    found = []
    for story in stories:
        same = [own.is_elsewhere(f) for m in story.compared() if (f := m.formula) and f.rest == own.rest]
        found.append(bool(same) and all(same))
    return np.array(found)


def _has(flags: NDArray[np.uint8], flag: int) -> Any:
    return (flags & flag > 0).astype(np.float32)


def _times(article: Features, stories: list[StorySnapshot]) -> dict[str, Any]:
    """Hours between the report and the story's newest and first; UNDATED where one has no date."""
    last, first = np.full(len(stories), UNDATED), np.full(len(stories), UNDATED)
    if article.at is not None and article.dated:
        for i, story in enumerate(stories):
            if story.first_at is not None and story.last_at is not None:
                inside = story.first_at <= article.at <= story.last_at
                near = (
                    0.0 if inside else min(abs(article.at - story.last_at), abs(article.at - story.first_at))
                )
                last[i] = near / HOUR
                first[i] = abs(article.at - story.first_at) / HOUR
    return {"hours_to_last": last, "hours_to_first": first, "dated": (last != UNDATED).astype(float)}


def _context(article: Features, stories: list[StorySnapshot]) -> dict[str, Any]:
    """Size, outlets, lengths and places."""
    n = len(stories)
    outlets = [[m.features.outlet for m in s.compared()] for s in stories]
    places = [_places(article.places, [m.features.places for m in s.compared()]) for s in stories]
    return {
        "size": np.log1p([len(s.members) for s in stories]),
        "same_outlet": np.array([o.count(article.outlet) / len(o) for o in outlets]),
        "outlets": np.log1p([len(set(o)) for o in outlets]),
        "words": np.full(n, np.log1p(article.words)),
        "story_words": np.log1p([np.mean([m.features.words for m in s.compared()]) for s in stories]),
        "title_words": np.full(n, float(_has(article.flags, TITLE_FLAG).sum())),
        "places_shared": np.array([p[0] for p in places]),
        "places_apart": np.array([p[1] for p in places]),
        "main_place": np.array([p[2] for p in places]),
        "places_agree": np.array([p[3] for p in places]),
        "countries_apart": np.array([_countries_apart(article.countries, s) for s in stories]),
    }


def _places(own: tuple[int, ...], members: list[tuple[int, ...]]) -> tuple[float, float, float, float]:
    """Share of own places in the story, 1.0 when none is there, share of members with the same main place, share
    of members with any of them."""
    theirs = [places for places in members if places]
    if not own or not theirs:
        return 0.0, 0.0, 0.0, UNKNOWN
    union = {p for places in theirs for p in places}
    shared = len(union.intersection(own)) / len(own)
    main = sum(places[0] == own[0] for places in theirs) / len(theirs)
    agree = sum(not set(own).isdisjoint(places) for places in theirs) / len(theirs)
    return shared, float(shared == 0), main, agree


def _countries_apart(own: tuple[int, ...], story: StorySnapshot) -> float:
    """Share of the members that are about countries, but about none of one's own; 0.0 where nothing is known."""
    theirs = [m.features.countries for m in story.compared() if m.features.countries]
    if not own or not theirs:
        return 0.0
    return sum(set(own).isdisjoint(countries) for countries in theirs) / len(theirs)


def _lead(column: Any) -> Any:
    """How far each candidate lies above the best of the others."""
    if len(column) < 2:
        return np.asarray(column, dtype=float)
    order = np.sort(column)
    best, second = order[-1], order[-2]
    return np.where(column == best, column - second, column - best)


def _crowd(best: Any) -> float:
    """Mean closeness of the three nearest candidates: high where a whole subject is in the news."""
    return float(np.sort(best)[-3:].sum() / 3)
