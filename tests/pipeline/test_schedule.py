from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.pipeline.schedule import (
    MAX_WAIT,
    after_skipped,
    asked_wait,
    every_from,
    is_full_get_due,
    jitter_of,
    next_poll_at,
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


def test_a_whole_document_is_asked_for_about_twice_a_day() -> None:
    assert is_full_get_due(None, NOW, 1)
    assert not is_full_get_due(NOW - 9 * HOUR, NOW, 1)
    assert is_full_get_due(NOW - 15 * HOUR, NOW, 1)
