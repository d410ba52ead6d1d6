"""The methodology page: the rules as they run, what they did of late, the vocabulary, the outlets that are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aggregator.models import Source, Topic
from aggregator.pipeline.classify import LEARNED
from aggregator.pipeline.headline import STATE_MEDIUM
from aggregator.services.kept import until_act
from aggregator.services.reason_counts import ReasonCounts, read_counts
from aggregator.services.rule_figures import Station, stations


@dataclass(frozen=True)
class LanguageCover:
    """How well topics are found in a language: by how many cues, of how many topics."""

    code: str
    cue_count: int
    topic_count: int
    is_learned: bool  # the trained part knows it too; else cues and places are all there is


@dataclass(frozen=True)
class OutletsRead:
    """The outlets that are read, by kind: how many there are, and how many of them a state controls."""

    total: int
    countries: int
    languages: int
    kinds: tuple[tuple[str, int, int], ...]  # kind, how many, of them state-controlled; most first


@dataclass(frozen=True)
class Methodology:
    """What the methodology page shows."""

    stations: tuple[Station, ...]
    reasons: ReasonCounts | None  # None until they are counted for the first time
    outlets: OutletsRead
    topics: tuple[Topic, ...]
    languages: tuple[LanguageCover, ...]  # surest first


def methodology() -> Methodology:
    """Return the figures of every station, the counts of reasons, the outlets and the topics with their definitions."""
    topics, outlets = until_act("methodology", lambda: (_topics(), _outlets()))
    covers = language_cover(topic.data for topic in topics)
    return Methodology(stations(), read_counts(), outlets, topics, covers)


def language_cover(topics: Iterable[dict[str, Any]]) -> tuple[LanguageCover, ...]:
    """Return the languages in which the topics' data have cues, the learned one first, then by cues."""
    cues: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for data in topics:
        own = [*data.get("strong", ()), *data.get("weak", ()), *data.get("sure", ())]
        for code, words in {LEARNED: own, **data.get("by_language", {})}.items():
            cues[code] += len(words)
            covered[code] += bool(words)
    order = sorted(
        (code for code in cues if cues[code]), key=lambda code: (code != LEARNED, -cues[code], code)
    )
    return tuple(LanguageCover(code, cues[code], covered[code], code == LEARNED) for code in order)


def _topics() -> tuple[Topic, ...]:
    return tuple(Topic.objects.select_related("group").order_by("group__position", "position", "name"))


def _outlets() -> OutletsRead:
    rows = list(Source.objects.approved().values_list("kind", "state_control", "country", "languages"))
    kinds = Counter(kind for kind, *_ in rows)
    controlled = Counter(kind for kind, control, *_ in rows if control >= STATE_MEDIUM)
    return OutletsRead(
        len(rows),
        len({country for *_, country, _languages in rows if country}),
        len({one for *_, languages in rows for one in languages or ()}),
        tuple((kind, n, controlled[kind]) for kind, n in kinds.most_common()),
    )
