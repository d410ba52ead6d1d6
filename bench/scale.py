"""Pages, memory, disk and the line at 30,000 to a million articles, beside yardsticks in the same run.

    make bench BENCH=scale ARGS="30000 1000000"
    python -m bench.scale 30000 1000000 --folder /tmp/scale --rounds 3

Fills a database a size (kept for the next run), starts the site on each with `manage.py run`, and measures in
turns: CPU of web and PostgreSQL a request, p50 and p95 with one and eight readers. The first size is what the last
is compared with. Prints the table of docs/performance.md and writes everything into FOLDER/scale.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.poll import cpu_of
from bench.scale_load import Result, await_port, free_port, load, memory, named, request
from newsroom import env, local

ROOT = Path(__file__).resolve().parents[1]
LOG = Path(tempfile.gettempdir()) / "newsroom-scale.log"  # of all that is started
SHARED = ("--blocking-threads", "4", "--backpressure", "64", "--log-level", "warning")
COUNT = 60  # requests a turn and page; more where one is cheap
UNLIMITED = dict.fromkeys(("SEARCH_PER_MINUTE", "API_PER_MINUTE"), "1000000")
READER_ENTRIES = 6000


@dataclass
class Page:
    """Something to ask for: its name, port, requests and the processes that answer."""

    name: str
    port: int
    requests: Sequence[bytes]
    roots: Sequence[int]


@dataclass
class Site:
    """A running site on one filled database."""

    articles: int
    folder: Path
    process: subprocess.Popen[bytes]
    port: int
    fresh_port: int  # the same pages, each made anew
    fresh: int  # process
    seconds_to_first_page: float

    @property
    def postgres(self) -> list[int]:
        """The database server."""
        return named(self.process.pid, "pginstall/bin/postgres")

    @property
    def web(self) -> list[int]:
        """The web server and its database."""
        return [*named(self.process.pid, "granian"), *self.postgres]

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows of its database."""
        place = local.database_settings(self.folder)
        with psycopg.connect(host=place["HOST"], user=place["USER"], dbname=place["NAME"]) as session:
            return session.execute(sql.encode(), values or None).fetchall()


def fill(folder: Path, articles: int) -> None:
    """Make and fill the database of a size, unless it is there."""
    environ = env.everything() | {"DATA_DIR": str(folder)}
    subprocess.run(
        [sys.executable, "-m", "bench.scale_fill", str(articles)], env=environ, cwd=ROOT, check=True
    )


