"""The rules as they run: read from the code's own constants, so that the page cannot lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from aggregator.models import Topic


@dataclass(frozen=True)
class Threshold:
    """A constant of a rule: where it stands, its value, and the comment beside it."""

    name: str
    value: str
    module: str


@dataclass(frozen=True)
class Methodology:
    """What the methodology page shows."""

    thresholds: tuple[tuple[str, tuple[Threshold, ...]], ...]
    topics: tuple[Topic, ...]


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
    return Methodology(
        found, tuple(Topic.objects.select_related("group").order_by("group__position", "position", "name"))
    )


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
