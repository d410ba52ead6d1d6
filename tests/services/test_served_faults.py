"""What a hostile or broken host may answer, as feeds and as pages: each to the right end, none holds up others.

The replay server among the labelled data serves the faults; each has an address of its own.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.fetch.client import Limits
from aggregator.models import Article, Feed, Host, Poll, Work
from aggregator.pipeline.urls import url_hash
from aggregator.services import polling
from aggregator.services.fetching import Network
from tests.factories import make_source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2023, 10, 20, 12, tzinfo=UTC)
DEADLINE = 4.0

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


def test_every_fault_as_a_feed_has_its_state_and_is_asked_again(faults: Faults, network: Network) -> None:
    made = {}
    for name in faults.names:
        url = faults.address(name, 2)
        feed = Feed.objects.create(source=make_source(text_from="feed"), url=url, url_hash=url_hash(url))
        made[name] = feed.pk
    polling.poll_now(list(made.values()), NOW)
    polling.poll_due(network, lambda: NOW, seconds=8.0)
    feeds = {name: Feed.objects.get(pk=pk) for name, pk in made.items()}
    wanted = by_name(FAILING, ONLY_FEED)
    found = {name: feed.state_code for name, feed in feeds.items()}
    assert {n: c for n, c in found.items() if n not in BUSY} == {
        n: wanted.get(n, "") for n in found if n not in BUSY
    }
    assert all(feed.next_poll_at > NOW for feed in feeds.values())
    assert all(feed.state_sentence for feed in feeds.values() if feed.state != "ok")
    assert Poll.objects.count() == len(faults.names)
    assert {name for name, feed in feeds.items() if feed.state == "dead"} == {"status-410", "gone-then-back"}


def test_every_fault_as_a_page_is_had_or_told(faults: Faults, network: Network) -> None:
    made = {name: add_page(faults.address(name, 1), name) for name in faults.names}
    polling.poll_due(network, lambda: NOW, seconds=8.0)
    rows = {name: Work.objects.get(pk=pk) for name, pk in made.items()}
    wanted = by_name(FAILING, ONLY_PAGE)
    assert {name: row.code for name, row in rows.items()} == {name: wanted.get(name, "") for name in rows}
    had = {name for name, row in rows.items() if row.body}
    assert had == set(rows) - set(wanted)
    assert all(rows[name].stage == "settle" for name in had)
    assert all(row.stage == "settle" or row.next_at > NOW for row in rows.values())
    assert not Host.objects.filter(lease_until__isnull=False).exists()
