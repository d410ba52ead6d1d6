"""What may carry the same text: candidates by LSH bands for a whole batch.

The look-up takes at most KEY_LIMIT articles a key and CANDIDATES an article, so that neither a
boilerplate line nor a text that ten thousand outlets carry makes it slower. Windows run on
`filed_on`. What it looks up is written by `bands`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from aggregator.pipeline.types import Credit, Fingerprint, TraceCandidate, Traced
from aggregator.services import old_bands
from aggregator.services.bands import array_text, filed_on, month_of

WINDOW = timedelta(days=30)
KEY_LIMIT = 13  # a month, as in _BY_BAND
CANDIDATES = 48

# One probe of the index a band, month and article; the limit inside is what keeps a common key cheap.
_BY_BAND = """
SELECT asked.subject, hit.article_id, count(*) AS bands
FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[]) AS asked (subject, month, key)
CROSS JOIN LATERAL (
    SELECT article_id FROM aggregator_band WHERE month = asked.month AND key = asked.key LIMIT 13
) AS hit
GROUP BY asked.subject, hit.article_id
"""
_BY_TEXT = """
SELECT asked.subject, hit.article_id
FROM unnest(%s::bigint[], %s::bigint[]) AS asked (subject, text_hash)
CROSS JOIN LATERAL (
    SELECT article_id FROM aggregator_fingerprintrow WHERE text_hash = asked.text_hash LIMIT 3
) AS hit
"""
_ROWS = """
SELECT f.article_id, f.shingles, f.quoted, f.numbers, f.words, f.text_hash, f.title_hash, f.absent_at,
       f.credits, a.source_id, a.reported_at, a.found_at, a.url, a.copy_of_id, a.published_kind,
       coalesce(nullif(p.owner_group, ''), p.slug), p.homepage_domains, s.homepage,
       EXISTS (SELECT 1 FROM aggregator_override o
               WHERE o.article_id = a.id AND o.kind = 'is_original' AND o.lifted_at IS NULL)
FROM aggregator_fingerprintrow f
JOIN aggregator_article a ON a.id = f.article_id
JOIN aggregator_source s ON s.id = a.source_id
JOIN aggregator_publisher p ON p.id = s.publisher_id
WHERE f.article_id = ANY(%s) AND a.status <> 'withdrawn'
"""
UNDATED = frozenset({"missing", "guessed", "clamped"})


class Shelf:
    """The candidates of one batch: stored ones, and those of the batch traced so far."""

    def __init__(self) -> None:
        self.by_id: dict[int, TraceCandidate] = {}
        self.leaves_bands: dict[int, bool] = {}
        self._asked: dict[int, list[int]] = defaultdict(list)  # subject → stored candidates, likeliest first
        self._bands: dict[int, list[int]] = defaultdict(list)
        self._texts: dict[int, int] = {}

    def load(self, subjects: Sequence[TraceCandidate]) -> None:
        """Load the candidates of every subject in three statements."""
        own = {subject.article_id for subject in subjects}
        hits = _hits(subjects)
        wanted = {one for found in hits.values() for one in found} - own
        rows = load_rows(wanted)
        originals = {row.original_id for row in rows.values() if row.original_id} - set(rows) - own
        self.by_id.update({**rows, **load_rows(originals)})
        for subject in subjects:
            windows = _windows(subject)
            self._asked[subject.article_id] = [
                one
                for one in hits.get(subject.article_id, ())
                if one in self.by_id and _is_within(filed_on(self.by_id[one]), windows)
            ]

    def candidates_of(self, subject: TraceCandidate) -> list[TraceCandidate]:
        """Return what may carry the subject's text, with the originals of those that are copies."""
        counts: Counter[int] = Counter()
        for key in subject.fingerprint.bands:
            if found_here := self._bands.get(key):
                counts.update(found_here[:KEY_LIMIT])
        ids = [one for one, _ in counts.most_common(CANDIDATES)] + self._asked[subject.article_id]
        if subject.fingerprint.text_hash in self._texts:
            ids.insert(0, self._texts[subject.fingerprint.text_hash])
        found = {one: self.by_id[one] for one in ids if one != subject.article_id}
        for one in list(found.values()):
            if one.original_id and one.original_id in self.by_id:
                found.setdefault(one.original_id, self.by_id[one.original_id])
        return list(found.values())

    def add(self, subject: TraceCandidate, traced: Traced) -> None:
        """Take a traced article in, and re-point what it (or its original) takes over."""
        self.by_id[subject.article_id] = replace(subject, original_id=traced.original_id)
        self.leaves_bands[subject.article_id] = traced.leaves_bands
        self._texts.setdefault(subject.fingerprint.text_hash, subject.article_id)
        if traced.leaves_bands:
            for key in subject.fingerprint.bands:
                self._bands[key].append(subject.article_id)
        target = traced.original_id or subject.article_id
        taken = {old for old, _, _ in traced.takes_over}
        for one_id, one in self.by_id.items():
            if one_id != target and (one_id in taken or one.original_id in taken):
                self.by_id[one_id] = replace(one, original_id=target)


