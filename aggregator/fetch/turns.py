"""One request at a time for each host, and a gap between two, in real time.

Every hop of every request waits for its turn, so that redirects cannot hurry us. Hosts are claimed
by one worker at a time; this keeps order among the requests of that worker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turns:
    """Whose turn it is at each host, named "name:port". `gap` is in seconds, 0 for none."""

    def __init__(self, gap: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.gap, self.clock = gap, clock
        self._gaps: dict[str, float] = {}
        self._ended_at: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def set_gap(self, host: str, seconds: float) -> None:
        """Use a longer gap at one host (its Crawl-delay), from its last request on."""
        self._gaps[host] = max(self.gap, seconds)

    def gap_of(self, host: str) -> float:
        """Return the gap of a host."""
        return self._gaps.get(host, self.gap)

    def rest(self, host: str) -> float:
        """Return the seconds until the host may be asked again."""
        ended = self._ended_at.get(host)
        return 0.0 if ended is None else max(0.0, ended + self.gap_of(host) - self.clock())

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host, and hold it until the request is over."""
        async with self._locks.setdefault(host, asyncio.Lock()):
            if rest := self.rest(host):
                await asyncio.sleep(rest)
            try:
                yield
            finally:
                self._ended_at[host] = self.clock()
