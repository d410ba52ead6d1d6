"""Page → text, title, author, date, language; boilerplate out.

trafilatura reads the text; the page's own data corrects it: an `articleBody` says where the text
begins and ends, and stands in when trafilatura found too little; the feed's content is the last
resort. Runs in a child process that the caller can kill. Nothing is fetched here.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement
from trafilatura.meta import reset_caches

from . import bylines, page_dates
from .boilerplate import remove_cues
from .clean import one_line, plain, to_text
from .page_data import PageData, read_page
from .page_text import Chosen, choose
from .stubs import text_kind
from .tongues import language_of
from .types import ArticleText, Entry
from .urls import canonical_url

MAX_PAGE = 3_000_000  # bytes that are read; the text is never behind that
MAX_TEXT = 400_000
EXTRACT_LENGTH = 300
CALLS_BEFORE_RESET = 200  # trafilatura's caches grow with every page

for name in ("trafilatura", "htmldate"):  # their warnings are about pages; ours are values
    logging.getLogger(name).setLevel(logging.CRITICAL)

_calls = 0


def extract_page(
    body: bytes,
    *,
    url: str,
    charset: str | None = None,
    entry: Entry | None = None,
    now: datetime,
    selector: str = "",
) -> ArticleText:
    """Return what a page says. Pure CPU; the caller bounds its time and kills it when it is over.

    `charset` is what the server said. `selector` (CSS or XPath), when it finds text, wins over every
    rule. A page without text gives the entry's text, or kind `empty`. Never raises for what a page
    holds.
    """
    _reset_now_and_then()
    tree = _parse(decode(body[:MAX_PAGE], charset))
    if tree is None:
        return text_from_entry(entry, now) if entry else ArticleText("", "", kind="empty")
    data = read_page(tree)
    title = bylines.title_of(tree, data, url) or (entry.title if entry else "")
    chosen = _selected(tree, selector) or choose(tree, data, entry, url, title)
    return _assemble(tree, data, chosen, title=title, url=url, entry=entry, now=now)


def text_from_entry(entry: Entry, now: datetime) -> ArticleText:
    """Return what a feed item says: its content, else its summary."""
    text = (entry.content or entry.summary)[:MAX_TEXT]
    cleaned = remove_cues(text)
    published = page_dates.PageDate(entry.published_at, entry.published_kind)
    if entry.published_at is None:
        published = page_dates.in_address(entry.url, now) or published
    return ArticleText(
        title=entry.title,
        text=cleaned.text,
        full_text=text,
        author=entry.author,
        language=language_of(f"{entry.title}\n{text}", entry.language),
        published_at=published.at,
        published_kind=published.kind,
        extract=shorten(entry.summary or cleaned.text),
        kind="text" if cleaned.text else "empty",
        method="feed",
        removed=cleaned.removed,
    )


def decode(body: bytes, charset: str | None) -> str:
    """Return a page as text. Valid UTF-8 is UTF-8 whatever is claimed; then the claims; then Windows-1252."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start > len(body) - 4 or (error.start > 2000 and b"charset=utf-8" in body[:4096].lower()):
            return body.decode("utf-8", "replace")
    claimed = re.search(rb"charset\s*=\s*[\"']?\s*([\w-]{3,20})", body[:4096], re.I)
    for name in (charset, claimed.group(1).decode("ascii") if claimed else None, "cp1252"):
        try:
            return body.decode(name or "", "strict" if name != "cp1252" else "replace")
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("utf-8", "replace")


def _parse(source: str) -> HtmlElement | None:
    source = re.sub(r"^\s*<\?xml[^>]*\?>", "", plain_markup(source), count=1)
    if not source.strip():
        return None
    parser = lxml_html.HTMLParser(remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        tree = lxml_html.document_fromstring(source, parser=parser)
    except (ValueError, etree.LxmlError, AssertionError):  # a page of comments only
        return None
    return tree if len(tree) else None


def plain_markup(source: str) -> str:
    """Return markup without NUL and lone surrogates, which neither parser nor database takes."""
    return source.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def _selected(tree: HtmlElement, selector: str) -> Chosen | None:
    """Return the text under a curator's selector, None when it is wrong or finds nothing."""
    if not selector:
        return None
    try:
        found = tree.xpath(selector) if selector.startswith(("/", "(")) else tree.cssselect(selector)
    except Exception:
        return None
    parts = [
        to_text(lxml_html.tostring(one, encoding="unicode")) for one in found if isinstance(one, HtmlElement)
    ]
    text = "\n".join(part for part in parts if part.strip())
    return Chosen(text, "selector") if text.strip() else None


def _assemble(
    tree: HtmlElement,
    data: PageData,
    chosen: Chosen,
    *,
    title: str,
    url: str,
    entry: Entry | None,
    now: datetime,
) -> ArticleText:
    full = plain(chosen.text)[:MAX_TEXT]
    cleaned = remove_cues(full)
    feed_at = entry.published_at if entry else None
    published = page_dates.published(tree, data, url=url, feed_at=feed_at, now=now)
    found = ArticleText(
        title=title,
        text=cleaned.text,
        full_text=full,
        author=bylines.author_of(tree, data) or (entry.author if entry else ""),
        language=language_of(f"{title}\n{full}", data.language or data.meta.get("og:locale", ""), entry),
        published_at=_utc(published.at),
        published_local=published.at.isoformat() if published.at else "",
        published_kind=published.kind,
        modified_at=_utc(page_dates.modified(data, now)),
        canonical_url=canonical_url(data.canonical, url),
        original_url=_original_url(data.meta, url),
        extract=_extract(data.meta, cleaned.text, entry),
        kind=text_kind(tree, data, full),
        method=chosen.method,
        removed=(*chosen.removed, *cleaned.removed),
        noindex=_noindex(data.meta),
    )
    return found if found.text else _from_feed(found, entry, now)


def _from_feed(found: ArticleText, entry: Entry | None, now: datetime) -> ArticleText:
    if entry is None or not (entry.content or entry.summary):
        return replace(found, kind="empty")
    fed = text_from_entry(entry, now)
    return replace(
        found, text=fed.text, full_text=fed.full_text, removed=fed.removed, method="feed", kind=fed.kind
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def _original_url(meta: dict[str, str], url: str) -> str:
    names = ("original-source", "syndication-source", "cxenseparse:original-url")
    found = [canonical_url(meta[name], url) for name in names if name in meta]
    return next((one for one in found if one), "")


def _noindex(meta: dict[str, str]) -> tuple[str, ...]:
    words = ",".join(meta.get(name, "") for name in ("robots", "googlebot", "newsroom")).lower()
    return tuple(name for name in ("nosnippet", "noarchive") if name in words)


def _extract(meta: dict[str, str], text: str, entry: Entry | None) -> str:
    """Choose the outlet's own summary: the feed's, else the page's, else how the text begins."""
    said = [entry.summary if entry else "", meta.get("og:description", ""), meta.get("description", ""), text]
    return next((shorten(one) for one in said if len(one.split()) >= 5), shorten(text))


def shorten(text: str, limit: int = EXTRACT_LENGTH) -> str:
    """Return the beginning of a text on one line, cut at a word, at most `limit` characters."""
    line = one_line(text, 4 * limit)
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:\u2013-") + "\u2026"


def _reset_now_and_then() -> None:
    global _calls
    _calls += 1
    if _calls % CALLS_BEFORE_RESET == 0:
        reset_caches()
