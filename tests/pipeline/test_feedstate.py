from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.pipeline.feedstate import Document, FeedNow, Outcome, after_poll, has_moved, said, with_said

NOW = datetime(2023, 9, 19, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FEED = FeedNow(1, "https://e.org/feed")
FRESH = Document(3, [NOW - timedelta(hours=1)], 7, '"e"')


def poll(feed: FeedNow, outcome: Outcome, at: datetime = NOW, **options: bool) -> FeedNow:
    return after_poll(feed, outcome, at, **options)


@pytest.mark.parametrize(
    ("outcome", "state", "code"),
    [
        pytest.param(Outcome("new", document=FRESH), "ok", "", id="items"),
        pytest.param(Outcome("unchanged", document=Document(0, [], 7)), "empty", "no_items", id="no items"),
        pytest.param(
            Outcome("new", document=Document(3, [NOW - 40 * DAY], 7)),
            "stale",
            "no_recent_items",
            id="old items",
        ),
        pytest.param(
            Outcome("new", document=FRESH, permanent_url="https://n.org/f"),
            "moved",
            "moved_permanently",
            id="moved",
        ),
        pytest.param(
            Outcome("failed", "not_a_feed", "A web page."), "not_a_feed", "not_a_feed", id="web page"
        ),
        pytest.param(
            Outcome("failed", "empty_answer", "Empty."), "not_a_feed", "empty_answer", id="empty answer"
        ),
        pytest.param(Outcome("failed", "http_500", "500."), "failing", "http_500", id="server error"),
        pytest.param(Outcome("failed", "http_410", "410."), "dead", "http_410", id="gone"),
    ],
)
def test_a_poll_tells_the_truth_about_a_feed(outcome: Outcome, state: str, code: str) -> None:
    feed = poll(FEED, outcome)
    assert (feed.state, feed.code, feed.since) == (state, code, NOW)
    assert bool(feed.sentence) == (state != "ok")
    assert "%" not in said(feed.sentence, feed.extra)


MALFORMED = Document(
    3, FRESH.dates, 7, note="It is odd (%(problem)s).", note_facts={"problem": "100 % of it"}
)


@pytest.mark.parametrize(
    ("sentence", "extra", "shown"),
    [
        pytest.param("", {"said": {"n": 1}}, "", id="no sentence"),
        pytest.param("100 % of it failed.", {}, "100 % OF IT FAILED.", id="without facts"),
        pytest.param("It failed %(n)s times.", {"said": {"n": 3}}, "IT FAILED 3 TIMES.", id="with facts"),
        pytest.param(
            "100 % of it failed.", {"said": {"n": 1}}, "100 % of it failed.", id="not of these facts"
        ),
        pytest.param(
            "It failed %(n)s times.", {"said": {"m": 3}}, "It failed %(n)s times.", id="a fact is missing"
        ),
        pytest.param(
            "Read: %(note)s",
            {"said": {"note": "It has %(n)s items.", "n": 9}},
            "READ: IT HAS 9 ITEMS.",
            id="a note is a sentence itself",
        ),
        pytest.param(
            "Read: %(note)s",
            {"said": {"note": "It is odd (100 % of it)."}},
            "READ: It is odd (100 % of it).",
            id="a note that was stored whole",
        ),
    ],
)
def test_a_sentence_is_made_where_it_is_shown(sentence: str, extra: dict[str, object], shown: str) -> None:
    def loud(words: str) -> str:  # a translation that leaves the places of facts as they are
        return re.sub(r"%\(\w+\)s|[^%]+|%", lambda m: m[0] if m[0].startswith("%(") else m[0].upper(), words)

    assert said(sentence, extra, loud) == shown


def test_facts_of_an_earlier_sentence_do_not_stay() -> None:
    odd = poll(FEED, Outcome("new", document=MALFORMED))
    assert said(odd.sentence, odd.extra) == "Read, though: It is odd (100 % of it)."
    failed = poll(
        odd, Outcome("failed", "http_500", "The server answered %(status)s.", facts={"status": 500})
    )
    assert said(failed.sentence, failed.extra) == "The server answered 500."
    well = poll(failed, Outcome("new", document=FRESH))
    assert (well.sentence, well.extra.get("said")) == ("", None)
    assert with_said({"items": 3, "said": {"n": 1}}) == {"items": 3}


@given(
    st.sampled_from(["new", "unchanged", "failed"]),
    st.sampled_from(["timeout", "http_410", "http_500", "not_a_feed", "own_outage", "no_such_host"]),
    st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=3650))),
    st.integers(0, 10_000),
    st.booleans(),
    st.one_of(
        st.none(),
        st.builds(
            Document,
            st.integers(0, 9),
            st.lists(
                st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)), max_size=5
            ),
            st.integers(0, 9),
            ttl_minutes=st.integers(0, 10**7),
            skip_hours=st.tuples(st.integers(0, 99)),
        ),
    ),
)
def test_every_outcome_says_when_the_feed_is_due_again(
    kind: str, code: str, asked: timedelta | None, failures: int, outage: bool, document: Document | None
) -> None:
    feed = FeedNow(1, "https://e.org/feed", failures=failures)
    after = poll(feed, Outcome(kind, code, "words", asked, document=document), is_outage=outage)
    assert after.next_poll_at is not None
    assert NOW < after.next_poll_at <= NOW + 8 * DAY
    assert after.last_polled_at == NOW
    assert after.state and after.since == NOW
    assert kind != "failed" or after.code