def granian(application: str, port: int, environ: dict[str, str], stack: ExitStack) -> int:
    """Start a WSGI application as the site's own server runs it; return the process."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", *SHARED, application]
    return _start(command, environ, stack).pid


def _start(command: list[str], environ: dict[str, str], stack: ExitStack) -> subprocess.Popen[bytes]:
    log = stack.enter_context(LOG.open("ab"))
    process = subprocess.Popen(command, env=env.everything() | environ, cwd=ROOT, stdout=log, stderr=log)
    stack.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()


def open_site(folder: Path, articles: int, stack: ExitStack) -> Site:
    """Start the site on a filled database, with a second web server that keeps no pages."""
    port, fresh_port = free_port(), free_port()
    environ = {"DATA_DIR": str(folder), "PORT": str(port), "CONTACT": "bench@example.org", **UNLIMITED}
    process = _start([sys.executable, "manage.py", "run"], environ, stack)
    seconds = await_port(port, "/", 900)
    fresh = granian("newsroom.wsgi:application", fresh_port, environ | {"PAGE_CACHE_SECONDS": "0"}, stack)
    await_port(fresh_port, "/healthz")
    return Site(articles, folder, process, port, fresh_port, fresh, seconds)


# --- what is asked for -----------------------------------------------------------------------------

_BUSY = """
SELECT r.slug, sum(d.story_count) FROM aggregator_daycount d JOIN aggregator_region r ON r.id = d.region_id
WHERE d.topic_id IS NULL AND d.clock = 'report' AND r.kind = 'country' GROUP BY 1 ORDER BY 2 DESC
"""
_TOPIC = """
SELECT t.slug FROM aggregator_daycount d JOIN aggregator_region r ON r.id = d.region_id
JOIN aggregator_topic t ON t.id = d.topic_id WHERE r.slug = %s AND d.clock = 'report'
GROUP BY 1 ORDER BY sum(d.story_count) DESC LIMIT 1
"""
_CONFLICT = """
SELECT c.slug FROM aggregator_daycount d JOIN aggregator_conflict c ON c.id = d.conflict_id
WHERE d.topic_id IS NULL AND d.clock = 'report' GROUP BY 1 ORDER BY sum(d.story_count) DESC LIMIT 1
"""
_DEEP = """
SELECT e.report_at, e.story_id FROM aggregator_timelineentry e JOIN aggregator_region r ON r.id = e.region_id
WHERE r.slug = %s AND e.topic_id IS NULL ORDER BY e.report_at OFFSET 60 LIMIT 1
"""


def addresses(site: Site) -> dict[str, str]:
    """Return name → address of every kind of page."""
    region = site.ask(_BUSY)[0][0]
    topic, conflict = site.ask(_TOPIC, region)[0][0], site.ask(_CONFLICT)[0][0]
    at, pk = site.ask(_DEEP, region)[0]
    story, article = site.ask(
        "SELECT id, speaker_id FROM aggregator_story WHERE article_count BETWEEN 8 AND 12 ORDER BY id DESC LIMIT 1"
    )[0]
    slug = site.ask("SELECT slug FROM aggregator_story WHERE id = %s", story)[0][0]
    source = site.ask("SELECT s.slug FROM aggregator_article a JOIN aggregator_source s ON s.id = a.source_id"
                      " ORDER BY a.id DESC LIMIT 1")[0][0]  # fmt: skip
    return {
        "front": "/", "regions": "/regions/", "region": f"/regions/{region}/", "world": "/regions/world/",
        "region, topic": f"/regions/{region}/?topic={topic}", "region, key": f"/regions/{region}/?key=1",
        "region, thin": f"/regions/{region}/?thin=1", "region, language": f"/regions/{region}/?language=ru",
        "region, deep": f"/regions/{region}/?before=r{int(at.timestamp() * 1e6)}-{pk}",
        "topics": "/topics/", "topic": f"/topics/{topic}/", "topic, region": f"/topics/{topic}/?region={region}",
        "conflicts": "/conflicts/", "conflict": f"/conflicts/{conflict}/", "story": f"/stories/{story}-{slug}/",
        "article": f"/articles/{article}/", "sources": "/sources/", "source": f"/sources/{source}/", "log": "/log/",
        "status": "/status/", "region.atom": f"/regions/{region}.atom", "region.json": f"/regions/{region}.json",
        "region.csv": f"/regions/{region}.csv", "region.geojson": f"/regions/{region}.geojson",
        "front.atom": "/feed.atom", "api stories": f"/api/v1/regions/{region}/stories",
        "api story": f"/api/v1/stories/{story}", "search, two words": "/search/?q=police+killed",
        "search, common word": "/search/?q=said", "search, rare word": "/search/?q=ombudsman",
        "search.atom": "/search.atom?q=police+killed",
    }  # fmt: skip


DESK = (
    "/desk/",
    "/desk/stories/",
    "/desk/sources/",
    "/desk/feeds/",
    "/desk/line/",
    "/desk/queues/reports/",
)
_SIGN_IN = """
import os, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings"); django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
user = get_user_model().objects.filter(is_superuser=True).first()
session = SessionStore()
session.update({SESSION_KEY: str(user.pk), HASH_SESSION_KEY: user.get_session_auth_hash(),
                BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})
session.create(); print(session.session_key)
"""


def desk_cookie(site: Site) -> tuple[str, str]:
    """Return the cookie of a signed-in curator."""
    environ = env.everything() | {"DATA_DIR": str(site.folder)}
    key = subprocess.check_output([sys.executable, "-c", _SIGN_IN], env=environ, cwd=ROOT, text=True).split()[
        -1
    ]
    return "Cookie", f"sessionid={key}"


def reader_app(folder: Path, stack: ExitStack) -> Page:
    """Start lemon24/reader's web application on READER_ENTRIES entries."""
    file = folder / "reader.sqlite"
    if not file.exists():
        _fill_reader(file)
    port = free_port()
    pid = granian("reader._app.wsgi:app", port, {"READER_URL": str(file)}, stack)
    await_port(port, "/")
    return Page("reader, main page", port, [request("/")], [pid])


