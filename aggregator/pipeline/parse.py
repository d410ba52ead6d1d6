"""Feed bytes → entries. Pure, but not safe: run it in a child that can be killed (fetch/isolate.py).

feedparser is the parser of record and reads everything odd. fastfeedparser's native core takes the
plain majority (about a twentieth of the time), only where its reading is the same; see
docs/fetching.md for what was compared. JSON Feed is read here.
"""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import fastfeedparser
import feedparser

from aggregator.errors import ParseError
from aggregator.pipeline.clean import one_line, plain, to_text
from aggregator.pipeline.dates import FIRST_YEAR, read_date
from aggregator.pipeline.hubs import Hub, named_in
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import canonical_url

MAX_NAME = 1000  # bytes of an author; longer ones cost feedparser seconds (its issue 562)
MAX_GUID = 2000
MAX_CATEGORIES = 20
MAX_ITEMS = 5_000  # of one document; feedparser needs a second for so many
MAX_ENTRIES = 100_000

_NAMES = re.compile(
    rb"(<(?:\w+:)?(?:author|creator|managingEditor|webMaster|name|email|publisher|contributor)\b[^<>]{0,500}>"
    rb"\s*(?:<!\[CDATA\[)?)([^<]{%d})[^<\]]+" % MAX_NAME,
    re.IGNORECASE,
)
# feedparser raises for references to characters that there are not.
_REFERENCE = re.compile(rb"&#([xX][0-9a-fA-F]{4,}|[0-9]{5,})")
_HEAD = 2048
_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]+)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_RSS = re.compile(rb"^(?:<\?xml[^<>]*>)?\s*<rss[\s>]")
_ITEM = re.compile(rb"<(?:item|entry)[\s>]")
_DATE = re.compile(rb"<pubDate>[^<]")
_ITEM_END = re.compile(rb"</(?:item|entry)\s*>", re.IGNORECASE)
_ANY_ITEM = re.compile(rb"<(?:item|entry)[\s>]", re.IGNORECASE)
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
_ADDRESS_AND_NAME = re.compile(r"^\s*\S{1,200}@\S{1,200} \((.{1,300})\)\s*$")
_TTL = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>")
_SKIP = re.compile(rb"<skip(?:Hours|Days)>.{0,2000}?</skip(?:Hours|Days)>", re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_DAY = re.compile(rb"<day>\s*([A-Za-z]{3,9})\s*</day>")
_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a feed document says. `is_cut` tells that its end is missing; `note` that it is malformed."""

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
    is_cut: bool = False


def parse_feed(body: bytes, *, url: str = "", content_type: str = "") -> ParsedFeed:
    """Read a feed document.

    `url` is where it came from: relative links are resolved against it. Raises ParseError with code
    `empty_answer` or `not_a_feed`. A feed without items is a value, not an error.
    """
    if not body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise ParseError("The server sent an empty answer.", code="empty_answer")
    body, left_out = _thinned(body)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _read_json(body, url)
    parsed = _read_fast(body, url, content_type) or _read_odd(body, url, content_type)
    parsed = replace(_with_head(parsed, body), hub=named_in(body, url))
    if left_out:
        note = f"It has {left_out + MAX_ITEMS:,} items, of which {MAX_ITEMS:,} are read."
        parsed = replace(parsed, note=note)
    return parsed


def _thinned(body: bytes) -> tuple[bytes, int]:
    """Return a document of more than MAX_ITEMS items without those in its middle, and how many are left out.

    Outlets put the newest items first, some last; no reader takes tens of thousands at once in bounded time.
    """
    if len(body) < MAX_ITEMS * 40:
        return body, 0
    starts = [hit.start() for hit in _ITEM.finditer(body)]
    if len(starts) <= MAX_ITEMS:
        return body, 0
    first, last = starts[MAX_ITEMS * 4 // 5], starts[-(MAX_ITEMS // 5)]
    return body[:first] + body[last:], len(starts) - MAX_ITEMS


# --- the plain majority ------------------------------------------------------------------------


def _read_fast(body: bytes, url: str, content_type: str) -> ParsedFeed | None:
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
    return _entry(
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


# --- everything odd ----------------------------------------------------------------------------


def _read_odd(body: bytes, url: str, content_type: str) -> ParsedFeed:
    headers = {"content-type": content_type or "application/xml"}  # no location: ids stay as they are written
    result = _feedparser(_REFERENCE.sub(_possible, _NAMES.sub(rb"\1\2", body)), headers)
    entries, head = result.get("entries") or [], result.get("feed") or {}
    if not entries and not result.get("version"):
        raise _not_a_feed(body)
    cut = _is_cut(body)
    if cut and len(_ANY_ITEM.findall(body)) > len(_ITEM_END.findall(body)) and len(entries) > 1:
        entries = entries[:-1]  # its link and text may be cut in the middle
    language = _primary(head.get("language") or "")
    return ParsedFeed(
        entries=tuple(_odd_entry(entry, url, language) for entry in entries[:MAX_ENTRIES]),
        title=one_line(_words(head.get("title")), 300),
        link=canonical_url(_words(head.get("link")), url),
        language=language,
        parser="feedparser",
        note=_note(result, cut),
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
        words = f"The feed cannot be read ({type(error).__name__})."
        raise ParseError(words, code="not_readable") from error
    return result


def _possible(hit: re.Match[bytes]) -> bytes:
    """Return a character reference, or that of the replacement character when there is no such character."""
    digits = hit[1].lstrip(b"0")[:9] or b"0"
    number = int(digits[1:] or b"0", 16) if digits[:1] in b"xX" else int(digits)
    return b"&#65533;" if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF else hit[0]


def _not_a_feed(body: bytes) -> ParseError:
    if _PAGE.search(body[:20_000]):
        return ParseError("The address answers with a web page, not a feed.", code="not_a_feed")
    return ParseError("The answer is neither RSS, Atom nor JSON Feed.", code="not_a_feed")


def _is_cut(body: bytes) -> bool:
    tail = body[-4096:].lower()
    if b"\0" in tail:  # UTF-16 and the like: cannot be told here
        return False
    return _ANY_ITEM.search(body) is not None and _ROOT_END.search(tail) is None


def _note(result: Mapping[str, Any], cut: bool) -> str:
    if cut:
        return "The document ends in the middle."
    problem = result.get("bozo_exception")
    if not result.get("bozo") or type(problem).__name__ in {"CharacterEncodingOverride", "NonXMLContentType"}:
        return ""
    return f"The document is malformed ({one_line(str(problem), 120)})."


def _odd_entry(entry: Mapping[str, Any], url: str, language: str) -> Entry:
    detail = entry.get("title_detail") or {}
    contents = [_words(part.get("value")) for part in entry.get("content") or () if _is_text(part)]
    content, summary = max(contents, key=len, default=""), _words(entry.get("summary"))
    source = entry.get("source") or {}
    return _entry(
        guid=_words(entry.get("id")),
        link=_link_of(entry),
        base=canonical_url(_words(detail.get("base")), url) or url,
        title=_words(entry.get("title")),
        summary=to_text(summary) if summary != content else "",
        content=to_text(content),
        author=_words((entry.get("author_detail") or {}).get("name")) or _words(entry.get("author")),
        moment=_moment_of(entry),
        language=_primary(_words(entry.get("language")))
        or _primary(_words(detail.get("language")))
        or language,
        categories=(_words(tag.get("term")) for tag in entry.get("tags") or ()),
        source_name=_words(source.get("title")),
        source_url=_words(source.get("href") or source.get("link") or source.get("url")),
    )


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_text(part: Mapping[str, Any]) -> bool:
    kind = _words(part.get("type"))
    return not kind or "html" in kind or kind.startswith("text/") or kind.endswith("xml")


def _link_of(entry: Mapping[str, Any]) -> str:
    """Return the article's address: the one before FeedBurner, the alternate link, or an id that is one."""
    for words in (entry.get("feedburner_origlink"), entry.get("link")):
        if _words(words).strip():
            return _words(words)
    for link in entry.get("links") or ():
        if link.get("rel") in (None, "alternate") and _words(link.get("href")):
            return _words(link.get("href"))
    guid = _words(entry.get("id")).strip()
    return guid if guid.lower().startswith(("http://", "https://")) else ""


def _moment_of(entry: Mapping[str, Any]) -> datetime | None:
    for name in ("published", "updated", "created"):
        moment = _from_struct(entry.get(f"{name}_parsed")) or read_date(_words(entry.get(name)))
        if moment:
            return moment
    return None


def _from_struct(parts: Any) -> datetime | None:
    try:
        moment = datetime(*parts[:6], tzinfo=UTC) if parts else None  # type: ignore[misc]
    except (TypeError, ValueError):
        return None
    return moment if moment and moment.year >= FIRST_YEAR else None


# --- JSON Feed 1.0 and 1.1 ---------------------------------------------------------------------


def _read_json(body: bytes, url: str) -> ParsedFeed:
    try:
        feed = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ParseError("The answer looks like JSON but cannot be read.", code="not_a_feed") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in _words(feed.get("version")):
        raise ParseError("The answer is JSON, but no JSON Feed.", code="not_a_feed")
    language = _primary(_words(feed.get("language")))
    return ParsedFeed(
        entries=tuple(
            _json_entry(item, url, language) for item in items[:MAX_ENTRIES] if isinstance(item, dict)
        ),
        title=one_line(_words(feed.get("title")), 300),
        link=canonical_url(_words(feed.get("home_page_url")), url),
        language=language,
        hub=_json_hub(feed, url),
        parser="json",
    )


def _json_hub(feed: Mapping[str, Any], url: str) -> Hub | None:
    hubs = feed.get("hubs")
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and _words(hub.get("type")).lower() == "websub":
            address = canonical_url(_words(hub.get("url")))
            return Hub(address, _words(feed.get("feed_url")) or url) if address else None
    return None


def _json_entry(item: Mapping[str, Any], url: str, language: str) -> Entry:
    number = item.get("id")
    link = _words(item.get("url")) or _words(item.get("external_url"))
    content = _words(item.get("content_html")) or html.escape(_words(item.get("content_text")), quote=False)
    tags = item.get("tags")
    return _entry(
        guid=str(number) if isinstance(number, int | float) else _words(number),
        link=link or _link_of({"id": number}),
        base=url,
        title=_words(item.get("title")),
        summary=to_text(_words(item.get("summary"))),
        content=to_text(content),
        author=_json_author(item),
        moment=read_date(_words(item.get("date_published"))) or read_date(_words(item.get("date_modified"))),
        language=_primary(_words(item.get("language"))) or language,
        categories=(_words(tag) for tag in (tags if isinstance(tags, list) else ())),
    )


def _json_author(item: Mapping[str, Any]) -> str:
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [_words(author.get("name")) for author in authors or () if isinstance(author, dict)]
    return ", ".join(name for name in names if name)


# --- what all ways share -----------------------------------------------------------------------


def _entry(
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


def _primary(words: str) -> str:
    tag = words.strip().lower().replace("_", "-").partition("-")[0]
    return tag if tag.isascii() and tag.isalpha() and 2 <= len(tag) <= 3 else ""


def _language_of(body: bytes) -> str:
    hit = _LANGUAGE.search(body)
    return _primary((hit[1] or hit[2]).decode("ascii")) if hit else ""


def _with_head(parsed: ParsedFeed, body: bytes) -> ParsedFeed:
    """Add what both parsers leave out: ttl, skipHours and skipDays."""
    head = body[: max(0, body.find(b"<item"))] or body[:8192]
    ttl, skips = _TTL.search(head), b"".join(_SKIP.findall(head))
    if ttl is None and not skips:
        return parsed
    return replace(
        parsed,
        ttl_minutes=int(ttl[1]) if ttl else 0,
        skip_hours=tuple(int(hour) for hour in _HOUR.findall(skips)),
        skip_days=tuple(day.decode() for day in _DAY.findall(skips)),
    )


_ALWAYS = {"guid", "url", "title"}


def to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON values, as a row under way carries it."""
    fields = ((name, getattr(entry, name)) for name in Entry.__dataclass_fields__)
    values = {name: value for name, value in fields if value or name in _ALWAYS}
    if entry.published_at:
        values["published_at"] = entry.published_at.isoformat()
    return values


def from_json(values: Mapping[str, Any]) -> Entry:
    """Return the entry that `to_json` wrote; names that are unknown now are left out."""
    kept = {name: values[name] for name in Entry.__dataclass_fields__ if name in values}
    if kept.get("published_at"):
        kept["published_at"] = datetime.fromisoformat(kept["published_at"])
    if "categories" in kept:
        kept["categories"] = tuple(kept["categories"])
    return Entry(**{"guid": "", "url": "", "title": "", **kept})
