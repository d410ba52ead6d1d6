"""Sources at the desk: preview, approve, lists in and out, mending a feed; and what people paste."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aggregator import clock
from aggregator.errors import ParseError
from aggregator.models import Article, Feed, LogEntry, Poll, Source, Story, Work
from aggregator.pipeline.tables import read_csv, write_csv
from aggregator.services import discovery, fetching, polling, retagging, settling, site_previews, source_lists
from aggregator.services.curation import withdrawing
from aggregator.services.loading import load_vocabulary
from tests.factories import DAY, make_article, make_feed, make_source
from tests.fakeweb import FakeWeb, Said, fake_web

pytestmark = pytest.mark.django_db

ITEM = (
    "<item><title>Shelling of Stepanakert, day {n}</title><link>{home}/news/{n}</link>"
    "<description>Artillery shelled Stepanakert in Nagorno-Karabakh, officials said.</description></item>"
)


def feed_of(home: str) -> bytes:
    items = "".join(ITEM.format(n=n, home=home) for n in range(12))
    return f'<rss version="2.0"><channel><title>The Courier</title><link>{home}/</link>{items}</channel></rss>'.encode()


@pytest.fixture
def web(settings) -> Any:
    import ipaddress

    settings.FETCH_ALLOW = [ipaddress.ip_network("127.0.0.0/8")]
    settings.HOST_GAP = 0.0
    with fake_web() as fake:
        fake.answers["/feed"] = Said(feed_of(fake.base))
        page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
        fake.answers["/"] = Said(page, kind="text/html")
        for n in range(12):
            text = (
                "<p>Artillery shelled Stepanakert in Nagorno-Karabakh on Tuesday, the ombudsman said.</p>" * 6
            )
            body = f"<html><body><article><h1>Shelling of Stepanakert, day {n}</h1>{text}</article></body></html>"
            fake.answers[f"/news/{n}"] = Said(body.encode(), kind="text/html")
        yield fake


def test_a_site_is_pasted_previewed_and_approved(curator: Client, web: FakeWeb, said):
    page = curator.post(reverse("desk-source-add"), {"address": f"{web.base}/"})
    found = page.context["found"]
    assert len(found.feeds) == 1
    assert len(found.feeds[0].items) == 10
    assert "ombudsman" in page.content.decode()
    assert "The host has no robots rules." in page.content.decode()
    assert "nagorno-karabakh" in found.feeds[0].items[0].regions
    url = found.feeds[0].candidate.url
    form = {
        "name": "The Courier",
        "feed": [url],
        "title": [f"{url} The Courier"],
        "act": "approve",
        "reason": "good",
    }
    curator.post(reverse("desk-source-create"), form)
    source = Source.objects.get(name="The Courier")
    assert source.status == "approved"
    assert source.feeds.get().next_poll_at is not None
    assert set(LogEntry.objects.values_list("act", flat=True)) == {"propose", "approve"}
    again = curator.post(reverse("desk-source-add"), {"address": url}).content.decode()
    assert "You already read this feed under The Courier" in again
    told = said(curator.post(reverse("desk-source-create"), form | {"name": "Twice"}, follow=True))
    assert "already read this under The Courier" in told[0]


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/", "file:///etc/passwd", "javascript:alert(1)",
        "gopher://x/", "http://", "not an address", "http://user:pw@127.0.0.1:1/", "\x00", "http://x" + "y" * 1900,
    ],
)  # fmt: skip
def test_a_bad_address_is_told_in_a_sentence(curator: Client, address: str):
    response = curator.post(reverse("desk-source-add"), {"address": address})
    if address == "\x00":  # nothing is left of it: the empty form comes back
        assert response.status_code == 200
    else:
        assert response.status_code == 400
        assert response.context["error"].endswith(".")
    assert not Source.objects.exists()


def test_a_site_that_redirects_for_ever_or_is_no_feed_is_told(curator: Client, web: FakeWeb):
    web.answers["/round"] = Said(status=302, headers={"Location": "/round"})
    web.answers["/huge"] = Said(b"x" * 12_000_000, kind="text/html")
    for path in ("/round", "/huge", "/nowhere"):
        response = curator.post(reverse("desk-source-add"), {"address": f"{web.base}{path}"})
        assert response.status_code == 400
        assert response.context["error"]


@pytest.mark.parametrize(
    "target",
    ["http://10.0.0.1/feed", "http://169.254.169.254/latest/", "http://[::1]/", "file:///etc/passwd"],
)
def test_a_site_that_leads_to_a_private_address_is_refused(curator: Client, web: FakeWeb, target: str):
    web.answers["/away"] = Said(status=302, headers={"Location": target})
    response = curator.post(reverse("desk-source-add"), {"address": f"{web.base}/away"})
    assert response.status_code == 400
    assert response.context["error"].endswith(".")


def test_slow_sites_never_hold_all_who_answer_readers(curator: Client, web: FakeWeb):
    for _ in range(site_previews.AT_ONCE):
        assert site_previews._looks.acquire(blocking=False)
    try:
        response = curator.post(reverse("desk-source-add"), {"address": f"{web.base}/"})
        assert response.status_code == 400
        assert "Try again" in response.context["error"]
    finally:
        for _ in range(site_previews.AT_ONCE):
            site_previews._looks.release()
    web.answers["/broken"] = Said(status=500)
    for _ in range(site_previews.AT_ONCE + 1):  # a look that fails gives its place back
        assert curator.post(reverse("desk-source-add"), {"address": f"{web.base}/broken"}).status_code == 400
    assert curator.post(reverse("desk-source-add"), {"address": f"{web.base}/"}).status_code == 200


def test_a_site_that_drips_is_left_in_time(curator: Client, web: FakeWeb, monkeypatch):
    monkeypatch.setattr(discovery, "TOTAL_SECONDS", 0.5)
    web.answers["/drip"] = Said(b"x" * 64_000, kind="text/html", drip=0.2)
    response = curator.post(reverse("desk-source-add"), {"address": f"{web.base}/drip"})
    assert response.status_code == 400
    assert "within 0.5 seconds" in response.context["error"]


@pytest.mark.parametrize(
    ("act", "start", "end", "reason"),
    [
        ("approve", "proposed", "approved", ""), ("reject", "proposed", "rejected", "spam"),
        ("pause", "approved", "paused", ""), ("retire", "approved", "retired", "it closed"),
        ("approve", "paused", "approved", ""),
    ],
)  # fmt: skip
def test_a_source_changes_its_status_is_logged_and_undone(curator: Client, act, start, end, reason):
    source = make_source(status=start)
    curator.post(reverse("desk-source-status"), {"source": source.pk, "act": act, "reason": reason})
    source.refresh_from_db()
    assert source.status == end
    curator.post(reverse("desk-undo", args=[LogEntry.objects.get(act=act).pk]))
    source.refresh_from_db()
    assert source.status == start


def test_a_rejection_needs_a_reason_and_a_second_curator_is_told(curator: Client, said):
    source = make_source(status="proposed")
    form = {"source": source.pk, "act": "reject"}
    assert "needs a reason" in said(curator.post(reverse("desk-source-status"), form, follow=True))[0]
    curator.post(reverse("desk-source-status"), form | {"act": "approve"})
    told = said(curator.post(reverse("desk-source-status"), form | {"reason": "spam"}, follow=True))
    assert "somebody else was faster" in told[0]


def upload(client: Client, body: bytes, name: str = "list.opml"):
    return client.post(reverse("desk-source-import"), {"file": SimpleUploadedFile(name, body)})


def opml(*urls: str) -> bytes:
    lines = "".join(f'<outline text="Outlet {n}" xmlUrl="{url}"/>' for n, url in enumerate(urls))
    return f'<opml version="2.0"><body>{lines}</body></opml>'.encode()


def test_a_list_is_tried_then_applied(curator: Client, redis_url: str):
    known = make_feed(url="https://known.example/feed")
    from aggregator.pipeline.urls import url_hash

    Feed.objects.filter(pk=known.pk).update(url_hash=url_hash(known.url))
    new = "https://new.example/feed"
    page = upload(curator, opml(new, new, known.url, "javascript:alert(1)"))
    plan = page.context["plan"]
    assert (len(plan.new), len(plan.known), plan.doubled, len(plan.broken)) == (1, 1, 1, 1)
    assert Feed.objects.count() == 1
    curator.post(reverse("desk-source-import"), {"token": page.context["token"], "approve": "1"})
    assert Feed.objects.get(url=new).source.status == "approved"


def test_a_list_of_one_person_cannot_be_applied_by_another(people, redis_url: str):
    token = upload(people["curator"], opml("https://new.example/feed")).context["token"]
    people["admin"].post(reverse("desk-source-import"), {"token": token})
    assert not Feed.objects.exists()


def test_five_thousand_entries_with_doubles_are_tried_then_applied(curator: Client, redis_url: str):
    urls = [f"https://o{n % 2500}.example/feed" for n in range(5000)]
    page = upload(curator, opml(*urls))
    plan = page.context["plan"]
    assert (len(plan.new), plan.doubled) == (2500, 2500)
    assert not Feed.objects.exists()
    with CaptureQueriesContext(connection) as asked:
        curator.post(reverse("desk-source-import"), {"token": page.context["token"]})
    assert (Feed.objects.count(), Source.objects.filter(status="proposed").count()) == (2500, 2500)
    assert len(asked) < 100
    assert len(upload(curator, opml(*urls)).context["plan"].known) == 2500


BOMB = b'<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><opml><body><outline text="&b;" xmlUrl="http://x.example/"/></body></opml>'  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BOMB, id="entity bomb"),
        pytest.param(b" " * 20_000_001, id="20 MB"),
        pytest.param(
            b"<opml><body>" + b"<outline>" * 1000 + b"</outline>" * 1000 + b"</body></opml>", id="1000 deep"
        ),
        pytest.param(b'<?xml version="1.0" encoding="utf-16"?><opml/>', id="wrong encoding"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\x01\x02", id="binary"),
        pytest.param(b"name,site\nx,y\n", id="a table without addresses"),
        pytest.param(b"url\n\xff\xfe\n", id="a table in no encoding"),
        pytest.param(b"<html><body>no</body></html>", id="a page"),
    ],
)
def test_a_bad_list_is_told_in_a_sentence(curator: Client, body: bytes):
    response = upload(curator, body)
    assert response.status_code == 400
    assert response.context["error"].endswith(".")
    assert not Feed.objects.exists()
    assert not LogEntry.objects.exists()


def test_a_list_of_addresses_that_are_none_shows_each_and_adds_nothing(curator: Client):
    bad = (
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/xml,x",
        "ftp://x.example/",
        "not an address",
    )
    page = upload(curator, opml(*bad))
    assert (len(page.context["plan"].broken), page.context["plan"].new) == (len(bad), ())
    text = page.content.decode()
    assert text.count(">broken<") == len(bad)
    assert "There is nothing new in it." in text
    assert 'href="javascript' not in text


def test_a_dry_run_shows_new_known_broken_and_doubled_lines(curator: Client, monkeypatch):
    from aggregator.pipeline.urls import url_hash

    known = make_feed(url="https://known.example/feed")
    Feed.objects.filter(pk=known.pk).update(url_hash=url_hash(known.url))
    new = [f"https://new{n}.example/feed" for n in range(3)]
    body = opml(*new, new[0], known.url, "javascript:alert(1)").decode()
    page = upload(curator, body.encode("utf-16"))  # with its mark, as some programs save lists
    plan = page.context["plan"]
    assert [line.what for line in plan.rows] == ["new", "new", "new", "broken", "doubled", "known"]
    assert not plan.is_cut
    assert f"known as {known.source.name}" in page.content.decode()
    monkeypatch.setitem(source_lists.SHOWN, "new", 2)
    cut = source_lists.plan(opml(*new))
    assert (len(cut.rows), cut.is_cut, len(cut.new)) == (2, True, 3)


def test_a_table_tells_its_doubles_too():
    plan = source_lists.plan(b"url\nhttps://x.example/feed\nhttps://x.example/feed\nmailto:x\n")
    assert (len(plan.new), plan.doubles, len(plan.broken)) == (1, ("https://x.example/feed",), 1)


def test_formulas_come_in_as_text_and_go_out_escaped(curator: Client):
    make_feed(make_source(name="=cmd|' /C calc'!A0"), title="+1+1")
    table = curator.get(reverse("desk-source-csv")).content.decode()
    assert "'=cmd" in table
    assert "'+1+1" in table
    assert ",=cmd" not in table
    plan = source_lists.plan(b'url,title\nhttps://x.example/feed,"=HYPERLINK(1)"\n')
    assert plan.new[0].outline.title == "=HYPERLINK(1)"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "plain", "'quoted", "a,b", 'say "x"'])
def test_a_cell_comes_back_as_it_went_out(cell: str):
    rows = read_csv(write_csv(["url", "title"], [["https://x.example/", cell]]).encode())
    assert rows[0]["title"] == cell.strip()


def test_a_table_of_binary_is_refused():
    with pytest.raises(ParseError):
        read_csv(b"url\x00")


def test_an_export_comes_back_as_known(curator: Client, redis_url: str):
    from aggregator.pipeline.urls import url_hash

    feed = make_feed()
    Feed.objects.update(url_hash=url_hash(feed.url))
    for name in ("desk-source-csv", "desk-source-opml"):
        plan = source_lists.plan(curator.get(reverse(name)).content)
        assert [row.known_as for row in plan.known] == [feed.source.name]


def test_a_failing_feed_is_found_understood_and_mended(curator: Client, said):
    feed = make_feed(
        state="failing", state_code="status_404", state_sentence="The server says 404.", state_since=DAY
    )
    Poll.objects.create(feed=feed, at=DAY, outcome="failed", code="status_404", status=404)
    page = curator.get(reverse("desk-queue", args=["feeds"])).content.decode()
    assert "The server says 404." in page
    page = curator.get(reverse("desk-feed", args=[feed.pk])).content.decode()
    assert "status_404" in page
    other = make_feed(url="https://other.example/feed")
    from aggregator.pipeline.urls import url_hash

    Feed.objects.filter(pk=other.pk).update(url_hash=url_hash(other.url))
    act = reverse("desk-feed-act", args=[feed.pk, "address"])
    assert "already read" in said(curator.post(act, {"address": other.url}, follow=True))[0]
    assert "not an http" in said(curator.post(act, {"address": "javascript:1"}, follow=True))[0]
    curator.post(act, {"address": "https://moved.example/feed"})
    feed.refresh_from_db()
    assert (feed.url, feed.state) == ("https://moved.example/feed", "new")
    assert feed.next_poll_at is not None


def test_feeds_that_are_switched_off_are_found_again(curator: Client):
    read, off, other = make_feed(), make_feed(), make_feed(make_source(status="retired"))
    Feed.objects.filter(pk__in=[off.pk, other.pk]).update(enabled=False)
    page = curator.get(reverse("desk-feeds"))
    assert [line.feed.pk for line in page.context["lines"]] == [read.pk]
    assert "switched off 1" in page.content.decode()
    page = curator.get(reverse("desk-feeds"), {"state": "off"})
    assert [line.feed.pk for line in page.context["lines"]] == [off.pk]
    curator.post(reverse("desk-feed-act", args=[off.pk, "on"]))
    assert curator.get(reverse("desk-feeds"), {"state": "off"}).context["lines"] == []


def test_poll_now_leads_to_the_result(curator: Client, said):
    feed = make_feed()
    response = curator.post(reverse("desk-feed-act", args=[feed.pk, "poll"]))
    assert response["Location"].endswith("?wait=0")
    Poll.objects.create(feed=feed, at=DAY, outcome="new", new_count=3, item_count=9)
    answer = curator.get(reverse("desk-feed-polls", args=[feed.pk]), {"after": 0}).json()
    assert answer["polls"][0]["new"] == 3
    paused = make_feed(make_source(status="paused"))
    told = said(curator.post(reverse("desk-feed-act", args=[paused.pk, "poll"]), follow=True))
    assert "is not polled" in told[0]


def test_an_approved_source_brings_its_first_stories_to_a_region_page(
    curator: Client, web: FakeWeb, redis_url: str
):
    now = clock.now()
    load_vocabulary(now, sources=False)
    page = curator.post(reverse("desk-source-add"), {"address": f"{web.base}/"})
    url = page.context["found"].feeds[0].candidate.url
    curator.post(reverse("desk-source-create"), {"name": "The Courier", "feed": [url], "act": "approve"})
    while polling.poll_due(fetching.open_network(), clock.now, seconds=10):
        pass
    while settling.settle_due(clock.now()):
        pass
    assert Article.objects.filter(source__name="The Courier", status="visible").count() == 12
    assert Poll.objects.get().new_count == 12
    page = Client().get("/regions/nagorno-karabakh/").content.decode()
    assert "Shelling of Stepanakert" in page


def test_a_wrong_region_stays_corrected_over_a_full_re_run(curator: Client, redis_url: str):
    now = clock.now()
    load_vocabulary(now, sources=False)
    text = (
        "Artillery shelled Stepanakert in Nagorno-Karabakh on Tuesday. Two people were killed, the ombudsman said. "
        * 4
    )
    article = make_article(at=now - timedelta(hours=5), title="Shelling of Stepanakert kills two", text=text)
    retagging.retag_all(now, since=now - timedelta(days=1))
    while settling.settle_due(now):
        pass
    story = Story.objects.get(memberships__article=article)
    assert "nagorno-karabakh" in story.region_rows.values_list("region__slug", flat=True)
    form = {"kind": "regions", "slug": ["sudan"], "seen": story.version}
    curator.post(reverse("desk-story-act", args=[story.pk, "retag"]), form)
    for _ in range(2):
        retagging.retag_all(now, since=now - timedelta(days=1))
        while settling.settle_due(now):
            pass
        assert list(
            Story.objects.get(memberships__article=article).region_rows.values_list("region__slug", flat=True)
        ) == ["sudan"]


def test_a_selector_is_tried_on_live_pages_and_kept(curator: Client, web: FakeWeb):
    for n in range(12):
        body = f"<html><body><div id='odd'><p>The odd text of page {n}. {'It goes on. ' * 30}</p></div></body></html>"
        web.answers[f"/news/{n}"] = Said(body.encode(), kind="text/html")
    source = make_source()
    make_feed(source, url=f"{web.base}/feed")
    path = reverse("desk-source-selector", args=[source.pk])
    page = curator.post(path, {"selector": "#odd", "act": "try"})
    assert "The odd text of page" in page.content.decode()
    assert curator.post(path, {"selector": "][", "act": "try"}).status_code == 200
    curator.post(path, {"selector": "#odd", "act": "keep"})
    source.refresh_from_db()
    assert source.extraction_selector == "#odd"
    assert LogEntry.objects.get(act="selector").after == {"selector": "#odd"}


def test_a_withdrawn_outlet_loses_its_words_and_is_read_no_more(curator: Client, monkeypatch, said):
    monkeypatch.setattr(withdrawing, "BATCH", 2)
    source, other = make_source(name="The Courier"), make_article(title="Another outlet's words")
    articles = [make_article(source, title=f"Words of the Courier, part {n}") for n in range(5)]
    Work.objects.create(article=articles[0], stage="settle", next_at=DAY, why="retag")
    feed = make_feed(source)
    path = reverse("desk-source-withdraw", args=[source.pk])
    assert "needs a reason" in said(curator.post(path, follow=True))[0]
    curator.post(path, {"reason": "a court says so"})
    assert not Feed.objects.polled().filter(pk=feed.pk).exists()
    while withdrawing.withdraw_next(DAY):
        pass
    assert set(Article.objects.filter(source=source).values_list("status", "title")) == {("withdrawn", "")}
    assert not Work.objects.exists()
    other.refresh_from_db()
    assert (other.status, other.title) == ("visible", "Another outlet's words")
    page = Client().get(f"/articles/{articles[0].pk}/")
    assert page.status_code == 410
    assert "a court says so" in page.content.decode()
    assert "Words of the Courier" not in Client().get("/log/").content.decode()
    assert "withdrawn already" in said(curator.post(path, {"reason": "again"}, follow=True))[0]