def _fill_reader(file: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from reader import make_reader

    begun = file.with_suffix(".new")
    begun.unlink(missing_ok=True)
    reader = make_reader(str(begun))
    body = "<p>" + "Officials said the convoy had reached the town before dawn. " * 20 + "</p>"
    now = datetime.now(UTC)
    for number in range(READER_ENTRIES):
        feed = f"https://outlet-{number % 200}.example/feed.xml"
        if number < 200:
            reader.add_feed(feed)
        title = f"Ceasefire talks resume after night of shelling near town {number}"
        reader.add_entry({
            "feed_url": feed, "id": str(number), "link": f"{feed}/{number}", "title": title, "summary": body,
            "published": now - timedelta(minutes=number),
        })  # fmt: skip
    reader.close()
    begun.rename(file)


def say(words: str) -> None:
    """Say how far the run is."""
    print(f"{time.strftime('%H:%M:%S')} {words}, load {os.getloadavg()[0]:.0f}", file=sys.stderr, flush=True)


# --- turns -----------------------------------------------------------------------------------------


def in_turns(
    pages: Sequence[Page], rounds: int, *, readers: int, count: int = COUNT, seconds: float = 4.0
) -> dict[str, list[Result]]:
    """Measure every page in each of so many rounds, so often and so long at most; what comes first warms up."""
    found: dict[str, list[Result]] = {page.name: [] for page in pages}
    for page in pages:
        load(page.port, page.requests, readers=1, count=3)
    for number in range(rounds):
        say(f"round {number + 1} of {len(pages)} pages, {readers} readers")
        for one in pages:
            options: dict[str, Any] = {
                "readers": readers,
                "count": count,
                "seconds": seconds,
                "roots": one.roots,
            }
            found[one.name].append(load(one.port, one.requests, **options))
    return found


def middle(results: Sequence[Result], value: Callable[[Result], float]) -> float:
    """Return the median of a value over the rounds."""
    return statistics.median(value(result) for result in results)


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """Return the medians of a page's rounds."""
    statuses = {status for result in results for status in result.statuses}
    return {
        "cpu_ms": round(middle(results, lambda r: r.cpu_each), 2), "p50_ms": round(middle(results, lambda r: r.quantile(0.5)), 2),
        "p95_ms": round(middle(results, lambda r: r.quantile(0.95)), 2),
        "kb": round(results[0].bytes / max(results[0].count, 1) / 1000, 1), "statuses": sorted(statuses),
    }  # fmt: skip


def cold_requests(site: Site, most: int = 120) -> list[bytes]:
    """Return first views: pages of regions that share no story with each other."""
    slugs = [slug for slug, stories in site.ask(_BUSY) if stories >= 50]
    return [request(f"/regions/{slug}/") for slug in slugs[:most]]


def cold(site: Site) -> Result:
    """Return what first views cost: nothing of a page or its cards was made before, but the process is warm."""
    with ExitStack() as stack:
        port = free_port()
        environ = {"DATA_DIR": str(site.folder), "PORT": str(site.port), "PAGE_CACHE_SECONDS": "0"}
        pid = granian("newsroom.wsgi:application", port, environ, stack)
        await_port(port, "/healthz")
        load(port, [request("/topics/"), request("/fr/regions/world/")], readers=1, count=10)
        asked = cold_requests(site)
        return load(port, asked, readers=1, count=len(asked), roots=[pid, *site.postgres])


def repeated(site: Site) -> Page:
    """Return the page that a browser asks for again: answered 304."""
    import urllib.request

    address = addresses(site)["region"]
    with urllib.request.urlopen(f"http://localhost:{site.port}{address}", timeout=60) as answer:
        etag = answer.headers["ETag"]
    return Page("region, again (304)", site.port, [request(address, [("If-None-Match", etag)])], site.web)


# --- the whole -------------------------------------------------------------------------------------


def measure(folder: Path, sizes: Sequence[int], rounds: int, found: dict[str, Any]) -> None:
    """Put all figures into `found`."""
    found |= {"load": os.getloadavg(), "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}
    with ExitStack() as stack:
        sites = [open_site(folder / str(size), size, stack) for size in sizes]
        last = sites[-1]
        found["start_seconds"] = {site.articles: round(site.seconds_to_first_page, 1) for site in sites}
        time.sleep(20)
        found["memory_idle_mb"] = {site.articles: round(memory([site.process.pid])) for site in sites}
        yard_port = free_port()
        sockets = str(local.socket_dir(last.folder))
        yard = granian("bench.scale_yardsticks:application", yard_port, {"SITE_SOCKETS": sockets}, stack)
        await_port(yard_port, "/trivial")
        trivial = Page("trivial view", yard_port, [request("/trivial")], [yard])
        ready = Page("ready-made page", yard_port, [request("/ready")], [yard, *last.postgres])
        reader = reader_app(folder, stack)
        pages = addresses(last)
        fresh_roots = [last.fresh, *last.postgres]
        fresh = {
            name: Page(name, last.fresh_port, [request(path)], fresh_roots) for name, path in pages.items()
        }
        served = {
            name: Page(f"{name}, kept", last.port, [request(path)], last.web) for name, path in pages.items()
        }
        # Against the yardsticks, as made anew (cards kept) and as served.
        beside = [
            trivial,
            ready,
            reader,
            fresh["region"],
            fresh["region, topic"],
            served["region"],
            repeated(last),
        ]
        found["beside_1"] = {k: summary(v) for k, v in in_turns(beside, rounds, readers=1).items()}
        found["beside_8"] = {k: summary(v) for k, v in in_turns(beside, rounds, readers=8, count=160).items()}
        say("first views")
        found["cold"] = summary([cold(last)])
        found["gzip"] = {
            k: summary(v)
            for k, v in in_turns(
                [Page("region, gzip", last.port, [request(pages["region"], [("Accept-Encoding", "gzip")])], last.web)],
                rounds, readers=1,
            ).items()
        }  # fmt: skip
        cookie = desk_cookie(last)
        every = [
            *fresh.values(),
            *(Page(path, last.fresh_port, [request(path, [cookie])], fresh_roots) for path in DESK),
        ]
        found["pages"] = {
            k: summary(v) for k, v in in_turns(every, rounds, readers=1, count=20, seconds=2.0).items()
        }
        if len(sites) > 1:
            found["growth"] = growth(sites[0], last, rounds)
        found["memory_load_mb"] = {last.articles: round(memory([last.process.pid]))}
        say("disk and the line")
        found["disk_bytes_an_article"] = {site.articles: disk(site) for site in sites}
        found["line"] = {
            site.articles: line(site, served["region"] if site is last else None) for site in sites
        }
        found["memory_ingest_mb"] = {last.articles: round(memory([last.process.pid]))}


def growth(small: Site, large: Site, rounds: int) -> dict[str, dict[str, float]]:
    """Return p95 and CPU of every page, at the large size over the small one, from turns one after the other."""
    asked = {site.articles: addresses(site) for site in (small, large)}
    pages = [
        Page(
            f"{name}@{site.articles}",
            site.fresh_port,
            [request(asked[site.articles][name])],
            [site.fresh, *site.postgres],
        )
        for name in asked[large.articles]
        for site in (small, large)
    ]
    results = in_turns(pages, rounds, readers=1, count=20, seconds=2.0)
    ratios = {}
    for name in asked[large.articles]:
        before, after = results[f"{name}@{small.articles}"], results[f"{name}@{large.articles}"]
        ratios[name] = {
            what: round(middle(after, value) / middle(before, value), 2)
            for what, value in (("p95", lambda r: r.quantile(0.95)), ("p50", lambda r: r.quantile(0.5)), ("cpu", lambda r: r.cpu_each))
        }  # fmt: skip
    return ratios


def disk(site: Site) -> dict[str, int]:
    """Return bytes an article: of the whole database, and of its largest tables with their indexes."""
    rows = site.ask(
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'aggregator%'"
        " AND relname NOT IN ('aggregator_poll', 'aggregator_feed', 'aggregator_source') ORDER BY 2 DESC"
    )
    count = site.ask("SELECT count(*) FROM aggregator_article")[0][0]
    whole = {"all": sum(size for _, size in rows)} | {
        name.removeprefix("aggregator_"): size for name, size in rows[:16]
    }
    return {name: round(size / count) for name, size in whole.items()}


_GIVEN = """
SELECT a.source_id, a.feed_id, a.title, b.text FROM aggregator_article a JOIN aggregator_articlebody b ON b.article_id = a.id
WHERE a.language = 'en' AND a.id %% 7 = 3 ORDER BY a.id DESC LIMIT %s
"""
_QUEUE = """
WITH given AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) WITH ORDINALITY
        AS one (source_id, feed_id, title, content, n)
), made AS (
    INSERT INTO aggregator_article (source_id, feed_id, url, url_hash, title, author, language, extract, status,
        published_kind, published_at, found_at, reported_at, happened_precision, happened_reason, form, form_reason,
        relevance, relevance_score, relevance_reason, text_kind, text_method, page_code, copy_kind, copy_reason, mentions,
        conflicts, word_count, revision_count, page_etag, page_modified, looks, indexed, noindex)
    SELECT source_id, feed_id, 'https://line.example/' || gen_random_uuid(), (random() * 9e18)::bigint, title, '', 'en', '',
        'under_way', 'feed', now(), now(), now(), '', '{}', '', '{}', '', 0, '{}', '', '', '', '', '{}', '[]', '[]',
        0, 1, '', '', 0, false, '{}'
    FROM given ORDER BY n RETURNING id, url, title
)
INSERT INTO aggregator_work (article_id, stage, why, next_at, reported_at, attempts, alone, entry, charset, final_url, code, sentence)
SELECT made.id, 'settle', 'new', now(), now(), 0, false,
    jsonb_build_object('guid', made.url, 'url', made.url, 'title', made.title, 'author', '', 'content', given.content),
    '', '', '', ''
FROM made JOIN given ON given.n = made.id - (SELECT min(id) FROM made) + 1 RETURNING article_id
"""


def _queue(session: psycopg.Connection[Any], given: Sequence[tuple[Any, ...]]) -> None:
    """Put articles before the rules whose texts lie in the archive already: each is traced to what it repeats."""
    rows = [
        (
            source,
            feed,
            title,
            "".join(f"<p>{line}</p>" for line in zlib.decompress(bytes(text)).decode().split("\n")),
        )
        for source, feed, title, text in given
    ]
    session.execute(_QUEUE.encode(), [list(column) for column in zip(*rows, strict=True)])


def _await_line(session: psycopg.Connection[Any], page: Page | None, busy: Result) -> None:
    began = time.monotonic()
    while session.execute(b"SELECT 1 FROM aggregator_work WHERE stage = 'settle' LIMIT 1").fetchone():
        if page:
            busy.latencies += load(page.port, page.requests, readers=2, seconds=2.0).latencies
        time.sleep(0.2)
        if time.monotonic() - began > 900:
            break


def line(site: Site, page: Page | None, count: int = 300, warm: int = 150) -> dict[str, float]:
    """Return what the rules cost an article, and how much slower a page is while they run at full speed.

    The first `warm` articles are not counted: with them the worker reads vocabulary and recent stories into memory.
    """
    workers = [*named(site.process.pid, "worker -Q cpu"), *site.postgres]
    idle = load(page.port, page.requests, readers=2, count=300) if page else None
    place = local.database_settings(site.folder)
    with psycopg.connect(
        host=place["HOST"], user=place["USER"], dbname=place["NAME"], autocommit=True
    ) as session:
        given = session.execute(_GIVEN.encode(), [count + warm]).fetchall()
        _queue(session, given[:warm])
        _await_line(session, None, Result())
        before, began, busy = cpu_of(workers), time.monotonic(), Result()
        _queue(session, given[warm:])
        _await_line(session, page, busy)
        wall = time.monotonic() - began
    found = {"articles": count, "cpu_ms_an_article": round(1000 * (cpu_of(workers) - before) / count, 2)}
    found["articles_a_second"] = round(count / wall, 1)
    if idle:
        found["page_p95_idle_ms"], found["page_p95_busy_ms"] = idle.quantile(0.95), busy.quantile(0.95)
    return found


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", help="numbers of articles, the smallest first")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "newsroom-scale")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for size in options.sizes:
        print(f"{size:,} articles in {options.folder / str(size)}", flush=True)
        fill(options.folder / str(size), size)
    found: dict[str, Any] = {}
    try:
        measure(options.folder, options.sizes, options.rounds, found)
    finally:
        (options.folder / "scale.json").write_text(json.dumps(found, indent=1), "utf-8")
    from bench.scale_table import table

    print(table(found))


if __name__ == "__main__":
    main()
