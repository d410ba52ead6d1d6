"""The vocabulary's topics, forms and conflicts as classify reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aggregator.pipeline.conflicts import ConflictBook, ConflictRule, PartyRule, party_names
from aggregator.pipeline.cues import BELONGS, BELONGS_NOT, CueBook, TopicRule
from aggregator.pipeline.form_acts import act_book
from aggregator.pipeline.forms import FormBook, FormRule


@dataclass(frozen=True, slots=True)
class Rules:
    """The vocabulary as the rules read it; `version` tells which state of it was used."""

    topics: tuple[TopicRule, ...]
    cues: CueBook
    forms: FormBook
    conflicts: ConflictBook
    version: int = 0


def rules_from(
    topics: Mapping[str, Any], forms: Mapping[str, Any], conflicts: Mapping[str, Any], *, version: int = 0
) -> Rules:
    """Build the rules from vocabulary data as in vocabulary/{topics,forms,conflicts}.json.

    Raises KeyError when a slug is missing; every other field may be absent.
    """
    topic_rules = tuple(topic_rule(row) for row in topics.get("topics", ()))
    signals = tuple(_signal_rules(topics.get("relevance", {})))
    return Rules(
        topics=topic_rules,
        cues=CueBook((*topic_rules, *signals)),
        forms=FormBook(map(form_rule, forms.get("forms", ())), act_book(forms.get("acts", {}))),
        conflicts=ConflictBook(conflict_rule(row) for row in conflicts.get("conflicts", ())),
        version=version,
    )


def topic_rule(row: Mapping[str, Any]) -> TopicRule:
    """Return a topic's cues from a vocabulary row."""
    data = row.get("data", {})
    return TopicRule(
        slug=row["slug"],
        name=row.get("name", ""),
        strong=tuple(data.get("strong", ())),
        weak=tuple(data.get("weak", ())),
        negative=tuple(data.get("negative", ())),
        sure=tuple(data.get("sure", ())),
        by_language={k: tuple(v) for k, v in data.get("by_language", {}).items()},
    )


def form_rule(row: Mapping[str, Any]) -> FormRule:
    """Return how a form shows itself from a vocabulary row."""
    return FormRule(
        slug=row["slug"],
        name=row.get("name", ""),
        broad=row.get("broad") or row["slug"],
        counts_for_events=row.get("counts_for_events", True),
        headline=tuple(row.get("headline", ())),
        lead=tuple(row.get("lead", ())),
        url=tuple(row.get("url", ())),
        by_language={k: tuple(v) for k, v in row.get("by_language", {}).items()},
        weak={k: tuple(v) for k, v in row.get("weak", {}).items()},
    )


def conflict_rule(row: Mapping[str, Any]) -> ConflictRule:
    """Return what shows a conflict from a vocabulary row; a date that is none counts as unknown."""
    data = row.get("data", {})
    parties = tuple(
        PartyRule(
            p["name"],
            p.get("side", ""),
            p.get("kind", ""),
            party_names(p["name"], p.get("aliases", ()), p.get("kind", "")),
        )
        for p in row.get("parties", ())
    )
    return ConflictRule(
        slug=row["slug"],
        name=row.get("name", ""),
        status=row.get("status", ""),
        countries=tuple(row.get("regions", ())),
        areas=tuple(data.get("areas", ())),
        waters=tuple(data.get("waters", ())),
        aliases=tuple(data.get("aliases", ())),
        cues=tuple(data.get("cues", ())),
        topics=tuple(data.get("topics_hint", ())),
        parties=parties,
        started_on=_day(row.get("started_on")),
    )


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _signal_rules(signals: Mapping[str, Any]) -> Iterable[TopicRule]:
    for slug, key in ((BELONGS, "belongs"), (BELONGS_NOT, "belongs_not")):
        cues = signals.get(key, {})
        others = {language: tuple(words) for language, words in cues.items() if language != "en"}
        yield TopicRule(slug, strong=tuple(cues.get("en", ())), by_language=others)
