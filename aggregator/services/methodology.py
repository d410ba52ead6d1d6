"""The rules as they run: read from the code's own constants, so that the page cannot lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from aggregator.models import Topic
from aggregator.pipeline.classify import LEARNED


@dataclass(frozen=True)
class Threshold:
    """A constant of a rule: where it stands, its value, and the comment beside it."""

    name: str
    value: str
    module: str


@dataclass(frozen=True)
class LanguageCover:
    """How well topics are found in a language: by how many cues, of how many topics."""

    code: str
    cue_count: int
    topic_count: int
    is_learned: bool  # the trained part knows it too; else cues and places are all there is


@dataclass(frozen=True)
class Methodology:
    """What the methodology page shows."""

    thresholds: tuple[tuple[str, tuple[Threshold, ...]], ...]
    topics: tuple[Topic, ...]
    languages: tuple[LanguageCover, ...]  # surest first


_STATIONS = (
    ("poll", ("schedule",)),
    ("extract", ("extract", "boilerplate")),
    ("trace", ("trace", "fingerprint", "credits")),
    ("locate", ("locate", "regions")),
    ("classify", ("classify", "relevance", "forms")),
    ("group", ("group",)),
    ("timeline", ("timeline", "dates")),
)


def methodology() -> Methodology:
    """Return the thresholds of every station and the topics with their definitions."""
    found = tuple((station, tuple(_thresholds(modules))) for station, modules in _STATIONS)
    topics = tuple(Topic.objects.select_related("group").order_by("group__position", "position", "name"))
    return Methodology(found, topics, language_cover(topic.data for topic in topics))


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


def _thresholds(modules: Sequence[str]) -> list[Threshold]:
    found = []
    for name in modules:
        try:
            module = import_module(f"aggregator.pipeline.{name}")
        except ModuleNotFoundError:
            continue
        for constant, value in sorted(vars(module).items()):
            if constant.isupper() and not constant.startswith("_") and _is_plain(value):
                found.append(Threshold(constant.replace("_", " ").lower(), _words(value), name))
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, (frozenset, tuple)):
        return 0 < len(value) <= 12 and all(isinstance(one, (str, int, float)) for one in value)
    return isinstance(value, (int, float, timedelta)) and not isinstance(value, bool)


def _words(value: Any) -> str:
    if isinstance(value, (frozenset, set)):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)
