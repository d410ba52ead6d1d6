"""Cues: words of the vocabulary that speak for a topic, found in one pass with their place.

A cue is one or more words; each word is compared as a light stem (see stems.py), so `rocket`
finds `rockets`. The longest cue wins and consumes its words. A strong cue is evidence alone. A weak
cue counts with a second cue of its topic, or when the text is placed in a listed conflict. A
negative cue vetoes the cues of its topic in the same field. A sure cue is a strong one that gives
the topic whatever the model says: the curator's means to decide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import ahocorasick  # type: ignore[import-not-found]

from aggregator.pipeline.stems import TOKEN, Words, offset_of, words_of
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
        self._machines: dict[str, ahocorasick.Automaton | None] = {}

    def with_rule(self, changed: TopicRule) -> CueBook:
        """Return a book in which one topic has other cues."""
        return CueBook(changed if rule.slug == changed.slug else rule for rule in self._topics)

    def find(self, words: Words, where: str, language: str) -> list[RawHit]:
        """Return every cue in `words`, longest first where they overlap; no veto applied."""
        machine = self._machine(language)
        if machine is None or not words.stems:
            return []
        text = joined(words.stems)
        hits: list[RawHit] = []
        position = counted = 0  # words before `counted`; what is found never overlaps and comes in order
        for end, (length, entries) in machine.iter_long(text):
            start = end - length + 2
            position, counted = position + text.count("  ", counted, start), start
            for topic, cue, strength in entries:
                hits.append(RawHit(topic, cue, strength, where, position))
        return hits

    def _machine(self, language: str) -> ahocorasick.Automaton | None:
        if language not in self._machines:
            self._machines[language] = self._compile(language)
        return self._machines[language]

    def _compile(self, language: str) -> ahocorasick.Automaton | None:
        entries: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for rule in self._topics:
            for cue, strength in rule.cues(language):
                key = joined(words_of(cue, language).stems)
                if key and (rule.slug, strength) not in {(t, s) for t, _, s in entries[key]}:
                    entries[key].append((rule.slug, cue, strength))
        machine = ahocorasick.Automaton()
        for key, found in entries.items():
            if key and found:
                machine.add_word(key, (len(key), tuple(found)))
        if not len(machine):
            return None
        machine.make_automaton()
        return machine


def joined(stems: Iterable[str]) -> str:
    """Return stems as one string in which each stem stands between single spaces."""
    text = "  ".join(stems)
    return f" {text} " if text else ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cues say: counts per topic and field after vetoes, and the hits behind them."""

    counts: Mapping[str, Counter[str]]  # topic -> {"title_strong": 1, "lead_weak": 2, ...}
    hits: tuple[RawHit, ...]

    def count(self, topic: str, kind: str) -> int:
        """Return how many distinct cues of a topic were found; kind like `title_strong`."""
        found = self.counts.get(topic)
        return found[kind] if found else 0


def weigh(raw: list[RawHit], *, in_conflict: bool) -> Evidence:
    """Apply vetoes and the rule for weak cues; `in_conflict`: the text lies in a listed conflict."""
    vetoed = {(hit.topic, hit.field) for hit in raw if hit.strength == NEGATIVE}
    live = [hit for hit in raw if hit.strength != NEGATIVE and (hit.topic, hit.field) not in vetoed]
    distinct: dict[str, set[str]] = defaultdict(set)
    for hit in live:
        distinct[hit.topic].add(hit.cue)
    kept = tuple(
        hit for hit in live if hit.strength in (STRONG, SURE) or in_conflict or len(distinct[hit.topic]) > 1
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for topic, _, where, strength in {(hit.topic, hit.cue, hit.field, hit.strength) for hit in kept}:
        counts[topic][f"{where}_{STRONG if strength == SURE else strength}"] += 1
        if strength == SURE:
            counts[topic][SURE] += 1
    return Evidence(counts, kept)


def shown(
    hits: Iterable[RawHit], topic: str, fields: Mapping[str, tuple[str, int]], limit: int = 5
) -> tuple[CueHit, ...]:
    """Return the first hits of a topic with their offsets, as a reader is shown them.

    `fields` maps a field to its text and the offset of that text in the article's field.
    """
    found: list[CueHit] = []
    for hit in hits:
        if hit.topic == topic and len(found) < limit:
            text, base = fields[hit.field]
            found.append(
                CueHit(topic, hit.cue, hit.field, base + offset_of(text, hit.position), hit.strength)
            )
    return tuple(found)


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
