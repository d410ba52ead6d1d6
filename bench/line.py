"""The whole line over stored pages beside bare trafilatura: pages a second of processor time, and where it goes.

    python -m bench.line                                  # an empty database of its own
    python -m bench.line --folder /tmp/scale/1000000      # a filled one of bench.scale: what the archive adds

Pages of the replay corpus are fetched from loopback, extracted, traced, located, classified, grouped, placed and indexed
by the services that the workers call; beside them trafilatura reads the same pages in this process, with metadata and
nothing else. The first pages warm both and are not counted. Processor time is that of this process, its reader of
pages and all of PostgreSQL; the server of the pages is not in it.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import json
import multiprocessing
import os
import socketserver
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from bench.poll import family, processes
from bench.setting_up import corpora, empty_site, set_up

HOSTS = 16  # loopback addresses that stand for outlets' hosts: one is asked one thing at a time
WARM = 150  # pages before anything is counted


@dataclass(frozen=True)
class Page:
    """A stored page: its address, its bytes, compressed, and the character set that its server named."""

    url: str
    outlet: str
    gz: bytes
    charset: str


def pages(count: int) -> list[Page]:
    """Return so many pages of the corpus, mixed."""
    file = corpora() / "replay" / "data" / "corpus.sqlite"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as rows:
        found = rows.execute("SELECT url, host, gz, charset FROM pages WHERE url IS NOT NULL").fetchall()
    mixed = sorted(found, key=lambda row: hashlib.sha256(row[0].encode()).digest())
    return [Page(url, host, gz, charset or "") for url, host, gz, charset in mixed[:count]]


# --- the server of the pages -------------------------------------------------------------------------


def serve(stored: Sequence[Page], told: Any) -> None:
    """Serve page N at /N on every loopback address, until this process is ended."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = self.path.strip("/")
            page = stored[int(number)] if number.isdigit() else None
            self.send_response(200 if page else 404)
            body = page.gz if page else b""
            if page:
                charset = f"; charset={page.charset}" if page.charset else ""
                self.send_header("Content-Type", f"text/html{charset}")
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: Any) -> None:
            """Say nothing."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, allow_reuse_address, request_queue_size = True, True, 64

    with Server(("0.0.0.0", 0), Answer) as server:  # loopback has many addresses
        told.send(server.server_address[1])
        server.serve_forever()


@contextlib.contextmanager
def server_of(stored: Sequence[Page]) -> Iterator[int]:
    """Run the server beside this process; gives its port."""
    mine, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(stored, its), daemon=True)
    process.start()
    try:
        yield mine.recv()
    finally:
        process.terminate()
        process.join()


# --- the line --------------------------------------------------------------------------------------


class Meter:
    """Processor seconds of this process, its reader and PostgreSQL, and what each stage took of them."""

    def __init__(self, postgres: int) -> None:
        self.postgres = postgres
        self.by_stage: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])

    def now(self) -> tuple[float, float, float]:
        """Return what was used so far: here, by the reader of pages, by all of PostgreSQL."""
        from aggregator.services import reading

        table = processes()
        database = sum(_clock(pid, table) for pid in family(self.postgres, table))
        child = reading._child()._process
        return (
            time.process_time(),
            _clock(child.pid, table) if child else 0.0,
            database + table[self.postgres][2],
        )

    def wrap(self, module: Any, name: str, stage: str) -> None:
        """Note what a service's function takes, without what wrapped ones inside it take."""
        inner = getattr(module, name)

        def measured(*args: Any, **options: Any) -> Any:
            before, inside = self.now(), dict(self._sum())
            try:
                return inner(*args, **options)
            finally:
                after, more = self.now(), self._sum()
                for k in range(3):
                    nested = more[k] - inside[k]
                    self.by_stage[stage][k] += after[k] - before[k] - nested

        setattr(module, name, measured)

    def _sum(self) -> dict[int, float]:
        return {k: sum(values[k] for values in self.by_stage.values()) for k in range(3)}


