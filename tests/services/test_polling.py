from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.db import connection

from aggregator.fetch.messages import Limits
from aggregator.models import Article, Feed, Host, Item, Poll, Source, Work
from aggregator.pipeline.urls import url_hash
from aggregator.services import hosts, poll_round, polling
from aggregator.services.fetching import Network
from tests.factories import make_source
from tests.fakeweb import Asked, FakeWeb, Said, item, rss

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def network(network: Network) -> Network:
    return replace(network, limits=Limits(total_seconds=2.0, connect_seconds=1.0))


@pytest.fixture
def poll(network: Network) -> Callable[..., None]:
    def run(at: datetime = NOW, *, all_feeds: bool = True) -> None:
        if all_feeds:
            polling.poll_now(list(Feed.objects.values_list("pk", flat=True)), at)
        polling.poll_due(network, lambda: at, seconds=3.0)

    return run


def add_feed(
    web: FakeWeb, path: str = "/feed", *, source: Source | None = None, text_from: str = "feed"
) -> Feed:
    url = f"{web.base}{path}"
    source = source or make_source(text_from=text_from)
    return Feed.objects.create(source=source, url=url, url_hash=url_hash(url), title=path)


def test_a_feed_is_polled_once_and_each_item_stored_once(web: FakeWeb, poll: Callable[..., None]) -> None:
    feed = add_feed(web)
    web.answers["/feed"] = Said(rss(item(1), item(2)), headers={"ETag": '"a"'})
    poll()
    poll()
    feed.refresh_from_db()
    assert (feed.state, feed.etag) == ("ok", '"a"')
    assert Article.objects.count() == Item.objects.count() == 2
    assert list(Poll.objects.order_by("id").values_list("outcome", "new_count")) == [
        ("new", 2),
        ("unchanged", 0),
    ]
    assert web.asked[1].headers["if-none-match"] == '"a"'


def test_an_unchanged_feed_costs_no_document(web: FakeWeb, poll: Callable[..., None]) -> None:
    def answer(asked: Asked) -> Said:
        known = asked.headers.get("if-none-match") == '"a"'
        return Said(status=304) if known else Said(rss(item(1)), headers={"ETag": '"a"'})

    feed = add_feed(web)
    web.answers["/feed"] = answer
    poll()
    poll()
    feed.refresh_from_db()
    assert (feed.state, Poll.objects.latest("id").status, Article.objects.count()) == ("ok", 304, 1)


def test_what_a_server_with_stuck_validators_hides_is_found(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web)
    web.answers["/feed"] = Said(rss(item(1)), headers={"ETag": '"stuck"'})
    poll()
    web.answers["/feed"] = lambda asked: (
        Said(status=304)
        if "if-none-match" in asked.headers
        else Said(rss(item(1), item(2)), headers={"ETag": '"stuck"'})
    )
    for hours in range(1, 73, 2):
        poll(NOW + timedelta(hours=hours))
    assert Article.objects.count() == 2
    fully = [asked for asked in web.asked if "if-none-match" not in asked.headers]
    assert len(fully) <= 3 < 36 == len(web.asked) - 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(item(1), item(1, guid="other"), id="changed guid"),
        pytest.param(item(1), item(1, pubDate="Wed, 20 Sep 2023 05:00:00 GMT"), id="another date"),
        pytest.param(item(1), item(1, link="http://outlet.example/news/1"), id="https to http"),
        pytest.param(item(1), item(1, title="Another headline"), id="edited headline"),
        pytest.param(
            item(1),
            item(1, guid="https://outlet.example/news/1?v=2", link="https://outlet.example/news/1?v=2"),
            id="guid and link with another query",
        ),
        pytest.param(
            item(1),
            item(1, guid="https://new.example/news/1", link="https://new.example/news/1"),
            id="site that moved to another host",
        ),
        pytest.param(
            item(1), item(1, link="https://outlet.example/news/1?utm_source=rss"), id="tracking words"
        ),
        pytest.param(item(1), item(1, guid="x", title="Both changed"), id="guid and headline changed"),
    ],
)
def test_an_item_that_changes_is_the_same_article(
    web: FakeWeb, poll: Callable[..., None], first: dict[str, str], second: dict[str, str]
) -> None:
    add_feed(web)
    web.answers["/feed"] = Said(rss(first, item(7)))
    poll()
    web.answers["/feed"] = Said(rss(second, item(7)))
    poll()
    poll()
    assert Article.objects.count() == 2


