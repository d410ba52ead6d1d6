"""Bands of months long past, packed into an eighth of their room.

What is found now is compared with what was filed in the last weeks; only an article that comes late, under its own old
date, asks for older months. Their bands are packed by the first bits of their keys, so that it finds what it
would have found then. Nothing is dropped, and what comes late is packed, too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection

from aggregator.services.locks import line_lock

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KEPT = timedelta(
    days=45
)  # an article is filed a week before it is found at most, and asks a month further back
BATCH = 20_000  # bands packed in one transaction
WIDTH, KEY_BYTES = 11, 6  # bytes of a packed band; those of its key come first

_BEHIND = "SELECT min(month) FROM aggregator_band"
_BOUND = "SELECT key FROM aggregator_band WHERE month = %s ORDER BY key OFFSET %s LIMIT 1"
PACK = """
WITH gone AS (
    DELETE FROM aggregator_band WHERE month = %(month)s AND key <= %(bound)s RETURNING month, key, article_id
), packed AS (
    INSERT INTO aggregator_oldbands AS kept (month, bucket, packed)
    SELECT month, key >> 48,
        string_agg(substr(int8send(key), 3) || substr(int8send(article_id), 4), ''::bytea ORDER BY key, article_id)
    FROM gone GROUP BY 1, 2
    ON CONFLICT (month, bucket) DO UPDATE SET packed = kept.packed || excluded.packed
)
SELECT count(*) FROM gone
"""
_LAST = "SELECT coalesce(max(month), -1) FROM aggregator_oldbands"
_ASKED = """
SELECT old.month, old.bucket, old.packed
FROM (SELECT DISTINCT * FROM unnest(%s::smallint[], %s::smallint[]) AS asked (month, bucket)) AS asked
JOIN aggregator_oldbands AS old USING (month, bucket)
"""


def pack_old(now: datetime, *, batches: int = 10) -> int:
    """Pack bands of months that nothing found now asks for; return how many. Safe to run twice and side by side."""
    first = now - KEPT
    bound, done = (first.year - 1970) * 12 + first.month - 1, 0
    for _ in range(batches):
        with line_lock(), connection.cursor() as cursor:
            cursor.execute(_BEHIND)
            month = cursor.fetchone()[0]
            if month is None or month >= bound:
                break
            cursor.execute(_BOUND, [month, BATCH])
            last = cursor.fetchone()
            cursor.execute(PACK, {"month": month, "bound": last[0] if last else 2**63 - 1})
            done += cursor.fetchone()[0]
    return done


def last_month() -> int:
    """Return the newest month that has packed bands, -1 for none."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST)
        return int(cursor.fetchone()[0])


def hits(asked: Sequence[tuple[int, int, int]], *, limit: int) -> dict[tuple[int, int], int]:
    """Return (subject, article) → number of equal bands; `asked` are subjects, months and keys.

    A key gives at most `limit` articles a month.
    """
    wanted: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for subject, month, key in asked:
        wanted[month, key >> 48].append((subject, key & 0xFFFFFFFFFFFF))
    found: Counter[tuple[int, int]] = Counter()
    if not wanted:
        return found
    import numpy as np

    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [[month for month, _ in wanted], [bucket for _, bucket in wanted]])
        for month, bucket, packed in cursor:
            keys, articles = unpacked(bytes(packed))
            for subject, key in wanted[month, bucket]:
                for article in np.unique(articles[keys == key])[:limit].tolist():
                    found[subject, article] += 1
    return found


def unpacked(packed: bytes) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return the keys' last 48 bits and the articles of packed bands."""
    import numpy as np

    rows = np.frombuffer(packed, dtype=np.uint8).reshape(-1, WIDTH)
    return _numbers(rows[:, :KEY_BYTES]), _numbers(rows[:, KEY_BYTES:])


def _numbers(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    import numpy as np

    whole = np.zeros((len(rows), 8), dtype=np.uint8)
    whole[:, 8 - rows.shape[1] :] = rows
    return whole.view(">u8").reshape(-1).astype(np.uint64)


def articles_by_month() -> Iterator[tuple[int, set[int]]]:
    """Yield each packed month with its articles' ids, a month at a time."""
    import numpy as np

    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT month FROM aggregator_oldbands ORDER BY month")
        months = [month for (month,) in cursor.fetchall()]
        for month in months:
            cursor.execute("SELECT packed FROM aggregator_oldbands WHERE month = %s", [month])
            parts = [np.unique(unpacked(bytes(packed))[1]) for (packed,) in cursor]
            yield month, set(np.unique(np.concatenate(parts)).tolist())
