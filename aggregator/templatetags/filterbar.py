"""The filter bar of a list: a plain form, so that it works without scripts.

It stands on every list page; put together in Python it costs a tenth of a template.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop

from aggregator.models import Topic
from aggregator.services import lists
from aggregator.services.filters import Filters
from aggregator.services.subjects import Subject
from aggregator.templatetags.reading import day_clock, kind_name, language_name, words_of
from aggregator.templatetags.reading import said as _

register = template.Library()

Option = tuple[str, str]  # value and words
Group = tuple[str, tuple[Option, ...]]  # a label, '' for none, and its options


@register.simple_tag(takes_context=True)
def filter_bar(context: template.Context) -> SafeString:
    """Return the form that narrows a list. Needs: filters, topics, subject, timeline, face_links."""
    asked, subject = context["filters"], context["subject"]
    language = get_language() or ""
    return SafeString(
        f'<form class="filters" action="{escape(subject.path)}" aria-label="{_("Filter this list", language)}">\n'
        f"{_selects(asked, subject, context['topics'], language)}\n"
        f"{_dates(asked, language)}\n"
        f"{_check('key', asked.key, _('Key stories', language))}\n"
        f"{_check('thin', asked.thin, _('Thin coverage', language))}\n"
        f"{_hidden(asked, subject)}\n<button>{_('Show', language)}</button>"
        f"{_clear(asked, subject, language)}\n"
        f"{_faces(context['timeline'].updated_at, context['face_links'], language)}\n</form>"
        f"{_as_of(asked, subject, language)}\n"
    )


def _selects(asked: Filters, subject: Subject, topics: Sequence[Topic], language: str) -> str:
    offered = lists.choices(topics)
    found = _kind(asked.kind, offered.kinds, language) + "\n"
    found += _language(asked.language, offered.languages, language)
    return found if subject.kind == "topic" else f"{_topic(asked.topic, _groups(topics), language)}\n{found}"


def _groups(topics: Sequence[Topic]) -> tuple[Group, ...]:
    return tuple(
        (group.name, tuple((topic.slug, topic.name) for topic in rows))
        for group, rows in groupby(topics, lambda topic: topic.group)
    )


@lru_cache(maxsize=200)
def _topic(chosen: str, groups: tuple[Group, ...], language: str) -> str:
    return _select("topic", gettext("Topic"), gettext("All topics"), groups, chosen)


@lru_cache(maxsize=200)
def _kind(chosen: str, kinds: tuple[str, ...], language: str) -> str:
    options = tuple((kind, kind_name(kind)) for kind in kinds)
    return _select("kind", gettext("Kind of outlet"), gettext("Any source"), (("", options),), chosen)


@lru_cache(maxsize=200)
def _language(chosen: str, languages: tuple[str, ...], language: str) -> str:
    options = tuple((code, language_name(code)) for code in languages)
    return _select("language", gettext("Language"), gettext("Any language"), (("", options),), chosen)


def _select(name: str, label: str, anything: str, groups: Iterable[Group], chosen: str) -> str:
    inner = "".join(
        f'<optgroup label="{escape(group)}">{_options(options, chosen)}</optgroup>'
        if group
        else _options(options, chosen)
        for group, options in groups
    )
    return (
        f'<label class="{"on" if chosen else ""}"><span class="hide">{escape(label)}</span>'
        f'<select name="{name}"><option value="">{escape(anything)}</option>{inner}</select></label>'
    )


def _options(options: Iterable[Option], chosen: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(words)}</option>'
        for value, words in options
    )


def _dates(asked: Filters, language: str) -> str:
    fields = " ".join(
        f'<label>{_(words, language)} <input type="date" name="{name}" value="{day.isoformat() if day else ""}"></label>'
        for words, name, day in (
            (gettext_noop("from"), "from", asked.since),
            (gettext_noop("to"), "to", asked.until),
            (gettext_noop("as of"), "asof", asked.as_of),
        )
    )
    opened = " open" if asked.since or asked.until or asked.as_of else ""
    on = "on" if asked.since or asked.until else ""
    return (
        f'<details{opened}><summary class="{on}">{_("Any date", language)}</summary>'
        f'<span class="dates">{fields}</span></details>'
    )


def _check(name: str, on: bool, words: str) -> str:
    checked = " checked" if on else ""
    return f'<label class="check"><input type="checkbox" name="{name}" value="1"{checked}> {words}</label>'


def _hidden(asked: Filters, subject: Subject) -> str:
    kept = {
        "region": asked.region if subject.kind != "region" else "",
        "conflict": asked.conflict,
        "order": asked.order if asked.order != asked.default_order else "",
    }
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in kept.items()
        if value
    )


def _clear(asked: Filters, subject: Subject, language: str) -> str:
    narrowed = asked.narrowed or asked.topic
    return f' <a href="{escape(subject.path)}">{_("Clear", language)}</a>' if narrowed else ""


def _faces(updated_at: Any, links: Iterable[tuple[str, str, str]], language: str) -> str:
    updated = (
        f'<span class="wide">{_("updated", language)} {day_clock(updated_at)} · </span>' if updated_at else ""
    )
    made = " · ".join(
        f'<a href="{escape(href)}" type="{escape(kind)}">{escape(label)}</a>' for label, href, kind in links
    )
    return f'<span class="faces">{updated}{made}</span>'


def _as_of(asked: Filters, subject: Subject, language: str) -> str:
    if not asked.as_of:
        return ""
    words = gettext(
        "As of %(d)s: only what had been reported by the end of that day (UTC). Counts are today's."
    ) % {"d": words_of(asked.as_of, "j M Y", language)}
    shown = f'<a href="{escape(subject.path)}">{_("Show today", language)}</a>'
    return f'\n<p class="asof">{escape(words)} {shown}</p>'
