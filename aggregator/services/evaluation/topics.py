"""Evaluate relevance, topics and form: the rules of the line on the packaged vocabulary.

Rows are `{id, title, text, source_region}`, any of them null or missing; out comes
`{id, relevant, score, topics, slugs, form}` (`slugs` says the topics once more, under the name
that some labelled sets have for them). `relevant` is 1 only where the line would show the
article (verdict `in`); the form is the broad one (a press digest is a situation report).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aggregator.pipeline.classify import classify
from aggregator.pipeline.linear import load_model
from aggregator.pipeline.locate import locate
from aggregator.pipeline.relevance import IN
from aggregator.services.vocabulary import packaged_rules


def load() -> None:
    """Load what is read once a process, so that `evaluate` is timed without it."""
    load_model()
    packaged_rules()
    next(iter(evaluate([{}])))


def evaluate(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield `{id, relevant, score, topics, slugs, form}` for each row. No field is trusted to be text."""
    rules = packaged_rules()
    broad = {rule.slug: rule.broad for rule in rules.classifier.forms.rules}
    for row in rows:
        title, text, url = _text(row, "title"), _text(row, "text"), _text(row, "url")
        language = _text(row, "language") or _text(row, "lang")
        home = _text(row, "source_region") or None
        located = locate(title, text, gazetteer=rules.gazetteer, home_region=home, language=language)
        found = classify(title, text, url=url, language=language, located=located, rules=rules.classifier)
        topics = [topic.topic for topic in found.topics]
        yield {
            "id": row.get("id"),
            "relevant": int(found.relevance == IN),
            "score": round(found.relevance_score, 5),
            "topics": topics,
            "slugs": topics,
            "form": broad.get(found.form, found.form),
        }


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    return value if isinstance(value, str) else ""
