"""Promises of articles: texts, hashes, fingerprints, copies and their originals, revisions, search rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection

from aggregator.models import Article, ArticleBody, FingerprintRow, Item
from aggregator.pipeline.fingerprint import fingerprint
from aggregator.pipeline.identity import place_of
from aggregator.pipeline.types import Fingerprint
from aggregator.pipeline.urls import url_hash
from aggregator.services import bands, candidates, old_bands
from aggregator.services.locks import line_lock
from aggregator.services.verifying.checks import CHUNK, Check, asked, in_turn, settle_again, told

_NO_BODY = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_articlebody body ON body.article_id = article.id
WHERE article.status IN ('visible', 'hidden') AND body.article_id IS NULL
"""
_CHAINS = """
SELECT article.id FROM aggregator_article article
JOIN aggregator_article original ON original.id = article.copy_of_id
WHERE original.copy_of_id IS NOT NULL OR article.id = original.id OR article.copy_kind IN ('', 'original')
"""
# A chain is followed to its end; who runs in a ring is an original again, and the rules look anew.
_UNCHAIN = """
WITH RECURSIVE up AS (
    SELECT id, copy_of_id, ARRAY[id] AS seen FROM aggregator_article WHERE id = ANY(%(ids)s)
    UNION ALL
    SELECT up.id, above.copy_of_id, seen || above.id FROM up
    JOIN aggregator_article above ON above.id = up.copy_of_id
    WHERE above.copy_of_id IS NOT NULL AND NOT above.id = ANY(seen)
), ends AS (SELECT DISTINCT ON (id) id, copy_of_id, seen FROM up ORDER BY id, cardinality(seen) DESC)
UPDATE aggregator_article article
SET copy_of_id = CASE WHEN ends.copy_of_id = ANY(ends.seen) THEN NULL ELSE ends.copy_of_id END,
    copy_kind = CASE WHEN ends.copy_of_id = ANY(ends.seen) THEN 'original'
                     WHEN article.copy_kind IN ('', 'original') THEN 'republished' ELSE article.copy_kind END
FROM ends WHERE ends.id = article.id
"""
_ORIGINS = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_article original ON original.id = article.copy_of_id
WHERE article.status IN ('visible', 'hidden') AND article.settled_at IS NOT NULL
  AND (article.origin_id IS NULL
       OR (original.origin_id IS NOT NULL AND article.origin_id <> original.origin_id))
"""
_TAKE_ORIGIN = """
UPDATE aggregator_article article SET origin_id = original.origin_id
FROM aggregator_article original
WHERE article.id = ANY(%(ids)s) AND original.id = article.copy_of_id AND original.origin_id IS NOT NULL
"""
_ORIGIN_KEYS = """
SELECT id FROM aggregator_origin WHERE kind = 'original' AND key <> 'article:' || article_id
"""
_NO_FINGERPRINT = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_fingerprintrow fingerprint ON fingerprint.article_id = article.id
WHERE article.status = 'visible' AND article.text_kind = 'text' AND article.word_count >= 40
  AND fingerprint.article_id IS NULL
"""
_NO_BANDS = """
SELECT fingerprint.article_id FROM aggregator_fingerprintrow fingerprint
JOIN aggregator_article article ON article.id = fingerprint.article_id
WHERE article.copy_of_id IS NULL AND article.status <> 'withdrawn'
  AND NOT EXISTS (SELECT FROM aggregator_band band WHERE band.article_id = fingerprint.article_id)
"""
_LONE_BANDS = """
SELECT DISTINCT band.article_id FROM aggregator_band band
LEFT JOIN aggregator_fingerprintrow fingerprint ON fingerprint.article_id = band.article_id
WHERE fingerprint.article_id IS NULL
"""
_REVISIONS = """
SELECT article.id FROM aggregator_article article
LEFT JOIN (SELECT article_id, count(*) AS number FROM aggregator_revision GROUP BY 1) counted
  ON counted.article_id = article.id
WHERE article.status IN ('visible', 'hidden') AND article.revision_count <> COALESCE(counted.number, 0)
"""
# What lies in no revision is the article as it stands: the first version.
_FIRST_REVISION = """
INSERT INTO aggregator_revision (article_id, number, title, text, text_sha256, found_at, rule_version,
                                 title_changed, passages_changed)
SELECT article.id, 1, article.title, '', COALESCE(body.text_sha256, ''), article.found_at,
       COALESCE(body.rule_version, 1), false, 0
FROM aggregator_article article LEFT JOIN aggregator_articlebody body ON body.article_id = article.id
WHERE article.id = ANY(%(ids)s)
  AND NOT EXISTS (SELECT FROM aggregator_revision revision WHERE revision.article_id = article.id)
"""
_COUNT_REVISIONS = """
UPDATE aggregator_article article SET revision_count = counted.number
FROM (SELECT article_id, count(*) AS number FROM aggregator_revision WHERE article_id = ANY(%(ids)s) GROUP BY 1)
  AS counted
WHERE counted.article_id = article.id
"""
_WITHDRAWN = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_articlebody body ON body.article_id = article.id
WHERE article.status = 'withdrawn'
  AND (article.title <> '' OR article.extract <> '' OR body.text <> '' OR body.full_text <> ''
       OR EXISTS (SELECT FROM aggregator_revision r WHERE r.article_id = article.id AND (r.text <> '' OR r.title <> ''))
       OR EXISTS (SELECT FROM aggregator_searchrow s WHERE s.article_id = article.id))
