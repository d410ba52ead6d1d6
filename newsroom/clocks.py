"""Readers for the project's clock: the real one, one that starts in the past, one that follows a server."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from newsroom.env import EnvError

FOLLOW_SECONDS = 0.25  # how long a followed clock's answer is used
MAX_RATE = 1_000_000  # eleven days a second
WANTED = "write 2023-09-18T00:00Z,x1440[,until=2023-10-03T00:00Z], or follow:http://127.0.0.1:PORT"


@dataclass(frozen=True, slots=True)
class Course:
    """A clock's course: `rate` seconds a second from `start`, real speed from `until` on."""

    start: datetime
    rate: float = 1.0
    until: datetime | None = None

    def at(self, elapsed: timedelta) -> datetime:
        """Return the time after `elapsed` of real time."""
        shown = self.start + elapsed * self.rate
        if self.until is None or shown <= self.until:
            return shown
        return self.until + (elapsed - (self.until - self.start) / self.rate)


def course(words: str) -> Course:
    """Read a course such as 2023-09-18T00:00Z,x1440,until=2023-10-03T00:00Z."""
    start, *rest = (word.strip() for word in words.split(","))
    rate, until = 1.0, None
    try:
        for word in rest:
            if word.startswith("until="):
                until = _moment(word.removeprefix("until="))
            else:
                rate = float(word.removeprefix("x"))
        if not 0 < rate < MAX_RATE:
            raise ValueError
        return Course(_moment(start), rate, until)
    except ValueError:
        raise EnvError(f"CLOCK={words!r} cannot be used: {WANTED}.") from None


def reader(words: str, data_dir: Path) -> Callable[[], datetime] | None:
    """Return the reader that `words` (the CLOCK setting) asks for; None is the real clock."""
    if not words:
        return None
    if words.startswith("follow:"):
        return Followed(words.removeprefix("follow:").rstrip("/")).now
    return Running(course(words), words, data_dir / "clock.json").now


def tick_seconds(words: str) -> int:
    """Return how often the line is nudged, in real seconds: oftener when the clock runs fast."""
    fast = bool(words) and (words.startswith("follow:") or course(words).rate > 1)
    return 2 if fast else 15


class Running:
    """A clock with a course; all processes of a data folder share its anchor in `file`."""

    def __init__(self, course: Course, words: str, file: Path) -> None:
        self.course, self.words, self.file = course, words, file
        self.anchor: datetime | None = None

    def now(self) -> datetime:
        """Return the shown time."""
        self.anchor = self.anchor or self._anchor()
        return self.course.at(datetime.now(UTC) - self.anchor)

    def _anchor(self) -> datetime:
        kept = _read(self.file)
        if kept.get("clock") == self.words:
            return _moment(kept["anchor"])
        return datetime.now(UTC)

    def drop_anchor(self) -> datetime:
        """Start the clock, or let it go on where it stood; the supervisor calls it first. Return the time."""
        kept, real = _read(self.file), datetime.now(UTC)
        ran = timedelta(seconds=kept["ran"]) if kept.get("clock") == self.words else timedelta()
        self.anchor = real - ran
        self.keep()
        return self.now()

    def keep(self) -> None:
        """Write down how long the clock has run, so that a restart goes on from there."""
        assert self.anchor is not None
        ran = (datetime.now(UTC) - self.anchor).total_seconds()
        facts = {"clock": self.words, "anchor": self.anchor.isoformat(), "ran": ran}
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(facts))
        fresh.replace(self.file)


class Followed:
    """The virtual clock of a replay server, asked at most every FOLLOW_SECONDS."""

    def __init__(self, base: str) -> None:
        self.address = f"{base}/__replay/clock"
        self.shown: datetime | None = None
        self.asked = float("-inf")

    def now(self) -> datetime:
        """Return the server's time; its last known one while it does not answer."""
        if self.shown is None or time.monotonic() - self.asked > FOLLOW_SECONDS:
            try:
                with urllib.request.urlopen(self.address, timeout=5) as answer:
                    self.shown = _moment(json.load(answer)["virtual_now"])
            except (OSError, ValueError, KeyError):
                if self.shown is None:
                    raise EnvError(f"CLOCK follows {self.address}, which does not answer.") from None
            self.asked = time.monotonic()
        return self.shown


def _moment(words: str) -> datetime:
    moment = datetime.fromisoformat(words)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _read(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
