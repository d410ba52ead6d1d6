"""Promises of the line: nothing is forgotten, held back for ever, or due in a year that a wrong clock gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from aggregator.models import Feed, RegionLink, Work
from aggregator.services import hosts, jumps, loading
from aggregator.services.verifying.checks import Check, asked, told

_LOST = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_work work ON work.article_id = article.id
WHERE (article.status = 'under_way' OR article.settled_at IS NULL) AND article.status <> 'withdrawn'
  AND work.article_id IS NULL
"""
_NOWHERE = "SELECT article_id FROM aggregator_work WHERE stage = 'page' AND host_id IS NULL"
_LATE = f"SELECT article_id FROM aggregator_work WHERE {jumps.WORK_LATE}"
_FEEDS = f"""
SELECT feed.id FROM aggregator_feed feed JOIN aggregator_source source ON source.id = feed.source_id
WHERE feed.enabled AND source.status = 'approved'
  AND (feed.host_id IS NULL OR feed.next_poll_at IS NULL OR {jumps.FEED_LATE})
"""
_HOSTS = f"SELECT id FROM aggregator_host WHERE {jumps.HOST_LATE}"
_HOST_DUE = """
SELECT host.id FROM aggregator_host host
CROSS JOIN LATERAL (SELECT LEAST(
    (SELECT min(feed.next_poll_at) FROM aggregator_feed feed
     JOIN aggregator_source source ON source.id = feed.source_id
     WHERE feed.host_id = host.id AND feed.enabled AND source.status = 'approved'),
    (SELECT min(work.next_at) FROM aggregator_work work WHERE work.host_id = host.id AND work.stage = 'page')
) AS at) due
WHERE (host.lease_until IS NULL OR host.lease_until < clock_timestamp())
  AND due.at IS NOT NULL AND (host.due_at IS NULL OR host.due_at > GREATEST(due.at, host.hold_until))
"""
_LOOKS = f"SELECT id FROM aggregator_article WHERE {jumps.LOOK_LATE}"


def _queue_again(ids: Sequence[int], now: datetime) -> None:
    rows = [Work(article_id=pk, stage=Work.Stage.SETTLE, next_at=now) for pk in ids]
    Work.objects.bulk_create(rows, ignore_conflicts=True)


def _attach(ids: Sequence[int], now: datetime) -> None:
    with transaction.atomic():
        Feed.objects.filter(pk__in=ids).update(next_poll_at=now)
        hosts.attach_feeds(now)


def _free(_ids: Sequence[int], now: datetime) -> None:
    jumps.mend(now)


def _wake(_ids: Sequence[int], now: datetime) -> None:
    hosts.mend(now)


def _open_regions(_now: datetime) -> list[int]:
    """Return regions whose stored ancestors are not those that parents and also_in give."""
    fields = ("region_id", "ancestor_id", "depth")
    stored = set(RegionLink.objects.values_list(*fields))
    with transaction.atomic():
        loading.link_regions()
        wanted = set(RegionLink.objects.values_list(*fields))
        transaction.set_rollback(True)
    return sorted({region for region, _, _ in stored ^ wanted})


def _close_regions(_ids: Sequence[int], _now: datetime) -> None:
    with transaction.atomic():
        loading.link_regions()


def _stale_numbers(_now: datetime) -> list[int]:
    """Return the highest number of a change when the sequence has not come as far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(changed_no) FROM aggregator_story "
            "HAVING max(changed_no) > (SELECT last_value FROM story_change_number)"
        )
        return [number for (number,) in cursor.fetchall()]


CHECKS = (
    Check("lost", "Articles under way that nothing works on.", asked(_LOST), _queue_again),
    Check(
        "pages_nowhere",
        "Pages that wait for a host that is none.",
        asked(_NOWHERE),
        told("UPDATE aggregator_work SET stage = 'settle' WHERE article_id = ANY(%(ids)s)"),
    ),
    Check(
        "work_late",
        "Work that is due, or leased, longer than any wait lasts: a clock was wrong.",
        asked(_LATE),
        _free,
    ),
    Check(
        "feeds_late",
        "Feeds that are read, but have no host or no poll within any wait.",
        asked(_FEEDS),
        _attach,
    ),
    Check("hosts_held", "Hosts that are leased or held longer than any wait lasts.", asked(_HOSTS), _free),
    Check("hosts_due", "Hosts that are due later than what waits at them.", asked(_HOST_DUE), _wake),
    Check(
        "looks_late",
        "Articles whose next look is later than looks are.",
        asked(_LOOKS),
        _free,
    ),
    Check(
        "regions",
        "Regions whose stored ancestors are not those of the vocabulary.",
        _open_regions,
        _close_regions,
    ),
    Check(
        "change_numbers",
        "A story's number of its last change is beyond the sequence.",
        _stale_numbers,
        told("SELECT setval('story_change_number', (%(ids)s::bigint[])[1])"),
    ),
)