def test_an_edited_headline_goes_through_the_line_again(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web)
    web.answers["/feed"] = Said(rss(item(1), item(2)))
    poll()
    Work.objects.all().delete()
    Article.objects.update(status="visible")
    web.answers["/feed"] = Said(rss(item(1, title="Now a dozen"), item(2)))
    poll()
    work = Work.objects.get()
    assert (work.why, work.entry["title"]) == ("edited", "Now a dozen")


def test_a_feed_that_dates_its_items_anew_each_time_edits_nothing(
    web: FakeWeb, poll: Callable[..., None]
) -> None:
    add_feed(web)
    for hour in (8, 9, 10):
        date = f"Wed, 20 Sep 2023 {hour:02d}:00:00 GMT"
        web.answers["/feed"] = Said(rss(*(item(number, pubDate=date) for number in range(5))))
        poll()
        Work.objects.all().delete()
    poll()
    assert (Article.objects.count(), Item.objects.count(), Work.objects.count()) == (5, 5, 0)


def test_two_feeds_with_one_guid_keep_their_own_articles(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web, "/a")
    add_feed(web, "/b")
    web.answers["/a"] = Said(rss(item(1, guid="1", link="https://a.example/x", title="Of A")))
    web.answers["/b"] = Said(rss(item(1, guid="1", link="https://b.example/y", title="Of B")))
    poll()
    poll()
    assert set(Article.objects.values_list("title", flat=True)) == {"Of A", "Of B"}


def test_section_feeds_of_one_outlet_share_an_article(web: FakeWeb, poll: Callable[..., None]) -> None:
    source = make_source(text_from="feed")
    for number in range(9):
        add_feed(web, f"/{number}", source=source)
        web.answers[f"/{number}"] = Said(rss(item(1, guid=str(number))))
    poll()
    assert (Article.objects.count(), Item.objects.count(), Work.objects.count()) == (1, 9, 1)


@pytest.mark.parametrize(
    "double",
    [
        pytest.param(item(1), id="word for word"),
        pytest.param(item(1, guid="another"), id="under another guid"),
        pytest.param(item(1, link="http://outlet.example/news/1?utm_medium=rss"), id="by another link"),
    ],
)
def test_an_item_that_stands_in_a_document_twice_is_one_article(
    web: FakeWeb, poll: Callable[..., None], double: dict[str, str]
) -> None:
    others = [item(number) for number in range(2, 30)]
    add_feed(web)
    for hours in (0, 5):
        web.answers["/feed"] = Said(rss(item(1), *others, double))
        poll(NOW + timedelta(hours=hours))
    assert Article.objects.count() == 29


def test_items_with_one_id_for_all_are_told_apart(web: FakeWeb, poll: Callable[..., None]) -> None:
    feed = add_feed(web)
    web.answers["/feed"] = Said(rss(*(item(number, guid="same") for number in range(6))))
    poll()
    poll()
    feed.refresh_from_db()
    assert (Article.objects.count(), feed.id_policy) == (6, 1)


def test_items_that_share_a_link_are_told_apart(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web)
    posts = [item(n, link="https://outlet.example/live", guid=f"post-{n}") for n in range(4)]
    web.answers["/feed"] = Said(rss(*posts))
    poll()
    poll()
    assert Article.objects.count() == 4


def test_items_that_leave_and_return_are_known(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web)
    for numbers in ((1, 2), (3,), (1, 2, 3)):
        web.answers["/feed"] = Said(rss(*(item(number) for number in numbers)))
        poll()
    assert Article.objects.count() == 3


