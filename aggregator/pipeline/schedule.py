"""When is a feed, a page or a host due again?

Sources of the figures: gap / 2 between 5 minutes and 4 hours is CommaFeed's and Miniflux's practice,
a day when silent; min(24 h, 5 min · 2ⁿ) with 20 % jitter after errors is the one backoff that neither
gives up nor hammers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MIN_WAIT = timedelta(minutes=5)
MAX_EVERY = timedelta(hours=4)
MAX_WAIT = timedelta(days=1)
OUTAGE_WAIT = timedelta(minutes=5)
FULL_GET_EVERY = timedelta(hours=12)
FULL_GET_POLLS = (
    30  # with jitter one request in 24 to 36, so that it stays a small share of what a feed costs
)
DOUBT_GAPS, DOUBT_POLLS = (
    3,
    12,
)  # usual gaps without an item, and requests, after which validators are doubted
HUB_SLOWER = 8
MAX_CRAWL_DELAY = timedelta(seconds=30)
JITTER = 0.2
QUIET = (
    (timedelta(days=30), MAX_WAIT),
    (timedelta(days=14), MAX_EVERY),
    (timedelta(days=7), timedelta(hours=2)),
)


def next_poll_at(
    now: datetime,
    *,
    every: timedelta,
    failures: int,
    jitter: float,
    asked: timedelta | None = None,
) -> datetime:
    """Return when a feed is due again, at most MAX_WAIT (1 day) after `now`.

    `every` is the normal wait; after failures in a row it is MIN_WAIT (5 minutes) doubled for each
    instead. `jitter` in [-1, 1] moves it by up to 20 %. `asked` is the wait the server asked for
    (Retry-After, max-age, ttl) and wins when it is longer. Raises ValueError if `failures` is negative.
    """
    if failures < 0:
        raise ValueError("failures cannot be negative")
    wait = MIN_WAIT * 2 ** min(failures, 12) if failures else every
    wait = min(wait, MAX_WAIT) * (1 + JITTER * max(-1.0, min(1.0, jitter)))
    return now + min(max(wait, asked or timedelta()), MAX_WAIT)


def slowed(every: timedelta) -> timedelta:
    """Return the normal wait of a feed whose hub tells of its news: longer, up to 4 hours, never no more."""
    return max(every, min(every * HUB_SLOWER, MAX_EVERY))


def jitter_of(feed_id: int, turn: int) -> float:
    """Return a number in [-1, 1) that is the same for the same feed and turn, and spread over feeds."""
    digest = hashlib.blake2b(f"{feed_id} {turn}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**31 - 1


def every_from(
    dates: Sequence[datetime],
    now: datetime,
    *,
    low: timedelta | None = None,
    high: timedelta | None = None,
    current: timedelta = timedelta(minutes=15),
) -> timedelta:
    """Return the normal wait of a feed from the dates of its items: half the usual gap, longer when silent.

    `low` and `high` are the source's own bounds. Without at least two dates the `current` wait stays.
    """
    known = sorted((moment for moment in dates if moment <= now), reverse=True)[:20]
    every = current
    if len(known) >= 2:
        gap = (known[0] - known[-1]) / (len(known) - 1)
        every = min(max(gap / 2, MIN_WAIT), MAX_EVERY)
    return quieter(every, now - known[0] if known else timedelta(), low=low, high=high)


def quieter(
    every: timedelta, silence: timedelta, *, low: timedelta | None = None, high: timedelta | None = None
) -> timedelta:
    """Return the wait of a feed that has been silent for `silence`, inside the source's bounds."""
    for after, wait in QUIET:
        if silence >= after:
            every = max(every, wait)
            break
    every = max(every, low or MIN_WAIT)
    return min(every, max(high, low or MIN_WAIT)) if high else every


def asked_wait(
    now: datetime,
    *,
    retry_after: str = "",
    cache_control: str = "",
    expires: str = "",
    date: str = "",
    ttl_minutes: int = 0,
) -> timedelta | None:
    """Return the longest wait that an answer asks for, at most MAX_WAIT; None when it asks for none.

    `retry_after` is seconds or an HTTP date. Dates of `expires` and `retry_after` are read against the
    server's own `date`, so that neither a wrong clock nor a replayed one matters.
    """
    server_now = _http_date(date) or now
    waits = [
        _seconds(retry_after) if retry_after.strip().isdigit() else _until(retry_after, server_now),
        _max_age(cache_control),
        None if "max-age" in cache_control.lower() else _until(expires, server_now),
        timedelta(minutes=ttl_minutes) if 0 < ttl_minutes <= 60 * 24 * 7 else None,
    ]
    asked = [wait for wait in waits if wait and wait > timedelta()]
    return min(max(asked), MAX_WAIT) if asked else None


def _seconds(words: str) -> timedelta:
    return timedelta(seconds=min(int(words.strip()[:12]), 10**8))


def _max_age(words: str) -> timedelta | None:
    for part in words.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.strip('" ').isdigit():
            return _seconds(value.strip('" '))
    return None


def _http_date(words: str) -> datetime | None:
    if not words or words.strip() in {"0", "-1"}:
        return None
    try:
        moment = parsedate_to_datetime(words.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _until(words: str, now: datetime) -> timedelta | None:
    moment = _http_date(words)
    try:
        return moment - now if moment else None
    except OverflowError:
        return None


def after_skipped(at: datetime, hours: Iterable[int], days: Iterable[str]) -> datetime:
    """Return `at`, moved out of the hours (GMT) and week days that a feed asks to leave out.

    A feed that leaves out every hour or day leaves out none.
    """
    skipped, weekdays = {hour % 24 for hour in hours}, {day.strip().lower()[:3] for day in days}
    if len(skipped) >= 24 or len(weekdays) >= 7:
        return at
    for _ in range(24 * 7):
        if at.hour not in skipped and f"{at:%a}".lower() not in weekdays:
            return at
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def is_full_get_due(
    last: datetime | None,
    now: datetime,
    feed_id: int,
    *,
    every: timedelta = timedelta(),
    asked_at: datetime | None = None,
    newest: datetime | None = None,
) -> bool:
    """Return whether a feed is asked without validators: a server that is stuck on old ones hides its items.

    `last` is when a whole document was last had, `asked_at` the last request, `newest` the last sign of
    something new. Never within about 12 hours of `last`; then after 30 requests at the feed's pace, and
    after 12 where it is silent for longer than is usual. A silence is doubted anew when it has doubled.
    """
    if last is None:
        return True
    jitter, had = 1 + JITTER * jitter_of(feed_id, last.toordinal()), now - last
    if had < FULL_GET_EVERY * jitter:
        return False
    pace = max(every, now - asked_at) if asked_at else every
    if had >= FULL_GET_POLLS * pace * jitter:
        return True
    if newest is None or had < DOUBT_POLLS * pace * jitter:
        return False
    return now - newest >= max(2 * DOUBT_GAPS * every, 2 * (last - newest))  # `every` is half a gap
