"""Stored reasons in words: why a tag, a copy, a date or a story is what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import template
from django.utils.translation import gettext, gettext_noop, ngettext

register = template.Library()

MAX_LENGTH = 400
REASONS = {
    "named": gettext_noop("names the place"),
    "names": gettext_noop("names the place"),
    "relative_word": gettext_noop("from the text: a word such as “today”"),
    "no_candidate": gettext_noop("opened the story"),
    "copy": gettext_noop("a copy of another article of the story"),
    "its_copies": gettext_noop("its copies were here already"),
    "must_link": gettext_noop("a curator decided"),
    "merged": gettext_noop("a curator joined two stories"),
    "repair_merge": gettext_noop("two stories of one happening were joined"),
    "repair_split": gettext_noop("two happenings were parted"),
    "repair_move": gettext_noop("nearer to this story, seen in the order of the reports"),
    "source": gettext_noop("the outlet's own region"),
    "cue": gettext_noop("matched words"),
    "cues": gettext_noop("matched words"),
    "model": gettext_noop("the words taken together"),
    "both": gettext_noop("matched words, and the words taken together"),
    "curator": gettext_noop("a curator decided"),
    "same_event": gettext_noop("same happening"),
    "as_reported": gettext_noop("no better knowledge than the report"),
    "form_not_dated": gettext_noop("pieces of this form date no event"),
    "form_pattern": gettext_noop("the headline or the opening says so"),
    "form_default": gettext_noop("nothing says otherwise"),
    "opened": gettext_noop("opened the story"),
    "is_own": gettext_noop("its own outlet's address"),
    "too_short_to_trace": gettext_noop("too short to compare"),
    "earlier_than_its_copies": gettext_noop("earlier than the texts like it"),
    "same_text": gettext_noop("nearly the same text"),
    "no_match": gettext_noop("no earlier text like it"),
    "names_agency": gettext_noop("names a wire agency"),
    "names_outlet": gettext_noop("names the outlet it comes from"),
    "speaker": gettext_noop("speaks for the story"),
    "relevance_source": gettext_noop("this outlet writes about conflicts only"),
    "relevance_score": gettext_noop("its words are those of reports on conflicts"),
    "conflict_area": gettext_noop("is about its area"),
    "conflict_states": gettext_noop("is about its parties"),
    "conflict_named": gettext_noop("names the conflict"),
    "conflict_country": gettext_noop("is about its country"),
    "weekday": gettext_noop("from the text: a day of the week"),
    "date": gettext_noop("from the text: a date"),
    "today": gettext_noop("from the text: the day of the report"),
    "yesterday": gettext_noop("from the text: the day before"),
}
SILENT = frozenset(
    {
        *("code", "rule", "twin", "story", "runner_up", "override", "shared", "title"),
        *("field", "time_zone", "parts", "score", "article", "start"),
        *("near", "from"),  # what was looked at and not taken, and where it stood: for `explain`
    }
)


@register.filter
def reason_words(reason: Any) -> str:
    """Return a stored reason as a sentence: its code in words, then its evidence; '' for none."""
    if not isinstance(reason, dict):
        return ""
    code = str(reason.get("code") or reason.get("rule") or "")
    words = gettext(REASONS[code]) if code in REASONS else code.replace("_", " ")
    evidence = [_evidence(key, value) for key, value in reason.items() if key not in SILENT]
    return ": ".join(part for part in (words, "; ".join(part for part in evidence if part)) if part)[
        :MAX_LENGTH
    ]


def _evidence(key: str, value: Any) -> str:
    if value in ("", None, 0, [], {}):
        return ""
    if key in _EVIDENCE:
        return _EVIDENCE[key](value)
    if isinstance(value, float):
        return f"{key.replace('_', ' ')} {value:.2f}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return f"{key.replace('_', ' ')} {_listed(value)}"
    return f"{key.replace('_', ' ')} {value}"


def _cues(value: Any) -> str:
    return _listed(one.get("cue", "") if isinstance(one, dict) else one for one in value)


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(f"“{one}”" for one in list(dict.fromkeys(map(str, values)))[:8])


def _words(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else ""


def _shared_words(value: int) -> str:
    return ngettext("%(n)s shared word", "%(n)s shared words", value) % {"n": value}


def _shared_numbers(value: int) -> str:
    return ngettext("%(n)s shared number", "%(n)s shared numbers", value) % {"n": value}


_EVIDENCE: dict[str, Callable[[Any], str]] = {
    "cues": _cues,
    "names": _listed,
    "words": _words,
    "credit": _words,
    "name": str,
    "how": lambda value: gettext("found in its %(how)s") % {"how": str(value).replace("_", " ")},
    "shared_words": _shared_words,
    "shared_numbers": _shared_numbers,
    "places_shared": lambda value: gettext("shared places"),
    "hours": lambda value: gettext("%(hours)s h from its newest report") % {"hours": value},
    "late_for": lambda value: gettext("a copy that came when the story of its text had closed"),
    "stands_for": lambda value: gettext("stands in for its original, which is not shown"),
    "of_copy": lambda value: gettext("%(share)s %% of the copy") % {"share": round(100 * value)},
    "of_original": lambda value: gettext("%(share)s %% of the original") % {"share": round(100 * value)},
}
