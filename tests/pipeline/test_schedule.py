from __future__ import annotations

import random
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from aggregator.pipeline.schedule import (
    MAX_WAIT,
    after_skipped,
    asked_wait,
    every_from,
    is_full_get_due,
    jitter_of,
    next_poll_at,
    quieter,
)

NOW = datetime(2023, 9, 19, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("every", "failures", "asked", "wait"),
    [
        pytest.param(15 * MINUTE, 0, None, 15 * MINUTE, id="healthy feed keeps its rhythm"),
        pytest.param(15 * MINUTE, 1, None, 10 * MINUTE, id="a failure is asked again soon"),
        pytest.param(15 * MINUTE, 4, None, 80 * MINUTE, id="the wait doubles per failure"),
        pytest.param(15 * MINUTE, 99, None, DAY, id="never given up, never beyond a day"),
        pytest.param(15 * MINUTE, 0, HOUR, HOUR, id="the server asked for longer"),
        pytest.param(HOUR, 0, MINUTE, HOUR, id="the server asked for less"),
        pytest.param(HOUR, 0, 400 * DAY, DAY, id="an absurd wish is capped"),
    ],
)
def test_when_a_feed_is_due_again(
    every: timedelta, failures: int, asked: timedelta | None, wait: timedelta
) -> None:
    assert next_poll_at(NOW, every=every, failures=failures, jitter=0, asked=asked) == NOW + wait


def test_jitter_moves_the_wait_by_a_fifth_at_most() -> None:
    waits = [
        next_poll_at(NOW, every=HOUR, failures=0, jitter=jitter_of(feed, 1)) - NOW for feed in range(500)
    ]
    assert 48 * MINUTE <= min(waits) < 50 * MINUTE
    assert 70 * MINUTE < max(waits) <= 72 * MINUTE


def test_negative_failures_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        next_poll_at(NOW, every=HOUR, failures=-1, jitter=0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"retry_after": "120"}, 2 * MINUTE, id="Retry-After in seconds"),
        pytest.param(
            {"retry_after": "Tue, 19 Sep 2023 12:30:00 GMT"}, 30 * MINUTE, id="Retry-After as a date"
        ),
        pytest.param({"retry_after": "999999999"}, MAX_WAIT, id="an absurd Retry-After"),
        pytest.param({"cache_control": "public, max-age=600"}, 10 * MINUTE, id="max-age"),
        pytest.param({"cache_control": "max-age=junk"}, None, id="broken max-age"),
        pytest.param({"expires": "Tue, 19 Sep 2023 13:00:00 GMT"}, HOUR, id="Expires"),
        pytest.param(
            {"expires": "Wed, 20 Sep 2023 12:00:00 GMT", "cache_control": "max-age=60"},
            MINUTE,
            id="max-age wins",
        ),
        pytest.param(
            {"expires": "Mon, 01 Jan 2024 01:00:00 GMT", "date": "Mon, 01 Jan 2024 00:00:00 GMT"},
            HOUR,
            id="Expires against the server's own clock",
        ),
        pytest.param({"expires": "0"}, None, id="Expires at once"),
        pytest.param({"ttl_minutes": 30}, 30 * MINUTE, id="ttl"),
        pytest.param({}, None, id="nothing asked"),
    ],
)
def test_what_a_server_asks_for(headers: dict[str, object], wait: timedelta | None) -> None:
    assert asked_wait(NOW, **headers) == wait  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gaps", "last", "every"),
    [
        pytest.param(20 * MINUTE, MINUTE, 10 * MINUTE, id="half the usual gap"),
        pytest.param(MINUTE, MINUTE, 5 * MINUTE, id="never oftener than five minutes"),
        pytest.param(DAY, MINUTE, 4 * HOUR, id="an active feed at least every four hours"),
        pytest.param(20 * MINUTE, 8 * DAY, 2 * HOUR, id="silent for a week"),
        pytest.param(20 * MINUTE, 40 * DAY, DAY, id="silent for a month"),
    ],
)
def test_the_rhythm_follows_what_a_feed_brings(gaps: timedelta, last: timedelta, every: timedelta) -> None:
    dates = [NOW - last - gaps * number for number in range(10)]
    assert every_from(dates, NOW) == every


def test_a_source_bounds_its_rhythm() -> None:
    dates = [NOW - MINUTE * number for number in range(10)]
    assert every_from(dates, NOW, low=HOUR) == HOUR
    assert every_from([NOW - 40 * DAY, NOW - 41 * DAY], NOW, high=6 * HOUR) == 6 * HOUR


