"""What stands on list pages, put together in Python: days with their cards, strips, counts, maps.

Templates would spend most of a page's time in these loops. Every value from a row passes `escape` or a tag of
`cards`, which does the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from aggregator.pipeline.timeline import Day, Month
from aggregator.services import addresses
from aggregator.services.activity import Busy, Strip
from aggregator.services.cards import Card
from aggregator.services.map_points import Map
from aggregator.services.timelines import Timeline
from aggregator.templatetags.cards import cards_of, link, path, state_label
from aggregator.templatetags.reading import gap_words, kind_name, moment, words_of
from aggregator.templatetags.reading import said as _

register = template.Library()


@lru_cache(maxsize=1000)
def _stories(n: int, language: str | None) -> str:
    return escape(ngettext("%(n)s story", "%(n)s stories", n) % {"n": n})


@register.simple_tag
def stories_of(timeline: Timeline, by_month: bool, first_page: str) -> SafeString:
    """Return a page of stories: the way up, what is pinned, the days, under their months where that is asked."""
    if by_month:
        days = "".join(_month(month, timeline) for month in timeline.months)
    else:
        days = "".join(_day(day, timeline, "h2") for day in timeline.days)
    return SafeString(f"{_newer(timeline, first_page)}\n{_pinned(timeline)}\n{days}\n")


def _newer(timeline: Timeline, first_page: str) -> str:
    if not timeline.newer:
        return ""
    language, query = get_language() or "", "" if timeline.newer == "?" else f"?{escape(timeline.newer)}"
    return (
        f'<p class="pager"><a rel="prev" href="{escape(timeline.subject.path)}{query}">↑ {_("Newer stories", language)}</a>'
        f' · <a href="{escape(first_page)}">{_("Newest", language)}</a></p>'
    )


def _pinned(timeline: Timeline) -> str:
    if not timeline.pinned:
        return ""
    heading = _("Pinned by the editors", get_language() or "")
    cards = cards_of(timeline.pinned, "<li>{}</li>", dated=True)
    return f'<section class="day pinned"><h2><span>{heading}</span></h2><ol>{cards}</ol></section>'


def _month(month: Month[Card], timeline: Timeline) -> str:
    language = get_language()
    year = f'<p class="year">{words_of(month.first, "Y", language)}</p>' if month.new_year else ""
    days = "".join(_day(day, timeline, "h3") for day in month.days)
    name = words_of(month.first, "F Y", language)
    return f'{year}<section class="month"><h2 class="month-name">{name}</h2>{days}</section>'


def _day(day: Day[Card], timeline: Timeline, heading: str) -> str:
    language, n = get_language(), timeline.counts.get(day.on, 0)
    total = f'<span class="num">{_stories(n, language)}</span>' if n else ""
    cards = cards_of(day.items, "<li>{}</li>")
    gap = f'<p class="gap">{escape(gap_words(day.gap))}</p>' if day.gap else ""
    return (
        f'<section class="day" id="d{day.on.isoformat()}"><{heading} class="day-name">'
        f"<span>{words_of(day.on, 'l j F Y', language)}</span>{total}</{heading}><ol>{cards}</ol></section>{gap}"
    )


@register.simple_tag
def density(strip: Strip, path: str, query: str = "") -> SafeString:
    """Draw a density strip; each bar leads to the list as it runs from that day down."""
    language, width = get_language(), len(strip.bars) * 10
    before = escape(f"{path}?{query}&" if query else f"{path}?")
    bars = "".join(_bar(n * 10, one, before, language) for n, one in enumerate(strip.bars) if one.count)
    first, last, top = strip.first, strip.last, strip.top
    label = gettext("Stories a day, %(a)s to %(b)s: %(n)s in all") % {
        "a": words_of(first, "j M Y", language), "b": words_of(last, "j M Y", language), "n": strip.total,
    }  # fmt: skip
    most = ""
    if top:
        on = words_of(top.on, "j M", language)
        label += gettext(", most on %(d)s (%(n)s)") % {"d": on, "n": top.count}
        words = ngettext("%(n)s story on %(d)s", "%(n)s stories on %(d)s", top.count)
        most = f"<span>{escape(words % {'n': top.count, 'd': on})}</span>"
    return SafeString(
        f'<figure class="strip"><svg viewBox="0 0 {width} 50" preserveAspectRatio="none" role="group"'
        f' aria-label="{escape(label)}">{bars}<line x1="0" x2="{width}" y1="49" y2="49"/></svg><figcaption>'
        f"<span>{words_of(first, 'j M', language)}</span>{most}<span>{words_of(last, 'j M Y', language)}</span>"
        "</figcaption></figure>\n"
    )


def _bar(x: int, bar: Any, before: str, language: str | None) -> str:
    high = 46 * bar.share
    return (
        f'<a href="{before}to={bar.on.isoformat()}" aria-label="{words_of(bar.on, "j M", language)}: {bar.count}">'
        f"<title>{words_of(bar.on, 'j M Y', language)}: {bar.count}</title>"
        f'<rect class="hit" x="{x}" y="0" width="10" height="50"/><rect class="bar{" peak" if bar.peak else ""}"'
        f' x="{x + 1}" y="{48 - high:.1f}" width="8" height="{high:.1f}"/></a>'
    )


@register.simple_tag
def busy_list(busy: Iterable[Busy], heading: str, topic_of: Any = None, within: str = "") -> SafeString:
    """List what is busy, with its counts of seven days.

    `topic_of`: topics lead to its page; `within`: regions lead to the list at this address instead of their own.
    """
    kind, prefix = "", get_script_prefix()
    own = (
        f"{addresses.page(topic_of._meta.model_name, topic_of.slug, prefix)}?topic="
        if topic_of
        else f"{within}?region="
        if within
        else ""
    )
    rows = []
    for one in busy:
        row, kind = one.row, kind or one.row._meta.model_name or ""
        made = (
            f'<a href="{escape(own + row.slug)}">{escape(row.name)}</a>'
            if own
            else link(kind, row.slug, row.name, prefix)
        )
        rows.append(f"<li>{made}<span>{one.now}</span></li>")
    if not rows:
        return SafeString("")
    return SafeString(f'<h2>{escape(heading)}</h2><ul class="rows">{"".join(rows)}</ul>')


@lru_cache(maxsize=20)
def _drawing(name: str) -> str:
    return escape(static(name))


@register.simple_tag
def activity_map(found: Map | None, label: str) -> SafeString:
    """Draw activity on a map; the list beside it says the same."""
    if found is None:
        return SafeString("")
    points = "".join(_point(point) for point in found.points if point.count)
    note = gettext(
        "Stories of seven days; a point stands for a whole country or area."
        " Borders: Natural Earth, no statement of sovereignty."
    )
    return SafeString(
        f'<figure class="map"><svg viewBox="{found.view}" role="group" aria-label="{escape(label)}">'
        f'<image href="{_drawing(found.drawing)}" x="0" y="0" width="1000" height="500"/>{points}</svg>'
        f"<figcaption>{escape(note)}</figcaption></figure>"
    )


def _point(point: Any) -> str:
    row = point.row
    words = f"{escape(row.name)}: {point.count}"
    return (
        f'<a href="{path("region", row.slug, get_script_prefix())}" aria-label="{words}">'
        f'<circle cx="{point.x}" cy="{point.y}" r="{point.radius}"><title>{words}</title></circle></a>'
    )


@register.simple_tag
def crumbs(rows: Iterable[Any]) -> SafeString:
    """Return the way down to a region: links to what it lies in."""
    prefix = get_script_prefix()
    return SafeString(
        "".join(
            f'{link("region", row.slug, row.name, prefix)} <span aria-hidden="true">›</span> ' for row in rows
        )
    )


@register.simple_tag
def linked(rows: Iterable[Any], kind: str) -> SafeString:
    """Return links to rows of one kind (region, topic, conflict, source), with commas between."""
    prefix = get_script_prefix()
    return SafeString(", ".join(link(kind, row.slug, row.name, prefix) for row in rows))


@register.simple_tag
def conflict_chips(busy: Iterable[Busy]) -> SafeString:
    """Return the conflicts of a region, each with its stories of seven days against the week before."""
    prefix, language = get_script_prefix(), get_language()
    chips = "".join(
        f'<a class="chip" href="{path("conflict", one.row.slug, prefix)}">{escape(one.row.name)}'
        f"{_change(one.change.now, one.change.before, one.change.trend, language)}</a>"
        for one in busy
    )
    return SafeString(f'<p class="chips">{chips}</p>' if chips else "")


ARROWS = {"up": "<b>▲ ", "down": '<b class="down">▼ '}


@lru_cache(maxsize=2000)
def _change(now: int, before: int, trend: str, language: str | None) -> str:
    if not (now or before):
        return ""
    words = escape(ngettext("%(n)s story in 7 days", "%(n)s stories in 7 days", now) % {"n": now})
    earlier = escape(gettext("%(n)s the week before") % {"n": before})
    arrow = ARROWS.get(trend, '<b class="same">')
    return f" · {arrow}{words}</b>, {earlier}"


@register.simple_tag
def outlet_rows(outlets: Iterable[Any]) -> SafeString:
    """List outlets with their countries."""
    prefix = get_script_prefix()
    rows = (
        f"<li>{link('source', one.slug, one.name, prefix)}<span>{escape(one.country)}</span></li>"
        for one in outlets
    )
    return SafeString(f'<ul class="rows">{"".join(rows)}</ul>')


@register.simple_tag
def region_branch(nodes: Iterable[dict[str, Any]]) -> SafeString:
    """Return a branch of the tree of regions, with counts of seven days."""
    return SafeString(_branch(nodes, get_script_prefix()))


def _branch(nodes: Iterable[dict[str, Any]], prefix: str) -> str:
    rows = "".join(
        f'<li id="{escape(node["row"].slug)}">{link("region", node["row"].slug, node["row"].name, prefix)}'
        f"{_count(node['now'])}{_branch(node['below'], prefix)}</li>"
        for node in nodes
    )
    return f"<ul>{rows}</ul>" if rows else ""


def _count(n: int) -> str:
    return f' <span class="count">{n}</span>' if n else ""


@register.simple_tag
def all_outlets(outlets: Iterable[Any]) -> SafeString:
    """List outlets with their kinds, labels of state media, and whether they are paused."""
    prefix, language = get_script_prefix(), get_language() or ""
    rows = (
        f"<li><span>{link('source', one.slug, one.name, prefix)}{state_label(one.state_control, one.kind, language)}"
        f"</span><span>{escape(kind_name(one.kind))}{_paused(one.status)}</span></li>"
        for one in outlets
    )
    return SafeString(f'<ul class="rows">{"".join(rows)}</ul>')


def _paused(status: str) -> str:
    return f", {escape(gettext('paused'))}" if status == "paused" else ""


@register.simple_tag
def feed_rows(feeds: Iterable[Any]) -> SafeString:
    """Return feeds with their states as rows of a table."""
    prefix = get_script_prefix()
    return SafeString("".join(_feed(feed, prefix) for feed in feeds))


def _feed(feed: Any, prefix: str) -> str:
    name = feed.source.name
    title = f' <span class="soft">{escape(feed.title)}</span>' if feed.title and feed.title != name else ""
    words = f' <span class="soft">{escape(feed.state_words)}</span>' if feed.state_words else ""
    state = f'<b class="state {escape(feed.state)}">{escape(str(feed.get_state_display()))}</b>'
    return (
        f"<tr><td>{link('source', feed.source.slug, name, prefix)}{title}</td><td>{state}{words}</td>"
        f'<td class="num">{moment(feed.last_polled_at)}</td><td class="num">{moment(feed.last_new_at)}</td></tr>'
    )
