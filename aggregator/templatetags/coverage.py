"""The reports of a story and the items of an outlet, put together in Python as `lists` does.

Every value from a row passes `escape`; sentences of ours stand as `translate` would put them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop, ngettext

from aggregator.models import Article, Origin, Source
from aggregator.services import addresses
from aggregator.services.source_page import Item
from aggregator.services.story_context import Belonging
from aggregator.services.story_page import Line, Report
from aggregator.templatetags.cards import link, state_label
from aggregator.templatetags.reading import kind_name, lag, language_name, moment, percent, web_link
from aggregator.templatetags.reasons import reason_words
from aggregator.templatetags.terms import copy_name

register = template.Library()

UNFOLDED = 3  # copies shown under an original; the rest opens
PLACES = 3  # regions above a story's headline
CARRIED = {
    Origin.Kind.AGENCY.value: gettext_noop("carries the wire's text"),
    Origin.Kind.OUTSIDE.value: gettext_noop("carries another's text"),
}
UNREAD = {
    Origin.Kind.AGENCY.value: gettext_noop("wire text, known by its copies"),
    Origin.Kind.OUTSIDE.value: gettext_noop("an outlet that we do not read, known by its copies"),
}


@lru_cache(maxsize=200)
def _(words: str, language: str) -> str:
    """Return a sentence of ours in the language that is on."""
    return gettext(words)


def _outlet(source: Source, prefix: str) -> str:
    return link("source", source.slug, source.name, prefix)


def _titled(article: Article | Item, prefix: str, empty: str = "…") -> str:
    """Return a headline that leads to its article."""
    return (
        f'<a href="{addresses.article(article.pk, prefix)}" lang="{escape(article.language)}" dir="auto">'
        f"{escape(article.title) or empty}</a>"
    )


@register.simple_tag
def story_crumbs(card: Mapping[str, Any]) -> SafeString:
    """Return where a story is: its regions, each with the sign that something follows, and its topics."""
    prefix = get_script_prefix()
    regions = "".join(
        f"{link('region', one['slug'], one['name'], prefix)} · "
        for one in (card.get("regions") or ())[:PLACES]
    )
    topics = " · ".join(link("topic", one["slug"], one["name"], prefix) for one in card.get("topics") or ())
    return SafeString(regions + topics)


@register.simple_tag
def key_extracts(reports: Iterable[Report]) -> SafeString:
    """Return the opening words of some reports, in the outlets' own words, with the links."""
    prefix, language = get_script_prefix(), get_language() or ""
    return SafeString("".join(_extract(report.article, prefix, language) for report in reports))


def _extract(article: Article, prefix: str, language: str) -> str:
    there = ""
    if web_link(article.url):
        words = _("read there", language)
        there = f' · <a href="{escape(article.url)}" rel="noopener nofollow">{words}</a>'
    source = article.source
    return (
        f'<blockquote class="extract"><p lang="{escape(article.language)}" dir="auto">{escape(article.extract)}</p>'
        f"<cite>{_outlet(source, prefix)}{state_label(source.state_control, source.kind, language)},"
        f" {moment(article.reported_at)}{there}</cite></blockquote>"
    )


@register.simple_tag
def coverage_rows(lines: Iterable[Line]) -> SafeString:
    """Return the rows of the coverage table: a body an origin, its copies under it."""
    prefix, language = get_script_prefix(), get_language() or ""
    return SafeString("".join(_line(line, prefix, language) for line in lines))


def _line(line: Line, prefix: str, language: str) -> str:
    head = _report(line.original, prefix, language) if line.original else _unread(line, language)
    copies = "".join(_report(one, prefix, language, copy=True) for one in line.copies[:UNFOLDED])
    return f"<tbody>{head}\n{copies}</tbody>\n{_folded(line.copies[UNFOLDED:], prefix)}"


def _unread(line: Line, language: str) -> str:
    """Return the row of an original that we do not have."""
    kind = line.origin.kind if line.origin else ""
    words = _(UNREAD.get(kind, UNREAD[Origin.Kind.OUTSIDE.value]), language)
    agency = _("wire agency", language) if kind == Origin.Kind.AGENCY.value else ""
    return f'<tr><td>{escape(line.name)}</td><td class="soft">{words}</td><td class="wide">{agency}</td><td></td></tr>'


