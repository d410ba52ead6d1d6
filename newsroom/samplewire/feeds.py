"""Renders a feed as RSS 2.0, Atom, RSS 1.0 or JSON Feed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from html import escape
from xml.sax.saxutils import quoteattr

from newsroom.samplewire.items import Item
from newsroom.samplewire.outlets import Feed, Outlet
from newsroom.samplewire.wire import Wire

SUMMARY_CHARS = 240
TYPES = {
    "rss2": "application/rss+xml",
    "atom": "application/atom+xml",
    "rss1": "application/rdf+xml",
    "json": "application/feed+json",
}


def render(wire: Wire, outlet: Outlet, feed: Feed, now: datetime) -> bytes:
    """Return the feed's document as it stands at `now`, in the outlet's encoding."""
    text = RENDERERS[feed.format](wire, outlet, feed, wire.entries(outlet, feed, now))
    return text.encode(outlet.encoding, errors="xmlcharrefreplace")


def content_type(outlet: Outlet, feed: Feed) -> str:
    """Return the Content-Type header of a feed."""
    return f"{TYPES[feed.format]}; charset={outlet.encoding}"


def summary(item: Item) -> str:
    """Return the opening words of an item, cut at a word."""
    text = item.paragraphs[0]
    if len(text) <= SUMMARY_CHARS:
        return text
    return text[:SUMMARY_CHARS].rsplit(" ", 1)[0] + "..."


def html_body(item: Item) -> str:
    """Return an item's paragraphs as HTML."""
    return "".join(f"<p>{escape(part)}</p>" for part in item.paragraphs)


def _rss2(wire: Wire, outlet: Outlet, feed: Feed, entries: list[Item]) -> str:
    return (
        f'<?xml version="1.0" encoding="{outlet.encoding}"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:atom="http://www.w3.org/2005/Atom">\n<channel>\n'
        f"<title>{escape(feed.title)}</title><link>{wire.url(outlet.slug)}</link>"
        f"<description>{escape(outlet.tagline)}</description><language>{outlet.language}</language>\n"
        f'<atom:link href="{wire.url(outlet.slug, feed.path)}" rel="self" type="application/rss+xml"/>\n'
        + "".join(_rss2_item(wire, outlet, item) for item in entries)
        + "</channel>\n</rss>\n"
    )


def _rss2_item(wire: Wire, outlet: Outlet, item: Item) -> str:
    author = f"<dc:creator>{escape(item.byline)}</dc:creator>" if item.byline else ""
    return (
        f"<item><title>{escape(item.title)}</title><link>{wire.url(outlet.slug, item.path)}</link>"
        f'<guid isPermaLink="false">{escape(item.guid)}</guid>'
        f"<pubDate>{format_datetime(item.published, usegmt=True)}</pubDate>{author}"
        f"<category>{escape(item.section)}</category>"
        f"<description>{escape(f'<p>{escape(summary(item))}</p>')}</description></item>\n"
    )


def _atom(wire: Wire, outlet: Outlet, feed: Feed, entries: list[Item]) -> str:
    updated = max((item.released for item in entries), default=None)
    return (
        f'<?xml version="1.0" encoding="{outlet.encoding}"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">\n'
        f"<title>{escape(feed.title)}</title><id>urn:samplewire:{outlet.slug}:{feed.slug}</id>"
        f"<subtitle>{escape(outlet.tagline)}</subtitle>"
        + (f"<updated>{updated.isoformat()}</updated>" if updated else "")
        + f'<link href="{wire.url(outlet.slug)}"/>'
        f'<link rel="self" href="{wire.url(outlet.slug, feed.path)}"/>\n'
        + "".join(_atom_entry(wire, outlet, feed, item) for item in entries)
        + "</feed>\n"
    )


def _atom_entry(wire: Wire, outlet: Outlet, feed: Feed, item: Item) -> str:
    author = item.byline or outlet.name
    body = f'<content type="html">{escape(html_body(item))}</content>' if feed.full_text else ""
    return (
        f"<entry><title>{escape(item.title)}</title><id>urn:samplewire:{escape(item.guid)}</id>"
        f'<link rel="alternate" type="text/html" href="{wire.url(outlet.slug, item.path)}"/>'
        f"<published>{item.published.isoformat()}</published><updated>{item.released.isoformat()}</updated>"
        f"<author><name>{escape(author)}</name></author><category term={quoteattr(item.section)}/>"
        f"<summary>{escape(summary(item))}</summary>{body}</entry>\n"
    )


def _rss1(wire: Wire, outlet: Outlet, feed: Feed, entries: list[Item]) -> str:
    urls = [wire.url(outlet.slug, item.path) for item in entries]
    return (
        f'<?xml version="1.0" encoding="{outlet.encoding}"?>\n'
        '<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'<channel rdf:about="{wire.url(outlet.slug, feed.path)}"><title>{escape(feed.title)}</title>'
        f"<link>{wire.url(outlet.slug)}</link><description>{escape(outlet.tagline)}</description>"
        f"<dc:language>{outlet.language}</dc:language><items><rdf:Seq>"
        + "".join(f'<rdf:li rdf:resource="{url}"/>' for url in urls)
        + "</rdf:Seq></items></channel>\n"
        + "".join(
            f'<item rdf:about="{url}"><title>{escape(item.title)}</title><link>{url}</link>'
            f"<dc:identifier>{escape(item.guid)}</dc:identifier><dc:date>{item.published.isoformat()}</dc:date>"
            f"<description>{escape(summary(item))}</description></item>\n"
            for item, url in zip(entries, urls, strict=True)
        )
        + "</rdf:RDF>\n"
    )


def _json(wire: Wire, outlet: Outlet, feed: Feed, entries: list[Item]) -> str:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": wire.url(outlet.slug),
            "feed_url": wire.url(outlet.slug, feed.path),
            "description": outlet.tagline,
            "language": outlet.language,
            "items": [
                {
                    "id": item.guid,
                    "url": wire.url(outlet.slug, item.path),
                    "title": item.title,
                    "summary": summary(item),
                    "content_text": summary(item),
                    "date_published": item.published.isoformat(),
                    "date_modified": item.released.isoformat(),
                    "authors": [{"name": item.byline or outlet.name}],
                    "tags": [item.section],
                }
                for item in entries
            ],
        },
        ensure_ascii=False,
    )


RENDERERS: dict[str, Callable[[Wire, Outlet, Feed, list[Item]], str]] = {
    "rss2": _rss2,
    "atom": _atom,
    "rss1": _rss1,
    "json": _json,
}
