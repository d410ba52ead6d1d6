"""What every way of reading a feed gives: a document's head and its entries, and an entry as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aggregator.errors import Facts
from aggregator.pipeline.clean import one_line, plain
from aggregator.pipeline.hubs import Hub
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import canonical_url

MAX_GUID = 2000
MAX_CATEGORIES = 20
MAX_ENTRIES = 100_000

_ADDRESS_AND_NAME = re.compile(r"^\s*\S{1,200}@\S{1,200} \((.{1,300})\)\s*$")


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a feed document says. `is_cut` tells that its end is missing; `note` what is odd about it, with its facts."""

    entries: tuple[Entry, ...]
    title: str = ""
    link: str = ""
    language: str = ""
    ttl_minutes: int = 0
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    hub: Hub | None = None
    parser: str = ""  # fast | feedparser | json
    note: str = ""
    note_facts: Facts = field(default_factory=dict)
    is_cut: bool = False


def make_entry(
    *,
    guid: str,
    link: str,
    base: str,
    title: str,
    summary: str,
    content: str,
    author: str,
    moment: datetime | None,
    language: str,
    categories: Iterable[Any],
    source_name: str = "",
    source_url: str = "",
) -> Entry:
    """Return an entry cleaned and bounded; `base` is what a relative address is resolved against."""
    address = canonical_url(link, base)
    terms = (one_line(term, 100) for term in categories if isinstance(term, str) and term)
    return Entry(
        guid=plain(" ".join(guid.split()))[:MAX_GUID] or address,
        url=address,
        title=one_line(title),
        summary=summary,
        content=content,
        author=one_line(_ADDRESS_AND_NAME.sub(r"\1", author), 300),
        published_at=moment.replace(microsecond=0) if moment else None,
        published_kind="feed" if moment else "missing",
        language=language,
        categories=tuple(dict.fromkeys(term for term in terms if term))[:MAX_CATEGORIES],
        source_name=one_line(source_name, 200),
        source_url=canonical_url(source_url, base) if source_url else "",
    )


def primary_language(words: str) -> str:
    """Return the primary subtag of a language tag ("pt" of "pt-BR"), '' when it is none."""
    tag = words.strip().lower().replace("_", "-").partition("-")[0]
    return tag if tag.isascii() and tag.isalpha() and 2 <= len(tag) <= 3 else ""


def words_of(value: Any) -> str:
    """Return a value that is text, '' for anything else that a document may hold there."""
    return value if isinstance(value, str) else ""


def link_of(entry: Mapping[str, Any]) -> str:
    """Return the article's address: the one before FeedBurner, the alternate link, or an id that is one."""
    for words in (entry.get("feedburner_origlink"), entry.get("link")):
        if words_of(words).strip():
            return words_of(words)
    for link in entry.get("links") or ():
        if link.get("rel") in (None, "alternate") and words_of(link.get("href")):
            return words_of(link.get("href"))
    guid = words_of(entry.get("id")).strip()
    return guid if guid.lower().startswith(("http://", "https://")) else ""


_ALWAYS = {"guid", "url", "title"}


def to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON values, as a row under way carries it."""
    fields = ((name, getattr(entry, name)) for name in Entry.__dataclass_fields__)
    values = {name: value for name, value in fields if value or name in _ALWAYS}
    if entry.published_at:
        values["published_at"] = entry.published_at.isoformat()
    return values
