"""The sample wire serves what it says it serves, and nothing before its time."""

from __future__ import annotations

import html
import http.client
import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree

import feedparser
import pytest

from newsroom.samplewire import AGENCY, SPAN, START, items
from newsroom.samplewire.clock import Clock
from newsroom.samplewire.derived import plan
from newsroom.samplewire.operations import OPERATIONS
from newsroom.samplewire.outlets import BY_SLUG, OUTLETS
from newsroom.samplewire.server import Site, open_servers
from newsroom.samplewire.wire import Wire, open_wire

FEEDS = [
    pytest.param(outlet, feed, id=f"{outlet.slug}-{feed.slug}") for outlet in OUTLETS for feed in outlet.feeds
]
ALL_OUT = START + SPAN
OUTSIDE_EVENTS = ("Pieces that stand outside", "Off-topic")


class Hand:
    """A clock moved by hand."""

    def __init__(self, now: datetime = ALL_OUT) -> None:
        self.start, self.time, self.running = START, now, True

    def now(self) -> datetime:
        return self.time

    def begin(self) -> None:
        self.running = True


@pytest.fixture(scope="module")
def wire() -> Wire:
    return open_wire({outlet.slug: f"http://127.0.0.1:1/{outlet.slug}" for outlet in OUTLETS})


@pytest.fixture
def site(wire: Wire) -> Site:
    return Site(wire, Hand())


def answer(site: Site, outlet, path: str = ""):
    return site.answer(f"/o/{outlet.slug}/{path}")


def entries_of(site: Site, outlet, feed) -> list[dict]:
    """Read a feed as a reader does: link, title, date."""
    found = answer(site, outlet, feed.path)
    if feed.format == "json":
        return [
            {"link": e["url"], "title": e["title"], "id": e["id"]} for e in json.loads(found.body)["items"]
        ]
    parsed = feedparser.parse(found.body, response_headers={"content-type": found.content_type})
    assert not parsed.bozo
    return [dict(entry) for entry in parsed.entries]


def events(wire: Wire) -> set[str]:
    own = {item.event for item in wire.items if not item.operation}
    return {event for event in own if not event.startswith(OUTSIDE_EVENTS)}


# --- What there is ---------------------------------------------------------------------------


def test_eight_outlets_report_fifty_three_times_about_twenty_four_events(wire):
    reports = [item for item in items.load() if not item.event.startswith(OUTSIDE_EVENTS)]
    assert len(OUTLETS) == 8
    assert {item.outlet for item in wire.items} == set(BY_SLUG)
    assert (len(reports), len(events(wire))) == (53, 24)
    assert len([event for event in events(wire) if _is_karabakh(wire, event)]) == 14


def _is_karabakh(wire: Wire, event: str) -> bool:
    texts = " ".join(" ".join(item.paragraphs) for item in wire.items if item.event == event)
    return "Karabakh" in texts


def test_most_events_are_reported_by_two_to_four_outlets_and_two_by_one(wire):
    outlets = Counter(event for event, _ in {(i.event, i.outlet) for i in wire.items if not i.operation})
    counts = Counter(outlets[event] for event in events(wire))
    assert set(counts) == {1, 2, 3, 4}
    assert counts[1] == 2


def test_reports_of_one_event_are_written_apart(wire):
    for event in events(wire):
        texts = [i for i in wire.items if i.event == event and not i.operation]
        for one in texts:
            for other in texts:
                assert one is other or not _runs(one) & _runs(other), (one.key, other.key)


def _runs(item: items.Item, length: int = 14) -> set[str]:
    words = " ".join(item.paragraphs).lower().split()
    return {" ".join(words[at : at + length]) for at in range(len(words) - length)}


def test_there_are_pieces_that_belong_to_no_event_and_items_off_topic(wire):
    forms = Counter(item.form for item in wire.items if not item.operation)
    assert {"explainer", "opinion", "live-blog", "anniversary"} <= set(forms)
    sections = Counter(item.section for item in wire.items if not item.operation)
    assert (sections["sport"], sections["business"]) == (4, 3)


def test_a_late_report_is_about_two_days_before(wire):
    (late,) = [item for item in wire.items if item.key == "late-report"]
    assert f"{late.published:%d %B}" == "21 September"
    assert "19 September" in late.title


def test_texts_are_in_four_languages(wire):
    assert Counter(BY_SLUG[item.outlet].language for item in wire.items if not item.operation) == {
        "en": 50,
        "ru": 5,
        "fr": 5,
        "ar": 5,
    }


# --- What is derived -------------------------------------------------------------------------


def test_every_operation_is_listed_and_used(wire):
    used = Counter(item.operation for item in wire.items if item.operation)
    assert set(plan()) == set(OPERATIONS) == set(used)
    assert used == {
        "wire_copy": 19,
        "republish": 13,
        "truncate": 12,
        "pad": 8,
        "edit_headline": 9,
        "edit_text": 4,
        "change_guid": 6,
        "double_in_section": 17,
    }


