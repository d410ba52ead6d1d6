"""Evaluate the grouping stage: the stories as the line's repair leaves them.

Rows are `{id, title, text, date, url, source}`, any of them null or missing, out comes
`{id, cluster}`. The line groups an article on arrival and decides again every ten minutes, in the order
of the reports (`pipeline.repair.regroup`): what it says of an article rests on earlier reports only, so
that one look at the end says what all looks of the line would have said. Undated rows come last, in an
order of their words. The form of an item is another stage's business: here every row is grouped, so
that an opinion or explainer gets the story it is about, as the line tells it beside the story ("also published").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aggregator.pipeline.features import BODY, Features, background_idf, read_features
from aggregator.pipeline.gazetteer import Gazetteer, load_gazetteer
from aggregator.pipeline.group_places import Whereabouts, whereabouts
from aggregator.pipeline.locate import locate
from aggregator.pipeline.repair import Standing, regroup


def load() -> None:
    """Load what is read once a process, so that `evaluate` is timed without it."""
    background_idf()
    _gazetteer()
    next(iter(evaluate([{}])))


@cache
def _gazetteer() -> Gazetteer:
    return load_gazetteer()


def where_of(title: str, text: str) -> Whereabouts:
    """Return where a text is, as the line finds it."""
    return whereabouts(locate(title, text[:BODY], gazetteer=_gazetteer(), home_region=None, language=""))


def evaluate(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield `{id, cluster}` for each row in order. No field is trusted to be there or to be text."""
    read = [(row.get("id"), _read(row)) for row in rows]
    places = regroup(Standing(number, features) for number, (_, features) in enumerate(read))
    for number, (key, _) in enumerate(read):
        yield {"id": key, "cluster": places[number].group}


def _read(row: Mapping[str, Any]) -> Features:
    title, text = _text(row, "title"), _text(row, "text")
    return read_features(
        title,
        text,
        at=read_at(row.get("date")),
        outlet=_text(row, "source"),
        where=where_of(title, text),
    )


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
