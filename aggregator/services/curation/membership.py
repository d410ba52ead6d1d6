"""Merge, split and move: which articles make a story."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.errors import CurationError
from aggregator.models import LogEntry, Membership, Override, Story
from aggregator.services import placing
from aggregator.services.curation.acts import (
    Actor,
    add_overrides,
    check_version,
    lift_overrides,
    lock_stories,
    log_act,
    member_ids,
    need_reason,
)
from aggregator.services.locks import line_lock


def merge_stories(
    actor: Actor, survivor_id: int, other_id: int, *, seen: int | None = None, seen_other: int | None = None
) -> LogEntry:
    """Move all articles of `other_id` into `survivor_id`; the other's address redirects from then on.

    Raises CurationError for a story with itself, a retired story, a missing reason or a story that
    changed since the curator looked.
    """
    need_reason(actor)
    if survivor_id == other_id:
        raise CurationError("A story cannot be merged with itself.", code="same_story")
    with line_lock():
        survivor, other = lock_stories([survivor_id, other_id])
        check_version(survivor, seen)
        check_version(other, seen_other)
        stay, move = member_ids(survivor_id), member_ids(other_id)
        entry = log_act(
            actor,
            "merge",
            survivor,
            before={"stories": {str(survivor_id): stay, str(other_id): move}},
            after={"story": survivor_id, "retired": other_id, "followed_by": _follow(other_id, survivor_id)},
        )
        if stay:
            add_overrides(actor, Override.Kind.MUST_LINK, move, log_entry=entry, other_id=stay[0])
        _move(move, survivor_id)
        other.retired_into = survivor
        other.save(update_fields=["retired_into"])
        placing.place_stories([survivor_id, other_id], actor.now)
    return entry


def split_story(
    actor: Actor, story_id: int, article_ids: Sequence[int], *, seen: int | None = None
) -> tuple[LogEntry, Story]:
    """Take `article_ids` out of a story into a new one; return the log entry and the new story.

    Raises CurationError when all or none of the members are ticked, or one is not a member.
    """
    with line_lock():
        (story,) = lock_stories([story_id])
        check_version(story, seen)
        members = member_ids(story_id)
        chosen = [pk for pk in members if pk in set(article_ids)]
        if len(chosen) != len(set(article_ids)):
            raise CurationError("One of the articles is not in this story any more.", code="not_a_member")
        if not chosen or len(chosen) == len(members):
            raise CurationError("Tick some of the articles, not none and not all.", code="split_all_or_none")
        rest = [pk for pk in members if pk not in set(chosen)]
        new = _new_story(story, actor)
        entry = log_act(
            actor, "split", story, before={"stories": {str(story_id): members}}, after={"story": new.pk}
        )
        add_overrides(actor, Override.Kind.CANNOT_LINK, chosen, log_entry=entry, other_id=rest[0])
        add_overrides(actor, Override.Kind.MUST_LINK, chosen, log_entry=entry, other_id=chosen[0])
        _move(chosen, new.pk)
        placing.place_stories([story_id, new.pk], actor.now)
    new.refresh_from_db()
    return entry, new


def move_article(actor: Actor, article_id: int, to_story_id: int, *, seen: int | None = None) -> LogEntry:
    """Move one article to another story; `seen` is the version of the story that it leaves.

    Raises CurationError when it is there already, is in no story, or its story changed since it was looked at.
    """
    with line_lock():
        membership = Membership.objects.filter(article_id=article_id).first()
        if membership is None:
            raise CurationError("This article is in no story.", code="not_a_member")
        if membership.story_id == to_story_id:
            raise CurationError("The article is in that story already.", code="same_story")
        old_id = membership.story_id
        old, target = lock_stories([old_id, to_story_id])
        check_version(old, seen)
        before = {"stories": {str(pk): member_ids(pk) for pk in (old_id, to_story_id)}}
        entry = log_act(actor, "move", target, before=before, after={"article": article_id, "from": old_id})
        rest = [pk for pk in member_ids(old_id) if pk != article_id]
        there = member_ids(to_story_id)
        if rest:
            add_overrides(actor, Override.Kind.CANNOT_LINK, [article_id], log_entry=entry, other_id=rest[0])
        if there:
            add_overrides(actor, Override.Kind.MUST_LINK, [article_id], log_entry=entry, other_id=there[0])
        _move([article_id], to_story_id)
        placing.place_stories([old_id, to_story_id], actor.now)
    return entry


def undo_membership(actor: Actor, entry: LogEntry) -> LogEntry:
    """Put the articles of a merge, split or move back where they were.

    Articles that joined in between stay where they are. Raises CurationError when a story of the
    act has itself been merged away since.
    """
    with line_lock():
        before = {int(pk): ids for pk, ids in entry.before["stories"].items()}
        involved = _involved(entry, before)
        _check_ground(entry, involved)
        now_at = {str(pk): member_ids(pk) for pk in involved}
        lift_overrides(entry, actor.now)
        Story.objects.filter(pk__in=before).update(retired_into=None)
        if followers := entry.after.get("followed_by"):
            rows = Story.objects.filter(pk__in=followers, earlier_id=entry.after["story"])
            rows.update(earlier_id=entry.after["retired"])
        for story_id, ids in before.items():
            back = Membership.objects.filter(article_id__in=ids, story_id__in=involved)
            back.exclude(story_id=story_id).update(story_id=story_id)
        if entry.act == "split":
            _retire_if_empty(entry.after["story"], into=next(iter(before)))
        undone = log_act(
            actor,
            "undo",
            Story.objects.get(pk=entry.target_id or 0),
            before={"stories": now_at},
            after={"stories": entry.before["stories"]},
            undo_of=entry,
        )
        if entry.role == "machine" and actor.user is not None:
            _tell_the_machine(actor, entry, before, undone)
        placing.place_stories(involved, actor.now)
    return undone


def _tell_the_machine(actor: Actor, entry: LogEntry, before: dict[int, list[int]], undone: LogEntry) -> None:
    """Keep what a curator took back from the machine: without an override its next pass would do it again."""
    if entry.act == "merge":
        stay, move = before[entry.after["story"]], before[entry.after["retired"]]
        if stay:
            add_overrides(actor, Override.Kind.CANNOT_LINK, move, log_entry=undone, other_id=stay[0])
    elif article := entry.after.get("article"):
        moved = entry.after.get("articles", [article])
        rest = [pk for ids in before.values() if article in ids for pk in ids if pk not in moved]
        if rest:
            add_overrides(actor, Override.Kind.MUST_LINK, moved, log_entry=undone, other_id=rest[0])


def _involved(entry: LogEntry, before: dict[int, list[int]]) -> list[int]:
    extra = [entry.after["story"]] if entry.act == "split" else []
    return sorted({*before, *extra})


def _check_ground(entry: LogEntry, involved: list[int]) -> None:
    retired_by_this = entry.after.get("retired")
    for story in Story.objects.select_for_update().filter(pk__in=involved).order_by("pk"):
        if story.retired_into_id and story.pk != retired_by_this:
            raise CurationError(
                f"Story {story.pk} has since been merged into story {story.retired_into_id}. "
                "Undo that first.",
                code="ground_moved",
            )


def _retire_if_empty(story_id: int, *, into: int) -> None:
    if not Membership.objects.filter(story_id=story_id).exists():
        Story.objects.filter(pk=story_id).update(retired_into_id=into)


def _follow(retired_id: int, survivor_id: int) -> list[int]:
    """Let the stories that go on from a story go on from the one that takes it in; return them."""
    rows = Story.objects.filter(earlier_id=retired_id)
    rows.filter(pk=survivor_id).update(earlier=None)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    Story.objects.filter(pk__in=ids).update(earlier_id=survivor_id)
    return ids


def _move(article_ids: Sequence[int], story_id: int) -> None:
    Membership.objects.filter(article_id__in=article_ids).update(
        story_id=story_id, score=1.0, reason={"code": "curator"}
    )


def _new_story(like: Story, actor: Actor) -> Story:
    return Story.objects.create(
        first_at=like.first_at,
        last_at=like.last_at,
        happened_on=like.happened_on,
        created_at=actor.now,
        changed_at=actor.now,
    )
