"""Evaluate extraction: the line's own `extract_page` on stored pages.

Rows are `{id, url, html_b64, charset}`, any of them null or missing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from aggregator import clock
from aggregator.pipeline import extract
from aggregator.pipeline.types import ArticleText

_WARM_UP = b"<html><body><article><p>One sentence about nothing in particular.</p></article></body></html>"


def load() -> None:
    """Load what is read once a process, so that `evaluate` is timed without it."""
    extract.extract_page(_WARM_UP, url="https://example.org/", now=datetime(2026, 1, 1, tzinfo=UTC))


def evaluate(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield `{id, title, text, published_at, author, language, canonical_url}` for each row."""
    now = clock.now()
    for row in rows:
        url, charset = row.get("url"), row.get("charset")
        found = extract.extract_page(
            _body(row.get("html_b64")),
            url=url if isinstance(url, str) else "",
            charset=charset if isinstance(charset, str) else None,
            now=now,
        )
        yield _answer(row.get("id"), found)


def _body(encoded: Any) -> bytes:
    try:
        return base64.b64decode(encoded) if isinstance(encoded, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _answer(row_id: Any, found: ArticleText) -> dict[str, Any]:
    return {
        "id": row_id,
        "title": found.title,
        "text": found.text,
        "published_at": found.published_local or None,
        "author": found.author,
        "language": found.language,
        "canonical_url": found.canonical_url,
    }