def test_wire_copies_carry_the_agency_text_in_another_outlet(wire):
    by_key = {item.key: item for item in wire.items}
    for copy in (item for item in wire.items if item.operation == "wire_copy"):
        parent = by_key[copy.parent]
        assert copy.byline == parent.byline == AGENCY
        assert f"({AGENCY})" in copy.paragraphs[0]
        assert copy.paragraphs == parent.paragraphs
        assert copy.outlet != parent.outlet
        assert copy.published > parent.published


def test_a_republished_piece_has_other_promo_lines_and_names_its_source(wire, site):
    by_key = {item.key: item for item in wire.items}
    for copy in (item for item in wire.items if item.operation == "republish"):
        page = answer(site, BY_SLUG["porter"], copy.path).body.decode()
        parent = by_key[copy.parent]
        assert f'Source: <a href="{wire.url(parent.outlet, parent.path)}">Read Full Article</a>' in page
        assert "Follow our social media accounts @HeadlinePorter" in page
        assert all(line not in page for line in wire.promo(BY_SLUG[parent.outlet]))


def test_truncated_copies_are_shorter_and_padded_ones_longer(wire):
    by_key = {item.key: item for item in wire.items}
    for copy in wire.items:
        parent = by_key.get(copy.parent, copy)
        if copy.operation == "truncate":
            assert copy.paragraphs == parent.paragraphs[: len(copy.paragraphs)] != parent.paragraphs
        if copy.operation == "pad":
            assert copy.paragraphs[: len(parent.paragraphs)] == parent.paragraphs != copy.paragraphs


@pytest.mark.parametrize("operation", ["edit_headline", "edit_text", "change_guid"])
def test_an_edited_item_replaces_its_parent_at_the_same_address(wire, operation):
    by_key = {item.key: item for item in wire.items}
    for item in (item for item in wire.items if item.operation == operation):
        parent, outlet = by_key[item.parent], BY_SLUG[item.outlet]
        before = wire.page(item.outlet, item.path, item.released - timedelta(seconds=1))
        assert (before, wire.page(item.outlet, item.path, item.released)) == (parent, item)
        shown = wire.entries(outlet, outlet.feeds[0], item.released)
        assert [entry.key for entry in shown if entry.path == item.path] == [item.key]
        assert (item.guid == parent.guid) == (operation != "change_guid")
        assert item.published == parent.published


def test_a_section_feed_shows_addresses_that_the_main_feed_shows_too(site):
    for outlet in OUTLETS:
        main, *sections = ({e["link"] for e in entries_of(site, outlet, feed)} for feed in outlet.feeds)
        assert all(section and section <= main for section in sections)


def test_no_two_texts_share_an_address(wire):
    texts = [
        i
        for i in wire.items
        if i.operation not in ("edit_headline", "edit_text", "change_guid") and not i.feed
    ]
    assert len({(item.outlet, item.path) for item in texts}) == len(texts) == 117


# --- What is served --------------------------------------------------------------------------


@pytest.mark.parametrize(("outlet", "feed"), FEEDS)
def test_a_feed_parses_and_its_pages_hold_the_texts(wire, site, outlet, feed):
    entries = entries_of(site, outlet, feed)
    shown = {wire.url(outlet.slug, item.path): item for item in wire.entries(outlet, feed, ALL_OUT)}
    assert [entry["link"] for entry in entries] == list(shown)
    for entry in entries:
        item = shown[entry["link"]]
        page = answer(site, outlet, item.path)
        assert entry["title"] == item.title
        assert page.content_type == f"text/html; charset={outlet.encoding}"
        text = _text(page.body.decode(outlet.encoding))
        assert all(" ".join(part.split()) in text for part in (*item.paragraphs, *wire.promo(outlet)))


def _text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_all_feed_formats_are_there(site):
    versions = set()
    for outlet in OUTLETS:
        for feed in outlet.feeds:
            body = answer(site, outlet, feed.path).body
            versions.add("json" if feed.format == "json" else feedparser.parse(body).version)
    assert versions == {"rss20", "atom10", "rss10", "json"}


@pytest.mark.parametrize("days", [0, 1, 1.5, 3, 7.25, 11])
def test_nothing_is_served_before_its_time(wire, days):
    now = START + timedelta(days=days)
    site = Site(wire, Hand(now))
    for item in wire.items:
        assert item.published <= item.released
        out = answer(site, BY_SLUG[item.outlet], item.path).status == 200
        first = min(i.released for i in wire.items if (i.outlet, i.path) == (item.outlet, item.path))
        assert out == (first <= now)
    for outlet in OUTLETS:
        for feed in outlet.feeds:
            assert all(item.released <= now for item in wire.entries(outlet, feed, now))


