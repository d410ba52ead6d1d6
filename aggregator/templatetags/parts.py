"""Parts of pages that are kept in the memory of the web process: what all pages share, what one shows for a minute."""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from aggregator.services.kept import Kept

register = template.Library()
PART_SECONDS = 60
SITE = ("site_name", "sample_data")  # what a fixed part may tell of the site


class _Fixed(template.Node):
    """What stands between `fixed` and `endfixed`, kept as it came out the first time."""

    child_nodelists = ()  # no block of a page stands in it

    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist
        self.made: dict[tuple[object, ...], str] = {}

    def render(self, context: template.Context) -> str:
        key = (get_language(), get_script_prefix(), *(context.get(name) for name in SITE))
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = self.nodelist.render(context)
        return found


@register.tag
def fixed(parser: template.base.Parser, token: template.base.Token) -> template.Node:
    """Render the block once a language: nothing in it may depend on the page."""
    nodelist = parser.parse(("endfixed",))
    parser.delete_first_token()
    return _Fixed(nodelist)


_parts: Kept[tuple[float, str]] = Kept(2000)


def forget() -> None:
    """Drop the parts that are kept for a minute."""
    _parts.clear()


class _Part(template.Node):
    """What stands between `kept` and `endkept`, as it came out at most PART_SECONDS ago."""

    child_nodelists = ()

    def __init__(self, nodelist: template.NodeList, name: str, of: template.base.FilterExpression) -> None:
        self.nodelist, self.name, self.of = nodelist, name, of

    def render(self, context: template.Context) -> str:
        key, now = (self.name, self.of.resolve(context)), time.monotonic()
        found = _parts.get(key)
        if found is None or now - found[0] > PART_SECONDS:
            found = (now, self.nodelist.render(context))
            _parts.put(key, found)
        return found[1]


@register.tag
def kept(parser: template.base.Parser, token: template.base.Token) -> template.Node:
    """Keep the block for a minute: `kept NAME OF`, where OF tells the page with its language and what it shows."""
    _tag, name, of = token.split_contents()
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return _Part(nodelist, name, parser.compile_filter(of))


@register.simple_tag
def alternates(links: Iterable[tuple[str, str, str]] | None) -> SafeString:
    """Name the faces of a page (label, address, type) in its head."""
    return SafeString(
        "".join(
            f'<link rel="alternate" type="{escape(kind)}" title="{escape(label)}" href="{escape(href)}">\n'
            for label, href, kind in links or ()
        )
    )
