"""What changed last, asked at most once a second: what was made before it may be shown until then.

Two numbers that only grow: of changes of stories, and of acts in the log. Both are read from the end of an
index, whatever the size of the archive.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from django.conf import settings
from django.db import Error, connection

_ASK = """
SELECT coalesce((SELECT changed_no FROM aggregator_story ORDER BY changed_no DESC LIMIT 1), 0),
       coalesce((SELECT id FROM aggregator_logentry ORDER BY id DESC LIMIT 1), 0)
"""


class Stamp(NamedTuple):
    """The newest change of a story and the newest act."""

    stories: int
    acts: int


_last: tuple[float, Stamp] | None = None


def newest() -> Stamp:
    """Return the newest changes, as of at most settings.LOOK_SECONDS ago."""
    global _last
    known, now = _last, time.monotonic()
    if known and now - known[0] < settings.LOOK_SECONDS:
        return known[1]
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        stamp = Stamp(*cursor.fetchone())
    _last = (now, stamp)
    return stamp


def newest_or_none() -> Stamp | None:
    """Return the newest changes, None when the database does not answer; for use outside of a request."""
    known = _last
    if known and time.monotonic() - known[0] < settings.LOOK_SECONDS:
        return known[1]
    try:
        connection.close_if_unusable_or_obsolete()
        return newest()
    except Error:
        connection.close()
        return None


def forget() -> None:
    """Ask anew at the next call."""
    global _last
    _last = None
