"""The one place that asks what time it is; read only at doors.

The wiring installs a reader (a real clock, one that starts in the past and runs faster, or one
that follows a test server), so that no module needs to know which clock runs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


def _real() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _real


def now() -> datetime:
    """Return the project's time, aware and in UTC."""
    return _read()


def install(read: Callable[[], datetime] | None) -> None:
    """Use `read` as the project's clock; None restores the real one."""
    global _read
    _read = read or _real
