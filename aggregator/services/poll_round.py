"""The round of one call of `polling`: hosts are claimed and visited side by side, what came is written as it comes.

One event loop runs in slices. Between two slices, when no request is in progress on our side, rows are
written and more hosts are claimed: the database is never asked inside the loop, and a slow host holds
up neither the others nor what they brought.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from aggregator.fetch.client import Web
from aggregator.fetch.visits import FeedResult, PageJob, PageResult, Visit, is_rebuff, own_fault, pay_visit
from aggregator.models import Host
from aggregator.services import claiming, fetching, hosts, nudge, outcomes, stage_times
from aggregator.services.claiming import FeedRow
from aggregator.services.fetching import Network

log = logging.getLogger(__name__)

VISIT_SECONDS = 10.0  # a visit starts no request after it
SLICE = 1.0  # seconds between two writes
WEIGHT = 1500  # entries after which a slice ends early
PAGE_WEIGHT = 20  # a page weighs as much as that many entries
RESOLVER_THREADS = 16

Now = Callable[[], datetime]


class Round:
    """The visits of one call."""

    def __init__(self, network: Network, limit: int) -> None:
        self.network, self.limit, self.token = network, limit, hosts.new_token()
        self.rows: dict[int, FeedRow] = {}
        self.feeds: list[FeedResult] = []
        self.pages: list[tuple[Visit, PageResult]] = []
        self.holds: dict[int, timedelta] = {}
        self.running: dict[asyncio.Task[None], Visit] = {}
        self.weight = self.done = 0
        self.fetching = self.storing = 0.0  # seconds
        self.is_last_claim_full = False
        self._runner: asyncio.Runner | None = None
        self._web: Web | None = None
        self._wake: asyncio.Event | None = None

    def run(self, now: Now, until: float) -> bool:
        """Claim, visit and write until nothing is due or the time is over; return whether more may be due."""
        while True:
            if time.monotonic() < until:
                self._claim(now())
            if not self.running:
                if time.monotonic() >= until:
                    return True  # what was written last may have made more due
                if not self._rest(now(), until):
                    return self.is_last_claim_full
                continue
            began = time.perf_counter()
            self._loop().run(self._slice())
            had = time.perf_counter()
            self.done += len(self.feeds) + len(self.pages)
            self._write(now())
            self.fetching += had - began
            self.storing += time.perf_counter() - had

    def close(self) -> None:
        """Cancel what still runs and close all connections; hosts that were not given back keep their lease."""
        if self.done:
            stage_times.note("fetch", self.fetching, self.done)
            stage_times.note("store", self.storing, self.done)
        if self._runner is not None:
            self._runner.run(self._end())
            self._runner.close()

    # --- between the slices ---------------------------------------------------------------------

    def _claim(self, now: datetime) -> None:
        room = self.limit - len(self.running)
        if room < max(1, self.limit // 4) and self.running:
            return
        with transaction.atomic():
            claimed = hosts.claim(now, limit=room, token=self.token)
            self.is_last_claim_full = len(claimed) == room
            if not claimed:
                return
            is_fast = self.network.gap == 0
            each = (1000, 200) if is_fast else (15, 15)
            visits, rows = claiming.due_at(claimed, now, feeds_each=each[0], pages_each=each[1])
        self.rows.update(rows)
        self._loop().run(self._start(visits, now))

    def _rest(self, now: datetime, until: float) -> bool:
        """Wait for a host that is due and keeps its gap; return whether there was one to wait for."""
        wait = hosts.rest(now)
        if wait is None or time.monotonic() + wait > until:
            return False
        time.sleep(min(max(wait, 0.01), SLICE))
        return True

    def _write(self, now: datetime) -> None:
        feeds, pages, self.feeds, self.pages, self.weight = self.feeds, self.pages, [], [], 0
        if feeds:
            polls = [(self.rows.pop(each.job.feed_id), each) for each in feeds]
            _record(outcomes.record_polls, polls, _poll_failed, now)
        if pages:
            _record(fetching.record_pages, [result for _, result in pages], _page_failed, now)
        if feeds or pages:
            nudge.advance()
        self._release([task for task in self.running if task.done()], now)

    def _release(self, done: Sequence[asyncio.Task[None]], now: datetime) -> None:
        visits = [self.running.pop(task) for task in done]
        for task in done:
            if task.exception() is not None:
                log.error("visit_failed", exc_info=task.exception())
        if not visits:
            return
        self._keep_robots([visit for visit in visits if visit.is_robots_new])
        fetching.leave_pages([job for visit in visits for job in _left(visit)])
        gap = self.network.gap
        hosts.release(
            [
                hosts.Left(
                    visit.host_id, max(gap, visit.crawl_delay), visit.crawl_delay, self._hold(visit, now)
                )
                for visit in visits
            ],
            now,
            token=self.token,
        )

    def _hold(self, visit: Visit, now: datetime) -> datetime | None:
        wait = self.holds.pop(visit.host_id, None)
        return now + wait if wait else None

    def _keep_robots(self, visits: Sequence[Visit]) -> None:
        for visit in visits:
            robots = visit.robots
            Host.objects.filter(pk=visit.host_id).update(
                robots_state=robots.state, robots_txt=robots.text, robots_at=robots.at
            )

    # --- inside the loop ------------------------------------------------------------------------

    def _loop(self) -> asyncio.Runner:
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._runner.run(self._begin())
        return self._runner

    async def _begin(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(RESOLVER_THREADS, "names"))
        self._wake = asyncio.Event()
        self._web = await self.network.web().__aenter__()

    async def _end(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        if self._web is not None:
            await self._web.__aexit__()

    async def _start(self, visits: Sequence[Visit], now: datetime) -> None:
        assert self._web is not None
        child, until = self.network.child(), time.monotonic() + VISIT_SECONDS
        for visit in visits:
            paid = pay_visit(self._web, child, visit, now=now, until=until, put=self._put(now))
            task = asyncio.create_task(paid)
            task.add_done_callback(self._note_end)
            self.running[task] = visit

    async def _slice(self) -> None:
        assert self._wake is not None
        self._wake.clear()
        if all(task.done() for task in self.running):
            return
        try:
            await asyncio.wait_for(self._wake.wait(), SLICE)
        except TimeoutError:
            return

    def _note_end(self, _task: asyncio.Task[None]) -> None:
        if self._wake is not None and all(task.done() for task in self.running):
            self._wake.set()

    def _put(self, now: datetime) -> Callable[[Visit, FeedResult | PageResult], None]:
        def put(visit: Visit, result: FeedResult | PageResult) -> None:
            if is_rebuff(result.error) and (asked := fetching.asked_by(result.error, now)):
                self.holds[visit.host_id] = asked
            if isinstance(result, FeedResult):
                self.feeds.append(result)
                self.weight += len(result.parsed.entries) if result.parsed else 1
            else:
                self.pages.append((visit, result))
                self.weight += PAGE_WEIGHT
            if self.weight >= WEIGHT and self._wake is not None:
                self._wake.set()

        return put


def _record(
    record: Callable[[list[Any], datetime], object],
    results: list[Any],
    as_failed: Callable[[Any], Any],
    now: datetime,
) -> None:
    """Write a batch. One that cannot be written is written one by one, so that no result holds up the others.

    The database's own trouble is raised: then the leases run out and all of it is fetched again.
    """
    try:
        record(results, now)
        return
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("batch_not_written", extra={"count": len(results)})
    for result in results:
        try:
            record([result], now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("result_not_written")
            record([as_failed(result)], now)


def _poll_failed(poll: tuple[FeedRow, FeedResult]) -> tuple[FeedRow, FeedResult]:
    return poll[0], FeedResult(poll[1].job, error=own_fault(), seconds=poll[1].seconds)


def _page_failed(result: PageResult) -> PageResult:
    return PageResult(result.job, error=own_fault())


def _left(visit: Visit) -> list[PageJob]:
    if not visit.is_cut_short:
        return []
    return [job for job in visit.jobs[visit.jobs_done :] if isinstance(job, PageJob)]
