"""Fingerprints and LSH bands of articles, written so that `candidates` finds them.

They are filed under `filed_on`: the article's own date, believed for at most a week before it was found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from aggregator.pipeline.types import Credit, TraceCandidate

BELIEVED = timedelta(days=7)

_COPY_ROWS = """
COPY aggregator_fingerprintrow (article_id, reported_on, shingles, quoted, numbers, words, text_hash, title_hash,
    absent_at, credits) FROM STDIN
"""
_COPY_BANDS = "COPY aggregator_band (month, key, article_id) FROM STDIN"
_ADD_BANDS = """
INSERT INTO aggregator_band (month, key, article_id)
SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING
"""


def filed_on(article: TraceCandidate) -> date:
    """Return the date under which an article is filed: its own, at most BELIEVED before it was found."""
    return max(article.reported_at, article.found_at - BELIEVED).date()


def month_of(day: date) -> int:
    """Return the number of a day's month, counted from January 1970."""
    return (day.year - 1970) * 12 + day.month - 1


def array_text(values: Iterable[object]) -> str:
    """Return numbers or dates as PostgreSQL writes an array: a tenth of the time of adapting each."""
    return f"{{{','.join(map(str, values))}}}"


def store(subjects: Sequence[TraceCandidate], leaves_bands: Mapping[int, bool]) -> None:
    """Write fingerprints and bands of a batch; fingerprints of an earlier tracing are replaced.

    `leaves_bands` says by article whether its bands are written; they are where nothing is said of it. By COPY, three times faster here than INSERT: 64 bands an article are most of what tracing writes. Bands of an
    earlier tracing stay: what they find is compared by its new fingerprint.
    """
    ids = [subject.article_id for subject in subjects]
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM aggregator_fingerprintrow WHERE article_id = ANY(%s) RETURNING article_id", [ids]
        )
        known = {pk for (pk,) in cursor.fetchall()}
        with cursor.copy(_COPY_ROWS) as copy:
            for subject in subjects:
                copy.write_row(_row(subject))
    leaving = [subject for subject in subjects if leaves_bands.get(subject.article_id, True)]
    try:
        with transaction.atomic():
            _copy_bands([subject for subject in leaving if subject.article_id not in known])
    except IntegrityError:  # an article lost its fingerprint and kept its bands
        known.update(ids)
    add_bands([subject for subject in leaving if subject.article_id in known])


def _copy_bands(subjects: Sequence[TraceCandidate]) -> None:
    if not subjects:
        return
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(_COPY_BANDS) as copy:
        copy.write("".join(f"{month}\t{key}\t{pk}\n" for month, key, pk in _bands(subjects)))


def add_bands(subjects: Sequence[TraceCandidate]) -> None:
    """Write those bands that are not there yet."""
    rows = _bands(subjects)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_BANDS, [array_text(column) for column in zip(*rows, strict=True)])


def _row(subject: TraceCandidate) -> tuple[Any, ...]:
    fingerprint = subject.fingerprint
    return (
        subject.article_id,
        filed_on(subject),
        array_text(fingerprint.shingles),
        array_text(fingerprint.quoted),
        list(fingerprint.numbers),
        fingerprint.words,
        fingerprint.text_hash,
        fingerprint.title_hash,
        subject.absent_at,
        json.dumps([_credit(one) for one in subject.credits]),
    )


def _credit(credit: Credit) -> dict[str, str]:
    names = ("kind", "name", "url", "slug", "how", "evidence")
    return {name: value for name in names if (value := getattr(credit, name))}


def _bands(subjects: Sequence[TraceCandidate]) -> list[tuple[int, int, int]]:
    """Return month, key and article of each band."""
    return [
        (max(month_of(filed_on(subject)), 0), key, subject.article_id)
        for subject in subjects
        for key in sorted(set(subject.fingerprint.bands))
    ]
