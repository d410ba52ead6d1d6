"""Retag: regions, topics, conflicts, event date and speaker of a story, as overrides on its articles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from aggregator.errors import CurationError
from aggregator.models import (
    Article,
    ArticleRegion,
    ArticleTopic,
    Conflict,
    LogEntry,
    Membership,
    Override,
    Region,
    Story,
    Topic,
)
from aggregator.services import placing
from aggregator.services.curation.acts import (
    Actor,
    add_overrides,
    check_version,
    check_word_stands,
    lift_overrides,
    lock_stories,
    log_act,
    member_ids,
    replace_overrides,
)
from aggregator.services.locks import line_lock
from aggregator.services.zones import newest_day

_MODELS: dict[str, Any] = {"regions": Region, "topics": Topic, "conflicts": Conflict}
TOPICS_AT_MOST = 3


def retag_story(
    actor: Actor, story_id: int, kind: str, slugs: Sequence[str], *, seen: int | None = None
) -> LogEntry:
    """Set the regions, topics or conflicts (`kind`) of a story; the first slug is the main one.

    Raises CurationError for an unknown kind or slug, or too many topics.
    """
    ids = _ids_of(kind, slugs)
    with line_lock():
        (story,) = lock_stories([story_id])
        check_version(story, seen)
        articles = member_ids(story_id)
        before = {"kind": kind, "rows": _read_rows(kind, articles)}
        entry = log_act(actor, "retag", story, before=before, after={"kind": kind, "slugs": list(slugs)})
        add_overrides(actor, kind, articles, log_entry=entry, value={"slugs": list(slugs)})
        _write_rows(kind, {pk: _curated_rows(kind, slugs, ids) for pk in articles})
        placing.place_stories([story_id], actor.now)
    return entry


def set_event_date(actor: Actor, story_id: int, on: date, *, seen: int | None = None) -> LogEntry:
    """Set the day on which a story happened.

    Raises CurationError when it lies after the newest report or the story changed since it was looked at.
    """
    with line_lock():
        (story,) = lock_stories([story_id])
        check_version(story, seen)
        members = member_ids(story_id)
        told = Article.objects.filter(pk__in=members).select_related("source")
        told = told.only("reported_at", "source__country", "source__time_zone")
        if on > max(story.last_at.date(), newest_day(told) if members else date.min):
            raise CurationError("It cannot have happened after the newest report.", code="date_in_future")
        before = {"on": story.happened_on.isoformat(), "precision": story.happened_precision}
        entry = log_act(actor, "event_date", story, before=before, after={"on": on.isoformat()})
        visible = Article.objects.filter(pk__in=members, status=Article.Status.VISIBLE)
        shown = set(visible.values_list("pk", flat=True))
        anchor = [pk for pk in members if pk in shown][:1] or members[:1]
        replace_overrides(actor, Override.Kind.EVENT_DATE, members, log_entry=entry)
        add_overrides(actor, Override.Kind.EVENT_DATE, anchor, log_entry=entry, value={"on": on.isoformat()})
        placing.place_stories([story_id], actor.now)
    return entry


def set_speaker(actor: Actor, story_id: int, article_id: int, *, seen: int | None = None) -> LogEntry:
    """Let one member speak for its story.

    Raises CurationError when the article is not a member or the story changed since it was looked at.
    """
    with line_lock():
        (story,) = lock_stories([story_id])
        check_version(story, seen)
        members = member_ids(story_id)
        if article_id not in members:
            raise CurationError("The article is not in this story.", code="not_a_member")
        before = {"article": story.speaker_id, "headline": story.headline}
        entry = log_act(actor, "speaker", story, before=before, after={"article": article_id})
        replace_overrides(actor, Override.Kind.SPEAKER, members, log_entry=entry)
        add_overrides(actor, Override.Kind.SPEAKER, [article_id], log_entry=entry)
        placing.place_stories([story_id], actor.now)
    return entry


def undo_tagging(actor: Actor, entry: LogEntry) -> LogEntry:
    """Lift the overrides of a retag, event date or speaker act and bring back what was there before.

    Raises CurationError when a later act of the kind is in the way.
    """
    with line_lock():
        check_word_stands(entry)
        lift_overrides(entry, actor.now)
        story_ids = [entry.target_id or 0]
        if entry.act == "retag":
            rows = {int(pk): value for pk, value in entry.before["rows"].items()}
            _write_rows(entry.before["kind"], rows)
            found = Membership.objects.filter(article_id__in=rows).values_list("story_id", flat=True)
            story_ids = sorted({entry.target_id or 0, *found})
        undone = log_act(
            actor,
            "undo",
            Story.objects.get(pk=entry.target_id or 0),
            before=entry.after,
            after={"restored": entry.act},
            undo_of=entry,
        )
        placing.place_stories([pk for pk in story_ids if pk], actor.now)
    return undone


def _ids_of(kind: str, slugs: Sequence[str]) -> dict[str, int]:
    if kind not in _MODELS:
        raise CurationError(f"'{kind}' is not a kind of tag.", code="kind_unknown")
    if kind == "topics" and len(slugs) > TOPICS_AT_MOST:
        raise CurationError(f"A story has at most {TOPICS_AT_MOST} topics.", code="too_many")
    found = dict(_MODELS[kind].objects.filter(slug__in=slugs).values_list("slug", "pk"))
    unknown = [slug for slug in slugs if slug not in found]
    if unknown:
        raise CurationError(f"There is no such entry in {kind}: {', '.join(unknown)}.", code="slug_unknown")
    return found


def _read_rows(kind: str, article_ids: Sequence[int]) -> dict[str, list[Any]]:
    """Return the tag rows of each article as JSON, to be written back by an undo."""
    rows: dict[str, list[Any]] = {str(pk): [] for pk in article_ids}
    if kind == "regions":
        for region in ArticleRegion.objects.filter(article_id__in=article_ids):
            rows[str(region.article_id)].append(
                [region.region_id, region.about, region.focus, region.score, region.reason]
            )
    elif kind == "topics":
        for topic in ArticleTopic.objects.filter(article_id__in=article_ids):
            rows[str(topic.article_id)].append([topic.topic_id, topic.rank, topic.score, topic.reason])
    else:
        for pk, conflicts in Article.objects.filter(pk__in=article_ids).values_list("pk", "conflicts"):
            rows[str(pk)] = conflicts
    return rows


def _curated_rows(kind: str, slugs: Sequence[str], ids: dict[str, int]) -> list[Any]:
    because = {"rule": "curator"}
    if kind == "regions":
        return [[ids[slug], True, rank == 0, 1.0, because] for rank, slug in enumerate(slugs)]
    if kind == "topics":
        return [[ids[slug], rank, 1.0, because] for rank, slug in enumerate(slugs)]
    return [{"slug": slug, "reason": {"code": "curator"}} for slug in slugs]


def _write_rows(kind: str, rows: dict[int, list[Any]]) -> None:
    if kind == "regions":
        ArticleRegion.objects.filter(article_id__in=rows).delete()
        ArticleRegion.objects.bulk_create(
            ArticleRegion(article_id=pk, region_id=r, about=about, focus=focus, score=score, reason=reason)
            for pk, values in rows.items()
            for r, about, focus, score, reason in values
        )
    elif kind == "topics":
        ArticleTopic.objects.filter(article_id__in=rows).delete()
        ArticleTopic.objects.bulk_create(
            ArticleTopic(article_id=pk, topic_id=t, rank=rank, score=score, reason=reason)
            for pk, values in rows.items()
            for t, rank, score, reason in values
        )
    else:
        Article.objects.bulk_update(
            [Article(pk=pk, conflicts=value) for pk, value in rows.items()], ["conflicts"]
        )
