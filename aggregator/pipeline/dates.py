"""Dates as feeds write them → moments in UTC. Bounded: no format costs more than a few regular expressions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from functools import lru_cache

MAX_LENGTH = 80
FIRST_YEAR = 1990  # earlier ones are a clock at zero, not a report

_MONTHS = """
jan january janvier januar enero gennaio janeiro января январь січня ocak ocak stycznia styczeń januari يناير كانون_الثاني ژانویه ינואר ene janv
feb february février februar febrero febbraio fevereiro февраля февраль лютого şubat subat lutego luty februari فبراير شباط فوریه פברואר févr fev
mar march mars märz marzo março марта март березня mart marca marzec maart مارس آذار مارس מרץ mär
apr april avril abril aprile апреля апрель квітня nisan kwietnia kwiecień أبريل نيسان آوریل אפריל avr abr ابريل
may mai mayo maggio maio мая май травня mayıs mayis maja maj mei مايو أيار مه מאי
jun june juin juni junio giugno junho июня июнь червня haziran czerwca czerwiec يونيو حزيران ژوئن יוני
jul july juillet juli julio luglio julho июля июль липня temmuz lipca lipiec يوليو تموز ژوئیه יולי juil
aug august août agosto augusto августа август серпня ağustos agustos sierpnia sierpień augustus أغسطس آب اوت אוגוסט ago aoû اغسطس
sep sept september septembre septiembre settembre setembro сентября сентябрь вересня eylül eylul września wrzesień سبتمبر أيلول سپتامبر ספטמבר set
oct october octobre oktober octubre ottobre outubro октября октябрь жовтня ekim października październik أكتوبر تشرين_الأول اکتبر אוקטובר okt out اكتوبر
nov november novembre noviembre novembro ноября ноябрь листопада kasım kasim listopada listopad نوفمبر تشرين_الثاني نوامبر נובמבר
dec december décembre dezember diciembre dicembre dezembro декабря декабрь грудня aralık aralik grudnia grudzień ديسمبر كانون_الأول دسامبر דצמבר dez dic déc
"""
MONTHS = {
    word.replace("_", " "): number
    for number, line in enumerate(_MONTHS.strip().splitlines(), start=1)
    for word in line.split()
}
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９", "012345678901234567890123456789")
_TIME = r"(?:\D{0,6}?(\d{1,2})[:.hH](\d{2})(?:[:.](\d{2}))?)?\s*([AaPp]\.?[Mm]\.?)?"
_ZONE = re.compile(r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})\s*\)?$", re.IGNORECASE)
_YMD = re.compile(r"\b(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?" + _TIME)
_DMY = re.compile(r"\b(\d{1,2})[./-](\d{1,2})[./-](\d{4})\b" + _TIME)
_D_MONTH_Y = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|er|º|\.)?[\s\-]+(?:de\s+|of\s+)?([^\W\d_]+(?:\s[^\W\d_]+)?)\.?,?[\s\-]+(?:de\s+)?(\d{4})\b"
    + _TIME
)
_MONTH_D_Y = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b" + _TIME)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?$")
_NO_YEAR = re.compile(r"[^\W\d_]\.?[\s-]+00\d\d\b(?!:)")  # an empty date: Jan 0001 would be read as 2001
_UNIX = re.compile(r"^\d{10}(?:\d{3})?$")


@lru_cache(maxsize=4096)
def read_date(words: str) -> datetime | None:
    """Return the moment that `words` name, in UTC; None when no way reads it or the year is before 1990.

    Ways, in order: ISO 8601, RFC 822, then days, months (in fourteen languages) and years in the usual
    orders. A date without zone is taken as UTC.
    """
    words = " ".join(words[:MAX_LENGTH].translate(_DIGITS).split())
    if not words:
        return None
    for way in (_iso, _rfc822, _unix, _in_words):
        try:
            moment = way(words)
            if moment is not None and moment.year >= FIRST_YEAR:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def _iso(words: str) -> datetime | None:
    if not words[:4].isdigit() or words[4:5] != "-":
        return None
    moment = datetime.fromisoformat(words.replace(" Z", "Z").replace(" +", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rfc822(words: str) -> datetime | None:
    parts = parsedate_tz(words)
    if parts is None or not parts[0] or _NO_YEAR.search(words) or not any(ch.isalpha() for ch in words):
        return None
    zone = timezone(timedelta(seconds=parts[9] or 0))
    return datetime(*parts[:6], tzinfo=zone)


def _unix(words: str) -> datetime | None:
    return datetime.fromtimestamp(int(words[:10]), UTC) if _UNIX.match(words) else None


def _in_words(words: str) -> datetime | None:
    if hit := _COMPACT.match(words):
        year, month, day, hour, minute, second = (int(part or 0) for part in hit.groups()[:6])
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    if hit := _YMD.search(words):
        return _moment(hit, words, int(hit[1]), int(hit[2]), int(hit[3]))
    if hit := _DMY.search(words):
        return _numbers(hit, words)
    if (hit := _D_MONTH_Y.search(words)) and (named := _month(hit[2])):
        return _moment(hit, words, int(hit[3]), named, int(hit[1]))
    if (hit := _MONTH_D_Y.search(words)) and (named := _month(hit[1])):
        return _moment(hit, words, int(hit[3]), named, int(hit[2]))
    return None


def _month(word: str) -> int | None:
    word = word.casefold()
    return MONTHS.get(word) or MONTHS.get(word[:3])


def _numbers(hit: re.Match[str], words: str) -> datetime | None:
    """Read day, month, year; month first only where the second number cannot be a month."""
    day, month, year = int(hit[1]), int(hit[2]), int(hit[3])
    if month > 12:
        day, month = month, day
    return _moment(hit, words, year, month, day)


def _moment(hit: re.Match[str], words: str, year: int, month: int, day: int) -> datetime:
    hour, minute, second = (int(hit[group] or 0) for group in (4, 5, 6))
    if hit[7] and hour <= 12:
        hour = hour % 12 + (12 if hit[7].lower().startswith("p") else 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=_zone(words))


def _zone(words: str) -> timezone:
    hit = _ZONE.search(words)
    if not hit or hit[1][0] not in "+-":
        return UTC
    sign, digits = hit[1][0], hit[1][1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-shift if sign == "-" else shift)
