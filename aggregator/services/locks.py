"""The line's lock: trace, group, repair and curation write one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Any constant will do; it must be the same on every machine of one installation.
LINE_LOCK = 7_203_114_511


@contextmanager
def line_lock() -> Iterator[None]:
    """Open a transaction that holds the line's advisory lock until it ends.

    Two copies of one text that arrive at the same moment on two workers therefore give exactly
    one original and one story. The lock goes with the transaction, also when its worker is killed.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LINE_LOCK])
        yield