def _folded(copies: Sequence[Report], prefix: str) -> str:
    if not copies:
        return ""
    more = ngettext("%(n)s more copy", "%(n)s more copies", len(copies)) % {"n": len(copies)}
    rows = "".join(
        f"<li>{_outlet(one.article.source, prefix)}: {_titled(one.article, prefix, '')}"
        f' <span class="num">{moment(one.article.reported_at)}</span></li>'
        for one in copies
    )
    return (
        f'<tbody><tr class="copy"><td colspan="4"><details><summary>{escape(more)}</summary><ul>{rows}</ul></details>'
        "</td></tr></tbody>"
    )


def _report(report: Report, prefix: str, language: str, *, copy: bool = False) -> str:
    """Return the row of a report; a copy says how it is one."""
    article, source = report.article, report.article.source
    mark, arrow = (' class="copy"', '<span aria-hidden="true">↳ </span>') if copy else ("", "")
    kind = _copied(article, language) if copy else escape(kind_name(source.kind))
    spoken = f", {escape(language_name(article.language))}" if article.language else ""
    after = f"<b>{_('first', language)}</b>" if report.is_first else lag(report.lag)
    return (
        f'<tr{mark}><td>{arrow}{_outlet(source, prefix)} <span class="soft">{escape(source.country)}</span>'
        f'{state_label(source.state_control, source.kind, language)}</td><td lang="{escape(article.language)}" dir="auto">'
        f'<a href="{addresses.article(article.pk, prefix)}">{escape(article.title) or "…"}</a></td>'
        f'<td class="wide">{kind}{spoken}</td><td class="num">{moment(article.reported_at)} {after}</td></tr>\n'
    )


def _copied(article: Article, language: str) -> str:
    if carried := CARRIED.get(article.origin.kind if article.origin else ""):
        return _(carried, language)  # nobody here is whom it copied, and who carried it first says nothing
    if not article.is_copy:
        return _("same publisher", language)
    found = escape(copy_name(article.copy_kind))
    if article.copy_of:
        found += f" {_('from', language)} {escape(article.copy_of.source.name)}"
    return f"{found}, {percent(article.copy_score)} %" if article.copy_score else found


@register.simple_tag
def why_members(belongings: Iterable[Belonging]) -> SafeString:
    """List members of a story, each with why it is there: the reason, how likely, the words and places shared."""
    prefix, language = get_script_prefix(), get_language() or ""
    return SafeString("".join(_why_member(one, prefix, language) for one in belongings))


def _why_member(one: Belonging, prefix: str, language: str) -> str:
    article = one.membership.article
    told = [escape(reason_words(one.membership.reason))]
    if one.score is not None:
        told.append(escape(_("likelihood %(share)s %%", language) % {"share": percent(one.score)}))
    told.append(", ".join(f"“<bdi>{escape(word)}</bdi>”" for word in one.words))
    told.append(", ".join(map(escape, one.places)))
    return (
        f'<li><a href="{addresses.article(article.pk, prefix)}">{escape(article.source.name)}</a>'
        f'<span class="soft">{"; ".join(filter(None, told))}</span></li>'
    )


@register.simple_tag
def own_reports(reports: Iterable[Report]) -> SafeString:
    """List the texts that are their outlets' own, in the order of the reports."""
    prefix = get_script_prefix()
    return SafeString(
        "".join(
            f'<li><span class="num soft">{moment(one.article.reported_at)}{"" if one.is_first else f", {lag(one.lag)}"}'
            f"</span> {escape(one.article.source.name)}: {_titled(one.article, prefix)}</li>"
            for one in reports
        )
    )


@register.simple_tag
def recent_items(articles: Iterable[Item]) -> SafeString:
    """List the newest articles of an outlet."""
    prefix, language = get_script_prefix(), get_language() or ""
    label = f' <span class="label">{_("copy", language)}</span>'
    return SafeString(
        "".join(
            f'<li><span class="when">{moment(one.reported_at)}</span>'
            f" <span>{_titled(one, prefix)}{label if one.is_copy else ''}</span></li>"
            for one in articles
        )
    )


@register.simple_tag
def counted_rows(kind: str, rows: Iterable[tuple[str, str, int]]) -> SafeString:
    """List regions or topics (slug, name, number of articles)."""
    prefix = get_script_prefix()
    return SafeString(
        "".join(f"<li>{link(kind, slug, name, prefix)}<span>{n}</span></li>" for slug, name, n in rows)
    )
