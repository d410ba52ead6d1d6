"""What a hostile or broken host may answer, as feeds and as pages: each to the right end, none holds up others.

The replay server among the labelled data serves the faults; each has an address of its own. Listeners wait where
faults lead on loopback, and every connection that this process begins is noted.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from aggregator.fetch.messages import Limits
from aggregator.models import Article, Feed, Host, Poll, Work
from aggregator.pipeline.urls import url_hash
from aggregator.services import polling
from aggregator.services.fetching import Network
from tests.factories import make_source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2023, 10, 20, 12, tzinfo=UTC)
DEADLINE = 8.0

FAILING = {  # what failed, as a feed and as a page alike
    "bad_answer": "bad-status-line header-flood",
    "bad_encoding": "unknown-encoding",
    "bad_redirect": "redirect-no-location",
    "cut_short": "truncated-chunked truncated-gzip truncated-length",
    "http_400": "status-400",
    "http_401": "status-401",
    "http_403": "status-403",
    "http_404": "status-404",
    "http_406": "status-406",
    "http_410": "status-410 gone-then-back",
    "http_429": "retry-after-huge",
    "http_451": "status-451",
    "http_500": "status-500",
    "http_502": "status-502",
    "http_503": "status-503 burst-5xx retry-after-date",
    "http_504": "status-504",
    "no_answer": "reset",
    "refused_address": "redirect-decimal-ip",
    "refused_port": "redirect-loopback-other-port",
    "refused_private": "redirect-ipv6 redirect-metadata redirect-private",
    "refused_scheme": "redirect-file",
    "timeout": "endless hang slow-body slow-headers",
    "too_large": "gzip-bomb huge-body huge-chunked",
    "too_many_redirects": "cookie-wall redirect-chain redirect-loop",
}
ONLY_FEED = {
    "unasked_304": "304-unasked",
    "not_a_feed": "binary html-instead login-page",
    "empty_answer": "empty",
    "no_items": "empty-feed",
    "moved_permanently": "redirect-301 redirect-308",
    "malformed": "bom-twice entity-bomb entity-quadratic leading-junk many-items truncated-xml xxe",
}
ONLY_PAGE = {
    "page_empty": "304-unasked empty",
    "not_a_page": "wrong-content-type",
    "robots_disallowed": "robots-disallowed",
    "too_large": "many-items gzip-bomb huge-body huge-chunked",
}
SENTENCES = {
    "bad_answer": "The server sent too many headers.|The server's answer is not valid HTTP.",
    "bad_encoding": "The content encoding ",
    "bad_redirect": "The server redirects without saying where.",
    "cut_short": "The answer ends in the middle.|The gzip answer ends in the middle.",
    "empty_answer": "The server sent an empty answer.",
    "malformed": "Read, though: ",
    "moved_permanently": "It works, but moved for good to ",
    "no_answer": "The server closed the connection without an answer.",
    "no_items": "It is a feed, but has no items.",
    "not_a_feed": "The address answers with a web page, not a feed.|The answer is neither RSS, Atom nor JSON Feed.",
    "not_a_page": "The address answers with ",
    "page_empty": "The page is empty.",
    "refused_address": "The address is a number in an odd form.",
    "refused_port": "Port 22 is not fetched from.",
    "refused_private": "The address is not on the open internet.",
    "refused_scheme": "A redirect leads to 'file:///etc/passwd'; only http and https are fetched.",
    "robots_disallowed": "robots.txt asks us not to fetch this page.",
    "timeout": f"No whole answer within {DEADLINE:g} seconds.",
    "too_large": "The answer is larger than ",
    "too_many_redirects": "More than 8 redirects.",
    "unasked_304": "The server says unchanged (304) though it was not asked.",
}
LED_TO = (1, 22, 80)  # ports of 127.0.0.1 to which faults redirect or their entities point
BUSY = {"deep-nesting", "many-items"}  # how far they come depends on the machine


class Faults:
    """The replay server with its faults, listening on every loopback address."""

    def __init__(self, program: Path) -> None:
        argv = [sys.executable, str(program), "--host", "0.0.0.0"]
        self.child = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=program.parent
        )
        assert self.child.stdout is not None
        self.port = self.child.stdout.readline().strip().removeprefix("PORT=")
        self.names = sorted(self.read("faults"))

    def address(self, name: str, kind: int) -> str:
        """Return where a fault is served; each fault and kind has a host of its own."""
        return f"http://127.{100 + kind}.0.{1 + self.names.index(name)}:{self.port}/faults/{name}"

    def warm(self) -> None:
        """Let the server make its bomb before anybody waits: it does nothing else meanwhile."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/faults/gzip-bomb", timeout=60) as answer:
            answer.read()

    def read(self, what: str) -> dict[str, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/__replay/{what}", timeout=30) as answer:
            found: dict[str, str] = json.load(answer)
            return found


@pytest.fixture(scope="module")
def faults(corpora_dir: Path) -> Iterator[Faults]:
    program = corpora_dir / "replay" / "serve.py"
    served = Faults(program)
    served.warm()
    yield served
    served.child.kill()
    served.child.wait()


class Trap:
    """Listens where nothing of ours may call, and notes to what addresses this process connects."""

    def __init__(self) -> None:
        self.connected: set[tuple[str, int]] = set()
        self.is_set = True
        self.listeners = []
        for port in LED_TO:
            with suppress(OSError):  # taken, or only the administrator may
                self.listeners.append(socket.create_server(("127.0.0.1", port)))
        sys.addaudithook(self._note)  # stays until the process ends

    def _note(self, event: str, values: tuple[object, ...]) -> None:
        if self.is_set and event == "socket.connect" and isinstance(values[1], tuple):
            self.connected.add(values[1][:2])

    def callers(self) -> list[int]:
        """Return the ports at which somebody called."""
        found = []
        for listener in self.listeners:
            listener.setblocking(False)
            with suppress(BlockingIOError):
                listener.accept()[0].close()
                found.append(listener.getsockname()[1])
        return found

    def close(self) -> None:
        self.is_set = False
        for listener in self.listeners:
            listener.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


@pytest.fixture
def network() -> Network:
    return Network(
        user_agent="Newsroom/test",
        limits=Limits(total_seconds=DEADLINE, connect_seconds=2.0, concurrency=100),
        allowed=(ipaddress.ip_network("127.0.0.0/8"),),
        proxy="",
        gap=0.0,
        parse_seconds=2.0,
        parse_memory=512_000_000,
    )


@pytest.fixture(autouse=True)
def _start_anew(faults: Faults) -> None:
    """Let faults that count their calls start at the first one."""
    faults.read("reset")


def by_name(*tables: dict[str, str]) -> dict[str, str]:
    return {name: code for table in tables for code, names in table.items() for name in names.split()}


def add_page(url: str, name: str) -> int:
    """Make an address the page of an article under way; return the article's id."""
    article = Article.objects.create(
        source=make_source(homepage=url),
        url=url,
        url_hash=url_hash(url),
        title=name,
        found_at=NOW,
        reported_at=NOW,
    )
    host = Host.objects.create(key=url.split("/")[2], due_at=NOW)
    Work.objects.create(article=article, host=host, stage="page", next_at=NOW, why="new")
    return article.pk


def says(code: str, sentence: str) -> bool:
    """Return whether a sentence is the one of a code."""
    if code.startswith("http_"):
        return sentence.startswith(
            (f"The server answered {code[5:]}", "The server says that the feed is gone for good")
        )
    return not code or sentence.startswith(tuple(SENTENCES[code].split("|")))


def assert_kept_in(trap: Trap, faults: Faults) -> None:
    """Assert that nothing was connected to but the addresses at which the faults are served."""
    assert trap.callers() == []
    reached = {place for place in trap.connected if place[1] != urlsplit(settings.REDIS_URL).port}
    assert len(reached) > 70
    assert {port for _, port in reached} == {int(faults.port)}
    assert all(host.startswith("127.10") for host, _ in reached)


def test_every_fault_as_a_feed_has_its_state_and_is_asked_again(
    faults: Faults, network: Network, trap: Trap
) -> None:
    made = {}
    for name in faults.names:
        url = faults.address(name, 2)
        feed = Feed.objects.create(source=make_source(text_from="feed"), url=url, url_hash=url_hash(url))
        made[name] = feed.pk
    polling.poll_now(list(made.values()), NOW)
    polling.poll_due(network, lambda: NOW, seconds=20.0)
    feeds = {name: Feed.objects.get(pk=pk) for name, pk in made.items()}
    wanted = by_name(FAILING, ONLY_FEED)
    found = {name: feed.state_code for name, feed in feeds.items()}
    assert {n: c for n, c in found.items() if n not in BUSY} == {
        n: wanted.get(n, "") for n in found if n not in BUSY
    }
    assert all(feed.next_poll_at > NOW for feed in feeds.values())
    assert [
        (n, f.state_words)
        for n, f in feeds.items()
        if n not in BUSY and not says(f.state_code, f.state_words)
    ] == []
    assert all(feed.state_words for feed in feeds.values() if feed.state != "ok")
    assert_kept_in(trap, faults)
    # One round polled them all, and no host is still held.
    assert Poll.objects.count() == len(faults.names)
    assert not Host.objects.filter(lease_until__isnull=False).exists()
    assert {name for name, feed in feeds.items() if feed.state == "dead"} == {"status-410", "gone-then-back"}


def test_every_fault_as_a_page_is_had_or_told(faults: Faults, network: Network, trap: Trap) -> None:
    made = {name: add_page(faults.address(name, 1), name) for name in faults.names}
    polling.poll_due(network, lambda: NOW, seconds=20.0)
    rows = {name: Work.objects.get(pk=pk) for name, pk in made.items()}
    wanted = by_name(FAILING, ONLY_PAGE)
    assert {name: row.code for name, row in rows.items()} == {name: wanted.get(name, "") for name in rows}
    assert [(n, r.sentence) for n, r in rows.items() if not says(r.code, r.sentence)] == []
    assert_kept_in(trap, faults)
    had = {name for name, row in rows.items() if row.body}
    assert had == set(rows) - set(wanted)
    assert all(rows[name].stage == "settle" for name in had)
    assert all(row.stage == "settle" or row.next_at > NOW for row in rows.values())
    assert not Host.objects.filter(lease_until__isnull=False).exists()
