"""Evaluate the grouping stage on rows in order of arrival: the rule the line uses, no look-ahead.

Rows are `{id, title, text, date, url, source}`, any of them null or missing, out comes
`{id, cluster}`. A row's cluster is its story; live blogs and anniversary pieces stand outside and
get null, and an opinion or explainer gets the story it is about, null when there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from aggregator.pipeline.features import background_idf, read_features
from aggregator.pipeline.group import StoryIndex
from aggregator.pipeline.vectors import word_vectors


def load() -> None:
    """Load what is read once a process, so that `evaluate` is timed without it."""
    word_vectors()
    background_idf()
    StoryIndex()


def evaluate(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield `{id, cluster}` for each row in order. No field is trusted to be there or to be text."""
    index = StoryIndex()
    for number, row in enumerate(rows):
        features = read_features(
            _text(row, "title"), _text(row, "text"), at=read_at(row.get("date")), outlet=_text(row, "source")
        )
        verdict = index.decide(features)
        story = number if verdict.story is None else verdict.story
        index.add(story, number, features)
        yield {"id": row.get("id"), "cluster": story}


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    return value if isinstance(value, str) else ""


def read_at(value: object) -> datetime | None:
    """Return the moment an ISO date says, UTC when it names no zone; None when it says nothing."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