def _hits(subjects: Sequence[TraceCandidate]) -> dict[int, list[int]]:
    """Return the ids of each subject's stored candidates: equal texts, then by number of equal bands."""
    found: dict[int, Counter[int]] = {subject.article_id: Counter() for subject in subjects}
    newest, packed = _newest_month(), old_bands.last_month()
    asked = [
        (subject.article_id, month, key)
        for subject in subjects
        for month in _months(subject)
        if month <= max(newest, packed)
        for key in subject.fingerprint.bands
    ]
    texts = [(one.article_id, one.fingerprint.text_hash) for one in subjects if one.fingerprint.bands]
    if not asked or not texts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_BAND, [array_text(column) for column in zip(*asked, strict=True)])
        for subject_id, article_id, bands in cursor.fetchall():
            found[subject_id][article_id] += bands
        cursor.execute(_BY_TEXT, [array_text(column) for column in zip(*texts, strict=True)])
        for subject_id, article_id in cursor.fetchall():
            found[subject_id][article_id] += 1000
    old = old_bands.hits([one for one in asked if one[1] <= packed], limit=KEY_LIMIT)
    for (subject_id, article_id), bands in old.items():
        found[subject_id][article_id] += bands
    return {pk: [one for one, _ in counts.most_common(CANDIDATES)] for pk, counts in found.items()}


def _newest_month() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(month), -1) FROM aggregator_band")
        return int(cursor.fetchone()[0])


def _windows(subject: TraceCandidate) -> tuple[tuple[date, date], ...]:
    """Return the days in which a twin may be filed: about the article's own date, and about its finding."""
    own, filed = subject.reported_at.date(), filed_on(subject)
    about_finding = (filed - WINDOW, subject.found_at.date() + WINDOW)
    if about_finding[0] <= own:
        return (about_finding,)
    return ((own - WINDOW, own + WINDOW), about_finding)


def _is_within(day: date, windows: Sequence[tuple[date, date]]) -> bool:
    return any(low <= day <= high for low, high in windows)


def _months(subject: TraceCandidate) -> list[int]:
    spans = [range(month_of(low), month_of(high) + 1) for low, high in _windows(subject)]
    return sorted({max(month, 0) for span in spans for month in span})


def load_rows(article_ids: Iterable[int]) -> dict[int, TraceCandidate]:
    """Return stored articles as the tracing rule sees them, by id."""
    ids = list(article_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [ids])
        return {row[0]: _candidate(row) for row in cursor.fetchall()}


def _candidate(row: tuple[Any, ...]) -> TraceCandidate:
    (pk, shingles, quoted, numbers, words, text_hash, title_hash, absent_at, credits,
     source_id, reported_at, found_at, url, copy_of_id, published_kind, family, domains, homepage, is_own) = row  # fmt: skip
    return TraceCandidate(
        article_id=pk,
        fingerprint=Fingerprint(
            shingles=tuple(shingles),
            bands=(0,) if shingles else (),  # not needed again: they are in the index
            words=words,
            text_hash=text_hash,
            title_hash=title_hash,
            numbers=tuple(numbers),
            quoted=tuple(quoted),
        ),
        source_id=source_id,
        family=family,
        reported_at=reported_at,
        found_at=found_at,
        url=url,
        original_id=copy_of_id,
        absent_at=absent_at,
        is_dated=published_kind not in UNDATED,
        domains=own_domains(domains, homepage),
        credits=tuple(Credit(**credit) for credit in _json(credits)),
        is_own=is_own,
    )


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def own_domains(publisher_domains: Sequence[str], homepage: str) -> tuple[str, ...]:
    """Return the domains of an outlet: its publisher's, and its own home page's."""
    host = (urlsplit(homepage).hostname or "").removeprefix("www.") if homepage else ""
    return tuple(dict.fromkeys([*publisher_domains, *([host] if host else [])]))