def test_a_gone_feed_is_asked_daily_for_a_week_and_then_never() -> None:
    feed = FEED
    for number in range(8):
        feed = poll(feed, Outcome("failed", "http_410", "410."), NOW + number * DAY)
    assert feed.state == "dead"
    assert feed.next_poll_at is None


def test_a_gone_feed_that_comes_back_is_well() -> None:
    feed = poll(FEED, Outcome("failed", "http_410", "410."))
    feed = poll(feed, Outcome("new", document=FRESH))
    assert (feed.state, feed.failures) == ("ok", 0)


def test_errors_do_not_count_while_the_trouble_is_ours() -> None:
    feed = poll(FEED, Outcome("failed", "no_such_host", "x"), is_outage=True)
    assert (feed.failures, feed.code) == (0, "own_outage")
    assert feed.next_poll_at is not None
    assert feed.next_poll_at < NOW + timedelta(minutes=7)


@pytest.mark.parametrize(
    ("polls", "days", "moved"),
    [(10, 3, True), (10, 1, False), (9, 4, False)],
    ids=["ten over three days", "ten in a day", "nine"],
)
def test_an_address_changes_only_after_many_redirects(polls: int, days: int, moved: bool) -> None:
    feed = FEED
    for number in range(polls):
        at = NOW + days * DAY * number / (polls - 1)
        feed = poll(feed, Outcome("unchanged", permanent_url="https://n.org/feed"), at)
    assert has_moved(feed, at) is moved


def test_one_answer_from_the_old_address_starts_the_count_again() -> None:
    feed = poll(FEED, Outcome("unchanged", permanent_url="https://n.org/feed"))
    assert poll(feed, Outcome("unchanged")).moved_count == 0


def test_validators_are_forgotten_after_two_failures_and_a_cut_document() -> None:
    feed = poll(FEED, Outcome("new", document=FRESH))
    assert feed.etag == '"e"'
    feed = poll(feed, Outcome("failed", "http_500", "x"))
    assert (feed.etag, feed.body_hash) == ('"e"', 7)
    feed = poll(feed, Outcome("failed", "http_500", "x"))
    assert (feed.etag, feed.body_hash) == ("", None)
    cut = Document(3, [], 7, '"e"', keeps_validators=False)
    assert poll(FEED, Outcome("new", document=cut)).etag == ""


def test_any_whole_document_shows_that_validators_are_not_stuck() -> None:
    feed = poll(FEED, Outcome("new", document=FRESH))
    later = NOW + timedelta(hours=1)
    assert poll(feed, Outcome("unchanged", was_full=False), later).last_full_get_at == NOW
    assert poll(feed, Outcome("unchanged", was_full=False, etag=""), later).last_full_get_at == later
    assert poll(feed, Outcome("new", was_full=False, document=FRESH), later).last_full_get_at == later