def test_everything_comes_out_within_the_span_and_begins_on_its_first_day(wire):
    assert START <= min(item.released for item in wire.items) < START + timedelta(days=1)
    assert ALL_OUT - timedelta(days=1) < max(item.released for item in wire.items) <= ALL_OUT


def test_the_opml_names_every_feed_with_a_curators_facts(site):
    outlines = ElementTree.fromstring(site.answer("/opml").body).findall("body/outline")
    assert len(outlines) == len(FEEDS) == 10
    labelled = {(o.get("country"), o.get("kind"), o.get("stateControl"), o.get("language")) for o in outlines}
    assert ("RU", "state-media", "3", "ru") in labelled
    assert ("AZ", "official", "3", "en") in labelled
    assert len({outline.get("publisher") for outline in outlines}) == 8


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.slug)
def test_a_homepage_leads_to_its_feeds(site, outlet):
    page = answer(site, outlet).body.decode(outlet.encoding)
    assert page.count('<link rel="alternate"') == len(outlet.feeds)
    assert all(feed.path in page for feed in outlet.feeds)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/o/", "/o/nobody/", "/o/kura/2023/09/18/no-such-page.html", "/o/kura/../"]
)
def test_unknown_addresses_are_not_found(site, path):
    assert site.answer(path).status == 404


def test_the_clock_waits_for_the_first_feed_request_and_then_runs(wire):
    ticks = iter([100.0, 108.0])
    clock = Clock(START, 10800, lambda: next(ticks))
    site = Site(wire, clock)
    assert json.loads(site.answer("/__clock").body) == {
        "now": START.isoformat(),
        "virtual_now": START.isoformat(),
        "running": False,
    }
    clock.begin()
    assert clock.now() == START + timedelta(days=1)


# --- Over the network ------------------------------------------------------------------------


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    (server,) = open_servers(Hand(), "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address
    server.shutdown()
    server.server_close()


def get(address, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request(
        "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    found = connection.getresponse()
    body = found.read()
    connection.close()
    return found.status, found.headers, body


@pytest.mark.parametrize(
    ("outlet", "validator", "asked"),
    [
        pytest.param("kura", "ETag", "If-None-Match", id="by tag"),
        pytest.param("vestnik", "Last-Modified", "If-Modified-Since", id="by date"),
        pytest.param("clarion", "ETag", "If-None-Match", id="by tag alone"),
    ],
)
def test_an_unchanged_feed_is_answered_with_304(address, outlet, validator, asked):
    path = f"/o/{outlet}/{BY_SLUG[outlet].feeds[0].path}"
    _, headers, _ = get(address, path)
    status, _, body = get(address, path, **{asked: headers[validator]})
    assert (status, body) == (304, b"")
    assert get(address, path, **{asked: '"other"'})[0] == 200


def test_one_outlet_sends_no_validators(address):
    _, headers, _ = get(address, f"/o/porter/{BY_SLUG['porter'].feeds[0].path}")
    assert headers["ETag"] is headers["Last-Modified"] is None


def test_robots_may_read_articles(address):
    assert b"Disallow: /account/" in get(address, "/robots.txt")[2]


def test_each_outlet_can_have_an_address_of_its_own():
    servers = open_servers(Hand(), "127.0.0.1", 0, per_outlet_ip=True)
    addresses = [server.server_address for server in servers]
    bases = set(servers[0].site.wire.bases.values())
    for server in servers:
        server.server_close()
    if len(servers) == 1:
        pytest.skip("this machine has no other loopback addresses")
    assert len(set(addresses)) == 9
    assert len({port for _, port in addresses}) == 1
    assert bases == {f"http://{host}:{port}" for host, port in addresses[1:]}


def test_outlets_share_one_address_where_there_are_no_others(monkeypatch):
    monkeypatch.setattr("newsroom.samplewire.server._outlet_servers", lambda port: {})
    (server,) = open_servers(Hand(), "127.0.0.1", 0, per_outlet_ip=True)
    server.server_close()
    assert set(server.site.wire.bases.values()) == {f"http://127.0.0.1:{server.server_address[1]}"}


def test_the_command_prints_its_port_first_and_stops_on_term():
    command = [
        sys.executable,
        "-m",
        "newsroom.samplewire",
        "--port",
        "0",
        "--clock-now-at-start",
        "--rate",
        "3600",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = process.stdout.readline().removeprefix("PORT=").strip()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/__clock", timeout=10) as found:
            assert json.load(found)["running"] is True
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_a_port_in_use_is_one_sentence(address):
    command = [sys.executable, "-m", "newsroom.samplewire", "--port", str(address[1])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"The sample wire cannot listen on 127.0.0.1:{address[1]}")
    assert done.stderr.count("\n") == 1
