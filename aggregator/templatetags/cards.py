"""A story on a list, as HTML.

Fifty of them are most of a page, so that this one part is put together in Python: a card costs some twenty
microseconds. What was made is kept, by story, version and language, for every list that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.urls import get_script_prefix
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop, ngettext

from aggregator.models import Story
from aggregator.pipeline import timeline as rules
from aggregator.services import addresses
from aggregator.services.cards import Card, Told
from aggregator.services.kept import Kept
from aggregator.templatetags.reading import said, words_of

register = template.Library()

FIRST, STATE, OFFICIAL = gettext_noop("first:"), gettext_noop("state media"), gettext_noop("official")
ABOUT, REPORTED, ADDED = gettext_noop("about"), gettext_noop("reported"), gettext_noop("added later")
KEPT = 5000  # cards in memory, about 2 kB each; the least used go first


_kept: Kept[str] = Kept(KEPT)


def forget() -> None:
    """Drop all cards that were made."""
    _kept.clear()


@register.simple_tag
def story_card(card: Card, dated: bool = False) -> SafeString:
    """Return a card; `dated`: no heading tells its day."""
    return SafeString(cards_of([card], "{}", dated))


def cards_of(cards: Iterable[Card], around: str, dated: bool = False) -> str:
    """Return cards one after the other, each put into `around`; those that were made before are not made again."""
    language, prefix = get_language() or "", get_script_prefix()
    made = []
    for card in cards:
        key = (*card.key, dated, language, prefix)
        found = _kept.get(key)
        if found is None:
            found = _card(card, dated, language, prefix)
            _kept.put(key, found)
        made.append(around.format(found))
    return "".join(made)


def _card(card: Card, dated: bool, language: str, prefix: str) -> str:
    """Return the HTML of a card. Every value from a row passes `escape`: it is put together by hand, for speed."""
    story = card.story
    told, speaks = story.card, escape(story.language)
    extract = escape(story.extract)
    text = f'<p class="text" lang="{speaks}" dir="auto">{extract}</p>\n' if extract else ""
    return (
        f'<article class="story{" key" if card.large else ""}" id="story-{story.pk}" data-id="{story.pk}"'
        f' data-at="{int(card.report_at.timestamp())}">\n<span class="when">{_when(card, dated, language)}</span>\n'
        f'<div>\n<h3 lang="{speaks}" dir="auto"><a href="{escape(addresses.story(story.pk, story.slug, prefix))}">'
        f"{escape(story.headline or '…')}</a></h3>\n{text}"
        f'<p class="meta">{_dots(story.origin_count, story.copy_count, language)}\n'
        f"<span>{_outlets(story.source_count, language)}</span>{_first(told, language, prefix)}"
        f"{_region(told, prefix)}{_topics(told, prefix)}{_marks(card, language)}</p>\n</div>\n</article>"
    )


@lru_cache(maxsize=1000)
def _outlets(n: int, language: str) -> str:
    return escape(ngettext("%(n)s outlet", "%(n)s outlets", n) % {"n": n})


def _when(card: Card, dated: bool, language: str) -> str:
    if card.by_event and card.reported_later_on:
        return words_of(card.event_on, "j M", language)
    at = card.report_at.astimezone(UTC)
    day, clock = at.date(), f"{at.hour:02}:{at.minute:02}"
    iso, full = f"{day.isoformat()}T{clock}Z", f"{words_of(day, 'j M Y', language)}, {clock} UTC"
    if dated and not card.by_event:
        words = f"{words_of(day, 'j M', language)} {clock}"
        return f'<time datetime="{iso}" title="{full}" data-t="short">{words}</time>'
    return f'<time datetime="{iso}" title="{full}" data-t="clock">{clock}</time>'


@lru_cache(maxsize=5000)
def path(name: str, slug: str, prefix: str) -> str:
    """Return the address of a slug's page, for HTML: region, topic, conflict or source.

    `prefix` is that of the page's language (`get_script_prefix`).
    """
    return escape(addresses.page(name, slug, prefix))


@lru_cache(maxsize=5000)
def link(name: str, slug: str, words: str, prefix: str) -> SafeString:
    """Return a link to the page of a slug, as `path`."""
    return SafeString(f'<a href="{path(name, slug, prefix)}">{escape(words)}</a>')


def _first(told: dict[str, Any], language: str, prefix: str) -> str:
    source = told.get("first_source")
    if not source or not source.get("name"):
        return ""
    made = link("source", source["slug"], source["name"], prefix)
    label = state_label(source.get("state_control"), source.get("kind"), language)
    return f"\n<span>{said(FIRST, language)} {made}{label}</span>"


@lru_cache(maxsize=200)
def state_label(control: object, kind: object, language: str) -> str:
    """Return the label of state media and of official sources; '' for others."""
    if isinstance(control, int) and control >= 3:
        return f' <b class="label">{said(STATE, language)}</b>'
    return f' <b class="label">{said(OFFICIAL, language)}</b>' if kind == "official" else ""


def _region(told: dict[str, Any], prefix: str) -> str:
    region = told.get("region")
    if not region:
        return ""
    return f'\n<span class="wide">{link("region", region["slug"], region["name"], prefix)}</span>'


def _topics(told: dict[str, Any], prefix: str) -> str:
    topics = told.get("topics")
    if not topics:
        return ""
    links = " · ".join([link("topic", one["slug"], one["name"], prefix) for one in topics])
    return f'\n<span class="wide">{links}</span>'


def _marks(card: Card, language: str) -> str:
    found = ""
    if about := card.about_on:
        found += f'\n<span class="mark">{said(ABOUT, language)} {_day(about, language)}</span>'
    if later := card.reported_later_on:
        found += f'\n<span class="mark">{said(REPORTED, language)} {_day(later, language)}</span>'
    if card.added_late_at:
        found += f'\n<span class="mark">{said(ADDED, language)} </span>'
    return found


def _day(on: date, language: str) -> str:
    return f'<time datetime="{on.isoformat()}">{words_of(on, "j M Y", language)}</time>'


@register.simple_tag
def origin_dots(story: Story | Told) -> SafeString:
    """Return origins and copies of a story as dots, with their number in words."""
    return _dots(story.origin_count, story.copy_count, get_language() or "")


@lru_cache(maxsize=2000)
def _dots(n: int, copies: int, language: str) -> SafeString:
    if n == 1:
        return format_html('<span class="one">{}</span>', gettext("one origin so far"))
    dots = rules.dots(n, copies)
    told = gettext("%(n)s origins, %(c)s copies") % {"n": n, "c": copies}
    more = format_html('<span class="more">+{}</span>', dots.more) if dots.more else ""
    words = ngettext("%(n)s origin", "%(n)s origins", n) % {"n": n}
    return format_html(
        '<span class="origins" title="{}"><span class="dots" aria-hidden="true">{}{}{}</span> {}</span>',
        told, _row("o", dots.filled), _row("c", dots.open), more, words,
    )  # fmt: skip


@lru_cache(maxsize=40)
def _row(kind: str, count: int) -> SafeString:
    return format_html_join("", '<i class="{}"></i>', ((kind,) for _ in range(count)))
