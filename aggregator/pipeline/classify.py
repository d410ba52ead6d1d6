"""Text → relevance, topics, form and conflicts, each with its reason.

One reading of headline and opening (READ characters) serves all four. A topic's score joins the
weighted cues with the linear model; an article has at most three. Only an article that may
belong (`in` or `ask`) gets topics and conflicts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from math import exp, log
from typing import Any

from aggregator.pipeline.classify_rules import Rules
from aggregator.pipeline.cues import (
    BELONGS,
    BELONGS_NOT,
    CUE_KINDS,
    FIELDS,
    SURE,
    Evidence,
    RawHit,
    shown,
    weigh,
)
from aggregator.pipeline.linear import Model, hashed, load_model, relevance_logit, topic_logits
from aggregator.pipeline.relevance import (
    ASK,
    IN,
    OUT,
    dense_features,
    relevance_reason,
    relevance_score,
    verdict,
)
from aggregator.pipeline.stems import Words, blank_addresses, guess_language, words_of
from aggregator.pipeline.types import Classified, CueHit, Located, Reason, TopicScore

READ = 1_500  # characters of the text that are read, after the headline
LEAD = 300  # of these, at most so many count as the lead (to the end of the sentence's word)
TITLE = 400
LEARNED = "en"  # the language of the texts that the model was trained on
MOST_TOPICS = 3
SNIPPET_WORDS = 120  # a text without a headline that is no longer reports one event: it has one topic
FEW_WORDS = 3  # below it a text is never shown unasked, and gets no topic without a cue
SURE_SCORE = 0.9  # of a topic by a sure cue, at least
SENTENCE_END = re.compile(r"[.!?。؟…]\s|\n")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as read once: its fields with their offsets, stems, and every cue found."""

    language: str
    fields: Mapping[str, tuple[str, int]]  # field -> (text, offset in the article's field)
    title: Words
    body: Words  # the headline's words and the opening's
    hits: tuple[RawHit, ...]
    names: tuple[RawHit, ...]  # of conflicts and parties
    titled: bool  # False: the first sentence stands for a missing headline


def classify(
    title: str,
    text: str,
    *,
    url: str = "",
    language: str = "",
    located: Located,
    rules: Rules,
    everything_relevant: bool = False,
    reported_on: date | None = None,
) -> Classified:
    """Return relevance, topics (best first), form and conflicts of an article.

    `language` is a BCP 47 primary tag, '' to guess. `everything_relevant` is the curator's word
    for a source: relevance is `in` whatever the score. `reported_on` keeps an article from
    joining a conflict that began later. Never fails on any text.
    """
    model = load_model()
    reading = read(title, text, language, rules)
    places = place_evidence(located, rules, reading.names)
    evidence = weigh(list(reading.hits), in_conflict=places["conflict_area"] or places["conflict_country"])
    features = hashed(reading.title, reading.body)
    score, relevance, reason = _relevance(reading, evidence, places, features, model, everything_relevant)
    form, form_reason = rules.forms.find(title, reading.fields["lead"][0], url, reading.language)
    topics: tuple[TopicScore, ...] = ()
    conflicts: tuple[tuple[str, Reason], ...] = ()
    if relevance != OUT:
        logits = topic_logits(model, features, evidence.counts, titled=reading.titled)
        topics = _topics(reading, evidence, logits, model, relevance)
        slugs = [t.topic for t in topics]
        conflicts = rules.conflicts.find(located, reading.names, slugs, reported_on)
    return Classified(score, relevance, reason, topics, form, form_reason, conflicts)


def read(title: str, text: str, language: str, rules: Rules) -> Reading:
    """Read headline and opening once. Without a headline the first sentence stands for it."""
    title, text = blank_addresses(title[:TITLE]), blank_addresses(text[:READ])
    titled = bool(title.strip())
    head, start = (title, 0) if titled else _first_sentence(text)
    language = (language or guess_language(f"{title} {text[:300]}"))[:2].lower()
    cut = _lead_end(text, start)
    fields = {"title": (head, 0), "lead": (text[start:cut], start), "text": (text[cut:], cut)}
    words = {where: words_of(part, language) for where, (part, _) in fields.items()}
    hits = [hit for where in FIELDS for hit in rules.cues.find(words[where], where, language)]
    names = [hit for where in FIELDS for hit in rules.conflicts.names.find(words[where], where, language)]
    return Reading(
        language, fields, words["title"], _together(words.values()), tuple(hits), tuple(names), titled
    )


def place_evidence(located: Located, rules: Rules, names: Sequence[RawHit]) -> dict[str, bool]:
    """Return what the places say for relevance: see relevance.dense_features."""
    about = {r.region for r in located.regions if r.about}
    return {
        "conflict_area": bool(about & rules.conflicts.areas),
        "conflict_country": bool(about & rules.conflicts.countries),
        "party": bool(names) or any(m.kind == "party" for m in located.mentions),
        "placed": bool(located.regions),
    }


