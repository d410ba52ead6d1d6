"""Write what the rules found about a batch of articles: bodies, tags, revisions, article rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from aggregator.models import ArticleBody, ArticleRegion, ArticleTopic, Revision
from aggregator.pipeline.types import CueHit
from aggregator.services import revising, slugs
from aggregator.services.drafts import Draft
from aggregator.services.reading import RERUNS
from aggregator.services.writing import save_rows

_FIELDS = [
    "title", "author", "language", "extract", "status", "published_at", "published_kind", "reported_at",
    "settled_at", "happened_on", "happened_precision", "happened_reason", "form", "form_reason", "relevance",
    "relevance_score", "relevance_reason", "text_kind", "text_method", "page_code", "origin", "copy_of",
    "copy_kind", "copy_score", "copy_reason", "mentions", "conflicts", "word_count", "revision_count",
    "next_look_at", "looks", "indexed", "noindex",
]  # fmt: skip


def record(drafts: Sequence[Draft], now: datetime) -> None:
    """Write articles, bodies, revisions and tags of a batch in a constant number of statements."""
    for draft in drafts:
        draft.article.page_code = draft.work.code
        draft.article.indexed = False
    _write_revisions(drafts, now)
    _write_bodies(drafts)
    save_rows([draft.article for draft in drafts], _FIELDS)
    _write_tags(drafts)


def _write_revisions(drafts: Sequence[Draft], now: datetime) -> None:
    """The first version of a new article; what an edit changed is the revising service's."""
    Revision.objects.bulk_create(
        [
            Revision(
                article=draft.article,
                number=1,
                title=draft.article.title,
                found_at=draft.article.found_at,
                text_sha256=digest(draft),
                rule_version=revising.RULE_VERSION,
            )
            for draft in drafts
            if draft.is_new
        ],
        ignore_conflicts=True,
    )
    revising.revise([draft for draft in drafts if not draft.is_new and draft.work.why not in RERUNS], now)
    revising.schedule_looks([draft.article for draft in drafts], now)


def _write_bodies(drafts: Sequence[Draft]) -> None:
    rows = [
        ArticleBody(
            article=draft.article,
            text=draft.text.text,
            full_text="" if draft.text.full_text == draft.text.text else draft.text.full_text,
            removed=[{"line": r.line, "rule": r.rule, "position": r.position} for r in draft.text.removed],
            rule_version=revising.RULE_VERSION,
            text_sha256=digest(draft),
        )
        for draft in drafts
        if draft.work.why != "retag"
    ]
    ArticleBody.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["article"],
        update_fields=["text", "full_text", "removed", "rule_version", "text_sha256"],
    )


def digest(draft: Draft) -> str:
    """Return the SHA-256 of headline and full text, in hex: what a tombstone keeps."""
    whole = draft.text.full_text or draft.text.text
    return hashlib.sha256(f"{draft.article.title}\n{whole}".encode()).hexdigest()


def _write_tags(drafts: Sequence[Draft]) -> None:
    ids = [draft.article.pk for draft in drafts]
    regions, topics = slugs.ids("region"), slugs.ids("topic")
    ArticleRegion.objects.filter(article_id__in=ids).delete()
    ArticleTopic.objects.filter(article_id__in=ids).delete()
    ArticleRegion.objects.bulk_create([row for draft in drafts for row in _region_rows(draft, regions)])
    ArticleTopic.objects.bulk_create([row for draft in drafts for row in _topic_rows(draft, topics)])


def _region_rows(draft: Draft, ids: dict[str, int]) -> list[ArticleRegion]:
    return [
        ArticleRegion(
            article=draft.article,
            region_id=ids[score.region],
            about=score.about,
            focus=score.region == draft.located.focus,
            score=round(score.score, 4),
            reason={"rule": score.rule, "names": list(score.names[:8])},
        )
        for score in draft.located.regions
        if score.region in ids
    ]


def _topic_rows(draft: Draft, ids: dict[str, int]) -> list[ArticleTopic]:
    return [
        ArticleTopic(
            article=draft.article,
            topic_id=ids[score.topic],
            rank=rank,
            score=round(score.score, 4),
            reason={"rule": score.rule, "cues": [_cue(hit) for hit in score.cues[:8]]},
        )
        for rank, score in enumerate(draft.classified.topics)
        if score.topic in ids
    ]


def _cue(hit: CueHit) -> dict[str, object]:
    return {"cue": hit.cue, "field": hit.field, "start": hit.start, "strength": hit.strength}
