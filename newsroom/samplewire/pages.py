"""Renders article pages, homepages, the OPML of all feeds and robots.txt."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from xml.sax.saxutils import quoteattr

from newsroom.samplewire.feeds import TYPES, summary
from newsroom.samplewire.items import Item
from newsroom.samplewire.outlets import OUTLETS, Outlet
from newsroom.samplewire.wire import Wire

TEMPLATES = Path(__file__).parent / "templates"
ROBOTS = "User-agent: *\nDisallow: /account/\nDisallow: /search/\n"
LISTED = 12  # headlines on a homepage and in the column beside an article


def article(wire: Wire, outlet: Outlet, item: Item, now: datetime) -> bytes:
    """Return an article's page in its outlet's template and encoding."""
    template = Template((TEMPLATES / f"{outlet.slug}.html").read_text(encoding="utf-8"))
    text = template.substitute(_facts(wire, outlet, item, now))
    return text.encode(outlet.encoding, errors="xmlcharrefreplace")


def homepage(wire: Wire, outlet: Outlet, now: datetime) -> bytes:
    """Return an outlet's front page, with links that let a reader find its feeds."""
    links = "".join(
        f'<link rel="alternate" type="{TYPES[feed.format]}" title={quoteattr(feed.title)}'
        f' href="{wire.url(outlet.slug, feed.path)}">\n'
        for feed in outlet.feeds
    )
    text = (
        f'<!doctype html>\n<html lang="{outlet.language}"{_direction(outlet)}>\n<head><meta charset='
        f'"{outlet.encoding}"><title>{escape(outlet.name)}</title>\n{links}</head>\n<body>\n'
        f"<h1>{escape(outlet.name)}</h1><p>{escape(outlet.tagline)}</p>\n"
        f"<ul>{_headlines(wire, outlet, now)}</ul>\n</body></html>\n"
    )
    return text.encode(outlet.encoding, errors="xmlcharrefreplace")


def index(wire: Wire) -> bytes:
    """Return the list of outlets."""
    rows = "".join(f'<li><a href="{wire.url(o.slug)}">{escape(o.name)}</a></li>\n' for o in OUTLETS)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Sample wire</title></head><body>'
        f'<h1>Sample wire: eight invented outlets</h1>\n<ul>{rows}</ul><p><a href="/opml">OPML</a></p>'
        "</body></html>\n"
    ).encode()


def opml(wire: Wire) -> bytes:
    """Return the OPML of all feeds, with what a curator would fill in by hand."""
    rows = "".join(_outline(wire, outlet, place) for outlet in OUTLETS for place in range(len(outlet.feeds)))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n'
        f"<head><title>Sample wire</title></head>\n<body>\n{rows}</body>\n</opml>\n"
    ).encode()


def _outline(wire: Wire, outlet: Outlet, place: int) -> str:
    feed = outlet.feeds[place]
    facts = {
        "type": "rss",
        "text": feed.title,
        "title": feed.title,
        "xmlUrl": wire.url(outlet.slug, feed.path),
        "htmlUrl": wire.url(outlet.slug),
        "language": outlet.language,
        "source": outlet.name,
        "publisher": outlet.publisher,
        "country": outlet.country,
        "kind": outlet.kind,
        "stateControl": str(outlet.state_control),
        "section": feed.section,
        "category": ",".join(
            (
                f"/kind/{outlet.kind}",
                f"/state-control/{outlet.state_control}",
                "/enabled/yes",
                *(f"/region/{region}" for region in outlet.regions),
            )
        ),
    }
    return "<outline " + " ".join(f"{name}={quoteattr(value)}" for name, value in facts.items()) + "/>\n"


def _facts(wire: Wire, outlet: Outlet, item: Item, now: datetime) -> dict[str, str]:
    url = wire.url(outlet.slug, item.path)
    return {
        "url": url,
        "home": wire.url(outlet.slug),
        "name": escape(outlet.name),
        "title": escape(item.title),
        "description": escape(summary(item), quote=True),
        "byline": escape(item.byline or outlet.name),
        "published": item.published.isoformat(),
        "modified": item.released.isoformat(),
        "day": f"{item.published:%d.%m.%Y}",
        "clock": f"{item.published:%H:%M} UTC",
        "section": escape(item.section),
        "body": "\n".join(f"<p>{escape(part)}</p>" for part in item.paragraphs),
        "promo": "\n".join(f"<p>{escape(line)}</p>" for line in wire.promo(outlet)),
        "source": _source_line(wire, item),
        "others": _headlines(wire, outlet, now, but=item.path),
        "json_ld": _json_ld(outlet, item, url),
    }


def _source_line(wire: Wire, item: Item) -> str:
    address = wire.source_of(item)
    return f'<p>Source: <a href="{address}">Read Full Article</a></p>' if address else ""


def _headlines(wire: Wire, outlet: Outlet, now: datetime, but: str = "") -> str:
    entries = [item for item in wire.entries(outlet, outlet.feeds[0], now) if item.path != but]
    return "".join(
        f'<li><a href="{wire.url(outlet.slug, item.path)}">{escape(item.title)}</a></li>\n'
        for item in entries[:LISTED]
    )


def _direction(outlet: Outlet) -> str:
    return ' dir="rtl"' if outlet.language == "ar" else ""


def _json_ld(outlet: Outlet, item: Item, url: str) -> str:
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": item.title,
        "datePublished": item.published.isoformat(),
        "dateModified": item.released.isoformat(),
        "author": {"@type": "Organization", "name": item.byline or outlet.name},
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
        "mainEntityOfPage": url,
        "inLanguage": outlet.language,
    }
    return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")
