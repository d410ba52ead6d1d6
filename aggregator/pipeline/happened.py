"""When did it happen? Dates and weekday words of headline and lead, seen from the report.

A date counts when it stands for a day on or up to REACH before the report, in the outlet's zone.
Dates of plans, deadlines and memories are passed over ("will", "until", "anniversary", "since"; "talks
begin Friday"), and a date that only says when somebody spoke gives way to another. A bare weekday more
than NEAR back is none either: it is tomorrow's, or background. Without one it is the report's day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .happened_words import GOVERNING, LANGUAGES, NEEDS_BEFORE, ZH_DATE, DayWords
from .types import Happened, Reason

REACH = timedelta(days=21)  # an older day is background: a report that late is about something else
NEAR = timedelta(days=4)  # a bare weekday further back is one ahead, or background
LEAD = 700  # characters of text that are read: the first paragraphs say when
PAST = 14  # characters beside a weekday that may say that it lies behind
BEFORE = 36  # characters before a date in which a trap may stand
UNDATED_FORMS = frozenset({"anniversary", "opinion", "explainer", "analysis", "live-blog", "obituary"})
_ISO = re.compile(r"\b(20\d\d|19\d\d)-(\d\d)-(\d\d)\b|\b(\d{1,2})\.(\d{1,2})\.(20\d\d|19\d\d)\b")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９", "012345678901234567890123456789")
_NAMES = re.compile(  # of deeds, not of days
    r"\b(?:september 11|11 september|sept\. 11)(?:th)?(?: terror(?:ist)?)? attacks?\b|\bblack (?:sunday|friday)\b|"
    r"\bbloody (?:sunday|friday)\b|\bgood friday (?:agreement|accords?|deal)\b"
)
_SENTENCE_END = re.compile(r"[.!?…]\s|[。！？]|\n")


@dataclass(frozen=True, slots=True)
class _Found:
    on: date
    code: str
    words: str
    field: str
    said: bool  # stands right after a verb of saying: the date of a statement


def find_happened(
    title: str, text: str, *, reported_at: datetime, time_zone: str, language: str, form: str = "report"
) -> Happened:
    """Return the day a report is about; `on` is a date of the place and never after the report.

    `time_zone` is the outlet's IANA zone; an unknown one counts as UTC. Precision is `day` when a
    date or weekday was found and `reported` else. Pieces that look back are never re-dated.
    """
    today = local_day(reported_at, time_zone)
    if form in UNDATED_FORMS:
        return Happened(today, "reported", Reason("form_not_dated", {"form": form}))
    found = [*_dates(title[:400], "title", today, language), *_dates(text[:LEAD], "lead", today, language)]
    if not found:
        return Happened(today, "reported", Reason("as_reported"))
    best = next((f for f in found if not f.said), found[0])
    evidence = {"words": best.words, "field": best.field, "time_zone": time_zone or "UTC"}
    return Happened(best.on, "day", Reason(best.code, evidence))


def local_day(at: datetime, time_zone: str) -> date:
    """Return the date of a moment at a place; an unknown IANA zone counts as UTC."""
    return at.astimezone(_zone(time_zone)).date()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _dates(text: str, field: str, today: date, language: str) -> Iterator[_Found]:
    """Yield the dates of one field in order, traps left out."""
    key = language.split("-")[0].lower()
    words = LANGUAGES.get(key, LANGUAGES["en"])
    rules = _rules(key if key in LANGUAGES else "en")
    low = _plain(text)
    for match in rules.any_date.finditer(low):
        on, code = _read(match, words, rules, today)
        before = _before(low, match.start())
        if (
            on is None
            or not today - REACH <= on <= today
            or rules.skip.search(before)
            or _is_planned(before, rules)
            or _is_trapped(after := low[match.end() : match.end() + BEFORE], rules)
            or (on < today and rules.present.search(before))
            or (match["weekday"] and on < today - NEAR and not _is_past(before, after, rules))
        ):
            continue
        yield _Found(on, code, text[match.start() : match.end()], field, bool(rules.said.search(before)))


def _plain(text: str) -> str:
    """Return a text in lower case with ASCII digits, names that only look like dates blanked, as long as it was."""
    low = "".join(small if len(small := c.lower()) == 1 else c for c in text).translate(_DIGITS)
    return _NAMES.sub(lambda match: "·" * len(match[0]), low)


def _before(low: str, start: int) -> str:
    """Return what stands just before a date in its own sentence."""
    near = low[max(start - BEFORE, 0) : start]
    return _SENTENCE_END.split(near)[-1]


def _is_planned(before: str, rules: _Rules) -> bool:
    """True for "to vote on Friday", not for "began to arrive on Friday"."""
    plan = rules.plan.search(before)
    return plan is not None and plan["began"] is None


def _is_trapped(after: str, rules: _Rules) -> bool:
    """True for "Tuesday's anniversary", "five years ago on Sunday", "Friday will": the trap stands after the date."""
    return bool(rules.memory.search(after) or rules.ahead.match(after))


def _is_past(before: str, after: str, rules: _Rules) -> bool:
    """True for "last Friday" and "vendredi dernier"."""
    return rules.past.search(f"{before[-PAST:]} {after[:PAST]}") is not None


@dataclass(frozen=True, slots=True)
class _Rules:
    """Compiled patterns of one language."""

    any_date: re.Pattern[str]
    skip: re.Pattern[str]
    said: re.Pattern[str]
    memory: re.Pattern[str]
    plan: re.Pattern[str]
    ahead: re.Pattern[str]
    present: re.Pattern[str]
    past: re.Pattern[str]


@lru_cache(maxsize=32)
def _rules(language: str) -> _Rules:
    words = LANGUAGES[language]
    if language == "zh":
        return _chinese_rules(words)
    lead = NEEDS_BEFORE.get(language, "")
    month = "|".join(
        re.escape(f) for group in words.months for f in sorted(group.split("|"), key=len, reverse=True)
    )
    weekday = "|".join(re.escape(f) for group in words.weekdays for f in group.split("|"))
    back = "|".join(re.escape(w) for w in sorted(words.back, key=len, reverse=True))
    any_date = (
        rf"(?P<iso>{_ISO.pattern})"
        rf"|(?<![\w.])(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|\.)?(?:\s+(?:of|de|di))?\s+(?P<month>{month})\b\.?(?:,?\s+(?:de\s+)?(?P<year>(?:19|20)\d\d)\b)?"
        rf"|\b(?P<month2>{month})\b\.?\s+(?P<day2>[0-3]?\d)(?:st|nd|rd|th)?\b(?!:|\d)(?:,?\s+(?P<year2>(?:19|20)\d\d)\b)?"
        rf"|(?<![\w-]){lead}[בלو]?(?P<weekday>{weekday})(?!\w)"
        rf"|(?<!\w)(?P<back>{back})(?!\w)"
    )
    memory = (
        r"anniversary|годовщин|річниц|anniversaire|aniversario|jahrestag|ذكرى|years? ago|лет назад|років тому"
    )
    skip = _any(w for w in words.skip if w not in GOVERNING)
    governing = _any(w for w in words.skip if w in GOVERNING)
    said = _any(words.said)
    whole = r"\b" if language == "en" else ""  # elsewhere the words are stems
    return _Rules(
        re.compile(any_date),
        re.compile(rf"(?<!\w)(?:{skip}){whole}|(?<!\w)(?:{governing})\s+(?:[^\s,]+\s+)?$"),
        re.compile(rf"(?<!\w)(?:{said})\b[^,;]{{0,12}}$"),
        re.compile(memory),
        re.compile(rf"(?:(?P<began>{_any(words.began)})\s+)?(?<!\w)to\s+(?:{_any(words.plans)})\b"),
        re.compile(rf"\s+(?:{_any(words.ahead)})\b"),
        re.compile(rf"(?<!\w)(?:{_any(words.present)})(?!\w)[^,;:]{{0,24}}$"),
        re.compile(rf"(?<!\w)(?:{_any(words.past)})"),
    )


def _chinese_rules(words: DayWords) -> _Rules:
    """Words have no ends, so that what governs a date stands right before or after it."""
    governing, loose = (_any(w for w in words.skip if (w in GOVERNING) is g) for g in (True, False))
    return _Rules(
        re.compile(rf"(?P<iso>{_ISO.pattern})|{ZH_DATE}|(?P<back>{_any(words.back)})"),
        re.compile(rf"(?:{loose})|(?:{governing})$"),
        re.compile("(?!)"),
        re.compile("周年|纪念"),
        re.compile("(?P<began>)(?!)"),
        re.compile(_any(words.ahead)),
        re.compile("(?!)"),
        re.compile("(?!)"),
    )


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words)) or "(?!)"


def _read(match: re.Match[str], words: DayWords, rules: _Rules, today: date) -> tuple[date | None, str]:
    """Return the day that a match stands for, None when there is no such day."""
    if match["weekday"]:
        return _weekday(match["weekday"], words, today), "weekday"
    if match["back"]:
        return today - timedelta(days=words.back[match["back"]]), "relative_word"
    if match["iso"]:
        return _iso(match["iso"]), "date"
    day, month, year = (
        match["day"] or match["day2"],
        match["month"] or match["month2"],
        match["year"] or match["year2"],
    )
    number = next(i for i, group in enumerate(words.months, 1) if month in group.split("|"))
    return _calendar(int(day), number, int(year) if year else None, today), "date"


def _weekday(word: str, words: DayWords, today: date) -> date:
    """Return the latest such weekday that is not after the report."""
    number = next(i for i, group in enumerate(words.weekdays) if word in group.split("|"))
    return today - timedelta(days=(today.weekday() - number) % 7)


def _iso(word: str) -> date | None:
    match = _ISO.match(word)
    assert match is not None
    y, m, d, d2, m2, y2 = match.groups()
    return _day(int(y or y2), int(m or m2), int(d or d2))


def _calendar(day: int, month: int, year: int | None, today: date) -> date | None:
    """Without a year it is the latest such day that is not after the report."""
    if year is not None:
        return _day(year, month, day)
    this = _day(today.year, month, day)
    return this if this is not None and this <= today else _day(today.year - 1, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
