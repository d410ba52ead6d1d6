"""Verdicts about single articles: relevant or not, an original or not; and two stories that stay two."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from aggregator.errors import CurationError
from aggregator.models import Article, LogEntry, Override
from aggregator.services import nudge, retagging
from aggregator.services.curation.acts import (
    LINKS,
    Actor,
    add_overrides,
    check_version,
    check_word_stands,
    ground_moved,
    lift_overrides,
    lock_stories,
    log_act,
    member_ids,
)
from aggregator.services.locks import line_lock

RELEVANCE = ("in", "out")


def set_relevance(actor: Actor, article_id: int, relevance: str) -> LogEntry:
    """Say whether an article is about a conflict; the line then groups or leaves it.

    Raises CurationError for an unknown article or word.
    """
    if relevance not in RELEVANCE:
        raise CurationError("An article is relevant ('in') or not ('out').", code="value_bad")
    article = _find(article_id)
    before = {"relevance": article.relevance}
    return _decide(actor, article, "relevance", Override.Kind.RELEVANCE, before, {"relevance": relevance})


def mark_original(actor: Actor, article_id: int) -> LogEntry:
    """Say that an article's text is its own. Raises CurationError when it counts as one already."""
    article = _find(article_id)
    if not article.is_copy:
        raise CurationError("This article counts as an original already.", code="original_already")
    before = {"copy_of": article.copy_of_id, "copy_kind": article.copy_kind}
    return _decide(actor, article, "original", Override.Kind.IS_ORIGINAL, before, {"original": True})


def _find(article_id: int) -> Article:
    article = Article.objects.filter(pk=article_id).exclude(status=Article.Status.WITHDRAWN).first()
    if article is None:
        raise CurationError(f"There is no article {article_id}.", code="article_unknown")
    return article


def _decide(
    actor: Actor, article: Article, act: str, kind: str, before: dict[str, Any], value: dict[str, Any]
) -> LogEntry:
    with transaction.atomic():
        entry = log_act(actor, act, article, before=before, after=value)
        add_overrides(actor, kind, [article.pk], log_entry=entry, value=value)
        if act == "relevance":  # it leaves the queue at once; the line does the rest
            Article.objects.filter(pk=article.pk).update(relevance=value["relevance"])
        retagging.queue_retag([article.pk], actor.now)
        nudge.advance()
    return entry


def undo_verdict(actor: Actor, entry: LogEntry) -> LogEntry:
    """Lift a verdict and let the rules decide again. Raises CurationError when a later one is in the way."""
    with transaction.atomic():
        check_word_stands(entry)
        lift_overrides(entry, actor.now)
        article = _find(entry.target_id or 0)
        if entry.act == "relevance":
            Article.objects.filter(pk=article.pk).update(relevance=entry.before["relevance"])
        undone = log_act(actor, "undo", article, before=entry.after, after=entry.before, undo_of=entry)
        retagging.queue_retag([article.pk], actor.now)
        nudge.advance()
    return undone


def keep_apart(actor: Actor, story_id: int, other_id: int, *, seen: int | None = None) -> LogEntry:
    """Say that two stories are two: neither the line nor the queue joins them again.

    Raises CurationError for one story twice, an unknown or retired one, one without articles, or one that
    changed since the curator looked.
    """
    if story_id == other_id:
        raise CurationError("This is one and the same story.", code="same_story")
    with line_lock():
        story, _ = lock_stories([story_id, other_id])
        check_version(story, seen)
        ours, theirs = member_ids(story_id), member_ids(other_id)
        if not ours or not theirs:
            raise CurationError("One of the two has no articles any more.", code="story_empty")
        entry = log_act(actor, "keep_apart", story, before={}, after={"other": other_id})
        add_overrides(actor, Override.Kind.CANNOT_LINK, ours, log_entry=entry, other_id=theirs[0])
    return entry


def undo_keep_apart(actor: Actor, entry: LogEntry) -> LogEntry:
    """Let the line decide about two stories again."""
    with line_lock():
        lift_overrides(entry, actor.now)
        (story,) = lock_stories([entry.target_id or 0])
        return log_act(actor, "undo", story, before=entry.after, after={}, undo_of=entry)


def lift_override(actor: Actor, override_id: int) -> LogEntry:
    """Lift one override and let the rules decide again about its article.

    Raises CurationError when it is unknown or lifted already.
    """
    with line_lock():
        row = (
            Override.objects.select_for_update(of=("self",))
            .select_related("article")
            .filter(pk=override_id)
            .first()
        )
        if row is None:
            raise CurationError(f"There is no override {override_id}.", code="override_unknown")
        if row.lifted_at is not None:
            raise CurationError("This override has been lifted already.", code="lifted_already")
        row.lifted_at = actor.now
        row.save(update_fields=["lifted_at"])
        before = {
            "override": row.pk, "kind": row.kind, "value": row.value, "other": row.other_id, "reason": row.reason,
        }  # fmt: skip
        entry = log_act(actor, "lift", row.article, before=before, after={})
        retagging.queue_retag([row.article_id], actor.now)
        nudge.advance()
    return entry


def undo_lift(actor: Actor, entry: LogEntry) -> LogEntry:
    """Set a lifted override again. Raises CurationError when a newer word about the article stands."""
    with line_lock():
        row = Override.objects.select_related("article").filter(pk=entry.before.get("override") or 0).first()
        if row is None:
            raise CurationError("This act is too old to be undone.", code="no_undo")
        newer = Override.objects.filter(article=row.article, kind=row.kind, lifted_at__isnull=True)
        in_the_way = newer.exclude(kind__in=LINKS).first()
        if row.lifted_at is None or in_the_way is not None:
            raise ground_moved(f"Act {in_the_way.log_entry_id}" if in_the_way else "A later act")
        row.lifted_at = None
        row.save(update_fields=["lifted_at"])
        retagging.queue_retag([row.article_id], actor.now)
        nudge.advance()
        return log_act(actor, "undo", row.article, before={}, after=entry.before, undo_of=entry)
