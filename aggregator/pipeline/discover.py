"""A web page → the feeds that it names, best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree, html

from aggregator.pipeline.clean import one_line
from aggregator.pipeline.urls import canonical_url

TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
    "text/xml",
)
WORDS = ("/feed", "/rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", ".rss", "/feeds/", "rss.php")
WELL_KNOWN = (
    "/feed/",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feed.json",
    "/rss/",
    "/feeds",
)
MAX_FOUND = 25


@dataclass(frozen=True, slots=True)
class FeedLink:
    """An address that may be a feed, the title that the page gives it, and how it was found."""

    url: str
    title: str = ""
    how: str = "link"  # link (the page says so) | anchor (it looks like one) | guess (a usual place)


def feed_links(page: bytes, url: str, charset: str = "") -> list[FeedLink]:
    """Return the feeds that a page names: link tags first, then links that look like feeds, then usual places.

    Comment feeds come last among the link tags. Never raises; a page that cannot be read names none.
    """
    found: dict[str, FeedLink] = {}
    for link in (*_named(page, url, charset), *_usual(url)):
        if link.url:
            found.setdefault(link.url, link)
    links = list(found.values())
    links.sort(key=lambda link: ("link", "anchor", "guess").index(link.how) * 2 + _is_comments(link))
    return links[:MAX_FOUND]


def _is_comments(link: FeedLink) -> bool:
    return "comment" in f"{link.url} {link.title}".lower()


def _named(page: bytes, url: str, charset: str) -> Iterator[FeedLink]:
    try:
        parser = html.HTMLParser(encoding=charset or None, huge_tree=False)
        tree = html.fromstring(page, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError):
        return
    base = canonical_url((tree.xpath("string(//base/@href)") or "").strip(), url) or url
    for link in tree.iter("link"):
        kind, rel = (link.get("type") or "").lower(), (link.get("rel") or "").lower().split()
        if (
            "alternate" in rel
            and kind.split(";")[0].strip() in TYPES
            and "oembed" not in (link.get("href") or "")
        ):
            yield FeedLink(
                canonical_url(link.get("href") or "", base), one_line(link.get("title") or "", 200)
            )
    for link in tree.iter("a"):
        target = canonical_url(link.get("href") or "", base)
        if any(word in urlsplit(target).path.lower() for word in WORDS):
            yield FeedLink(target, one_line(link.text_content() or "", 200), "anchor")


def _usual(url: str) -> Iterator[FeedLink]:
    parts = urlsplit(url)
    if parts.path.strip("/"):
        yield FeedLink(canonical_url(f"{url.split('?')[0].rstrip('/')}/feed/"), how="guess")
    for path in WELL_KNOWN:
        yield FeedLink(canonical_url(f"{parts.scheme}://{parts.netloc}{path}"), how="guess")
