"""How reader pages write times, dates, lags, kinds, languages and links."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from django import template
from django.conf import settings
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.http import escape_leading_slashes
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop, ngettext

register = template.Library()

_SHORT_DAYS = {"j M Y": "d MMM y", "j M": "d MMM"}  # in the words of CLDR, which the script uses too
_HTTP = re.compile(r"https?://[^\s\x00-\x20\"'<>\\]+\Z", re.IGNORECASE)
KINDS = {
    "national": gettext_noop("national outlet"),
    "public-broadcaster": gettext_noop("public broadcaster"),
    "regional": gettext_noop("regional outlet"),
    "analysis": gettext_noop("analysis"),
    "state-aligned": gettext_noop("state-aligned outlet"),
    "state-media": gettext_noop("state media"),
    "state-funded": gettext_noop("state-funded outlet"),
    "investigative": gettext_noop("investigative outlet"),
    "igo": gettext_noop("international organisation"),
    "specialist": gettext_noop("specialist outlet"),
    "wire": gettext_noop("wire agency"),
    "official": gettext_noop("official source: a party's own words"),
    "aggregator": gettext_noop("aggregator"),
    "ngo": gettext_noop("non-governmental organisation"),
    "advocacy-press": gettext_noop("advocacy press"),
    "opposition-press": gettext_noop("opposition press"),
}


@lru_cache(maxsize=1000)
def said(words: str, language: str) -> str:
    """Return a sentence of ours in the language that is on, for HTML."""
    return escape(gettext(words))


@register.filter
def kind_name(kind: str) -> str:
    """Return a source kind in words."""
    return _kind(kind, get_language()) if kind else ""


@lru_cache(maxsize=200)
def _kind(kind: str, language: str | None) -> str:
    return gettext(KINDS.get(kind, kind.replace("-", " ")))


@register.filter
def side_name(side: str) -> str:
    """Return a side of a conflict in words: a, a-support, third, mediator, external."""
    if side in SIDES:
        return gettext(SIDES[side])
    letter, _, part = side.partition("-")
    words = gettext("Supports side %(letter)s") if part == "support" else gettext("Side %(letter)s")
    return words % {"letter": letter.upper()}


SIDES = {
    "third": gettext_noop("Third parties"),
    "mediator": gettext_noop("Mediators"),
    "external": gettext_noop("Parties from outside"),
}


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Return a time with its day; a small script shows it in the reader's zone."""
    return _time(value, "j M Y", ", ", " UTC", "moment")


@register.filter
def day_clock(value: datetime | None) -> SafeString | str:
    """Return day, hours and minutes in short, for lists without headings of days."""
    return _time(value, "j M", " ", "", "short")


def _time(value: datetime | None, form: str, between: str, ending: str, kind: str) -> SafeString | str:
    if value is None:
        return ""
    value = value.astimezone(UTC)
    on, language = value.date(), get_language()
    clock = f"{value.hour:02}:{value.minute:02}"
    words = f"{words_of(on, form, language) if form else ''}{between}{clock}{ending}"
    return SafeString(
        f'<time datetime="{on.isoformat()}T{clock}Z" title="{words_of(on, "j M Y", language)}, {clock} UTC"'
        f' data-t="{kind}">{words}</time>'
    )


@lru_cache(maxsize=5000)
def words_of(on: date, form: str, language: str | None) -> str:
    """Return a day in the words of a language, for HTML; short months as browsers write them."""
    if form in _SHORT_DAYS and language and not language.startswith("en"):
        return escape(format_date(on, _SHORT_DAYS[form], locale=_locale(language)))
    return escape(date_format(on, form))


@register.filter
def day(value: date | None) -> SafeString | str:
    """Return a date of the place, such as 19 Sep 2023; it never moves with the reader."""
    if value is None:
        return ""
    words = words_of(date(value.year, value.month, value.day), "j M Y", get_language())
    return SafeString(f'<time datetime="{value.isoformat()[:10]}">{words}</time>')


@register.filter
def stamp(value: datetime) -> str:
    """Return a time such as 19 Sep 2023 12:04 UTC, for what is copied or mailed."""
    value = value.astimezone(UTC)
    return f"{words_of(value.date(), 'j M Y', get_language())} {value.hour:02}:{value.minute:02} UTC"