def _clock(pid: int, table: dict[int, Any]) -> float:
    """Return a process's own processor time, as finely as the kernel counts."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return float(table[pid][1])


def queue(stored: Sequence[Page], first: int, port: int, now: Any, relevant: bool) -> None:
    """Make articles that wait for their pages, as polls would have left them."""
    from django.utils.text import slugify

    from aggregator.models import Article, Host, Publisher, Source, Work
    from aggregator.pipeline.urls import host_key, url_hash

    names = sorted({page.outlet for page in stored})
    Publisher.objects.bulk_create(
        [Publisher(slug=slugify(f"line-{name}".replace(".", "-"))[:80], name=name) for name in names],
        ignore_conflicts=True,
    )
    houses = {
        house.name: house for house in Publisher.objects.filter(name__in=names, slug__startswith="line-")
    }
    Source.objects.bulk_create(
        [
            Source(
                slug=slugify(f"line-{name}".replace(".", "-"))[:80],
                name=name,
                publisher=houses[name],
                status="approved",
                created_at=now,
                everything_relevant=relevant,
            )
            for name in names
        ],
        ignore_conflicts=True,
    )
    sources = {source.name: source for source in Source.objects.filter(slug__startswith="line-")}
    urls = [f"http://127.77.0.{1 + n % HOSTS}:{port}/{first + n}" for n in range(len(stored))]
    keys = {host_key(url) for url in urls}
    Host.objects.bulk_create([Host(key=key) for key in sorted(keys)], ignore_conflicts=True)
    Host.objects.filter(key__in=keys).update(due_at=now)
    by_key = {host.key: host for host in Host.objects.filter(key__in=keys)}
    articles = Article.objects.bulk_create(
        Article(
            source=sources[page.outlet],
            url=url,
            url_hash=url_hash(url),
            title="",
            found_at=now,
            reported_at=now,
        )
        for page, url in zip(stored, urls, strict=True)
    )
    Work.objects.bulk_create(
        Work(article=article, stage="page", host=by_key[host_key(article.url)], next_at=now, reported_at=now,
             entry={"guid": article.url, "url": article.url, "title": ""})
        for article in articles
    )  # fmt: skip


def drain(network: Any, clock: Callable[[], Any]) -> None:
    """Do what the workers do until nothing waits."""
    from aggregator.services import indexing, polling, settling

    while polling.poll_due(network, clock):
        pass
    while settling.settle_due(clock()):
        pass
    while indexing.index_due():
        pass


def line(stored: Sequence[Page], rounds: int, relevant: bool) -> dict[str, Any]:
    """Return milliseconds of processor time a page of the line and of bare trafilatura, in turns, and the stages'."""
    from django.db import connection
    from django.utils import timezone

    from aggregator.services import (
        fetching,
        grouping,
        indexing,
        placing,
        polling,
        recording,
        settling,
        tracing,
    )

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    meter = Meter(processes()[backend][0])
    network = fetching.open_network()
    plain = spent = 0.0
    with server_of(stored) as port:
        queue(stored[:WARM], 0, port, timezone.now(), relevant)
        drain(network, timezone.now)
        _plain(stored[:WARM])
        for module, name, stage in (
            (polling, "poll_due", "fetch"), (settling, "read_texts", "extract"), (settling, "judge", "locate, classify"),
            (tracing, "trace_batch", "trace"), (recording, "record", "record"), (grouping, "group_batch", "group"),
            (placing, "place_stories", "place"), (settling, "settle_due", "claim, lock, commit"), (indexing, "index_due", "index"),
        ):  # fmt: skip
            meter.wrap(module, name, stage)
        counted = stored[WARM:]
        size = -(-len(counted) // rounds)
        for start in range(0, len(counted), size):
            part = counted[start : start + size]
            queue(part, WARM + start, port, timezone.now(), relevant)
            before = meter.now()
            drain(network, timezone.now)
            spent += sum(meter.now()) - sum(before)
            plain += _plain(part)
    found = len(counted)
    return {
        "pages": found, "line_ms": round(1000 * spent / found, 2), "trafilatura_ms": round(1000 * plain / found, 2),
        "ratio_of_speeds": round(plain / spent, 3),
        "stages_ms": {
            stage: dict(zip(("here", "reader", "postgres"), (round(1000 * value / found, 2) for value in values), strict=True))
            for stage, values in meter.by_stage.items()
        },
        **_outcome(),
    }  # fmt: skip


def _outcome() -> dict[str, Any]:
    from django.db.models import Count

    from aggregator.models import Article, Work

    ours = Article.objects.filter(source__slug__startswith="line-")
    kinds = ours.values_list("text_kind").annotate(Count("id"))
    return {
        "text_kinds": dict(kinds),
        "left": Work.objects.count(),
        "in": ours.filter(relevance="in").count(),
    }


def _plain(stored: Sequence[Page]) -> float:
    """Return the processor seconds in which trafilatura reads the pages, with metadata."""
    import trafilatura

    before = time.process_time()
    for page in stored:
        trafilatura.bare_extraction(
            gzip.decompress(page.gz), url=page.url, include_comments=False, with_metadata=True
        )
    return time.process_time() - before


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1111)
    parser.add_argument("--rounds", type=int, default=3, help="turns between the line and trafilatura")
    parser.add_argument("--relevant", action="store_true", help="every page is taken to be about conflict")
    parser.add_argument("--folder", type=Path, help="data folder of a filled site that nobody runs")
    options = parser.parse_args()
    stored = pages(options.pages)
    with contextlib.ExitStack() as stack:
        if options.folder:
            os.environ |= {"DATA_DIR": str(options.folder), "FETCH_ALLOW": "127.0.0.0/8", "HOST_GAP": "0",
                           "CONTACT": "bench@example.org", "LOG_LEVEL": "ERROR"}  # fmt: skip
            set_up()
            from django.utils import timezone

            from aggregator.models import Feed, Host

            # Starter feeds that a start of the site brought are not polled: nothing answers there.
            Feed.objects.update(next_poll_at=timezone.now().replace(year=timezone.now().year + 5))
            Host.objects.update(due_at=None)
        else:
            stack.enter_context(empty_site(HOST_GAP="0"))
            from django.utils import timezone

            from aggregator.services import loading

            loading.load_vocabulary(timezone.now())
            from aggregator.models import Feed

            Feed.objects.update(enabled=False)
        print(json.dumps(line(stored, options.rounds, options.relevant), indent=1))


if __name__ == "__main__":
    main()
