"""Fetched pages → rows under way, a batch at a time; and how the network side is set up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from aggregator.errors import AggregatorError
from aggregator.fetch.client import Web
from aggregator.fetch.isolate import Child, child_for
from aggregator.fetch.messages import Limits, StatusError
from aggregator.fetch.turns import Turns
from aggregator.fetch.visits import PageJob, PageResult
from aggregator.models import Article, Work
from aggregator.pipeline import schedule, stages
from aggregator.services import revising

LATE = "page_late"
RETRY_429 = timedelta(minutes=10)

_STORE = """
UPDATE aggregator_work AS work
SET stage = given.stage, next_at = given.next_at, body = given.body, charset = given.charset,
    final_url = given.final_url, code = given.code, sentence = given.sentence, lease_until = NULL,
    attempts = CASE WHEN given.stage = 'settle' THEN 0 ELSE work.attempts END
FROM unnest(%(article_id)s::bigint[], %(stage)s::text[], %(next_at)s::timestamptz[], %(body)s::bytea[],
            %(charset)s::text[], %(final_url)s::text[], %(code)s::text[], %(sentence)s::text[])
    AS given(article_id, stage, next_at, body, charset, final_url, code, sentence)
WHERE work.article_id = given.article_id AND work.stage = 'page'
"""
_VALIDATORS = """
UPDATE aggregator_article AS article SET page_etag = given.etag, page_modified = given.modified
FROM unnest(%(ids)s::bigint[], %(etags)s::text[], %(modified)s::text[]) AS given(id, etag, modified)
WHERE article.id = given.id AND (article.page_etag, article.page_modified) IS DISTINCT FROM (etag, modified)
"""
_LEFT = """
UPDATE aggregator_work SET attempts = GREATEST(attempts - 1, 0)
WHERE article_id = ANY(%(ids)s) AND stage = 'page'
"""
_TOO_LATE = """
UPDATE aggregator_work SET stage = 'settle', next_at = %(now)s, attempts = 0, code = %(code)s,
    sentence = 'The page could not be had in time; the feed''s own text is used.'
WHERE stage = 'page' AND article_id IN (
    SELECT work.article_id FROM aggregator_work AS work
    JOIN aggregator_article AS article ON article.id = work.article_id
    WHERE work.stage = 'page' AND work.why = 'new' AND article.found_at < %(before)s LIMIT 5000)
"""


@dataclass(frozen=True, slots=True)
class Network:
    """How this installation fetches: values from the settings, handed on."""

    user_agent: str
    limits: Limits
    allowed: tuple[Any, ...]
    proxy: str
    gap: float
    parse_seconds: float
    parse_memory: int

    def web(self) -> Web:
        """Return a web for one event loop."""
        return Web(
            user_agent=self.user_agent,
            limits=self.limits,
            allowed=self.allowed,
            proxy=self.proxy,
            turns=Turns(self.gap),
        )

    def child(self) -> Child:
        """Return the process's reader of feeds."""
        return child_for(self.parse_seconds, self.parse_memory)


def open_network() -> Network:
    """Return the network side as the settings describe it."""
    return Network(
        user_agent=settings.USER_AGENT,
        limits=Limits(
            total_seconds=settings.FETCH_TOTAL_SECONDS,
            connect_seconds=settings.FETCH_CONNECT_SECONDS,
            feed_bytes=settings.FETCH_FEED_BYTES,
            page_bytes=settings.FETCH_PAGE_BYTES,
            redirects=settings.FETCH_REDIRECTS,
            concurrency=settings.FETCH_CONCURRENCY,
        ),
        allowed=tuple(settings.FETCH_ALLOW),
        proxy=settings.PROXY,
        gap=settings.HOST_GAP,
        parse_seconds=settings.PARSE_SECONDS,
        parse_memory=settings.PARSE_MAX_BYTES,
    )


def record_pages(results: Sequence[PageResult], now: datetime) -> None:
    """Store pages and send their articles on; what failed waits, or goes on with the feed's own text.

    A page that we hold and that is still the same needs no more work.
    """
    same = [result.job.article_id for result in results if result.is_unchanged]
    results = [result for result in results if not result.is_unchanged]
    with transaction.atomic():
        if same:
            _end_looks(same, now)
        if results:
            _store_pages(sorted(results, key=lambda result: result.job.article_id), now)


def _store_pages(results: Sequence[PageResult], now: datetime) -> None:
    following = [_next(result, now) for result in results]
    columns: dict[str, list[Any]] = {
        "article_id": [result.job.article_id for result in results],
        "stage": [each.stage for each in following],
        "next_at": [each.at for each in following],
        "body": [result.body or None for result in results],
        "charset": [result.charset for result in results],
        "final_url": [result.final_url for result in results],
        "code": [result.error.code[:40] if result.error else "" for result in results],
        "sentence": [result.error.sentence if result.error else "" for result in results],
    }
    read = [result for result in results if result.error is None]
    validators: dict[str, list[Any]] = {
        "ids": [result.job.article_id for result in read],
        "etags": [_validator(result.etag, 200) for result in read],
        "modified": [_validator(result.last_modified, 60) for result in read],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STORE, columns)
        cursor.execute(_VALIDATORS, validators)


def _validator(words: str, limit: int) -> str:
    return words if len(words) <= limit and words.isprintable() else ""


def _end_looks(article_ids: Sequence[int], now: datetime) -> None:
    """End the look at pages that have not changed, and decide when the next one is due."""
    Work.objects.filter(pk__in=article_ids, stage=Work.Stage.PAGE).delete()
    articles = list(Article.objects.filter(pk__in=article_ids).select_related("source"))
    revising.schedule_looks(articles, now)
    Article.objects.bulk_update(articles, ["next_look_at"])


def _next(result: PageResult, now: datetime) -> stages.Next:
    if result.error is None:
        return stages.Next(stages.SETTLE, now)
    asked = asked_by(result.error, now)
    return stages.after_page_error(
        now, permanent=result.error.permanent, attempts=result.job.attempts, asked=asked
    )


def asked_by(error: AggregatorError | None, now: datetime) -> timedelta | None:
    """Return how long an answer asks us to stay away, None when it does not."""
    if not isinstance(error, StatusError) or error.status not in (429, 503):
        return None
    headers = error.headers
    asked = schedule.asked_wait(now, retry_after=headers.get("retry-after", ""), date=headers.get("date", ""))
    return asked or (RETRY_429 if error.status == 429 else None)


def leave_pages(jobs: Sequence[PageJob]) -> None:
    """Take back the attempt of pages that were claimed and not asked for."""
    if jobs:
        with connection.cursor() as cursor:
            cursor.execute(_LEFT, {"ids": [job.article_id for job in jobs]})


def give_up_late_pages(now: datetime) -> None:
    """Send articles on whose page has been waited for too long: the feed's own text has to do."""
    with connection.cursor() as cursor:
        cursor.execute(_TOO_LATE, {"now": now, "code": LATE, "before": now - stages.MAX_PAGE_WAIT})
