"""What would an address bring? Its feeds, with ten items each as the line would read them; nothing is written."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.errors import AggregatorError, CurationError
from aggregator.fetch import manners
from aggregator.fetch.client import Web
from aggregator.fetch.messages import ACCEPT_PAGE, Request
from aggregator.models import Feed, Source
from aggregator.pipeline import classify, extract, locate
from aggregator.pipeline.types import ArticleText, Entry
from aggregator.services import discovery, vocabulary
from aggregator.services.discovery import Candidate
from aggregator.services.fetching import Network
from aggregator.services.opml import domain_of

PAGE_SECONDS = 12.0  # for the pages of one preview, while a person waits
PAGES_AT_ONCE = 3
MAX_PAGES = 10
AT_ONCE = (
    2  # of the four requests that a web process answers at once: readers are never shut out by slow sites
)
_looks = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class PreviewItem:
    """One entry as the line would read it."""

    entry: Entry
    text: ArticleText
    regions: tuple[str, ...]
    topics: tuple[str, ...]
    relevance: str  # in | ask | out
    form: str
    note: str = ""  # why its page could not be used


@dataclass(frozen=True)
class FeedPreview:
    """A feed that was found, with what its newest entries would become."""

    candidate: Candidate
    items: tuple[PreviewItem, ...]


@dataclass(frozen=True)
class SitePreview:
    """All feeds behind an address; `robots` says what its robots rules allow."""

    feeds: tuple[FeedPreview, ...]
    robots: str
    double: Source | None  # an outlet at the same domain


def preview(network: Network, address: str, now: datetime, *, selector: str = "") -> SitePreview:
    """Return the feeds behind an address with ten items each as the line would read them.

    The pages of the first feed's items are fetched, for PAGE_SECONDS at most; the other feeds are shown by
    their own text. A process looks at AT_ONCE sites at once. Raises FetchError, RefusedError, ParseError or CurationError with a sentence.
    """
    if not _looks.acquire(blocking=False):
        raise CurationError(
            "Other sites are being looked at just now. Try again in half a minute.", code="looking_already"
        )
    try:
        return _preview(network, address, now, selector)
    finally:
        _looks.release()


def _preview(network: Network, address: str, now: datetime, selector: str) -> SitePreview:
    candidates = discovery.discover(network, address)
    first = candidates[0]
    pages, robots = asyncio.run(_read_pages(network, first, now))
    feeds = [
        FeedPreview(each, tuple(_items(network, each, pages if each is first else {}, now, selector)))
        for each in candidates
    ]
    return SitePreview(tuple(feeds), robots, _double(first))


def _double(candidate: Candidate) -> Source | None:
    domain = domain_of(candidate.homepage) or domain_of(candidate.url)
    if not domain:
        return None
    return Source.objects.filter(publisher__homepage_domains__contains=[domain]).order_by("pk").first()


def try_selector(network: Network, source_id: int, selector: str, now: datetime) -> tuple[PreviewItem, ...]:
    """Return the newest items of an outlet's first feed as a selector would read their pages.

    Raises CurationError when there is no such outlet or it has no feed, FetchError when the feed does not answer.
    """
    feed = Feed.objects.filter(source_id=source_id, enabled=True).order_by("pk").first()
    if feed is None:
        raise CurationError("This outlet has no feed that is switched on.", code="feed_unknown")
    return preview(network, feed.url, now, selector=selector).feeds[0].items


Pages = dict[str, tuple[bytes, str, str, str]]  # entry's address → body, final address, charset, trouble


async def _read_pages(network: Network, feed: Candidate, now: datetime) -> tuple[Pages, str]:
    async with replace(network, gap=0.0).web() as web:
        until = time.monotonic() + PAGE_SECONDS
        rules = await manners.fetch_robots(web, feed.url, home=feed.url, now=now)
        gate, pages = asyncio.Semaphore(PAGES_AT_ONCE), Pages()

        async def read(url: str) -> None:
            async with gate:
                pages[url] = await _read_page(web, rules, url, feed.url, until)

        urls = [entry.url for entry in feed.entries[:MAX_PAGES] if entry.url]
        await asyncio.gather(*(read(url) for url in dict.fromkeys(urls)))
    return pages, rules.state


async def _read_page(
    web: Web, rules: manners.Robots, url: str, home: str, until: float
) -> tuple[bytes, str, str, str]:
    left = until - time.monotonic()
    if left <= 0:
        return b"", url, "", "There was no time to fetch its page."
    try:
        rules.check(url)
        async with asyncio.timeout(left):
            request = Request(url, home=home, accept=ACCEPT_PAGE, max_bytes=web.limits.page_bytes)
            async with web.get(request) as answer:
                kind = answer.header("content-type").lower()
                charset = kind.partition("charset=")[2].split(";")[0].strip("\"' ")
                return answer.body, answer.url, charset, ""
    except TimeoutError:
        return b"", url, "", "Its page took too long."
    except AggregatorError as error:
        return b"", url, "", error.sentence


def _items(
    network: Network, feed: Candidate, pages: Pages, now: datetime, selector: str
) -> Iterable[PreviewItem]:
    rules = vocabulary.current_rules()
    for entry in feed.entries:
        text, note = _text(network, entry, pages.get(entry.url), now, selector)
        language = text.language or entry.language or feed.language
        located = locate.locate(text.title, text.text, gazetteer=rules.gazetteer, language=language)
        found = classify.classify(
            text.title, text.text, url=entry.url, language=language, located=located, rules=rules.classifier,
            reported_on=now.date(),
        )  # fmt: skip
        regions = tuple(score.region for score in located.regions if score.about)
        topics = tuple(score.topic for score in found.topics)
        yield PreviewItem(entry, text, regions, topics, found.relevance, found.form, note)


def _text(
    network: Network, entry: Entry, page: tuple[bytes, str, str, str] | None, now: datetime, selector: str
) -> tuple[ArticleText, str]:
    own = extract.text_from_entry(entry, now)
    if page is None or not page[0]:
        return own, page[3] if page else ""
    body, url, charset, _ = page
    try:
        text: ArticleText = network.child().run(
            extract.extract_page,
            body,
            url=url,
            charset=charset or None,
            entry=entry,
            now=now,
            selector=selector,
        )
    except AggregatorError as error:
        return own, error.sentence
    return (text, "") if text.kind != "empty" else (own, "Its page gave no text.")
