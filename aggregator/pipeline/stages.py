"""The stages of an article under way, and what follows an error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PAGE, SETTLE, HELD = "page", "settle", "held"

MAX_PAGE_ATTEMPTS = 4
FIRST_WAIT = timedelta(minutes=5)
MAX_PAGE_WAIT = timedelta(hours=6)  # then the feed's own text has to do


@dataclass(frozen=True, slots=True)
class Next:
    """Where a row goes, and when it is due there."""

    stage: str
    at: datetime


def after_page_error(
    now: datetime, *, permanent: bool, attempts: int, asked: timedelta | None = None
) -> Next:
    """Return what follows when a page could not be had; `attempts` includes the failed one.

    A permanent error, or the fourth one, sends the article on with the feed's own text.
    """
    if permanent or attempts >= MAX_PAGE_ATTEMPTS or (asked and asked > MAX_PAGE_WAIT):
        return Next(SETTLE, now)
    return Next(PAGE, now + max(backoff(attempts), asked or timedelta()))


def backoff(attempts: int) -> timedelta:
    """Return the wait after `attempts` attempts: 5, 15, 45 minutes and so on, at most six hours."""
    times: int = 3 ** max(0, min(attempts, 8) - 1)
    return min(FIRST_WAIT * times, MAX_PAGE_WAIT)
