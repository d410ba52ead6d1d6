"""Cues: words of the vocabulary that speak for a topic, found in one pass with their place.

A cue is one or more words; each word is compared as a light stem (see stems.py), so `rocket`
finds `rockets`. The longest cue wins and consumes its words, but for words that speak for relevance:
what a topic is told by never hides that a report belongs (`festival massacre` is still a massacre). A strong cue is evidence alone. A weak
cue counts with a second cue of its topic, or when the text is placed in a listed conflict. A
negative cue vetoes the cues of its topic in the same field. A sure cue is a strong one that gives
the topic whatever the model says: the curator's means to decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from aggregator.pipeline.stems import STEMMED, TOKEN, Words, starts_of, words_of
from aggregator.pipeline.types import CueHit

STRONG, WEAK, NEGATIVE, SURE = "strong", "weak", "negative", "sure"
BELONGS, BELONGS_NOT = "+", "-"  # pseudo topics: words that speak for and against relevance
FIELDS = ("title", "lead", "text")
CUE_KINDS = tuple(f"{where}_{strength}" for where in FIELDS for strength in (STRONG, WEAK))


@dataclass(frozen=True, slots=True)
class TopicRule:
    """The cues of one topic; `by_language` holds strong cues of other languages."""

    slug: str
    name: str = ""
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()
    by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    everywhere: bool = False  # the English cues are names, good in a text of any language

    def cues(self, language: str) -> Iterable[tuple[str, str]]:
        """Yield (cue, strength) for texts in a language; English acronyms serve every language."""
        english = (STRONG, self.strong), (WEAK, self.weak), (NEGATIVE, self.negative), (SURE, self.sure)
        for strength, cues in english:
            for cue in cues:
                if (
                    language == "en"
                    or strength == SURE
                    or self.everywhere
                    or (cue.isupper() and cue.isalpha())
                ):
                    yield cue, strength
        if language != "en":
            for cue in self.by_language.get(language, ()):
                yield cue, STRONG


class RawHit(NamedTuple):
    """A cue in a field before vetoes: position counts tokens."""

    topic: str
    cue: str
    strength: str
    field: str
    position: int


class CueBook:
    """All cues, compiled once per language on first use; languages of which nothing is known share one."""

    def __init__(self, topics: Iterable[TopicRule]) -> None:
        self._topics = tuple(topics)
        self._languages = {"en", *STEMMED, *chain.from_iterable(rule.by_language for rule in self._topics)}
        self._compiled: dict[str, dict[str, _Step]] = {}

    def find(self, words: Words, where: str, language: str) -> list[RawHit]:
        """Return every cue in `words` in order, the longest where they overlap; no veto applied.

        A word that speaks for relevance is found inside a topic's longer cue, too: only a longer word for or
        against relevance, or a longer negative cue, takes it.
        """
        first, stems = self._for(language), words.stems
        if first.keys().isdisjoint(stems):
            return []
        hits: list[RawHit] = []
        taken = heard = 0  # words before them belong to a cue, and to one that speaks of relevance
        following = (*stems[1:], "")
        for position in [place for place, stem in enumerate(stems) if stem in first]:
            step = first[stems[position]]
            ends = [(1, step)] if step.ends else []
            if following[position] in step.after:
                ends += _longer(step, stems, position)
            if ends and position >= taken:
                length, longest = ends[-1]
                taken = position + length
                hits += [RawHit(topic, cue, kind, where, position) for topic, cue, kind in longest.entries]
            for length, speaking in reversed(ends if position >= heard else ()):
                if speaking.speaks:
                    heard = position + length
                    hits += [RawHit(BELONGS, cue, STRONG, where, position) for cue in speaking.words_for]
                    break
        return hits

    def _for(self, language: str) -> dict[str, _Step]:
        language = language if language in self._languages else ""
        if language not in self._compiled:
            self._compiled[language] = self._compile(language)
        return self._compiled[language]

    def _compile(self, language: str) -> dict[str, _Step]:
        first: dict[str, _Step] = {}
        for rule in self._topics:
            for cue, strength in rule.cues(language):
                stems = words_of(cue, language).stems
                if stems:
                    _step_to(first, stems).add(rule.slug, cue, strength)
        return first


_Entry = tuple[str, str, str]  # topic, cue, strength


@dataclass(slots=True)
class _Step:
    """A word on the way through the cues that begin alike: the cues that end here, and the words that may follow."""

    after: dict[str, _Step] = field(default_factory=dict)
    ends: bool = False  # a cue ends here
    speaks: bool = False  # one that is for or against relevance, or against a topic
    words_for: list[str] = field(default_factory=list)  # the cues that end here: for relevance
    entries: list[_Entry] = field(default_factory=list)  # all others

    def add(self, topic: str, cue: str, strength: str) -> None:
        """Add a cue that ends here, once for a topic and strength."""
        self.ends = True
        self.speaks = self.speaks or topic in (BELONGS, BELONGS_NOT) or strength == NEGATIVE
        if topic == BELONGS:
            self.words_for = self.words_for or [cue]
        elif (topic, strength) not in {(other, kind) for other, _, kind in self.entries}:
            self.entries.append((topic, cue, strength))


def _step_to(first: dict[str, _Step], stems: Iterable[str]) -> _Step:
    """Return the step of a cue's last word, made where it is not there yet."""
    steps, step = first, _Step()
    for stem in stems:
        step = steps.setdefault(stem, _Step())
        steps = step.after
    return step


