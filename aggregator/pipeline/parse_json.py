"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

from aggregator.errors import ParseError
from aggregator.errors import gettext_noop as _
from aggregator.pipeline.clean import one_line, to_text
from aggregator.pipeline.dates import read_date
from aggregator.pipeline.entries import (
    MAX_ENTRIES,
    ParsedFeed,
    link_of,
    make_entry,
    primary_language,
    words_of,
)
from aggregator.pipeline.hubs import Hub
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import canonical_url


def read_json(body: bytes, url: str) -> ParsedFeed:
    """Read a JSON Feed; raises ParseError with code `not_a_feed` for other JSON."""
    try:
        feed = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ParseError(_("The answer looks like JSON but cannot be read."), code="not_a_feed") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in words_of(feed.get("version")):
        raise ParseError(_("The answer is JSON, but no JSON Feed."), code="not_a_feed")
    language = primary_language(words_of(feed.get("language")))
    return ParsedFeed(
        entries=tuple(
            _json_entry(item, url, language) for item in items[:MAX_ENTRIES] if isinstance(item, dict)
        ),
        title=one_line(words_of(feed.get("title")), 300),
        link=canonical_url(words_of(feed.get("home_page_url")), url),
        language=language,
        hub=_json_hub(feed, url),
        parser="json",
    )


def _json_hub(feed: Mapping[str, Any], url: str) -> Hub | None:
    hubs = feed.get("hubs")
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and words_of(hub.get("type")).lower() == "websub":
            address = canonical_url(words_of(hub.get("url")))
            return Hub(address, words_of(feed.get("feed_url")) or url) if address else None
    return None


def _json_entry(item: Mapping[str, Any], url: str, language: str) -> Entry:
    number = item.get("id")
    link = words_of(item.get("url")) or words_of(item.get("external_url"))
    content = words_of(item.get("content_html")) or html.escape(
        words_of(item.get("content_text")), quote=False
    )
    tags = item.get("tags")
    return make_entry(
        guid=str(number) if isinstance(number, int | float) else words_of(number),
        link=link or link_of({"id": number}),
        base=url,
        title=words_of(item.get("title")),
        summary=to_text(words_of(item.get("summary"))),
        content=to_text(content),
        author=_json_author(item),
        moment=read_date(words_of(item.get("date_published")))
        or read_date(words_of(item.get("date_modified"))),
        language=primary_language(words_of(item.get("language"))) or language,
        categories=(words_of(tag) for tag in (tags if isinstance(tags, list) else ())),
    )


def _json_author(item: Mapping[str, Any]) -> str:
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [words_of(author.get("name")) for author in authors or () if isinstance(author, dict)]
    return ", ".join(name for name in names if name)
