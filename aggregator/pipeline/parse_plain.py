"""The plain majority of feeds, read by fastfeedparser's native core in a twentieth of the time.

Only where its reading is the same as feedparser's; docs/fetching.md says what was compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import fastfeedparser

from aggregator.pipeline.clean import one_line, to_text
from aggregator.pipeline.dates import read_date
from aggregator.pipeline.entries import ParsedFeed, make_entry, primary_language
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import canonical_url

_HEAD = 2048
_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]+)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_RSS = re.compile(rb"^(?:<\?xml[^<>]*>)?\s*<rss[\s>]")
_ITEM = re.compile(rb"<(?:item|entry)[\s>]")
_DATE = re.compile(rb"<pubDate>[^<]")
_ROOT_END = re.compile(rb"</(?:rss|feed|rdf:rdf|channel)\s*>", re.IGNORECASE)
# What the native parser reads otherwise than feedparser, or not at all.
_ODD_TAG = re.compile(
    rb"<(?:!DOCTYPE|!ENTITY|!doctype|source|media:|itunes:|dc:date|dcterms:|a10:|enclosure|dc:title|thr:|app:"
    rb"|content:item|feedburner:origLink|atom:author|atom:updated|atom:summary)"
)
_ODD = (b"xml:base", b"xhtml", b'isPermaLink="true', b"'alternate", b'"alternate')
_LANGUAGE = re.compile(
    rb"<language>\s*(?:<!\[CDATA\[)?\s*([A-Za-z-]{2,20})\s*(?:\]\]>)?\s*</language>|<feed[^>]*xml:lang=[\"']([A-Za-z-]{2,20})"
)


def read_plain(body: bytes, url: str, content_type: str) -> ParsedFeed | None:
    """Read a plain document with the native parser; None when feedparser must read it."""
    if not _is_plain(body, content_type) or len(_DATE.findall(body)) < len(_ITEM.findall(body)):
        return None  # the native parser searches long for dates that are missing
    try:
        feed = fastfeedparser.parse(body, include_media=False, include_enclosures=False)
    except Exception:  # whatever it raises, feedparser decides
        return None
    entries = feed["entries"]
    if not entries or len(entries) != len(_ITEM.findall(body)) or not all(map(_is_whole, entries)):
        return None
    has_content = b"<content:encoded" in body
    if has_content and not all(entry.get("description") for entry in entries):
        return None  # it would be made up from the content
    head = feed["feed"]
    language = _language_of(body)
    return ParsedFeed(
        entries=tuple(_fast_entry(entry, url, language, has_content) for entry in entries),
        title=one_line(head.get("title") or "", 300),
        link=canonical_url(head.get("link") or "", url),
        language=language,
        parser="fast",
    )


def _is_plain(body: bytes, content_type: str) -> bool:
    head = body[:_HEAD]
    if not head.startswith((b"<?xml", b"<rss")) or _RSS.search(head) is None:
        return False
    named = {found.lower() for found in _ENCODING.findall(head)}
    charset = _CHARSET.search(content_type)
    if named - {b"utf-8", b"utf8"} or (charset and charset[1].lower() not in {"utf-8", "utf8"}):
        return False
    if _ODD_TAG.search(body) or any(mark in body for mark in _ODD):
        return False
    return _ROOT_END.search(body[-4096:]) is not None and _is_utf8(body)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_whole(entry: Mapping[str, Any]) -> bool:
    link = entry.get("link") or ""
    return bool(
        entry.get("id")
        and entry.get("title")
        and entry.get("published")
        and link.startswith(("http://", "https://"))
    )


def _fast_entry(entry: Mapping[str, Any], url: str, language: str, has_content: bool) -> Entry:
    # Without a content element the native parser hands the description on as content.
    summary = to_text(entry.get("description") or "")
    content = (
        ""
        if not has_content
        else max((part.get("value") or "" for part in entry.get("content") or ()), key=len, default="")
    )
    return make_entry(
        guid=entry["id"],
        link=entry["link"],
        base=url,
        title=entry["title"],
        summary=summary,
        content=to_text(content) if content else "",
        author=entry.get("author") or "",
        moment=read_date(entry["published"]),
        language=language,
        categories=(tag.get("term") for tag in entry.get("tags") or ()),
    )


def _language_of(body: bytes) -> str:
    hit = _LANGUAGE.search(body)
    return primary_language((hit[1] or hit[2]).decode("ascii")) if hit else ""
