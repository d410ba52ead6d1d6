"""Cues: words of the vocabulary that speak for a topic, found in one pass with their place.

A cue is one or more words; each word is compared as a light stem (see stems.py), so `rocket`
finds `rockets`. The longest cue wins and consumes its words. A strong cue is evidence alone. A weak
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

from aggregator.pipeline.stems import TOKEN, Words, starts_of, words_of
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
    """All cues, compiled once per language on first use."""

    def __init__(self, topics: Iterable[TopicRule]) -> None:
        self._topics = tuple(topics)
        self._compiled: dict[str, dict[str, _Step]] = {}

    def with_rule(self, changed: TopicRule) -> CueBook:
        """Return a book in which one topic has other cues."""
        return CueBook(changed if rule.slug == changed.slug else rule for rule in self._topics)

    def find(self, words: Words, where: str, language: str) -> list[RawHit]:
        """Return every cue in `words` in order, the longest where they overlap; no veto applied."""
        first, stems = self._for(language), words.stems
        if first.keys().isdisjoint(stems):
            return []
        hits: list[RawHit] = []
        taken = 0  # words before it belong to a cue already
        following = (*stems[1:], "")
        for position in [place for place, stem in enumerate(stems) if stem in first]:
            if position < taken:
                continue
            step = first[stems[position]]
            length, entries = 1, step.entries
            if following[position] in step.after:
                length, entries = _longest(step, stems, position)
            if entries:
                taken = position + length
                hits.extend(RawHit(topic, cue, kind, where, position) for topic, cue, kind in entries)
        return hits

    def _for(self, language: str) -> dict[str, _Step]:
        if language not in self._compiled:
            self._compiled[language] = self._compile(language)
        return self._compiled[language]

    def _compile(self, language: str) -> dict[str, _Step]:
        first: dict[str, _Step] = {}
        for rule in self._topics:
            for cue, strength in rule.cues(language):
                stems = words_of(cue, language).stems
                if stems:
                    entries = _step_to(first, stems).entries
                    if (rule.slug, strength) not in {(topic, kind) for topic, _, kind in entries}:
                        entries.append((rule.slug, cue, strength))
        return first


_Entry = tuple[str, str, str]  # topic, cue, strength


@dataclass(slots=True)
class _Step:
    """A word on the way through the cues that begin alike: the cues that end here, and the words that may follow."""

    entries: list[_Entry] = field(default_factory=list)
    after: dict[str, _Step] = field(default_factory=dict)


def _step_to(first: dict[str, _Step], stems: Iterable[str]) -> _Step:
    """Return the step of a cue's last word, made where it is not there yet."""
    steps, step = first, _Step()
    for stem in stems:
        step = steps.setdefault(stem, _Step())
        steps = step.after
    return step


def _longest(step: _Step, stems: tuple[str, ...], position: int) -> tuple[int, list[_Entry]]:
    """Return how many words the longest cue at a position has, and its entries; none where there is none."""
    length, found, end = 1, step.entries, position + 1
    while end < len(stems) and stems[end] in step.after:
        step, end = step.after[stems[end]], end + 1
        if step.entries:
            length, found = end - position, step.entries
    return length, found


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
