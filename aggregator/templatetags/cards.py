"""A story on a list, as HTML.

Fifty of them are most of a page, so that this one part is written in Python: it costs a tenth of a template, and
what was made is kept, by story, version and language, for every list that shows it.
"""

from __future__ import annotations

from datetime import UTC, date
from functools import lru_cache

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from aggregator.models import Story
from aggregator.pipeline.timeline import Dots
from aggregator.services.cards import Card
from aggregator.services.kept import Kept

register = template.Library()

KEPT = 5000  # cards in memory, about 2 kB each; the least used go first
NOTHING = SafeString("")


_kept: Kept[SafeString] = Kept(KEPT)


def forget() -> None:
    """Drop all cards that were made."""
    _kept.clear()


@register.filter
def at(values: dict[date, int], key: date) -> int:
    """Return the value of a key, 0 where there is none."""
    return values.get(key, 0)


@register.simple_tag
def story_card(card: Card, dated: bool = False) -> SafeString:
    """Return a card; `dated`: no heading tells its day."""
    key = (*card.key, dated, get_language(), get_script_prefix())
    found = _kept.get(key)
    if found is None:
        found = _card(card, dated)
        _kept.put(key, found)
    return found


_CARD = (
    '<article class="story{large}" id="story-{pk}" data-id="{pk}" data-at="{at}">\n<span class="when">{when}</span>\n'
    '<div>\n<h3 lang="{language}" dir="auto"><a href="{href}">{headline}</a></h3>\n{text}'
    '<p class="meta">{dots}\n<span>{outlets}</span>{first}{region}{topics}{marks}</p>\n</div>\n</article>'
)
_TEXT = '<p class="text" lang="{}" dir="auto">{}</p>\n'


def _card(card: Card, dated: bool) -> SafeString:
    story = card.story
    return format_html(
        _CARD,
        large=" key" if card.large else "",
        pk=story.pk,
        at=int(card.report_at.timestamp()),
        when=_when(card, dated),
        language=story.language,
        href=story.get_absolute_url(),
        headline=story.headline or "…",
        text=format_html(_TEXT, story.language, story.extract) if story.extract else "",
        dots=origin_dots(story, card.dots),
        outlets=ngettext("%(n)s outlet", "%(n)s outlets", story.source_count) % {"n": story.source_count},
        first=_first(card.first_source),
        region=_region(card.region),
        topics=_topics(card.topics),
        marks=_marks(card),
    )


def _when(card: Card, dated: bool) -> SafeString | str:
    if card.by_event and card.reported_later_on:
        return date_format(card.event_on, "j M")
    at, language = card.report_at.astimezone(UTC), get_language()
    short = dated and not card.by_event
    clock = f"{at:%H:%M}"
    return format_html(
        '<time datetime="{}" title="{}, {} UTC" data-t="{}">{}{}</time>',
        f"{at:%Y-%m-%dT%H:%MZ}",
        _words(at.date(), "j M Y", language),
        clock,
        "short" if short else "clock",
        f"{_words(at.date(), 'j M', language)} " if short else "",
        clock,
    )


@lru_cache(maxsize=1000)
def _words(day: date, form: str, language: str | None) -> str:
    return date_format(day, form)


@lru_cache(maxsize=5000)
def _path(name: str, slug: str, prefix: str) -> str:
    return reverse(name, args=[slug])


def _link(name: str, slug: str, words: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', _path(name, slug, get_script_prefix()), words)


def _first(source: dict[str, object]) -> SafeString:
    if not source.get("name"):
        return NOTHING
    label = state_label(source)
    link = _link("source", str(source["slug"]), str(source["name"]))
    return format_html("\n<span>{} {}{}</span>", gettext("first:"), link, label)


def state_label(source: dict[str, object]) -> SafeString:
    """Return the label of state media and of official sources; '' for others."""
    control = source.get("state_control")
    if isinstance(control, int) and control >= 3:
        return format_html(' <b class="label">{}</b>', gettext("state media"))
    if source.get("kind") == "official":
        return format_html(' <b class="label">{}</b>', gettext("official"))
    return NOTHING


def _region(region: dict[str, str] | None) -> SafeString:
    return (
        format_html('\n<span class="wide">{}</span>', _link("region", region["slug"], region["name"]))
        if region
        else NOTHING
    )


def _topics(topics: list[dict[str, str]]) -> SafeString:
    if not topics:
        return NOTHING
    links = format_html_join(" · ", "{}", ((_link("topic", one["slug"], one["name"]),) for one in topics))
    return format_html('\n<span class="wide">{}</span>', links)


def _marks(card: Card) -> SafeString:
    marks: list[tuple[object, ...]] = []
    if card.about_on:
        marks.append((gettext("about"), _day(card.about_on)))
    if card.reported_later_on:
        marks.append((gettext("reported"), _day(card.reported_later_on)))
    if card.added_late_at:
        marks.append((gettext("added later"), ""))
    return format_html_join("", '\n<span class="mark">{} {}</span>', marks)


def _day(on: date) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), _words(on, "j M Y", get_language()))


@register.simple_tag
def origin_dots(story: Story, dots: Dots) -> SafeString:
    """Return origins and copies of a story as dots, with their number in words."""
    if story.origin_count == 1:
        return format_html('<span class="one">{}</span>', gettext("one origin so far"))
    n = story.origin_count
    told = gettext("%(n)s origins, %(c)s copies") % {"n": n, "c": story.copy_count}
    more = format_html('<span class="more">+{}</span>', dots.more) if dots.more else ""
    words = ngettext("%(n)s origin", "%(n)s origins", n) % {"n": n}
    return format_html(
        '<span class="origins" title="{}"><span class="dots" aria-hidden="true">{}{}{}</span> {}</span>',
        told, _row("o", dots.filled), _row("c", dots.open), more, words,
    )  # fmt: skip


@lru_cache(maxsize=40)
def _row(kind: str, count: int) -> SafeString:
    return format_html_join("", '<i class="{}"></i>', ((kind,) for _ in range(count)))