"""
_NOT_SEARCHABLE = """
SELECT article.id FROM aggregator_article article
LEFT JOIN aggregator_searchrow search ON search.article_id = article.id
WHERE article.indexed
  AND ((search.article_id IS NULL) <> (article.status <> 'visible')
       OR (search.article_id IS NOT NULL AND (search.vector IS NULL OR search.reported_at <> article.reported_at)))
"""


def _wrong_addresses(_now: datetime) -> list[int]:
    """Return articles whose stored hash is not that of their address: they could be stored twice.

    Items without a page of their own are known by feed and id.
    """
    rows = Article.objects.values_list("pk", "url", "url_hash").iterator(chunk_size=5000)
    found = {pk: stored for pk, url, stored in rows if url_hash(url) != stored}
    items = Item.objects.filter(article__in=found).values_list("article_id", "feed_id", "key_hash")
    by_id = {pk for pk, feed, key in items if pk is not None and place_of(feed, key) == found[pk]}
    return sorted(found.keys() - by_id)


def _wrong_hashes(_now: datetime) -> list[int]:
    """Return articles whose stored text does not give its stored SHA-256."""
    rows = ArticleBody.objects.exclude(text_sha256="").exclude(article__status=Article.Status.WITHDRAWN)
    names = ("article_id", "article__title", "text", "full_text", "text_sha256")
    return [
        pk
        for pk, title, text, full_text, stored in rows.values_list(*names).iterator(chunk_size=CHUNK)
        if hashlib.sha256(f"{title}\n{full_text or text}".encode()).hexdigest() != stored
    ]


def _texts(ids: Sequence[int] | None = None) -> Iterator[tuple[FingerprintRow, Fingerprint]]:
    """Yield stored fingerprints beside what the stored texts give."""
    rows = FingerprintRow.objects.select_related("article__body").exclude(
        article__status=Article.Status.WITHDRAWN
    )
    for row in (rows if ids is None else rows.filter(pk__in=ids)).iterator(chunk_size=CHUNK):
        article = row.article
        text = article.body.text if hasattr(article, "body") and article.text_kind == "text" else ""
        yield row, fingerprint(article.title, text, article.language)


def _wrong_fingerprints(_now: datetime) -> list[int]:
    """Return articles whose stored fingerprint is not that of their text; about a millisecond each."""
    return [
        row.pk
        for row, made in _texts()
        if (row.text_hash, row.words, tuple(row.shingles)) != (made.text_hash, made.words, made.shingles)
    ]


def _without_bands(now: datetime) -> list[int]:
    """Return originals that no copy could find; a text that is too short has no bands."""
    without = set(asked(_NO_BANDS)(now))
    for _, packed in old_bands.articles_by_month():
        without -= packed
    return [row.pk for row, made in _texts(sorted(without)) if made.bands]


def _band_again(ids: Sequence[int], _now: datetime) -> None:
    made, subjects = {row.pk: found for row, found in _texts(ids)}, candidates.load_rows(ids)
    with line_lock():
        bands.add_bands([replace(one, fingerprint=made[pk]) for pk, one in subjects.items()])


def _blank(ids: Sequence[int], _now: datetime) -> None:
    with line_lock(), connection.cursor() as cursor:
        for statement in (
            "UPDATE aggregator_article SET title = '', extract = '', author = '' WHERE id = ANY(%s)",
            "UPDATE aggregator_articlebody SET text = '', full_text = '', removed = '[]' WHERE article_id = ANY(%s)",
            "UPDATE aggregator_revision SET title = '', text = '' WHERE article_id = ANY(%s)",
            "DELETE FROM aggregator_searchrow WHERE article_id = ANY(%s)",
        ):
            cursor.execute(statement, [list(ids)])


CHECKS = (
    Check("addresses", "Articles whose hash is not that of their address.", _wrong_addresses, None),
    Check("bodies", "Settled articles without a text row.", asked(_NO_BODY), None),
    Check("hashes", "Texts that do not give their stored hash.", _wrong_hashes, None),
    Check(
        "chains",
        "Copies that point to another copy or to themselves, or whose kind is original.",
        asked(_CHAINS),
        in_turn(told(_UNCHAIN), told(_TAKE_ORIGIN)),
    ),
    Check(
        "origins",
        "Settled articles without an origin, or with another than their original's.",
        asked(_ORIGINS),
        in_turn(told(_TAKE_ORIGIN), settle_again),
    ),
    Check(
        "origin_keys",
        "Origins that stand for another article than their key says.",
        asked(_ORIGIN_KEYS),
        told("UPDATE aggregator_origin SET key = 'article:' || article_id WHERE id = ANY(%(ids)s)"),
    ),
    Check("fingerprints", "Texts without a fingerprint.", asked(_NO_FINGERPRINT), settle_again),
    Check(
        "fingerprint_values",
        "Fingerprints that are not those of their texts.",
        _wrong_fingerprints,
        settle_again,
    ),
    Check(
        "bands", "Originals that no copy could find: fingerprints without bands.", _without_bands, _band_again
    ),
    Check(
        "lone_bands",
        "Bands of articles that have no fingerprint.",
        asked(_LONE_BANDS),
        told("DELETE FROM aggregator_band WHERE article_id = ANY(%(ids)s)"),
    ),
    Check(
        "revisions",
        "Articles whose number of revisions is not that of the rows.",
        asked(_REVISIONS),
        in_turn(told(_FIRST_REVISION), told(_COUNT_REVISIONS)),
    ),
    Check("withdrawn", "Withdrawn articles of which words are left.", asked(_WITHDRAWN), _blank),
    Check(
        "search",
        "Articles whose search row is missing, out of date, or should be gone.",
        asked(_NOT_SEARCHABLE),
        told("UPDATE aggregator_article SET indexed = false WHERE id = ANY(%(ids)s)"),
    ),
)
