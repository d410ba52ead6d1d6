"""The rules on the methodology page: figures with their units, questions and what answers them."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop, ngettext

from aggregator.services.rule_figures import CHARACTERS, SHARE, SPAN, WORDS, Figure
from aggregator.templatetags.reasons import reason_words

register = template.Library()

DAY, HOUR, MINUTE = 86_400, 3_600, 60
HOURS_UP_TO = 96 * HOUR  # 72 hours say more than three days, 336 hours less than fourteen
QUESTIONS = {
    "origin": gettext_noop("Whose text is it?"),
    "place": gettext_noop("Which regions is it about?"),
    "relevance": gettext_noop("Does it belong here?"),
    "topic": gettext_noop("Which topics has it?"),
    "form": gettext_noop("What form has it?"),
    "conflict": gettext_noop("Which conflict does it belong to?"),
    "date": gettext_noop("When did it happen?"),
    "story": gettext_noop("Which story is it in?"),
}
RELEVANCE = {
    "in": gettext_noop("it belongs here"),
    "ask": gettext_noop("a curator is asked"),
    "out": gettext_noop("it does not belong, and is not shown"),
}


@register.filter
def figure(one: Figure) -> str:
    """Return a figure with its unit, such as "72 hours", "50 %", "300 characters"."""
    if one.unit == SPAN:
        return _span(round(one.value))
    if one.unit == SHARE:
        return f"{round(100 * one.value)} %"
    number = int(one.value) if one.value == int(one.value) else one.value
    if one.unit == WORDS:
        return ngettext("%(n)s word", "%(n)s words", number) % {"n": number_format(number)}
    if one.unit == CHARACTERS:
        words = ngettext("%(n)s character", "%(n)s characters", number)
        return words % {"n": number_format(number, force_grouping=True)}
    return number_format(number)


def _span(seconds: int) -> str:
    if seconds >= HOURS_UP_TO:
        return ngettext("%(n)s day", "%(n)s days", seconds // DAY) % {"n": seconds // DAY}
    if seconds >= HOUR:
        return ngettext("%(n)s hour", "%(n)s hours", seconds // HOUR) % {"n": seconds // HOUR}
    if seconds >= MINUTE:
        return ngettext("%(n)s minute", "%(n)s minutes", seconds // MINUTE) % {"n": seconds // MINUTE}
    return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}


@register.filter
def question_words(question: str) -> str:
    """Return the question that rules of a kind answer."""
    return gettext(QUESTIONS[question])


@register.filter
def rule_words(rule: str, question: str) -> str:
    """Return what a rule found, in the words of the article page."""
    if question == "relevance":
        return gettext(RELEVANCE.get(rule, rule))
    return reason_words({"rule": rule})


@register.filter
def share_of(part: int, whole: int) -> str:
    """Return a share of a number as percent; "< 1 %" for little."""
    percent = 100 * part / whole if whole else 0
    return f"{round(percent)} %" if percent >= 1 else "< 1 %"