def test_skipped_hours_and_days_are_left_out() -> None:
    assert after_skipped(NOW, [12, 13], []) == NOW + 2 * HOUR
    assert after_skipped(NOW, [], ["Tuesday"]) == datetime(2023, 9, 20, tzinfo=UTC)
    assert after_skipped(NOW, range(24), []) == NOW


def test_a_whole_document_is_asked_for_at_first_and_then_seldom() -> None:
    assert is_full_get_due(None, NOW, 1)
    is_due = partial(is_full_get_due, every=5 * MINUTE, newest=NOW - MINUTE)
    assert not is_due(NOW - 9 * HOUR, NOW, 1, asked_at=NOW - 5 * MINUTE)
    assert is_due(NOW - 15 * HOUR, NOW, 1, asked_at=NOW - 5 * MINUTE)
    # Where the server asks for longer waits, its pace counts.
    assert not is_due(NOW - 15 * HOUR, NOW, 1, asked_at=NOW - HOUR)


def test_a_silence_is_doubted_once_until_it_has_doubled() -> None:
    began = NOW - 30 * HOUR
    is_due = partial(is_full_get_due, every=2 * HOUR)
    assert is_due(began + HOUR, NOW, 1, asked_at=NOW - 2 * HOUR, newest=began)
    assert not is_due(began + HOUR, NOW, 1, asked_at=NOW - 2 * HOUR, newest=NOW - 5 * HOUR)
    assert not is_due(NOW - 3 * HOUR, NOW, 1, asked_at=NOW - 2 * HOUR, newest=began)
    had = began + 40 * HOUR
    for later, wanted in ((30 * HOUR, False), (41 * HOUR, True)):
        assert is_due(had, had + later, 1, asked_at=had + later - 2 * HOUR, newest=began) is wanted


class Rhythm:
    """A feed on the rules' own schedule, at a server whose validators are right or, from a moment on, stuck."""

    def __init__(self, gap: timedelta, seed: int) -> None:
        chance = random.Random(seed)
        self.seed, self.full, self.asked = seed, 0, 0
        self.dates = [NOW - 20 * gap]
        while self.dates[-1] < NOW + 40 * DAY:
            self.dates.append(self.dates[-1] + chance.expovariate(1.0) * gap)

    def known(self, now: datetime) -> list[datetime]:
        end = bisect_right(self.dates, now)
        return self.dates[max(0, end - 20) : end]

    def run(self, length: timedelta, *, stuck_from: datetime = NOW + 99 * DAY) -> timedelta | None:
        """Poll for so long; return for how long a stuck server hid something, None when it was not found."""
        now, last, asked_at, newest, every = NOW, None, None, None, 15 * MINUTE
        while now < NOW + length:
            is_full = is_full_get_due(last, now, self.seed, every=every, asked_at=asked_at, newest=newest)
            is_stuck, there = now >= stuck_from, self.known(now)
            if newest and is_stuck and is_full and there[-1] != newest:
                return now - self.dates[bisect_right(self.dates, newest)]
            self.asked += last is not None
            self.full += last is not None and is_full
            if is_full or (there[-1] != newest and not is_stuck):
                last, newest, every = now, there[-1], every_from(there, now)
            elif newest:
                every = quieter(every, now - newest)
            asked_at = now
            now = next_poll_at(now, every=every, failures=0, jitter=jitter_of(self.seed, self.asked))
        return None


GAPS = {HOUR / 4: 15, HOUR: 22, 4 * HOUR: 87, 12 * HOUR: 173, DAY: 173, 3 * DAY: 173}


@pytest.mark.parametrize("gap", GAPS, ids=str)
def test_nearly_all_requests_are_conditional(gap: timedelta) -> None:
    rhythms = [Rhythm(gap, seed) for seed in range(8)]
    for each in rhythms:
        each.run(20 * DAY)
    assert sum(each.full for each in rhythms) <= 0.05 * sum(each.asked for each in rhythms)


@pytest.mark.parametrize(("gap", "hours"), list(GAPS.items()), ids=list(map(str, GAPS)))
def test_a_stuck_server_is_seen_through(gap: timedelta, hours: int) -> None:
    for seed in range(20):
        hidden = Rhythm(gap, seed).run(40 * DAY, stuck_from=NOW + 2 * DAY)
        assert hidden is not None
        assert hidden <= hours * HOUR, seed