def _longer(step: _Step, stems: tuple[str, ...], position: int) -> list[tuple[int, _Step]]:
    """Return the cues of more than one word that stand at a position: how many words, and the last one's step."""
    found, end = [], position + 1
    while end < len(stems) and stems[end] in step.after:
        step, end = step.after[stems[end]], end + 1
        if step.ends:
            found.append((end - position, step))
    return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cues say: counts per topic and field after vetoes, and the hits behind them."""

    counts: Mapping[str, Mapping[str, int]]  # topic -> every one of CUE_KINDS and SURE: distinct cues
    hits: tuple[RawHit, ...]

    def count(self, topic: str, kind: str) -> int:
        """Return how many distinct cues of a topic were found; kind like `title_strong`."""
        found = self.counts.get(topic)
        return found[kind] if found else 0


_NONE = dict.fromkeys((*CUE_KINDS, SURE), 0)
_COUNTS_AS = {
    (where, strength): f"{where}_{WEAK if strength == WEAK else STRONG}"
    for where in FIELDS
    for strength in (STRONG, WEAK, SURE)
}


def weigh(raw: Sequence[RawHit], *, in_conflict: bool) -> Evidence:
    """Apply vetoes and the rule for weak cues; `in_conflict`: the text lies in a listed conflict."""
    vetoed = {(hit.topic, hit.field) for hit in raw if hit.strength == NEGATIVE}
    if vetoed:
        raw = [hit for hit in raw if hit.strength != NEGATIVE and (hit.topic, hit.field) not in vetoed]
    kept = tuple(raw) if in_conflict else _without_lone_weak(raw)
    counts: dict[str, dict[str, int]] = {}
    for topic, _, strength, where in {hit[:4] for hit in kept}:
        found = counts.get(topic)
        if found is None:
            found = counts[topic] = _NONE.copy()
        found[_COUNTS_AS[where, strength]] += 1
        if strength == SURE:
            found[SURE] += 1
    return Evidence(counts, kept)


def _without_lone_weak(hits: Sequence[RawHit]) -> tuple[RawHit, ...]:
    distinct: dict[str, set[str]] = defaultdict(set)
    for topic, cue, *_ in hits:
        distinct[topic].add(cue)
    return tuple(hit for hit in hits if hit.strength != WEAK or len(distinct[hit.topic]) > 1)


def shown(
    hits: Iterable[RawHit], topics: Iterable[str], fields: Mapping[str, tuple[str, int]], limit: int = 5
) -> dict[str, tuple[CueHit, ...]]:
    """Return the first hits of each topic with their offsets, as a reader is shown them.

    `fields` maps a field to its text and the offset of that text in the article's field.
    """
    first: dict[str, list[RawHit]] = {topic: [] for topic in topics}
    for hit in hits:
        if hit.topic in first and len(first[hit.topic]) < limit:
            first[hit.topic].append(hit)
    words: dict[str, int] = {}  # of each field, that have to be counted
    for hit in chain.from_iterable(first.values()):
        words[hit.field] = max(words.get(hit.field, 0), hit.position + 1)
    starts = {where: starts_of(fields[where][0], count) for where, count in words.items()}
    return {
        topic: tuple(
            CueHit(
                topic,
                hit.cue,
                hit.field,
                fields[hit.field][1] + starts[hit.field][hit.position],
                hit.strength,
            )
            for hit in found
        )
        for topic, found in first.items()
    }


def bad_cue(cue: str) -> str:
    """Say in one sentence why a curator's cue cannot be used; '' when it can."""
    tokens = TOKEN.findall(cue)
    if not tokens:
        return "A cue needs at least one word."
    if len(cue) > 80 or len(tokens) > 8:
        return "A cue has at most 8 words and 80 characters."
    if len(tokens) == 1 and len(tokens[0]) < 3 and not tokens[0].isupper():
        return "A single word of one or two letters matches too much."
    return ""
