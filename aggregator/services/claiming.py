"""What is due at claimed hosts: feeds and pages, as values for the network side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import Any

from django.db import connection

from aggregator.fetch.manners import Robots
from aggregator.fetch.visits import FeedJob, PageJob, Visit
from aggregator.models import Host
from aggregator.pipeline import feedstate, schedule
from aggregator.pipeline.feedstate import FeedNow
from aggregator.services.hosts import Claimed

_FEEDS = """
SELECT feed.host_id, feed.id, feed.url, feed.state, feed.state_code, feed.state_sentence, feed.state_since,
       feed.failures, feed.every_seconds, source.poll_min, source.poll_max, feed.next_poll_at,
       feed.last_polled_at, feed.last_ok_at, feed.last_new_at, feed.last_full_get_at, feed.etag,
       feed.last_modified, feed.body_hash, feed.id_policy, feed.moved_to, feed.moved_count,
       feed.moved_since, feed.title, feed.extra::text,
       feed.source_id, source.text_from, feed.language, source.homepage
FROM unnest(%(hosts)s::bigint[]) AS host(id)
CROSS JOIN LATERAL (
    SELECT feed.* FROM aggregator_feed AS feed
    JOIN aggregator_source AS source ON source.id = feed.source_id
    WHERE feed.host_id = host.id AND feed.enabled AND feed.next_poll_at <= %(now)s
      AND source.status = 'approved'
    ORDER BY feed.next_poll_at LIMIT %(each)s
) AS feed
JOIN aggregator_source AS source ON source.id = feed.source_id
"""
# Attempts rise at the claim, so that a page that kills its worker is not tried for ever.
_PAGES = """
UPDATE aggregator_work AS work SET attempts = work.attempts + 1
FROM (
    SELECT due.article_id FROM unnest(%(hosts)s::bigint[]) AS host(id)
    CROSS JOIN LATERAL (
        SELECT article_id FROM aggregator_work
        WHERE host_id = host.id AND stage = 'page' AND next_at <= %(now)s
        ORDER BY next_at, article_id DESC LIMIT %(each)s
    ) AS due
) AS due
JOIN aggregator_article AS article ON article.id = due.article_id
JOIN aggregator_source AS source ON source.id = article.source_id
LEFT JOIN aggregator_feed AS feed ON feed.id = article.feed_id
WHERE work.article_id = due.article_id
RETURNING work.host_id, work.article_id, article.url, COALESCE(feed.url, source.homepage), work.attempts,
    article.page_etag, article.page_modified
"""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as it stands, with what its source says."""

    now: FeedNow
    source_id: int
    text_from: str
    language: str
    homepage: str


def due_at(
    claimed: Sequence[Claimed], now: datetime, *, feeds_each: int, pages_each: int
) -> tuple[list[Visit], dict[int, FeedRow]]:
    """Return a visit for each claimed host, with its feeds and pages in turn, and the feeds by id."""
    ids = [host.id for host in claimed]
    rows = _feeds(ids, now, feeds_each)
    pages = _pages(ids, now, pages_each)
    robots = _robots([pk for pk in ids if pages.get(pk)])
    visits = []
    for host in claimed:
        jobs = [_job(row.now, now) for row in rows.get(host.id, ())]
        visit = Visit(host.id, host.key, _mixed(jobs, pages.get(host.id, ())), host.crawl_delay)
        visit.robots = robots.get(host.id, visit.robots)
        visits.append(visit)
    return visits, {row.now.id: row for found in rows.values() for row in found}


def _mixed(feeds: Sequence[FeedJob], pages: Sequence[PageJob]) -> list[FeedJob | PageJob]:
    """Feeds and pages take turns: neither waits for all of the other."""
    both: Iterable[FeedJob | PageJob | None] = chain.from_iterable(zip_longest(feeds, pages))
    return [job for job in both if job is not None]


def _job(feed: FeedNow, now: datetime) -> FeedJob:
    if schedule.is_full_get_due(
        feed.last_full_get_at,
        now,
        feed.id,
        every=feed.every,
        asked_at=feed.last_polled_at,
        newest=feedstate.newest_of(feed),
    ):
        return FeedJob(feed.id, feed.url)
    return FeedJob(feed.id, feed.url, feed.etag, feed.last_modified, feed.body_hash)


def _feeds(hosts: list[int], now: datetime, each: int) -> dict[int, list[FeedRow]]:
    found: dict[int, list[FeedRow]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FEEDS, {"hosts": hosts, "now": now, "each": each})
        for host_id, *values in cursor.fetchall():
            found.setdefault(host_id, []).append(_feed_row(values))
    return found


def _feed_row(values: Sequence[Any]) -> FeedRow:
    facts, (source_id, text_from, language, homepage) = list(values[:-4]), values[-4:]
    facts[7] = timedelta(seconds=facts[7])
    facts[-1] = _loads(facts[-1])
    return FeedRow(FeedNow(*facts), source_id, text_from, language, homepage)


def _loads(words: str) -> dict[str, Any]:
    return json.loads(words) if words != "{}" else {}


def _pages(hosts: list[int], now: datetime, each: int) -> dict[int, list[PageJob]]:
    found: dict[int, list[PageJob]] = {}
    if not each:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_PAGES, {"hosts": hosts, "now": now, "each": each})
        for host_id, article_id, url, home, *rest in cursor.fetchall():
            found.setdefault(host_id, []).append(PageJob(article_id, url, home or url, *rest))
    return found


def _robots(hosts: list[int]) -> dict[int, Robots]:
    if not hosts:
        return {}
    rows = Host.objects.filter(pk__in=hosts).values_list("id", "robots_state", "robots_txt", "robots_at")
    return {pk: Robots(state, text, at) for pk, state, text, at in rows}
