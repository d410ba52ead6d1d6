"""One visit to one host: its feeds and pages in turn, parsed as they come. No rows here."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.errors import AggregatorError, FetchError, RefusedError
from aggregator.errors import gettext_noop as _
from aggregator.fetch.client import Web
from aggregator.fetch.isolate import Child
from aggregator.fetch.manners import Robots, fetch_robots
from aggregator.fetch.messages import ACCEPT_PAGE, Answer, Request, StatusError
from aggregator.fetch.packing import pack
from aggregator.pipeline.entries import ParsedFeed
from aggregator.pipeline.hubs import Hub, named_by
from aggregator.pipeline.parse import parse_feed
from aggregator.pipeline.urls import hash_of

log = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds that a visit waits for its next turn; a longer wait is for the next visit
PAGE_KINDS = ("html", "xml", "text/plain")


@dataclass(frozen=True, slots=True)
class FeedJob:
    """A feed to poll."""

    feed_id: int
    url: str
    etag: str = ""
    last_modified: str = ""
    body_hash: int | None = None


@dataclass(frozen=True, slots=True)
class PageJob:
    """A page to fetch; `home` is the configured address of its outlet."""

    article_id: int
    url: str
    home: str
    attempts: int = 1
    etag: str = ""  # of the page as we hold it
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class FeedResult:
    """What came of a feed: a document, the same as before (`parsed` None), or an error."""

    job: FeedJob
    answer: Answer | None = None
    parsed: ParsedFeed | None = None
    body_hash: int | None = None
    error: AggregatorError | None = None
    seconds: float = 0.0
    hub: Hub | None = None  # that its document or its answer names


@dataclass(frozen=True, slots=True)
class PageResult:
    """What came of a page: its compressed bytes, or an error."""

    job: PageJob
    body: bytes = b""
    charset: str = ""
    final_url: str = ""
    wire_bytes: int = 0
    etag: str = ""
    last_modified: str = ""
    is_unchanged: bool = False  # the page that we hold is still the same
    error: AggregatorError | None = None


@dataclass(slots=True)
class Visit:
    """A claimed host with what is due there, and what is learnt about it on the way."""

    host_id: int
    key: str
    jobs: Sequence[FeedJob | PageJob]
    crawl_delay: float = 0.0
    robots: Robots = field(default_factory=Robots)
    is_robots_new: bool = False
    jobs_done: int = 0
    is_cut_short: bool = False  # jobs were left for the next visit


class _LaterError(Exception):
    """The host has just asked for a delay that is longer than a visit waits."""


Put = Callable[[Visit, "FeedResult | PageResult"], None]


async def pay_visit(web: Web, child: Child, visit: Visit, *, now: datetime, until: float, put: Put) -> None:
    """Do the jobs of a visit one after the other; no request starts after `until` (monotonic seconds).

    An answer that asks to be left alone (429, or 503 with Retry-After) ends the visit.
    """
    web.turns.set_gap(visit.key, visit.crawl_delay)
    for number, job in enumerate(visit.jobs):
        if number and _is_over(web, visit, until):
            visit.is_cut_short = True
            return
        visit.jobs_done += 1
        try:
            result = await _do(web, child, visit, job, now)
        except _LaterError:
            visit.jobs_done, visit.is_cut_short = number, True
            return
        except Exception:
            # Left as it is, the job would be due again at once, and its host asked without end.
            log.exception("job_failed", extra={"host": visit.key})
            result = failed(job, own_fault())
        put(visit, result)
        if is_rebuff(result.error):
            visit.is_cut_short = number + 1 < len(visit.jobs)
            return


def failed(job: FeedJob | PageJob, error: AggregatorError) -> FeedResult | PageResult:
    """Return what came of a job that brought nothing but an error."""
    return FeedResult(job, error=error) if isinstance(job, FeedJob) else PageResult(job, error=error)


def own_fault() -> FetchError:
    """Return the error that stands for a fault of our own: logged, told, and tried again with growing waits."""
    return FetchError(_("Newsroom itself failed at it; its log says how."), code="own_fault")


def _is_over(web: Web, visit: Visit, until: float) -> bool:
    rest = web.turns.rest(visit.key)
    return rest > PATIENCE or time.monotonic() + rest > until


def is_rebuff(error: AggregatorError | None) -> bool:
    """Return whether a host asked to be left alone."""
    if not isinstance(error, StatusError):
        return False
    return error.status == 429 or (error.status == 503 and "retry-after" in error.headers)


async def _do(
    web: Web, child: Child, visit: Visit, job: FeedJob | PageJob, now: datetime
) -> FeedResult | PageResult:
    if isinstance(job, FeedJob):
        return await poll_feed(web, child, job)
    return await _page(web, visit, job, now)


async def poll_feed(web: Web, child: Child, job: FeedJob) -> FeedResult:
    """Fetch and read one feed; every failure is a value."""
    started = time.monotonic()
    request = Request(
        job.url, home=job.url, etag=job.etag, last_modified=job.last_modified, max_bytes=web.limits.feed_bytes
    )
    try:
        async with web.get(request) as answer:
            parsed, body_hash = await _read(child, job, answer)
        light = Answer(
            answer.status,
            answer.url,
            b"",
            answer.headers,
            answer.wire_bytes,
            answer.hops,
            answer.permanent_url,
        )
        hub = named_by(answer.header("link"), answer.url) or parsed.hub if parsed else None
        return FeedResult(job, light, parsed, body_hash, None, time.monotonic() - started, hub)
    except AggregatorError as error:
        return FeedResult(job, error=error, seconds=time.monotonic() - started)


async def _read(child: Child, job: FeedJob, answer: Answer) -> tuple[ParsedFeed | None, int | None]:
    if answer.status == 304:
        if not (job.etag or job.last_modified):
            raise FetchError(
                _("The server says unchanged (304) though it was not asked."), code="unasked_304"
            )
        return None, job.body_hash
    body_hash = hash_of(answer.body)
    if body_hash == job.body_hash:
        return None, body_hash
    kind = answer.header("content-type")
    return await child.run_async(parse_feed, answer.body, url=answer.url, content_type=kind), body_hash


async def _page(web: Web, visit: Visit, job: PageJob, now: datetime) -> PageResult:
    try:
        await _ask_robots(web, visit, job, now)
        request = Request(
            job.url,
            home=job.home,
            accept=ACCEPT_PAGE,
            max_bytes=web.limits.page_bytes,
            etag=job.etag,
            last_modified=job.last_modified,
        )
        async with web.get(request) as answer:
            return await _page_result(job, answer)
    except AggregatorError as error:
        return PageResult(job, error=error)


async def _ask_robots(web: Web, visit: Visit, job: PageJob, now: datetime) -> None:
    if not visit.robots.is_fresh(now):
        visit.robots = await fetch_robots(web, job.url, home=job.home, now=now)
        visit.is_robots_new = True
        visit.crawl_delay = visit.robots.crawl_delay()
        web.turns.set_gap(visit.key, visit.crawl_delay)
        visit.robots.check(job.url)
        if web.turns.rest(visit.key) > PATIENCE:
            raise _LaterError
    visit.robots.check(job.url)


async def _page_result(job: PageJob, answer: Answer) -> PageResult:
    kind = answer.header("content-type").lower()
    if answer.status == 304 and (job.etag or job.last_modified):
        return PageResult(job, is_unchanged=True, final_url=answer.url)
    if answer.status == 304 or not answer.body.strip():
        raise FetchError("The page is empty.", code="page_empty")
    if kind and not any(word in kind for word in PAGE_KINDS):
        raise RefusedError(f"The address answers with {kind[:60]!r}, not with a page.", code="not_a_page")
    charset = kind.partition("charset=")[2].split(";")[0].strip("\"' ")[:40]
    packed = await asyncio.to_thread(pack, answer.body)
    etag, modified = answer.header("etag"), answer.header("last-modified")
    return PageResult(job, packed, charset, answer.url, answer.wire_bytes, etag, modified)
