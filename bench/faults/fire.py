"""What is done to a site while it reads: kills, restarts, a full disk, a jumping clock, a broker that garbles."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.faults.site import Site, SkewedClock

MEAN_PAUSE = 3.0  # seconds between two kills, on average
QUEUES = ("network", "cpu")


class Calm:
    """Nothing is done: what the others are compared with, and how much two calm runs differ."""

    def __init__(self, site: Site, kills: int, steps: int) -> None:
        self.site, self.kills, self.steps = site, kills, steps
        self.done: Counter[str] = Counter()

    def step(self, number: int) -> None:
        """Act while the line works on step `number`."""

    def end(self) -> None:
        """Act after the last step."""

    def facts(self) -> dict[str, Any]:
        """Return what was done."""
        return {"done": dict(sorted(self.done.items()))}


class Kills(Calm):
    """kill -9 of any process, the supervisor and the database included, at random moments of the ingest."""

    while_new = 0
    minutes = float("inf")  # after which no more are made

    def __init__(self, site: Site, kills: int, steps: int) -> None:
        super().__init__(site, kills, steps)
        self.until = time.monotonic() + self.minutes * 60

    def step(self, number: int) -> None:
        """Kill until this step's share is used up or the line is empty."""
        share = round(self.kills * (number + 1) / self.steps)
        while self.done.total() < share and time.monotonic() < self.until:
            time.sleep(random.expovariate(1 / MEAN_PAUSE))
            if not self.site.is_busy():
                return
            self._kill()
            self.while_new += 1

    def end(self) -> None:
        """Make up the kills for which the line was too fast, while it reads all feeds again."""
        while self.done.total() < self.kills and time.monotonic() < self.until:
            if not self.site.is_busy():
                now = [self.site.now]
                self.site.ask("UPDATE aggregator_feed SET next_poll_at = %s WHERE enabled", now)
                self.site.ask("UPDATE aggregator_host SET due_at = %s WHERE due_at IS NOT NULL", now)
            time.sleep(random.expovariate(1 / MEAN_PAUSE))
            self._kill()

    def facts(self) -> dict[str, Any]:
        """Return the kills by role, and how many fell while there was news."""
        return {**super().facts(), "kills": self.done.total(), "of them while there was news": self.while_new}

    def _kill(self) -> None:
        living = self.site.processes()
        role = random.choice(sorted(living))
        self.site.kill(role, random.choice(living[role]))
        self.done[role] += 1


class Postgres(Calm):
    """The database is stopped as a restart does it (fast), or as a crash does it."""

    ways = ("fast stop", "immediate stop")

    def step(self, number: int) -> None:
        """Stop it once a step, each time the other way."""
        time.sleep(random.uniform(3, 8))
        (pid,) = self.site.processes()["postgres"]
        way = self.ways[number % len(self.ways)]
        os.kill(pid, signal.SIGINT if way == "fast stop" else signal.SIGQUIT)
        self.done[way] += 1
        time.sleep(1)
        for table in ("aggregator_host", "aggregator_work"):
            self.site.expire(table)


class Hung(Calm):
    """The database hangs: first new sessions alone, then those that are open, too."""

    def step(self, number: int) -> None:
        """Let it hang for ten seconds, both ways once a step."""
        for name in ("no new sessions for 10 s", "all sessions hung for 10 s"):
            time.sleep(random.uniform(2, 5))
            living = self.site.processes()
            pids = living["postgres"] + (living.get("backend", []) if name.startswith("all") else [])
            for sign in (signal.SIGSTOP, signal.SIGCONT):
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, sign)
                time.sleep(10 if sign == signal.SIGSTOP else 0)
            self.done[name] += 1


class Redis(Calm):
    """The queue is flushed, killed (and comes back empty or old), and hangs for a while."""

    def step(self, number: int) -> None:
        """Do all three once a step."""
        time.sleep(random.uniform(1, 3))
        self.site.broker().flushall()
        self.done["flushed"] += 1
        time.sleep(random.uniform(2, 4))
        (pid,) = self.site.processes()["redis"]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(15)
        os.kill(pid, signal.SIGCONT)
        self.done["hung for 15 s"] += 1
        os.kill(pid, signal.SIGKILL)
        self.done["killed"] += 1
        self.site.mend()
        self.site.expire("aggregator_host")


class Disk(Calm):
    """The data folder's disk is full for a while; it must lie on a file system of its own."""

    def step(self, number: int) -> None:
        """Fill the disk for twenty seconds of the ingest, then make room."""
        time.sleep(random.uniform(2, 5))
        ballast = self.site.folder / "ballast"
        _fill(ballast)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            time.sleep(1)
            _fill(ballast)
        ballast.unlink()
        self.done["full for 20 s"] += 1
        self.site.mend()
        for table in ("aggregator_host", "aggregator_work"):
            self.site.expire(table)


class Clock(Calm):
    """The site's clock is set back by six hours, then ahead by six hours, while the line works; the feeds stay.

    Only the site's: were the server's clock moved too, feeds would show what had left them hours ago.
    """

    def __init__(self, site: Site, kills: int, steps: int) -> None:
        super().__init__(site, kills, steps)
        self.clock = SkewedClock(site)

    def step(self, number: int) -> None:
        """Jump both ways once a step, from the first articles on."""
        self._await_news()
        for hours, name in ((-6, "back and right again"), (6, "ahead and right again")):
            time.sleep(random.uniform(0.5, 2))
            self.clock.by = timedelta(hours=hours)
            time.sleep(random.uniform(4, 8))
            self.clock.by = timedelta()
            self.done[name] += 1

    def end(self) -> None:
        """Let seven hours pass: what was put into the queue while the clock was ahead waits until then."""
        self.site.now += timedelta(hours=7)

    def _await_news(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and not self.site.ask("SELECT FROM aggregator_work LIMIT 1"):
            time.sleep(0.1)


class Messages(Calm):
    """Nudges are dropped, doubled and reordered in the broker's lists; foreign ones are put among them."""

    def step(self, number: int) -> None:
        """Garble the queues as long as the line works."""
        broker = self.site.broker()
        until = time.monotonic() + 600
        while self.site.is_busy() and time.monotonic() < until:
            for queue in QUEUES:
                self._garble(broker, queue)
            time.sleep(0.3)

    def _garble(self, broker: Any, queue: str) -> None:
        messages = broker.lrange(queue, 0, -1)
        act = random.choice(("dropped", "doubled", "reordered", "garbage"))
        if act == "garbage" and random.random() < 0.9:
            return
        if not messages and act != "garbage":
            return
        fresh = {
            "dropped": [],
            "doubled": messages * 2,
            "reordered": random.sample(messages, len(messages)),
            "garbage": [*messages, b"{not a message"],
        }[act]
        pipe = broker.pipeline()
        pipe.delete(queue)
        if fresh:
            pipe.rpush(queue, *fresh)
        pipe.execute()
        self.done[act] += 1


def _fill(file: Path) -> None:
    """Let a file grow until nothing more fits."""
    with file.open("ab", buffering=0) as out:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue


FIRES: dict[str, type[Calm]] = {
    "calm": Calm,
    "calm-again": Calm,
    "kills": Kills,
    "postgres": Postgres,
    "hung": Hung,
    "redis": Redis,
    "disk": Disk,
    "clock": Clock,
    "messages": Messages,
}
