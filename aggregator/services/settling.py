"""Settle: page or feed text in, a traced, located, classified and grouped article out.

All rules run in memory first; then one transaction under the line's lock writes a batch. A row
is claimed with a lease on the database's real clock and its attempts rise at the claim, so a
killed worker loses nothing: the lease runs out and the row is tried again by itself. A backlog is
settled oldest report first, so that stories grow in the order in which things were reported.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from aggregator.models import Work
from aggregator.services import grouping, placing, recording, stage_times, tracing
from aggregator.services.drafts import Draft
from aggregator.services.judging import judge
from aggregator.services.locks import line_lock
from aggregator.services.reading import read_texts

log = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=4)
MAX_ATTEMPTS = 4

# Fresh rows have no attempts. Of those whose batch died, the least tried comes first: workers that are killed for
# other reasons must not use up the attempts of one row.
# MATERIALIZED: as a plain subquery it may be run once a row, and then takes more rows than the limit.
_CLAIM = """
WITH picked AS MATERIALIZED (
    SELECT article_id FROM aggregator_work
    WHERE stage = 'settle' AND next_at <= %(now)s AND attempts {attempts}
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    ORDER BY attempts, reported_at, article_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE aggregator_work AS work SET lease_until = clock_timestamp() + %(lease)s, attempts = work.attempts + 1
FROM picked WHERE work.article_id = picked.article_id
RETURNING work.article_id
"""
_HOLD = """
UPDATE aggregator_work SET stage = 'held', code = 'kept_failing', lease_until = NULL,
    sentence = 'The worker stopped each time this article was settled; look at its page, then try again.'
WHERE stage = 'settle' AND attempts >= %(bound)s
  AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""


def settle_due(now: datetime, *, limit: int = BATCH) -> bool:
    """Settle one batch of articles that wait for the rules; return whether more are waiting.

    A batch that died is retried a row at a time; a row that died MAX_ATTEMPTS times is held for a
    person. Unexpected errors are not swallowed: the lease runs out and the row comes again.
    """
    claimed = _claim(now, limit=limit, attempts="= 0")
    if claimed:
        _settle(claimed, now)
        return True
    # One that failed before, by itself, so that it cannot take others with it.
    stuck = _claim(now, limit=1, attempts="> 0")
    if stuck:
        _settle(stuck, now)
    return bool(stuck)


def _claim(now: datetime, *, limit: int, attempts: str) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        if attempts != "= 0":
            cursor.execute(_HOLD, {"bound": MAX_ATTEMPTS})
        values: dict[str, Any] = {"lease": LEASE, "now": now, "limit": limit}
        cursor.execute(_CLAIM.format(attempts=attempts), values)
        return sorted(pk for (pk,) in cursor.fetchall())


def _settle(article_ids: Sequence[int], now: datetime) -> None:
    work = list(
        Work.objects.filter(pk__in=article_ids, stage=Work.Stage.SETTLE)
        .select_related("article__source__publisher", "article__feed")
        .order_by("reported_at", "article_id")
    )
    with stage_times.timed("read", len(work)):
        texts = read_texts(work, now)
    with stage_times.timed("judge", len(work)):
        drafts = judge(list(zip(work, texts, strict=True)), now)
    grouping.warm_up()
    with stage_times.timed("write", len(work)), line_lock():
        live = _still_ours(work)
        write([draft for draft in drafts if draft.article.pk in live], now)
        Work.objects.filter(pk__in=live).delete()
    log.info("batch_settled", extra={"articles": len(drafts), "left_out": len(drafts) - len(live)})


def _still_ours(work: Sequence[Work]) -> set[int]:
    """Return the ids whose lease is still the one that we took; others were taken over."""
    leases = {row.pk: row.lease_until for row in work}
    rows = Work.objects.select_for_update().filter(pk__in=leases).order_by("pk")
    return {row.pk for row in rows if row.lease_until == leases[row.pk]}


def write(drafts: Sequence[Draft], now: datetime) -> None:
    """Trace, record, group and place drafts; the caller holds the line's lock.

    Idempotent: settling the same article again gives the same rows.
    """
    tracing.trace_batch(drafts, now)
    recording.record(drafts, now)
    touched = grouping.group_batch(drafts, now)
    touched |= {pk for draft in drafts for pk in draft.touched_stories}
    placing.place_stories(touched, now)


def retry_held(article_ids: Sequence[int], now: datetime) -> int:
    """Give held articles another chance; return how many."""
    return Work.objects.filter(pk__in=article_ids, stage=Work.Stage.HELD).update(
        stage=Work.Stage.SETTLE, attempts=0, next_at=now, lease_until=None, code="", sentence=""
    )
