"""Everything odd: feeds as feedparser, the parser of record, reads them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from aggregator.errors import Facts, ParseError
from aggregator.errors import gettext_noop as _
from aggregator.pipeline.clean import one_line, to_text
from aggregator.pipeline.dates import FIRST_YEAR, read_date
from aggregator.pipeline.entries import (
    MAX_ENTRIES,
    ParsedFeed,
    link_of,
    make_entry,
    primary_language,
    words_of,
)
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import canonical_url

MAX_NAME = 1000  # bytes of an author; longer ones cost feedparser seconds (its issue 562)

_NAMES = re.compile(
    rb"(<(?:\w+:)?(?:author|creator|managingEditor|webMaster|name|email|publisher|contributor)\b[^<>]{0,500}>"
    rb"\s*(?:<!\[CDATA\[)?)([^<]{%d})[^<\]]+" % MAX_NAME,
    re.IGNORECASE,
)
# feedparser raises for references to characters that there are not.
_REFERENCE = re.compile(rb"&#([xX][0-9a-fA-F]{4,}|[0-9]{5,})")
_ITEM_END = re.compile(rb"</(?:item|entry)\s*>", re.IGNORECASE)
_ANY_ITEM = re.compile(rb"<(?:item|entry)[\s>]", re.IGNORECASE)
_ROOT_END = re.compile(rb"</(?:rss|feed|rdf:rdf|channel)\s*>", re.IGNORECASE)
_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)


def read_odd(body: bytes, url: str, content_type: str) -> ParsedFeed:
    """Read any document; raises ParseError with code `not_a_feed` or `not_readable`."""
    headers = {"content-type": content_type or "application/xml"}  # no location: ids stay as they are written
    result = _feedparser(_REFERENCE.sub(_possible, _NAMES.sub(rb"\1\2", body)), headers)
    entries, head = result.get("entries") or [], result.get("feed") or {}
    if not entries and not result.get("version"):
        raise _not_a_feed(body)
    cut = _is_cut(body)
    if cut and len(_ANY_ITEM.findall(body)) > len(_ITEM_END.findall(body)) and len(entries) > 1:
        entries = entries[:-1]  # its link and text may be cut in the middle
    language = primary_language(head.get("language") or "")
    note, facts = _note(result, cut)
    return ParsedFeed(
        entries=tuple(_odd_entry(entry, url, language) for entry in entries[:MAX_ENTRIES]),
        title=one_line(words_of(head.get("title")), 300),
        link=canonical_url(words_of(head.get("link")), url),
        language=language,
        parser="feedparser",
        note=note,
        note_facts=facts,
        is_cut=cut,
    )


def _feedparser(body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """Read with feedparser; whatever it stumbles over is the document's fault."""
    try:
        result: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        facts = {"error": type(error).__name__}
        raise ParseError(
            _("The feed cannot be read (%(error)s)."), code="not_readable", facts=facts
        ) from error
    return result


def _possible(hit: re.Match[bytes]) -> bytes:
    """Return a character reference, or that of the replacement character when there is no such character."""
    digits = hit[1].lstrip(b"0")[:9] or b"0"
    number = int(digits[1:] or b"0", 16) if digits[:1] in b"xX" else int(digits)
    return b"&#65533;" if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF else hit[0]


def _not_a_feed(body: bytes) -> ParseError:
    if _PAGE.search(body[:20_000]):
        return ParseError(_("The address answers with a web page, not a feed."), code="not_a_feed")
    return ParseError(_("The answer is neither RSS, Atom nor JSON Feed."), code="not_a_feed")


def _is_cut(body: bytes) -> bool:
    tail = body[-4096:].lower()
    if b"\0" in tail:  # UTF-16 and the like: cannot be told here
        return False
    return _ANY_ITEM.search(body) is not None and _ROOT_END.search(tail) is None


def _note(result: Mapping[str, Any], cut: bool) -> tuple[str, Facts]:
    if cut:
        return _("The document ends in the middle."), {}
    problem = result.get("bozo_exception")
    if not result.get("bozo") or type(problem).__name__ in {"CharacterEncodingOverride", "NonXMLContentType"}:
        return "", {}
    return _("The document is malformed (%(problem)s)."), {"problem": one_line(str(problem), 120)}


def _odd_entry(entry: Mapping[str, Any], url: str, language: str) -> Entry:
    detail = entry.get("title_detail") or {}
    contents = [words_of(part.get("value")) for part in entry.get("content") or () if _is_text(part)]
    content, summary = max(contents, key=len, default=""), words_of(entry.get("summary"))
    source = entry.get("source") or {}
    return make_entry(
        guid=words_of(entry.get("id")),
        link=link_of(entry),
        base=canonical_url(words_of(detail.get("base")), url) or url,
        title=words_of(entry.get("title")),
        summary=to_text(summary) if summary != content else "",
        content=to_text(content),
        author=words_of((entry.get("author_detail") or {}).get("name")) or words_of(entry.get("author")),
        moment=_moment_of(entry),
        language=primary_language(words_of(entry.get("language")))
        or primary_language(words_of(detail.get("language")))
        or language,
        categories=(words_of(tag.get("term")) for tag in entry.get("tags") or ()),
        source_name=words_of(source.get("title")),
        source_url=words_of(source.get("href") or source.get("link") or source.get("url")),
    )


def _is_text(part: Mapping[str, Any]) -> bool:
    kind = words_of(part.get("type"))
    return not kind or "html" in kind or kind.startswith("text/") or kind.endswith("xml")


def _moment_of(entry: Mapping[str, Any]) -> datetime | None:
    for name in ("published", "updated", "created"):
        moment = _from_struct(entry.get(f"{name}_parsed")) or read_date(words_of(entry.get(name)))
        if moment:
            return moment
    return None


def _from_struct(parts: Any) -> datetime | None:
    try:
        moment = datetime(*parts[:6], tzinfo=UTC) if parts else None  # type: ignore[misc]
    except (TypeError, ValueError):
        return None
    return moment if moment and moment.year >= FIRST_YEAR else None
