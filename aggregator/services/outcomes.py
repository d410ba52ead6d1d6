"""What came of polls → the feeds' rows and their poll log, a batch at a time."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from aggregator.fetch.messages import StatusError
from aggregator.fetch.trouble import NETWORK_CODES
from aggregator.fetch.visits import FeedResult
from aggregator.models import Feed, Poll
from aggregator.pipeline import feedstate, schedule
from aggregator.pipeline.feedstate import Document, FeedNow, Outcome
from aggregator.pipeline.urls import host_key
from aggregator.services import websub
from aggregator.services.claiming import FeedRow
from aggregator.services.feed_moves import move_feed
from aggregator.services.sifting import Seen
from aggregator.services.storing import store_entries
from aggregator.services.writing import insert_rows, update_rows

log = logging.getLogger(__name__)

OUTAGE_WINDOW = timedelta(minutes=10)
OUTAGE_HOSTS = 5  # fewer failing hosts say nothing about our own line
_RECENT = """
SELECT count(DISTINCT feed_id), count(DISTINCT feed_id) FILTER (WHERE code = ANY(%(codes)s))
FROM aggregator_poll WHERE at > %(since)s AND at <= %(now)s
"""


def record_polls(results: Sequence[tuple[FeedRow, FeedResult]], now: datetime) -> list[FeedNow]:
    """Store what polled feeds brought, their new state and one Poll row each, in one transaction."""
    with transaction.atomic():
        documents = [(row, result.parsed) for row, result in results if result.parsed is not None]
        seen = store_entries([(row, parsed) for row, parsed in documents if parsed], now) if documents else {}
        results = _told_by_hubs(results, now)
        is_outage = _is_outage(results, now)
        outcomes = [_outcome(row, result, seen.get(row.now.id), now) for row, result in results]
        after = [
            feedstate.after_poll(row.now, outcome, now, is_outage=is_outage and _is_network(outcome.code))
            for (row, _), outcome in zip(results, outcomes, strict=True)
        ]
        _write_feeds([row.now for row, _ in results], after)
        _write_polls(results, outcomes, seen, now)
        for feed in after:
            if feedstate.has_moved(feed, now):
                move_feed(feed.id, feed.moved_to, now)
    for (row, _result), outcome in zip(results, outcomes, strict=True):
        if outcome.kind == "failed":
            log.info("poll_failed", extra={"feed": row.now.id, "code": outcome.code})
    return after


def _told_by_hubs(
    results: Sequence[tuple[FeedRow, FeedResult]], now: datetime
) -> Sequence[tuple[FeedRow, FeedResult]]:
    """Note the hubs that documents name, and return the results with what hubs told of their feeds."""
    if not settings.WEBSUB:
        return results
    named = {row.now.id: result.hub for row, result in results if result.parsed is not None}
    if named:
        websub.note_hubs(named, now)
    told = websub.pushed_at([row.now.id for row, _ in results], now)
    return [
        (replace(row, now=replace(row.now, pushed_at=told.get(row.now.id))), result)
        for row, result in results
    ]


def _is_network(code: str) -> bool:
    return code in NETWORK_CODES


def _is_outage(results: Sequence[tuple[FeedRow, FeedResult]], now: datetime) -> bool:
    """Return whether more than half of all polls of the last ten minutes fail on the way, at several hosts."""
    failed = [row for row, result in results if result.error is not None and _is_network(result.error.code)]
    if not failed:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, {"codes": list(NETWORK_CODES), "since": now - OUTAGE_WINDOW, "now": now})
        recent, recent_failed = cursor.fetchone()
    places = {host_key(row.now.url) for row in failed}
    if len(places) + recent_failed < OUTAGE_HOSTS or (len(places) < OUTAGE_HOSTS and not recent_failed):
        return False
    return bool((len(failed) + recent_failed) * 2 > len(results) + recent)


def _outcome(row: FeedRow, result: FeedResult, seen: Seen | None, now: datetime) -> Outcome:
    was_full = not (result.job.etag or result.job.last_modified)
    if result.error is not None:
        headers = result.error.headers if isinstance(result.error, StatusError) else {}
        asked = schedule.asked_wait(
            now, retry_after=headers.get("retry-after", ""), date=headers.get("date", "")
        )
        said = result.error
        return Outcome("failed", said.code, said.template, asked, was_full=was_full, facts=said.facts)
    answer = result.answer
    assert answer is not None
    common: dict[str, Any] = {
        "asked": _asked(answer.headers, now),
        "permanent_url": answer.permanent_url,
        "was_full": was_full,
    }
    if result.parsed is None or seen is None:
        fresh: dict[str, Any] = {
            "etag": answer.header("etag"),
            "last_modified": answer.header("last-modified"),
        }
        return Outcome("unchanged", **common, **(fresh if answer.status == 200 else {}))
    kind = "new" if seen.new_count or seen.edited_count else "unchanged"
    return Outcome(kind, new_count=seen.new_count, document=_document(result, seen), **common)


def _asked(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    return schedule.asked_wait(
        now,
        retry_after=headers.get("retry-after", ""),
        cache_control=headers.get("cache-control", ""),
        expires=headers.get("expires", ""),
        date=headers.get("date", ""),
    )


def _document(result: FeedResult, seen: Seen) -> Document:
    parsed, answer = result.parsed, result.answer
    assert parsed is not None
    assert answer is not None
    dates = [entry.published_at for entry in parsed.entries if entry.published_at]
    return Document(
        item_count=len(parsed.entries),
        dates=dates,
        body_hash=result.body_hash or 0,
        etag=answer.header("etag"),
        last_modified=answer.header("last-modified"),
        policy=seen.policy,
        title=parsed.title,
        note=parsed.note,
        note_facts=parsed.note_facts,
        ttl_minutes=parsed.ttl_minutes,
        skip_hours=parsed.skip_hours,
        skip_days=parsed.skip_days,
        keeps_validators=not (parsed.is_cut or seen.is_capped),
    )


# --- writing -----------------------------------------------------------------------------------

_QUIET = (
    "state",
    "code",
    "sentence",
    "failures",
    "every",
    "etag",
    "last_modified",
    "body_hash",
    "moved_count",
    "extra",
    "title",
    "last_new_at",
    "last_full_get_at",
    "id_policy",
)


def _write_feeds(before: Sequence[FeedNow], after: Sequence[FeedNow]) -> None:
    """Write feeds; those at which nothing but times changed take the narrow way."""
    pairs = sorted(zip(before, after, strict=True), key=lambda pair: pair[1].id)
    quiet = [new for old, new in pairs if _is_quiet(old, new)]
    loud = [new for old, new in pairs if not _is_quiet(old, new)]
    if quiet:
        update_rows(Feed, _times(quiet))
    if loud:
        update_rows(Feed, {**_times(loud), **_rest(loud)})


def _is_quiet(old: FeedNow, new: FeedNow) -> bool:
    return all(getattr(old, name) == getattr(new, name) for name in _QUIET)


def _times(feeds: Sequence[FeedNow]) -> dict[str, list[Any]]:
    return {
        "id": [feed.id for feed in feeds],
        "next_poll_at": [feed.next_poll_at for feed in feeds],
        "last_polled_at": [feed.last_polled_at for feed in feeds],
        "last_ok_at": [feed.last_ok_at for feed in feeds],
    }


def _rest(feeds: Sequence[FeedNow]) -> dict[str, list[Any]]:
    return {
        "state": [feed.state for feed in feeds],
        "state_code": [feed.code[:40] for feed in feeds],
        "state_sentence": [feed.sentence for feed in feeds],
        "state_since": [feed.since for feed in feeds],
        "failures": [feed.failures for feed in feeds],
        "every_seconds": [int(feed.every.total_seconds()) for feed in feeds],
        "etag": [_header(feed.etag) for feed in feeds],
        "last_modified": [_header(feed.last_modified) for feed in feeds],
        "body_hash": [feed.body_hash for feed in feeds],
        "id_policy": [feed.id_policy for feed in feeds],
        "last_new_at": [feed.last_new_at for feed in feeds],
        "last_full_get_at": [feed.last_full_get_at for feed in feeds],
        "moved_to": [feed.moved_to for feed in feeds],
        "moved_count": [feed.moved_count for feed in feeds],
        "moved_since": [feed.moved_since for feed in feeds],
        "title": [feed.title[:300] for feed in feeds],
        "extra": [json.dumps(dict(feed.extra)) for feed in feeds],
    }


def _header(words: str) -> str:
    """A validator is sent back as it came; one that is not a header value is not kept."""
    return words if len(words) <= 1000 and words.isprintable() else ""


def _write_polls(
    results: Sequence[tuple[FeedRow, FeedResult]],
    outcomes: Sequence[Outcome],
    seen: Mapping[int, Seen],
    now: datetime,
) -> None:
    each = [(row, result, seen.get(row.now.id) or Seen()) for row, result in results]
    insert_rows(
        Poll,
        {
            "feed_id": [row.now.id for row, _, _ in each],
            "at": [now] * len(each),
            "outcome": [outcome.kind for outcome in outcomes],
            "code": [outcome.code[:40] for outcome in outcomes],
            "status": [_status(result) for _, result, _ in each],
            "bytes": [result.answer.wire_bytes if result.answer else 0 for _, result, _ in each],
            "duration_ms": [int(result.seconds * 1000) for _, result, _ in each],
            "item_count": [brought.item_count for _, _, brought in each],
            "new_count": [brought.new_count for _, _, brought in each],
        },
    )


def _status(result: FeedResult) -> int | None:
    if result.answer is not None:
        return result.answer.status
    return result.error.status if isinstance(result.error, StatusError) else None
