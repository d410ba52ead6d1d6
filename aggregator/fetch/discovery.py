"""A site's or feed's address → feeds that really are some, tried one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass

from aggregator.errors import AggregatorError, FetchError, ParseError
from aggregator.fetch.client import Web
from aggregator.fetch.isolate import Child
from aggregator.fetch.messages import ACCEPT_PAGE, Request
from aggregator.pipeline.discover import FeedLink, feed_links
from aggregator.pipeline.entries import ParsedFeed
from aggregator.pipeline.parse import parse_feed

SECONDS = 40.0  # a person waits for it
MAX_FEEDS = 8
MAX_TRIES = 14


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was found, where it answers, and what it says."""

    url: str
    title: str
    how: str  # given | link | anchor | guess
    parsed: ParsedFeed
    permanent_url: str = ""


async def find_feeds(web: Web, child: Child, address: str) -> list[Found]:
    """Return the feeds behind an address: the feed itself, or those of the site.

    Raises the FetchError of the address itself, or FetchError `no_feed_found`.
    """
    until = time.monotonic() + SECONDS
    request = Request(address, home=address, accept=ACCEPT_PAGE, max_bytes=web.limits.feed_bytes)
    async with web.get(request) as answer:
        kind = answer.header("content-type")
        try:
            parsed = await child.run_async(parse_feed, answer.body, url=answer.url, content_type=kind)
            return [Found(address, parsed.title, "given", parsed, answer.permanent_url)]
        except ParseError as error:
            if error.code not in {"not_a_feed", "empty_answer"}:
                raise
        charset = kind.lower().partition("charset=")[2].split(";")[0].strip("\"' ")
        links = await child.run_async(feed_links, answer.body, answer.url, charset)
    found = await _try(web, child, address, links, until)
    if not found:
        raise FetchError(
            "No feed was found at this address; paste the feed's own address.", code="no_feed_found"
        )
    return found


async def _try(web: Web, child: Child, home: str, links: list[FeedLink], until: float) -> list[Found]:
    found: list[Found] = []
    for link in links[:MAX_TRIES]:
        if len(found) >= MAX_FEEDS or time.monotonic() > until or (found and link.how == "guess"):
            break
        each = await _read(web, child, home, link)
        if each is not None and each.url not in {other.url for other in found}:
            found.append(each)
    return found


async def _read(web: Web, child: Child, home: str, link: FeedLink) -> Found | None:
    try:
        async with web.get(Request(link.url, home=home, max_bytes=web.limits.feed_bytes)) as answer:
            kind = answer.header("content-type")
            parsed = await child.run_async(parse_feed, answer.body, url=answer.url, content_type=kind)
    except AggregatorError:
        return None
    url = answer.permanent_url or link.url
    return Found(url, link.title or parsed.title, link.how, parsed, answer.permanent_url)
