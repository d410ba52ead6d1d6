"""The sample wire's own clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """`start` until it begins, then `rate` virtual seconds a second."""

    def __init__(self, start: datetime, rate: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.start, self.rate, self._monotonic = start, rate, monotonic
        self._began: float | None = None

    @property
    def running(self) -> bool:
        """Return whether the clock has begun to run."""
        return self._began is not None

    def begin(self) -> None:
        """Let the clock run from now on; does nothing when it runs already."""
        if self._began is None:
            self._began = self._monotonic()

    def now(self) -> datetime:
        """Return the virtual time."""
        if self._began is None:
            return self.start
        return self.start + timedelta(seconds=(self._monotonic() - self._began) * self.rate)
