"""A list as a calendar (iCalendar, RFC 5545): a story is an all-day event on the day it happened."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from aggregator.pipeline.faces import EPOCH, Face, FaceItem, clean

LINE = 75  # octets of a line before it is folded


def ical(face: Face) -> bytes:
    """Return a calendar; text is escaped and lines are folded at LINE octets, never within a character."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_text(face.generator)}//EN",
        f"X-WR-CALNAME:{_text(face.title)}",
        f"SOURCE;VALUE=URI:{_address(face.own)}",
        *(line for item in face.items for line in _event(item)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in [_folded(line)]).encode()


def _event(item: FaceItem) -> list[str]:
    day = item.happened_on or item.published_at.astimezone(UTC).date()
    about = f"{item.summary}\n\n{item.url}".strip()
    return [
        "BEGIN:VEVENT",
        f"UID:{_address(item.id)}",
        f"DTSTAMP:{_stamp(item.updated_at or EPOCH)}",
        f"LAST-MODIFIED:{_stamp(item.updated_at or EPOCH)}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{_after(day):%Y%m%d}",
        f"SUMMARY:{_text(item.title or '(no headline)')}",
        f"DESCRIPTION:{_text(about)}",
        f"URL:{_address(item.url)}",
        *([f"CATEGORIES:{','.join(map(_text, item.tags))}"] if item.tags else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    value = clean(value).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"([\\;,])", r"\\\1", value).replace("\n", "\\n")


def _address(value: str) -> str:
    return re.sub(r"[\x00-\x20\x7f]", "", clean(value))


def _folded(line: str) -> str:
    """Return a line as RFC 5545 folds it: parts of at most LINE octets, each but the first after a blank."""
    parts, part, used = [], "", 0
    for character in line:
        octets = len(character.encode("utf-8", "replace"))
        if used + octets > LINE:
            parts.append(part)
            part, used = "", 1
        part += character
        used += octets
    return "\r\n ".join([*parts, part])
