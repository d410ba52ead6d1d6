"""Whose text is it? Loads what may carry the same text, lets the rule decide, writes origins and copies.

`trace_batch` runs inside the line's lock (services/locks.py): two copies that arrive at the same
moment on two workers are traced one after the other, so there is exactly one original.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from aggregator.models import Article, Override
from aggregator.pipeline import trace
from aggregator.pipeline.outlet_names import is_own_name
from aggregator.pipeline.types import Credit, NearMiss, TraceCandidate, Traced
from aggregator.services import bands, candidates, origins
from aggregator.services.drafts import Draft

NEAR_KEPT = 5  # near misses that are kept as evidence

# When was the feed read last before the article was found in it? Read from the polls' index.
_ABSENT = """
SELECT asked.article_id, (
    SELECT max(p.at) FROM aggregator_poll p
    WHERE p.feed_id = asked.feed_id AND p.at < asked.found_at AND p.outcome <> 'failed'
) FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS asked (article_id, feed_id, found_at)
"""


def trace_batch(drafts: Sequence[Draft], now: datetime) -> None:
    """Set origin and copy fields of each draft's article; store fingerprints, bands and origins.

    The articles themselves are saved by the caller. Originals that turn out to be copies are
    re-pointed with all their copies, and the stories that they stand in are added to
    `touched_stories`. Tracing the same draft again gives the same answer.
    """
    if not drafts:
        return
    for draft in drafts:
        draft.credits = _of_others(draft)
    subjects = _subjects(drafts)
    shelf = candidates.Shelf()
    shelf.load(subjects)
    moved: list[origins.Repointed] = []
    for draft, subject in zip(drafts, subjects, strict=True):
        traced = _decide(subject, shelf, draft)
        shelf.add(subject, traced)
        _note(draft, traced)
        target = traced.original_id or subject.article_id
        moved += [origins.Repointed(old, target, kind, score) for old, kind, score in traced.takes_over]
    bands.store(subjects, shelf.leaves_bands)
    origins.assign(drafts, moved)


def _decide(subject: TraceCandidate, shelf: candidates.Shelf, draft: Draft) -> Traced:
    """Ask the rule; an article's own copies are no candidates for its original."""
    others = [one for one in shelf.candidates_of(subject) if one.original_id != subject.article_id]
    traced = trace.find_original(subject, others)
    if traced.kind == "original" and draft.credits and not traced.takes_over:
        return trace.credited(traced, draft.credits)
    return traced


def _note(draft: Draft, traced: Traced) -> None:
    article = draft.article
    article.copy_of_id = traced.original_id
    article.copy_kind = traced.kind
    article.copy_score = traced.score if traced.kind != "original" else None
    article.copy_reason = {
        "code": traced.reason.code,
        **traced.reason.evidence,
        "near": [_near(one) for one in traced.near[:NEAR_KEPT]],
    }


def _of_others(draft: Draft) -> tuple[Credit, ...]:
    """Return the credits but for those by which an outlet names itself ("Source: our own press office")."""
    source = draft.article.source
    names = (source.name, source.publisher.name)
    return tuple(one for one in draft.credits if not is_own_name(one, names))


def _near(one: NearMiss) -> dict[str, Any]:
    return {"article": one.article_id, "why": one.why, "containment": round(one.overlap.containment, 3)}


def _subjects(drafts: Sequence[Draft]) -> list[TraceCandidate]:
    absent, own = (
        _absent_at([draft.article for draft in drafts]),
        _own([draft.article.pk for draft in drafts]),
    )
    return [_subject(draft, absent.get(draft.article.pk), draft.article.pk in own) for draft in drafts]


def _subject(draft: Draft, absent_at: datetime | None, is_own: bool) -> TraceCandidate:
    article = draft.article
    source = article.source
    return TraceCandidate(
        article_id=article.pk,
        fingerprint=draft.fingerprint,
        source_id=source.pk,
        family=source.family,
        reported_at=article.reported_at,
        found_at=article.found_at,
        url=article.url,
        absent_at=absent_at,
        is_dated=article.published_kind not in candidates.UNDATED,
        domains=candidates.own_domains(source.publisher.homepage_domains, source.homepage),
        credits=draft.credits,
        kind=draft.text.kind,
        is_own=is_own,
    )


def _own(article_ids: Sequence[int]) -> set[int]:
    """Return the ids of the articles that a curator said are originals."""
    rows = Override.objects.filter(
        article_id__in=article_ids, kind=Override.Kind.IS_ORIGINAL, lifted_at__isnull=True
    )
    return set(rows.values_list("article_id", flat=True))


def _absent_at(articles: Sequence[Article]) -> dict[int, datetime]:
    """Return when each article's feed was last read without it; none for those of a first poll."""
    asked = [(article.pk, article.feed_id, article.found_at) for article in articles if article.feed_id]
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ABSENT, [list(column) for column in zip(*asked, strict=True)])
        return {pk: at for pk, at in cursor.fetchall() if at is not None}
