"""When does a page say it was published? Several witnesses, the most careful first; none is believed blindly.

A moment that lies in the future is clamped to `now` and marked; one before FIRST is no date. What no
markup says is read from the address, then guessed from the page's words and marked so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dateutil import parser as dateutil_parser
from dateutil.tz import tzoffset
from htmldate import find_date
from lxml.html import HtmlElement

from .page_data import PageData

FIRST = datetime(1995, 1, 1, tzinfo=UTC)
SLACK = timedelta(minutes=10)  # clocks differ; less than this is not the future
META = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "date.published",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "article.published", "pubdate", "publishdate",
    "publish-date", "publish_date", "dc.date.issued", "dcterms.created", "dc.date", "dcterms.date", "last-published",
    "article_date_original", "originalpublicationdate", "cre-publish-date", "date", "rnews:datepublished", "bt:pubdate",
)  # fmt: skip
_IN_ADDRESS = re.compile(r"(?<!\d)((?:19|20)\d\d)[/_.-]?(0[1-9]|1[0-2])[/_.-]?(0[1-9]|[12]\d|3[01])(?!\d)")
_DIGITS = re.compile(r"\d")
_DEFAULT = datetime(2000, 1, 1)  # noqa: DTZ001  without a zone, so that none is made up
_DOTTED = re.compile(r"^\D{0,4}\d{1,2}\.\s?\d{1,2}\.\s?(?:19|20)?\d\d")
_NUMERIC = re.compile(r"^\d{10}(?:\d{3})?$")


@dataclass(frozen=True, slots=True)
class PageDate:
    """A moment and who says so: json_ld, meta, feed, url, guessed, clamped or missing."""

    at: datetime | None = None
    kind: str = "missing"


def read_moment(words: str) -> datetime | None:
    """Return the moment that a machine-readable date means, aware, in the zone it names; None when it is none.

    A date without a zone is taken as UTC. Epoch seconds or milliseconds are understood.
    """
    words = words.strip()[:60]
    if not _DIGITS.search(words):
        return None
    try:
        if _NUMERIC.match(words):
            return datetime.fromtimestamp(int(words[:10]), UTC)
        try:
            found = datetime.fromisoformat(words)
        except ValueError:
            found = dateutil_parser.parse(
                words, default=_DEFAULT, tzinfos=_zone, dayfirst=bool(_DOTTED.match(words))
            )
            if not re.search(r"(?:19|20)\d\d", words):
                return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None


def _zone(name: str | None, offset: int | None) -> tzoffset | None:
    """An unknown zone's name is taken as UTC without a warning."""
    return tzoffset(name, offset if offset is not None else _ZONES.get(name or "", 0))


_ZONES = {
    "EST": -18000,
    "EDT": -14400,
    "PST": -28800,
    "PDT": -25200,
    "CET": 3600,
    "CEST": 7200,
    "BST": 3600,
    "MSK": 10800,
}


def published(
    tree: HtmlElement, data: PageData, *, url: str, feed_at: datetime | None, now: datetime
) -> PageDate:
    """Return when the page was published, by the first witness that gives a possible moment.

    The feed's moment counts where the page has none, and when the page's own lies more than a day
    after it (pages are re-dated when they are edited; a feed's item seldom is).
    """
    for at, kind in _witnesses(tree, data):
        if FIRST <= at <= now + timedelta(days=1):
            if feed_at and at - feed_at > timedelta(days=1):
                return PageDate(feed_at, "feed")
            return PageDate(at, kind) if at <= now + SLACK else PageDate(now, "clamped")
    if feed_at:
        return PageDate(feed_at, "feed")
    return in_address(url, now) or _guessed(tree, url, now)


def _witnesses(tree: HtmlElement, data: PageData) -> Iterator[tuple[datetime, str]]:
    words = [(data.published, "json_ld"), *((data.meta[name], "meta") for name in META if name in data.meta)]
    for said, kind in words:
        at = read_moment(said) if said else None
        if at:
            yield at, kind
    for element in _marked(tree):
        at = read_moment(element.get("datetime") or element.get("content") or "")
        if at:
            yield at, "meta"


def _marked(tree: HtmlElement) -> list[HtmlElement]:
    marked = tree.xpath('//*[@itemprop="datePublished" or @property="datePublished"] | //time[@pubdate]')
    return [element for element in marked if element.get("datetime") or element.get("content")][:3]


def modified(data: PageData, now: datetime) -> datetime | None:
    """Return when the page says it was last changed, None when it does not or cannot be true."""
    for said in (
        data.modified,
        data.meta.get("article:modified_time", ""),
        data.meta.get("og:updated_time", ""),
    ):
        at = read_moment(said) if said else None
        if at and FIRST <= at <= now + SLACK:
            return at
    return None


def in_address(url: str, now: datetime) -> PageDate | None:
    """Return the day in an address ('/2023/09/19/'), None when there is none that can be."""
    match = _IN_ADDRESS.search(url)
    if not match:
        return None
    try:
        year, month, day = (int(part) for part in match.groups())
        at = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    return PageDate(at, "url") if FIRST <= at <= now else None


def _guessed(tree: HtmlElement, url: str, now: datetime) -> PageDate:
    try:
        found = find_date(
            tree,
            original_date=True,
            extensive_search=True,
            url=url or None,
            max_date=now.strftime("%Y-%m-%d"),
        )
    except Exception:
        found = None
    at = read_moment(found) if found else None
    return PageDate(at, "guessed") if at and FIRST <= at <= now else PageDate()
