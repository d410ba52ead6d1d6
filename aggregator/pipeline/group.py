"""Join an open story or open a new one?

`StoryIndex` holds the active stories in memory: those with a report in the last WINDOW by the
articles' own dates. `decide` finds the candidates by shared rare words, measures each against the
article and lets a small trained model say how likely it is the same happening. The caller adds
the article where the verdict says, so the same order of arrival gives the same stories.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import Features, background_counts, background_total
from .group_measure import Idf, Measured, Measurer
from .group_model import GroupModel, load_model
from .group_story import SPAN, Centroid, Member, StorySnapshot, fits_span

__all__ = ["SPAN", "GroupVerdict", "StoryIndex", "StorySnapshot", "fits_span"]

WINDOW = 14 * 24 * 3600.0  # stories silent for longer are no candidates
INDEXED = 25  # words by which an article is found
POSTINGS = 240  # newest stories looked at per word: the cost of a lookup is bounded
CANDIDATES = 12  # stories measured per article
LEAST_WORDS = 2  # words shared, numbers left out
# These stand outside stories; opinions and explainers are told which story they are about.
COMMENT_FORMS = frozenset({"opinion", "explainer"})
OUTSIDE_FORMS = COMMENT_FORMS | {
    "anniversary",
    "live-blog",
    "newsletter",
    "press-review",
    "podcast",
    "situation-report",
}


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """What becomes of an article.

    `kind` is join, open or outside; `story` is the story joined, or for an outside piece the story
    it is about (None when there is none). `reason` holds JSON values only, for readers.
    """

    kind: str
    story: int | None
    score: float
    reason: dict[str, Any] = field(default_factory=dict)


class StoryIndex:
    """The active stories, found by their words. Not safe for threads: one writer at a time."""

    def __init__(self, model: GroupModel | None = None) -> None:
        self.model = model or load_model()
        self.stories: dict[int, StorySnapshot] = {}
        self._postings: dict[int, list[int]] = {}
        self._story_of: dict[int, int] = {}
        self._member_of: dict[int, Member] = {}
        self._counts = background_counts().copy()
        self._known = self._counts > 0
        self._beyond = 0  # articles held in languages beyond the background
        self._total = background_total()
        self._measurer = Measurer()
        self._newest: float | None = None

    def __len__(self) -> int:
        return len(self.stories)

    @property
    def articles(self) -> int:
        """How many articles are held."""
        return len(self._story_of)

    @property
    def newest(self) -> float | None:
        """Seconds since 1970 of the newest report ever added."""
        return self._newest

    def features_of(self, article: int) -> Features | None:
        """Return what is held of an article."""
        member = self._member_of.get(article)
        return member.features if member else None

    def members_of(self, story: int) -> set[int]:
        """Return the articles held of a story."""
        return {m.article for m in self.stories[story].members} if story in self.stories else set()

    def first_members(self, story: int, *, but: int, count: int = 3) -> list[int]:
        """Return the first articles of a story, one left out."""
        held = self.stories[story].members if story in self.stories else []
        return [m.article for m in held if m.article != but][:count]

    def story_of(self, article: int) -> int | None:
        """Return the story that holds an article, None when it is in no active one."""
        return self._story_of.get(article)

    def add(self, story: int, article: int, features: Features) -> None:
        """Put an article into a story, which is opened when it is new. Doing it twice is once."""
        if self._story_of.get(article) == story:
            return
        self.remove(article)
        snapshot = self.stories.setdefault(story, StorySnapshot(story))
        member = self._member_of[article] = Member(article, features)
        snapshot.append(member)
        self._story_of[article] = story
        self._count(features, 1)
        for term in self._index_terms(features):
            posting = self._postings.setdefault(term, [])
            if not posting or posting[-1] != story:
                posting.append(story)
        if features.at is not None and (self._newest is None or features.at > self._newest):
            self._newest = features.at

    def remove(self, article: int) -> None:
        """Take an article out of its story; an empty story goes."""
        story = self._story_of.pop(article, None)
        if story is None:
            return
        snapshot = self.stories[story]
        self._member_of.pop(article, None)
        member = snapshot.take_out(article)
        if member is not None:
            self._count(member.features, -1)
        if not snapshot.members:
            del self.stories[story]

    def drop(self, story: int) -> None:
        """Forget a story and its members."""
        for member in list(self.stories.get(story, StorySnapshot(story)).members):
            self.remove(member.article)

    def evict(self, before: float) -> int:
        """Forget stories whose newest report is older than `before`; return how many."""
        old = [s.story for s in self.stories.values() if (s.last_at or before) < before]
        for story in old:
            self.drop(story)
        if old:
            self._sweep()
        return len(old)

    def decide(
        self,
        features: Features,
        *,
        form: str = "report",
        must: Collection[int] = (),
        cannot: Collection[int] = (),
        but: int | None = None,
    ) -> GroupVerdict:
        """Say where an article belongs; the index is not changed.

        `must` and `cannot` are articles that a curator tied it to or kept it from; they win over
        the model and over a story's span, and cannot wins over must. `but` is a story left out.
        """
        barred = {self._story_of[a] for a in cannot if a in self._story_of} | {but}
        for article in must:
            story = self._story_of.get(article)
            if story is not None and story not in barred:
                return GroupVerdict("join", story, 1.0, {"rule": "must_link", "article": article})
        measured = self.measure(features, barred=barred)
        return self._verdict(measured, features, form)

    def scores(self, features: Features, *, but: int | None = None) -> dict[int, float]:
        """Return how likely an article belongs to each of its candidates, story `but` left out."""
        measured = self.measure(features, barred=(but,))
        if not measured.stories:
            return {}
        found = self._scores(measured, features)
        return {s.story: float(p) for s, p in zip(measured.stories, found, strict=True)}

    def _scores(self, measured: Measured, features: Features) -> NDArray[np.float64]:
        """Ask the model; numbers alone, one word of many, or a headline of another place never make one
        happening."""
        scores = self.model.of(features).scores(measured.table)
        needed = min(LEAST_WORDS, (features.size() + 1) // 2)
        may = (measured.shared_words() >= needed) & ~np.asarray(measured.elsewhere)
        return np.where(may, scores, 0.0)

    def near(self, words: Centroid | Features, *, but: int) -> list[StorySnapshot]:
        """Return stories whose words are close to the given ones (cosine from NEAR), whatever their dates."""
        scores = [
            (self._cosine(words, self.stories[s]), s) for s in self._found_by(words, CANDIDATES) if s != but
        ]
        return [self.stories[s] for score, s in scores if score >= NEAR]

    def _cosine(self, words: Centroid | Features, story: StorySnapshot) -> float:
        theirs = story.documents()[0]
        shared, mine, other = np.intersect1d(words.ids, theirs.ids, assume_unique=True, return_indices=True)
        idf = self._idf(shared)
        dot = float((words.weights[mine] * theirs.weights[other] * idf * idf).sum())
        norms = [float(np.linalg.norm(d.weights * self._idf(d.ids))) for d in (words, theirs)]
        return dot / (norms[0] * norms[1] + 1e-9)

    def measure(self, features: Features, *, barred: Collection[int | None] = ()) -> Measured:
        """Return the candidates of an article with what was measured of each."""
        found = [self.stories[s] for s in self._candidates(features) if s not in barred]
        fit = [s for s in found if fits_span(s, features.at)]
        beyond = self._is_beyond(features)
        return self._measurer.measure(features, fit, self._idf_of(features), inflected=beyond)

    def _verdict(self, measured: Measured, features: Features, form: str) -> GroupVerdict:
        outside = form in OUTSIDE_FORMS
        if not measured.stories:
            kind = "outside" if outside else "open"
            return GroupVerdict(kind, None, 0.0, {"rule": f"form_{form}" if outside else "no_candidate"})
        scores = self._scores(measured, features)
        best = int(np.argmax(scores))
        score, story = float(scores[best]), measured.stories[best].story
        reason = measured.explain(best, scores)
        joins = score >= self.model.threshold
        if outside:
            joins = joins and form in COMMENT_FORMS
            return GroupVerdict(
                "outside", story if joins else None, score, {**reason, "rule": f"form_{form}"}
            )
        return GroupVerdict("join" if joins else "open", story if joins else None, score, reason)

    def _candidates(self, features: Features) -> list[int]:
        """Stories that share the article's heaviest words, best first, at most CANDIDATES."""
        return self._found_by(features, CANDIDATES)

    def _found_by(self, words: Centroid | Features, limit: int) -> list[int]:
        ids = words.ids
        heavy = words.weights * self._idf(ids)
        found, weights = [], []
        for i in np.argsort(-heavy, kind="stable")[:INDEXED]:
            told = set(self._postings.get(int(ids[i]), ())[-POSTINGS:])
            found.append(np.fromiter(told, dtype=np.int64, count=len(told)))
            weights.append(np.full(len(told), float(heavy[i]) ** 2))
        if not found:
            return []
        stories, where = np.unique(np.concatenate(found), return_inverse=True)
        best = np.lexsort((stories, np.bincount(where, np.concatenate(weights), len(stories))))[::-1]
        alive = (story for story in stories[best].tolist() if story in self.stories)
        return list(islice(alive, limit))

    def _index_terms(self, features: Features) -> list[int]:
        heavy = features.weights * self._idf(features.ids)
        return [int(features.ids[i]) for i in np.argsort(-heavy, kind="stable")[:INDEXED]]

    def _idf(self, ids: Any) -> Any:
        """Rarity of words among the background and the articles held now."""
        return np.log((self._total + 1.0) / (self._counts[ids] + 0.5))

    def _idf_of(self, words: Centroid | Features) -> Idf:
        """Rarity for an article: for one beyond the background's languages, of what the background never saw
        among such articles held now. Else what only one report says would weigh more than what two share,
        and every second report would look far from the first."""
        return self._idf_beyond if self._is_beyond(words) else self._idf

    def _idf_beyond(self, ids: Any) -> Any:
        held, total = max(self._beyond, LEAST_HELD), self._total + 1.0
        once = np.log(total / (RECENT + 0.5)) / np.log(
            (held + 1.0) / 1.5
        )  # so that what is held once is as ever
        among = np.log((held + 1.0) / (np.maximum(self._counts[ids] / RECENT, 1.0) + 0.5))
        return np.where(self._known[ids], self._idf(ids), np.maximum(once * among, 0.1))

    def _is_beyond(self, words: Centroid | Features) -> bool:
        """True where the background knows fewer than half of the words, as in another language."""
        return 2 * int(np.count_nonzero(self._known[words.ids])) < len(words.ids)

    def _count(self, features: Features, step: int) -> None:
        self._counts[features.ids] += step * RECENT
        self._total += step * RECENT
        self._beyond += step * self._is_beyond(features)

    def _sweep(self) -> None:
        """Drop dead stories from the postings."""
        for term in list(self._postings):
            alive = [s for s in self._postings[term] if s in self.stories]
            if alive:
                self._postings[term] = alive
            else:
                del self._postings[term]


NEAR = 0.25  # cosine of words from which one story may go on from another (development data)
LEAST_HELD = 30  # articles among which rarity is counted at least: fewer say little
RECENT = 30.0  # an article held now says as much about what is common as thirty of the background