def test_a_future_date_is_clamped_and_a_missing_one_marked(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web)
    undated = item(2)
    del undated["pubDate"]
    web.answers["/feed"] = Said(rss(item(1, pubDate="Fri, 01 Jan 2049 00:00:00 GMT"), undated))
    poll()
    found = dict(Article.objects.values_list("published_kind", "published_at"))
    assert found == {"clamped": NOW, "missing": None}


def test_a_clock_that_was_set_back_changes_no_date(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web)
    web.answers["/feed"] = Said(rss(item(1)))
    poll()
    said = NOW - timedelta(hours=1)
    undated = item(4)
    del undated["pubDate"]
    news = [item(2, pubDate=format_datetime(said)), item(3, pubDate=format_datetime(NOW + DAY)), undated]
    web.answers["/feed"] = Said(rss(*news))
    back = NOW - timedelta(hours=6)
    poll(back)
    found = {
        kind: (published, reported, at)
        for kind, published, reported, at in Article.objects.filter(pk__gt=Article.objects.earliest("pk").pk)
        .values_list("published_kind", "published_at", "reported_at", "found_at")
    }  # fmt: skip
    assert found["feed"] == (said, said, NOW)
    assert found["clamped"] == (back, back, back)
    assert found["missing"] == (None, back, back)


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        pytest.param(
            Said(b"<html><body>x</body></html>", kind="text/html"), "not_a_feed", "not_a_feed", id="page"
        ),
        pytest.param(Said(b""), "not_a_feed", "empty_answer", id="nothing"),
        pytest.param(Said(rss()), "empty", "no_items", id="no items"),
        pytest.param(Said(status=410), "dead", "http_410", id="gone"),
        pytest.param(Said(status=500), "failing", "http_500", id="server error"),
        pytest.param(Said(status=304), "failing", "unasked_304", id="unasked 304"),
        pytest.param(Said(rss(item(1))[:-40]), "ok", "malformed", id="cut"),
    ],
)
def test_the_state_of_a_feed_is_told(
    web: FakeWeb, poll: Callable[..., None], said: Said, state: str, code: str
) -> None:
    feed = add_feed(web)
    web.answers["/feed"] = said
    poll()
    feed.refresh_from_db()
    assert (feed.state, feed.state_code) == (state, code)
    assert feed.state_words
    assert feed.next_poll_at is not None
    assert feed.next_poll_at > NOW


def test_pages_are_fetched_after_robots_and_wait_for_the_rules(
    web: FakeWeb, poll: Callable[..., None]
) -> None:
    add_feed(web, text_from="page")
    web.answers["/feed"] = Said(rss(item(1, web.base), item(2, web.base)))
    web.answers["/robots.txt"] = Said(b"User-agent: *\nDisallow: /news/2\n", kind="text/plain")
    web.answers["/news/1"] = Said(b"<html><p>Text</p></html>", kind="text/html; charset=utf-8")
    poll()
    poll(all_feeds=False)
    found = {work.article.url[-1]: work for work in Work.objects.select_related("article")}
    assert (found["1"].stage, found["1"].charset, bool(found["1"].body)) == ("settle", "utf-8", True)
    assert (found["2"].stage, found["2"].code, found["2"].body) == ("settle", "robots_disallowed", None)
    assert web.paths().count("/robots.txt") == 1
    assert "/news/2" not in web.paths()


def test_a_page_that_fails_is_tried_again_and_then_left(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web, text_from="page")
    web.answers["/feed"] = Said(rss(item(1, web.base)))
    web.answers["/news/1"] = Said(status=500)
    poll()
    assert Work.objects.get().stage == "page"
    for number in range(1, 9):
        poll(NOW + number * timedelta(hours=1), all_feeds=False)
    work = Work.objects.get()
    assert (work.stage, work.code, work.attempts) == ("settle", "http_500", 0)
    assert web.paths().count("/news/1") == 4


