"""Check every promise that rows make to each other, and mend what can be mended.

A check returns the ids that break it; its repair brings them in line. `verify` reads only;
`repair` writes under the line's lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from aggregator.models import Article, ArticleBody, Work
from aggregator.services import daycounts, placing
from aggregator.services.locks import line_lock

CHUNK = 500
Repair = Callable[[Sequence[int], datetime], None]


@dataclass(frozen=True)
class Finding:
    """What one check found: the ids that break a promise, the sentence that says which."""

    check: str
    sentence: str
    ids: tuple[int, ...]
    repaired: bool = False


@dataclass(frozen=True)
class Check:
    """A promise, how to find what breaks it, and how to mend that (None: a person has to look)."""

    name: str
    sentence: str
    find: Callable[[], list[int]]
    mend: Repair | None


def verify() -> list[Finding]:
    """Return a finding for each check, also where nothing is wrong."""
    return [Finding(check.name, check.sentence, tuple(check.find())) for check in CHECKS]


def repair(now: datetime) -> list[Finding]:
    """Mend what can be mended; return what was found, and whether it was mended."""
    return [_repair_one(check, now) for check in CHECKS]


def _repair_one(check: Check, now: datetime) -> Finding:
    ids = check.find()
    mended = bool(ids) and check.mend is not None
    if mended and check.mend is not None:
        for start in range(0, len(ids), CHUNK):
            check.mend(ids[start : start + CHUNK], now)
        mended = not check.find()
    return Finding(check.name, check.sentence, tuple(ids), mended)


def _ids(sql: str) -> Callable[[], list[int]]:
    def find() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return sorted(pk for (pk,) in cursor.fetchall())

    return find


_STORY_COUNTS = """
SELECT story.id FROM aggregator_story story
LEFT JOIN (
    SELECT membership.story_id, count(*) AS articles, count(DISTINCT article.source_id) AS sources,
           count(DISTINCT coalesce(origin.independence_key,
               'family:' || coalesce(nullif(publisher.owner_group, ''), publisher.slug))) AS origins
    FROM aggregator_membership membership
    JOIN aggregator_article article ON article.id = membership.article_id AND article.status = 'visible'
    JOIN aggregator_source source ON source.id = article.source_id
    JOIN aggregator_publisher publisher ON publisher.id = source.publisher_id
    LEFT JOIN aggregator_origin origin ON origin.id = article.origin_id
    GROUP BY 1
) true_count ON true_count.story_id = story.id
WHERE (story.article_count, story.source_count, story.origin_count)
    IS DISTINCT FROM (coalesce(true_count.articles, 0), coalesce(true_count.sources, 0),
                      coalesce(true_count.origins, 0))
"""
_TIMELINES = """
SELECT story.id FROM aggregator_story story
LEFT JOIN (
    SELECT story_id, count(*) AS places, min(report_at) AS report_at, max(report_at) AS other_at,
           min(event_on) AS event_on, max(event_on) AS other_on
    FROM aggregator_timelineentry GROUP BY 1
) entry ON entry.story_id = story.id
WHERE (entry.story_id IS NOT NULL)
      <> (NOT story.hidden AND story.retired_into_id IS NULL AND story.article_count > 0)
   OR (entry.story_id IS NOT NULL AND (entry.report_at, entry.other_at, entry.event_on, entry.other_on)
       IS DISTINCT FROM (story.first_at, story.first_at, story.happened_on, story.happened_on))
"""
_LOST = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_work work ON work.article_id = article.id
WHERE article.status = 'under_way' AND work.article_id IS NULL
"""
_CHAINS = """
SELECT article.id FROM aggregator_article article
JOIN aggregator_article original ON original.id = article.copy_of_id
WHERE original.copy_of_id IS NOT NULL OR article.copy_kind IN ('', 'original')
"""
_NO_FINGERPRINT = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_fingerprintrow fingerprint ON fingerprint.article_id = article.id
WHERE article.status = 'visible' AND article.text_kind = 'text' AND article.word_count >= 40
  AND fingerprint.article_id IS NULL
"""
_NOT_SEARCHABLE = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_searchrow search ON search.article_id = article.id
WHERE article.indexed AND (search.article_id IS NULL) <> (article.status <> 'visible')
"""


def _wrong_hashes() -> list[int]:
    """Return articles whose stored text does not give its stored SHA-256."""
    return [pk for pk, wanted, found in _hashes() if wanted != found]


def _hashes() -> Iterator[tuple[int, str, str]]:
    rows = ArticleBody.objects.exclude(text_sha256="").exclude(article__status=Article.Status.WITHDRAWN)
    names = ("article_id", "article__title", "text", "full_text", "text_sha256")
    for pk, title, text, full_text, digest in rows.values_list(*names).iterator(chunk_size=CHUNK):
        yield pk, digest, hashlib.sha256(f"{title}\n{full_text or text}".encode()).hexdigest()


def _wrong_days() -> list[int]:
    with line_lock():
        wrong = daycounts.wrong_days()
    return list(range(1, wrong + 1))


def _replace_stories(ids: Sequence[int], now: datetime) -> None:
    with line_lock():
        placing.place_stories(ids, now)


def _refill_days(_ids: Sequence[int], _now: datetime) -> None:
    with line_lock():
        daycounts.recount()


def _queue_again(ids: Sequence[int], now: datetime) -> None:
    rows = [Work(article_id=pk, stage=Work.Stage.SETTLE, next_at=now) for pk in ids]
    Work.objects.bulk_create(rows, ignore_conflicts=True)


def _settle_again(ids: Sequence[int], now: datetime) -> None:
    rows = [Work(article_id=pk, stage=Work.Stage.SETTLE, next_at=now, why="retag") for pk in ids]
    Work.objects.bulk_create(rows, ignore_conflicts=True)


def _index_again(ids: Sequence[int], _now: datetime) -> None:
    Article.objects.filter(pk__in=ids).update(indexed=False)


CHECKS = (
    Check("lost", "Articles under way that nothing works on.", _ids(_LOST), _queue_again),
    Check("chains", "Copies that point to another copy, or whose kind is original.", _ids(_CHAINS), None),
    Check("fingerprints", "Texts without a fingerprint.", _ids(_NO_FINGERPRINT), _settle_again),
    Check("hashes", "Texts that do not give their stored hash.", _wrong_hashes, None),
    Check(
        "story_counts",
        "Stories whose counts differ from their members.",
        _ids(_STORY_COUNTS),
        _replace_stories,
    ),
    Check("timelines", "Stories whose timeline rows differ from them.", _ids(_TIMELINES), _replace_stories),
    Check("day_counts", "Days whose totals differ from the timeline rows.", _wrong_days, _refill_days),
    Check(
        "search",
        "Articles whose search row is missing or should be gone.",
        _ids(_NOT_SEARCHABLE),
        _index_again,
    ),
)
