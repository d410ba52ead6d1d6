"""The filters of a reading list, as they stand in its address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_noop

REPORT, EVENT = "report", "event"
EARLIEST, LATEST = date(1900, 1, 1), date(9998, 12, 31)
_CURSOR = re.compile(r"([re])(?:(\d{8})-)?(-?\d{1,17})-(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLUG = re.compile(r"[-\w]{1,100}")


class FilterError(ValueError):
    """A filter cannot be read; `name` is the parameter, the message one sentence for the reader."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: its clocks and the story's id.

    Written as rMICROSECONDS-ID, or eYYYYMMDD-MICROSECONDS-ID in the order of events.
    """

    report_at: datetime
    id: int
    event_on: date | None = None

    def __str__(self) -> str:
        micros = (self.report_at - _EPOCH) // timedelta(microseconds=1)
        if self.event_on is None:
            return f"r{micros}-{self.id}"
        return f"e{self.event_on:%Y%m%d}-{micros}-{self.id}"

    @classmethod
    def read(cls, text: str, order: str) -> Cursor:
        """Return the cursor written in `text`. Raises FilterError when it is none, or of another order."""
        found = _CURSOR.fullmatch(text)
        if not found or (found[1] == "e") != (order == EVENT) or (found[1] == "e") != bool(found[2]):
            raise FilterError("cursor", gettext_noop("This page address is not from this list."))
        try:
            event_on = datetime.strptime(found[2], "%Y%m%d").date() if found[2] else None  # noqa: DTZ007
            return cls(_EPOCH + timedelta(microseconds=int(found[3])), int(found[4]), event_on)
        except (ValueError, OverflowError):
            raise FilterError("cursor", gettext_noop("This page address is not from this list.")) from None


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; '' and None mean "any". `since` and `until` are days, both included."""

    order: str = REPORT
    topic: str = ""
    region: str = ""
    conflict: str = ""
    kind: str = ""
    language: str = ""
    since: date | None = None
    until: date | None = None
    as_of: date | None = None
    key: bool = False
    thin: bool = False
    before: Cursor | None = None  # what comes after this place, further down
    after: Cursor | None = None  # what comes before it, further up
    default_order: str = REPORT

    @property
    def narrowed(self) -> bool:
        """Whether anything but the subject's own topic, region or conflict narrows the list."""
        return bool(
            self.kind or self.language or self.since or self.until or self.as_of or self.key or self.thin
        )

    @property
    def paged(self) -> bool:
        """Whether this is another page than the first."""
        return bool(self.before or self.after)

    def query(self, **changes: Any) -> str:
        """Return the query string, with only what differs from the default, always in one order."""
        one = replace(self, **changes)
        pairs = [(name, getattr(one, field)) for name, field in _PARAMETERS if getattr(one, field)]
        pairs = [pair for pair in pairs if pair != ("order", one.default_order)]
        return urlencode([(name, "1" if value is True else str(value)) for name, value in pairs])

    def first_page(self) -> str:
        """Return the query string without its place in the list."""
        return self.query(before=None, after=None)


_PARAMETERS = (
    ("region", "region"),
    ("conflict", "conflict"),
    ("topic", "topic"),
    ("kind", "kind"),
    ("language", "language"),
    ("from", "since"),
    ("to", "until"),
    ("asof", "as_of"),
    ("key", "key"),
    ("thin", "thin"),
    ("order", "order"),
    ("before", "before"),
    ("after", "after"),
)


def read(query: Mapping[str, str], *, default_order: str = REPORT) -> Filters:
    """Return the filters of a query string. Raises FilterError with a sentence that names what is wrong."""
    order = query.get("order") or default_order
    if order not in (REPORT, EVENT):
        raise FilterError("order", gettext_noop("Lists run by event or by report date."))
    since, until, as_of = (_day(query, name) for name in ("from", "to", "asof"))
    if since and until and since > until:
        raise FilterError("from", gettext_noop("The first day lies after the last."))
    before, after = (_cursor(query, name, order) for name in ("before", "after"))
    return Filters(
        order=order,
        **{name: _word(query, name) for name in ("topic", "region", "conflict", "kind", "language")},
        since=since,
        until=until,
        as_of=as_of,
        key=_flag(query, "key"),
        thin=_flag(query, "thin"),
        before=before,
        after=None if before else after,
        default_order=default_order,
    )


def _word(query: Mapping[str, str], name: str) -> str:
    text = query.get(name, "").strip()
    if text and not SLUG.fullmatch(text):
        raise FilterError(name, gettext_noop("This filter is not one of ours."))
    return text


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in ("1", "on", "true", "yes")


def _day(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise FilterError(name, gettext_noop("Dates are written like 2023-09-19.")) from None
    if not EARLIEST <= day <= LATEST:
        raise FilterError(name, gettext_noop("This date lies outside the archive."))
    return day


def _cursor(query: Mapping[str, str], name: str, order: str) -> Cursor | None:
    text = query.get(name, "").strip()
    return Cursor.read(text[:60], order) if text else None