@register.filter
def lag(value: timedelta | None) -> str:
    """Return a lag such as "+24 min", "+3 h 10 min", "+2 d"."""
    return f"+{duration(value)}" if value is not None else ""


@register.filter
def duration(value: timedelta | None) -> str:
    """Return a length of time such as "24 min", "3 h 10 min", "2 d"."""
    if value is None:
        return ""
    minutes = int(value.total_seconds() // 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes // (24 * 60)} d"


@register.filter
def lag_after(value: datetime, first: datetime) -> str:
    """Return how long after `first` a time is, as a lag; '' when it is not later."""
    return lag(value - first) if value > first else ""


@register.filter
def web_link(url: str) -> str:
    """Return an address if it is plain http(s), '' otherwise: nothing else becomes a link."""
    return url if isinstance(url, str) and _HTTP.match(url) else ""


@register.filter
def percent(share: float) -> int:
    """Return a share as whole percent."""
    return round(100 * share)


@lru_cache(maxsize=8)
def _locale(code: str) -> Locale:
    try:
        return Locale.parse(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@register.filter
def country_name(code: str) -> str:
    """Return the name of an ISO country code in the page's language."""
    return str(_locale(get_language() or "en").territories.get(code.upper(), code)) if code else ""


@register.filter
def language_name(code: str) -> str:
    """Return the name of a language in the page's language."""
    return _language(code, get_language() or "en") if code else ""


@lru_cache(maxsize=500)
def _language(code: str, language: str) -> str:
    return str(_locale(language).languages.get(code.split("-")[0], code))


@register.filter
def marked(text: str) -> SafeString:
    """Return a search snippet with the found words marked; everything else is escaped."""
    parts = re.split("([\x02\x03])", text)
    found: list[tuple[str, str]] = []
    inside = False
    for part in parts:
        if part in ("\x02", "\x03"):
            inside = part == "\x02"
        elif part:
            found.append(("mark" if inside else "span", part))
    return format_html_join("", "<{0}>{1}</{0}>", found)


@register.filter
def gap_words(gap: Any) -> str:
    """Return what a gap row says."""
    days = ngettext("no reports for %(days)s day", "no reports for %(days)s days", gap.days) % {
        "days": gap.days
    }
    between = gettext("%(first)s to %(last)s") % {"first": short_day(gap.first), "last": short_day(gap.last)}
    return f"{days}, {between}"


@register.filter
def short_day(value: date) -> str:
    """Return a day without its year, such as 19 Sep."""
    return words_of(value, "j M", get_language())


@register.simple_tag
def spark(strip: Any) -> SafeString:
    """Draw a strip as a small picture without links; its text says the total and the busiest day."""
    bars = SafeString(
        "".join(
            f'<rect x="{n * 4}" y="{16 - 15 * bar.share:.1f}" width="3" height="{15 * bar.share:.1f}"/>'
            for n, bar in enumerate(strip.bars)
            if bar.count
        )
    )
    words = ngettext("%(n)s story", "%(n)s stories", strip.total) % {"n": strip.total}
    if strip.top:
        words += gettext(", most on %(day)s (%(n)s)") % {"day": short_day(strip.top.on), "n": strip.top.count}
    return format_html(
        '<svg viewBox="0 0 {} 16" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        len(strip.bars) * 4,
        words,
        words,
        bars,
    )


@register.simple_tag(takes_context=True)
def other_languages(context: template.Context) -> SafeString:
    """Return links to this page in the site's other languages."""
    # Two slashes at its beginning would make a host of what follows them.
    path, own = escape_leading_slashes(context["request"].get_full_path_info()), get_language()
    return SafeString(
        "".join(
            f'<a href="{escape(path if code == settings.LANGUAGE_CODE else f"/{code}{path}")}" lang="{code}"'
            f' hreflang="{code}">{escape(own_name(code))}</a>'
            for code, _name in settings.LANGUAGES
            if code != own
        )
    )


@lru_cache(maxsize=100)
def own_name(code: str) -> str:
    """Return the name of a language in that language."""
    return str(_locale(code).get_display_name(code) or code).capitalize()