def topic_scores(
    evidence: Evidence, logits: Mapping[str, float], card: Mapping[str, Any], *, language: str = LEARNED
) -> dict[str, float]:
    """Return each topic's score (0-1): cues and model joined by the weights of the model card.

    What the model has not learned is scored by its cues alone where that gives more: a curator's
    new topic, and every topic of a text that is not in the language of the training texts.
    """
    part, scores = card["topics"], {}
    for topic in {*logits, *(t for t in evidence.counts if t not in (BELONGS, BELONGS_NOT))}:
        counts, score = evidence.counts.get(topic), 0.0
        if topic in logits:
            logit = part["bias"][topic] + part["hashed"] * logits[topic]
            score = _probability(logit + (_worth(counts, part["cues"]) if counts else 0.0))
        if counts and (topic not in logits or language != LEARNED):
            score = max(score, _probability(part["new_bias"] + _worth(counts, part["new_cues"])))
        scores[topic] = max(score, SURE_SCORE) if counts and counts[SURE] else score
    return scores


def _worth(counts: Mapping[str, int], weights: Mapping[str, float]) -> float:
    return sum(weights[kind] * min(2, counts[kind]) for kind in CUE_KINDS if counts[kind])


def _probability(logit: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))


def _relevance(
    reading: Reading,
    evidence: Evidence,
    places: Mapping[str, bool],
    features: Any,
    model: Model,
    everything_relevant: bool,
) -> tuple[float, str, Reason]:
    dense = dense_features(evidence, places, len(reading.body.stems))
    score = (
        relevance_score(dense, relevance_logit(model, features), model.card) if reading.body.stems else 0.0
    )
    if everything_relevant:
        return score, IN, Reason("relevance_source", {"score": round(score, 3)})
    cues = list(dict.fromkeys(hit.cue for hit in evidence.hits if hit.topic != BELONGS_NOT))
    found = verdict(score, model.card)
    if found == IN and len(reading.body.stems) < FEW_WORDS:
        found = ASK
    return score, found, relevance_reason(score, dense, model.card, cues)


def _topics(
    reading: Reading, evidence: Evidence, logits: Mapping[str, float], model: Model, relevance: str
) -> tuple[TopicScore, ...]:
    scores = topic_scores(evidence, logits, model.card, language=reading.language)
    if len(reading.body.stems) < FEW_WORDS:  # a name alone: what the model makes of it is no evidence
        scores = {topic: score for topic, score in scores.items() if topic in evidence.counts}
    most = 1 if is_snippet(reading.titled, len(reading.body.stems)) else MOST_TOPICS
    kept = pick(scores, model.card, most=most, relevance=relevance)
    cues = shown(evidence.hits, kept, reading.fields)
    return tuple(_scored(t, scores[t], cues[t], by_model=logits.get(t, 0.0) > 0) for t in kept)


def is_snippet(titled: bool, word_count: int) -> bool:
    """Say whether a text is the bare report of one event: short, and without a headline."""
    return not titled and word_count <= SNIPPET_WORDS


def pick(
    scores: Mapping[str, float], card: Mapping[str, Any], *, most: int = MOST_TOPICS, relevance: str = IN
) -> list[str]:
    """Return the topics to keep, main first, at most `most`.

    The likeliest needs the score `first`, or `first_asked` where it is in doubt whether the article
    belongs at all; any other needs `further`. The main one is not always the
    likeliest: harm to civilians goes with most strikes and is seldom the heart of the report, so
    each topic has an offset for how often it leads where it is present.
    """
    part = card["topics"]
    ranked = sorted(scores, key=lambda t: (-scores[t], t))[:most]
    least = part["first_asked"] if relevance == ASK else part["first"]
    if not ranked or scores[ranked[0]] < least:
        return []
    kept = [ranked[0], *(t for t in ranked[1:] if scores[t] >= part["further"])]
    return sorted(kept, key=lambda t: (-_logit(scores[t]) - part["main"].get(t, 0.0), t))


def _logit(score: float) -> float:
    clipped = min(max(score, 1e-9), 1 - 1e-9)
    return log(clipped / (1 - clipped))


def _scored(topic: str, score: float, cues: tuple[CueHit, ...], *, by_model: bool) -> TopicScore:
    rule = ("both" if by_model else "cue") if cues else "model"
    return TopicScore(topic, round(score, 4), rule, cues)


def _first_sentence(text: str) -> tuple[str, int]:
    end = SENTENCE_END.search(text, 0, LEAD)
    cut = end.end() if end else min(len(text), LEAD)
    return text[:cut], cut


def _lead_end(text: str, start: int) -> int:
    if len(text) <= start + LEAD:
        return len(text)
    space = text.find(" ", start + LEAD)
    return space if 0 <= space < start + LEAD + 60 else start + LEAD


def _together(parts: Iterable[Words]) -> Words:
    return Words(tuple(chain.from_iterable(part.stems for part in parts)))
