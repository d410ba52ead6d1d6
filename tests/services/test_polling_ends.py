"""Every way in which a poll may end says what came of it and when the feed is due again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, OperationalError

from aggregator.errors import AggregatorError, FetchError, ParseError, RefusedError
from aggregator.fetch import visits
from aggregator.fetch.messages import Answer, StatusError
from aggregator.fetch.visits import FeedJob, FeedResult
from aggregator.models import Article, Feed, Host, Poll, Source, Work
from aggregator.pipeline.feedstate import FeedNow
from aggregator.pipeline.urls import url_hash
from aggregator.services import outcomes, polling
from aggregator.services.claiming import FeedRow
from aggregator.services.fetching import Network
from tests.factories import make_source
from tests.fakeweb import FakeWeb, Said, item, rss

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def poll(network: Network) -> Callable[..., None]:
    def run(at: datetime = NOW, *, all_feeds: bool = True, **changes: Any) -> None:
        if all_feeds:
            polling.poll_now(list(Feed.objects.values_list("pk", flat=True)), at)
        polling.poll_due(replace(network, **changes), lambda: at, seconds=5.0)

    return run


def add_feed(url: str, *, source: Source | None = None, text_from: str = "feed") -> Feed:
    source = source or make_source(text_from=text_from)
    return Feed.objects.create(source=source, url=url, url_hash=url_hash(url), title=url)


# --- every outcome ------------------------------------------------------------------------------

HEADERS = {"retry-after": "7200", "date": "Wed, 20 Sep 2023 12:00:00 GMT"}
STATUSES = [400, 401, 403, 404, 406, 408, 410, 418, 429, 451, 500, 502, 503, 504, 599, 999]
CODES = (
    "timeout no_such_host no_connection bad_certificate cut_short no_answer bad_answer bad_address fetch_failed "
    "too_large bad_encoding too_many_redirects bad_redirect unasked_304 own_fault"
).split()
READING = "not_a_feed empty_answer too_slow too_big too_deep parser_died parser_failed not_readable".split()
ERRORS: list[AggregatorError] = [
    *(StatusError(status, {}) for status in STATUSES),
    *(StatusError(status, HEADERS) for status in (429, 503)),
    *(FetchError("Words.", code=code) for code in CODES),
    *(RefusedError("Words.", code=f"refused_{what}") for what in ("address", "port", "private", "scheme")),
    *(ParseError("Words.", code=code) for code in READING),
    FetchError("x" * 5000, code="y" * 200),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{error.code[:20]}")
def test_every_error_is_told_with_the_time_of_the_next_request(error: AggregatorError) -> None:
    feed = add_feed("https://e.org/feed")
    row = FeedRow(FeedNow(feed.pk, feed.url, etag='"e"', body_hash=1), feed.source_id, "feed", "en", "")
    result = FeedResult(FeedJob(feed.pk, feed.url), error=error)
    outcomes.record_polls([(row, result)], NOW)
    feed.refresh_from_db()
    poll = Poll.objects.get()
    assert (poll.outcome, poll.code) == ("failed", error.code[:40])
    assert poll.status == (error.status if isinstance(error, StatusError) else None)
    assert (feed.last_polled_at, feed.state_since, feed.failures) == (NOW, NOW, 1)
    assert feed.state in {"failing", "not_a_feed", "dead"}
    assert feed.state_code
    assert feed.state_words
    asked = 2 * HOUR if isinstance(error, StatusError) and error.headers else timedelta(minutes=8)
    assert NOW + asked <= feed.next_poll_at <= NOW + timedelta(days=1)


@pytest.mark.parametrize("status", [200, 304])
def test_an_answer_that_brings_nothing_is_told_as_well(status: int) -> None:
    feed = add_feed("https://e.org/feed")
    row = FeedRow(FeedNow(feed.pk, feed.url, etag='"e"', body_hash=1), feed.source_id, "feed", "en", "")
    answer = Answer(status, feed.url, headers={"cache-control": "max-age=10800"}, wire_bytes=9)
    outcomes.record_polls([(row, FeedResult(FeedJob(feed.pk, feed.url, '"e"'), answer, body_hash=1))], NOW)
    feed.refresh_from_db()
    assert Poll.objects.get().outcome == "unchanged"
    assert feed.last_polled_at == feed.last_ok_at == NOW
    assert feed.next_poll_at >= NOW + 3 * HOUR


# --- faults of our own --------------------------------------------------------------------------


def test_a_fault_of_ours_on_the_way_is_told_and_holds_up_no_other(
    web: FakeWeb, poll: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, well = add_feed(f"{web.base}/broken"), add_feed(f"{web.base}/well")
    web.answers["/well"] = Said(rss(item(1)))
    whole = visits.poll_feed

    async def fail(client: Any, child: Any, job: FeedJob) -> FeedResult:
        if job.feed_id == broken.pk:
            raise ZeroDivisionError
        return await whole(client, child, job)

    monkeypatch.setattr(visits, "poll_feed", fail)
    poll()
    broken.refresh_from_db()
    well.refresh_from_db()
    assert (broken.state, broken.state_code, broken.failures) == ("failing", "own_fault", 1)
    assert broken.next_poll_at > NOW
    assert (well.state, Article.objects.count()) == ("ok", 1)


def test_a_document_that_cannot_be_written_holds_up_no_other(
    web: FakeWeb, poll: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = [add_feed(f"{web.base}/{name}") for name in ("one", "two", "three")]
    for number, feed in enumerate(feeds):
        web.answers[f"/{feed.url.rpartition('/')[2]}"] = Said(rss(item(number)))
    whole = outcomes.store_entries

    def store(documents: Any, now: datetime) -> Any:
        if any(row.now.id == feeds[1].pk for row, _ in documents):
            raise DataError("out of range")
        return whole(documents, now)

    monkeypatch.setattr(outcomes, "store_entries", store)
    poll()
    found = list(Feed.objects.order_by("pk").values_list("state", "state_code"))
    assert found == [("ok", ""), ("failing", "own_fault"), ("ok", "")]
    assert Poll.objects.count() == 3
    assert Feed.objects.filter(next_poll_at__gt=NOW).count() == 3


def test_the_trouble_of_the_database_is_no_feeds_fault(
    web: FakeWeb, poll: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_feed(f"{web.base}/feed")
    web.answers["/feed"] = Said(rss(item(1)))

    def store(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "store_entries", store)
        with pytest.raises(OperationalError):
            poll()
    assert Poll.objects.count() == 0
    Host.objects.update(lease_until=None)
    poll(all_feeds=False)
    assert Article.objects.count() == 1


# --- hostile documents --------------------------------------------------------------------------

SLOW = b"<rss version='2.0'><channel>" + b"<a>" * 200_000
MANY_ATTRIBUTES = b"<rss version='2.0'><channel><item><title %s>x</title></item></channel></rss>" % b" ".join(
    b"a%d='x'" % number for number in range(200_000)
)
HOSTILE = {
    "open comments": rss(item(1, description="<![CDATA[" + "<!--" * 125_000 + "]]>")),
    "a long author": rss(item(1, author="a@" + "a." * 32_000 + "!")),
    "nested elements": rss(item(1, description="<![CDATA[" + "<div>" * 50_000 + "]]>")),
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=list(HOSTILE))
def test_what_costs_a_parser_half_a_minute_is_read(
    web: FakeWeb, poll: Callable[..., None], document: bytes
) -> None:
    add_feed(f"{web.base}/feed")
    web.answers["/feed"] = Said(document)
    poll()
    assert Feed.objects.get().state == "ok"
    assert Article.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("document", [SLOW, MANY_ATTRIBUTES], ids=["never closed", "many attributes"])
def test_a_document_that_hangs_its_reader_is_told_and_the_next_feed_is_read(
    web: FakeWeb, poll: Callable[..., None], document: bytes
) -> None:
    hostile, well = add_feed(f"{web.base}/hostile"), add_feed(f"{web.base}/well")
    web.answers["/hostile"], web.answers["/well"] = Said(document), Said(rss(item(1)))
    poll(parse_seconds=1.0)
    poll(all_feeds=False, parse_seconds=1.0)  # where starting a new reader took longer than a visit
    hostile.refresh_from_db()
    well.refresh_from_db()
    assert (hostile.state, hostile.state_code) == ("failing", "too_slow")
    assert hostile.state_words == "Reading it took more than 1 seconds."
    assert (well.state, Article.objects.count()) == ("ok", 1)
    assert [poll.outcome for poll in Poll.objects.order_by("pk")] == ["failed", "new"]


# --- our own line -------------------------------------------------------------------------------


def dead_feeds(count: int) -> list[Feed]:
    """Return feeds at which nobody listens, each at a host of its own."""
    return [add_feed(f"http://127.0.9.{number}:9/feed") for number in range(1, count + 1)]


def test_while_most_hosts_cannot_be_reached_the_trouble_is_ours(
    web: FakeWeb, poll: Callable[..., None]
) -> None:
    dead_feeds(6)
    add_feed(f"{web.base}/feed")
    web.answers["/feed"] = Said(rss(item(1)))
    poll()
    found = Feed.objects.filter(state="failing")
    assert set(found.values_list("state_code", "failures")) == {("own_outage", 0)}
    assert found.count() == 6
    assert all(feed.next_poll_at <= NOW + timedelta(minutes=6) for feed in found)
    assert set(Poll.objects.filter(outcome="failed").values_list("code", flat=True)) == {"no_connection"}


@pytest.mark.parametrize(("dead", "well"), [(4, 0), (6, 7)], ids=["few hosts", "fewer than half"])
def test_a_few_dead_hosts_are_their_own_trouble(
    web: FakeWeb, poll: Callable[..., None], dead: int, well: int
) -> None:
    dead_feeds(dead)
    for number in range(well):
        add_feed(f"{web.base}/{number}")
        web.answers[f"/{number}"] = Said(rss(item(number)))
    poll()
    found = Feed.objects.filter(state="failing").values_list("state_code", "failures")
    assert list(found) == [("no_connection", 1)] * dead


# --- what a host asks for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(429, {"Retry-After": "7200"}, id="429, seconds"),
        pytest.param(503, {"Retry-After": "7200"}, id="503, seconds"),
        pytest.param(
            503,
            {"Retry-After": "Wed, 20 Sep 2023 14:00:00 GMT", "Date": "Wed, 20 Sep 2023 12:00:00 GMT"},
            id="503, a date",
        ),
    ],
)
def test_a_wait_that_a_host_asks_for_holds_for_all_its_feeds_and_pages(
    web: FakeWeb, poll: Callable[..., None], status: int, headers: dict[str, str]
) -> None:
    read_pages(web, Said(status=404))
    for name in ("a", "b"):
        add_feed(f"{web.base}/{name}")
        web.answers[f"/{name}"] = Said(status=status, headers=headers)
    poll()
    before = len(web.asked)
    poll(NOW + 1.9 * HOUR, all_feeds=False)
    assert len(web.asked) == before
    assert Host.objects.get().hold_until == NOW + 2 * HOUR
    poll(NOW + 2.1 * HOUR, all_feeds=False)
    assert len(web.asked) > before


@pytest.mark.parametrize("status", [200, 304])
@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "public, max-age=10800"},
        {"Expires": "Wed, 20 Sep 2023 15:00:00 GMT", "Date": "Wed, 20 Sep 2023 12:00:00 GMT"},
        {"Retry-After": "10800"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_a_wait_that_an_answer_asks_for_holds(
    web: FakeWeb, poll: Callable[..., None], status: int, headers: dict[str, str]
) -> None:
    feed = add_feed(f"{web.base}/feed")
    web.answers["/feed"] = Said(rss(item(1)), headers={"ETag": '"a"'})
    if status == 304:
        poll(NOW - HOUR / 4)
        web.answers["/feed"] = Said(status=304, headers=headers)
    else:
        web.answers["/feed"] = Said(rss(item(1)), headers=headers)
    poll()
    feed.refresh_from_db()
    assert feed.state == "ok"
    assert feed.next_poll_at >= NOW + 3 * HOUR


# --- pages: robots.txt ----------------------------------------------------------------------------


def read_pages(web: FakeWeb, robots: Said) -> None:
    add_feed(f"{web.base}/feed", text_from="page")
    web.answers["/feed"] = Said(rss(*[item(number, web.base) for number in (1, 2, 3)]))
    web.answers["/robots.txt"] = robots
    for number in (1, 2, 3):
        web.answers[f"/news/{number}"] = Said(b"<p>Text</p>", kind="text/html")


def settled() -> int:
    return Work.objects.filter(stage="settle", body__isnull=False).count()


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_missing_robots_file_allows_all(web: FakeWeb, poll: Callable[..., None], status: int) -> None:
    read_pages(web, Said(status=status))
    poll()
    assert settled() == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_robots_file_that_cannot_be_had_forbids_for_an_hour(
    web: FakeWeb, poll: Callable[..., None], status: int
) -> None:
    read_pages(web, Said(status=status))
    poll()
    assert set(Work.objects.values_list("stage", "code")) == {("page", "robots_unreachable")}
    poll(NOW + HOUR / 2, all_feeds=False)
    assert web.paths().count("/robots.txt") == 1
    web.answers["/robots.txt"] = Said(status=404)
    for hours in (1.1, 2, 3):
        poll(NOW + hours * HOUR, all_feeds=False)
    assert settled() == 3
    assert web.paths().count("/robots.txt") == 2


def test_robots_rules_are_kept_for_a_day(web: FakeWeb, poll: Callable[..., None]) -> None:
    read_pages(web, Said(b"User-agent: *\nDisallow: /news/3\n", kind="text/plain"))
    poll()
    assert settled() == 2
    for hours, times in ((23, 1), (25, 2)):
        web.answers["/feed"] = Said(rss(item(100 + hours, web.base)))
        poll(NOW + hours * HOUR)
        assert web.paths().count("/robots.txt") == times


def test_a_crawl_delay_holds_for_all_requests_to_the_host(web: FakeWeb, poll: Callable[..., None]) -> None:
    read_pages(web, Said(b"User-agent: *\nCrawl-delay: 0.3\n", kind="text/plain"))
    poll()
    poll()
    assert settled() == 3
    assert Host.objects.get().crawl_delay_seconds == 0.3
    starts = [asked.at for asked in web.asked[web.paths().index("/robots.txt") :]]
    assert len(starts) >= 5
    assert all(later - earlier >= 0.29 for earlier, later in zip(starts, starts[1:], strict=False))


def test_a_crawl_delay_has_a_bound(web: FakeWeb, poll: Callable[..., None]) -> None:
    read_pages(web, Said(b"User-agent: *\nCrawl-delay: 86400\n", kind="text/plain"))
    poll()
    assert Host.objects.get().crawl_delay_seconds == 30.0