def test_a_host_that_asks_for_rest_is_left_alone(web: FakeWeb, poll: Callable[..., None]) -> None:
    for path in ("/a", "/b", "/c"):
        add_feed(web, path)
        web.answers[path] = Said(status=429, headers={"Retry-After": "3600"})
    poll()
    poll(NOW + timedelta(minutes=30), all_feeds=False)
    assert len(web.asked) == 1
    poll(NOW + timedelta(minutes=61), all_feeds=False)
    assert len(web.asked) == 2


def test_a_claimed_host_is_nobody_elses_until_its_lease_ends(web: FakeWeb, network: Network) -> None:
    feed = add_feed(web)
    polling.poll_now([feed.pk], NOW)
    assert len(hosts.claim(NOW, limit=9, token=1)) == 1
    assert hosts.claim(NOW, limit=9, token=2) == []
    polling.poll_due(network, lambda: NOW, seconds=0.2)
    assert web.asked == []
    Host.objects.update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
    assert len(hosts.claim(NOW, limit=9, token=3)) == 1


def test_a_worker_that_died_before_writing_loses_nothing(
    web: FakeWeb, poll: Callable[..., None], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = add_feed(web)
    web.answers["/feed"] = Said(rss(item(1), item(2)))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("aggregator.services.outcomes._write_polls", die)
        polling.poll_now([feed.pk], NOW)
        with pytest.raises(KeyboardInterrupt):
            polling.poll_due(network, lambda: NOW, seconds=3.0)
    assert Article.objects.count() == 0
    Host.objects.update(lease_until=None)
    poll(all_feeds=False)
    poll()
    assert Article.objects.count() == 2


def test_a_feed_that_moved_for_good_takes_its_new_address(web: FakeWeb, poll: Callable[..., None]) -> None:
    feed = add_feed(web, "/old")
    web.answers["/old"] = Said(status=301, headers={"Location": "/new"})
    web.answers["/new"] = Said(rss(item(1)))
    for number in range(11):
        poll(NOW + number * timedelta(hours=8))
    feed.refresh_from_db()
    assert feed.url == f"{web.base}/new"
    assert Article.objects.count() == 1


def test_two_feeds_that_become_one_are_merged(web: FakeWeb, poll: Callable[..., None]) -> None:
    source = make_source(text_from="feed")
    old, new = add_feed(web, "/old", source=source), add_feed(web, "/new", source=source)
    web.answers["/old"] = Said(status=308, headers={"Location": "/new"})
    web.answers["/new"] = Said(rss(item(1)))
    for number in range(11):
        poll(NOW + number * timedelta(hours=8))
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, old.state_code, old.enabled, new.enabled) == ("moved", "merged", False, True)
    assert Article.objects.count() == 1


def test_paused_outlets_are_not_asked(web: FakeWeb, poll: Callable[..., None]) -> None:
    add_feed(web, source=make_source(status="paused"))
    poll()
    assert web.asked == []


def test_an_outlet_approved_later_is_polled_once_the_line_is_mended(
    web: FakeWeb, poll: Callable[..., None]
) -> None:
    feed = add_feed(web, source=make_source(status="proposed"))
    web.answers["/feed"] = Said(rss(item(1)))
    poll()
    Source.objects.filter(pk=feed.source_id).update(status="approved")
    polling.mend(NOW)
    poll(all_feeds=False)
    assert Article.objects.count() == 1


def test_one_write_costs_the_same_for_any_number_of_feeds(
    web: FakeWeb, poll: Callable[..., None], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test.utils import CaptureQueriesContext

    monkeypatch.setattr(poll_round, "SLICE", 120.0)  # however slow the machine is, it is one write
    counts = []
    for size in (2, 40):
        Feed.objects.all().delete()
        web.answers["/f"] = Said(rss(item(1)))
        for number in range(size):
            path = f"/{size}/{number}"
            add_feed(web, path)
            web.answers[path] = Said(rss(item(number)))
        poll()
        polling.poll_now(list(Feed.objects.values_list("pk", flat=True)), NOW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            polling.poll_due(network, lambda: NOW, seconds=60.0)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 12
