"""Hide, pin and withdraw: what readers see."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from aggregator.errors import CurationError
from aggregator.models import (
    Article,
    ArticleBody,
    Conflict,
    LogEntry,
    Membership,
    Override,
    Pin,
    Region,
    Revision,
    SearchRow,
    Story,
    Topic,
    Work,
)
from aggregator.services import placing
from aggregator.services.curation.acts import (
    Actor,
    add_overrides,
    check_version,
    ground_moved,
    lift_overrides,
    lock_stories,
    log_act,
    member_ids,
    need_reason,
)
from aggregator.services.locks import line_lock


def hide_story(actor: Actor, story_id: int, *, seen: int | None = None) -> LogEntry:
    """Take a story and its articles from every page, list and search; what joins later is hidden too.

    Raises CurationError without a reason, when it is hidden already, or changed since it was looked at.
    """
    need_reason(actor)
    with line_lock():
        (story,) = lock_stories([story_id])
        check_version(story, seen)
        if story.hidden:
            raise CurationError("This story is hidden already.", code="hidden_already")
        visible = Article.objects.filter(pk__in=member_ids(story_id), status=Article.Status.VISIBLE)
        shown = list(visible.order_by("reported_at", "pk").values_list("pk", flat=True))
        entry = log_act(actor, "hide", story, before={"shown": shown}, after={"hidden": True})
        add_overrides(actor, Override.Kind.HIDDEN, shown, log_entry=entry)
        Article.objects.filter(pk__in=shown).update(status=Article.Status.HIDDEN, indexed=False)
        Story.objects.filter(pk=story_id).update(hidden=True)
        placing.place_stories([story_id], actor.now)
    return entry


def undo_hide(actor: Actor, entry: LogEntry) -> LogEntry:
    """Show a hidden story and its articles again. Raises CurationError when it is merged away or shown already."""
    with line_lock():
        (story,) = lock_stories([entry.target_id or 0])
        if not story.hidden:
            raise ground_moved("A later act")
        lift_overrides(entry, actor.now)
        ids = {*entry.before["shown"], *_joined_hidden(story.pk)}
        hidden = Article.objects.filter(pk__in=ids, status=Article.Status.HIDDEN)
        hidden.update(status=Article.Status.VISIBLE, indexed=False)
        Story.objects.filter(pk=story.pk).update(hidden=False)
        undone = log_act(
            actor, "undo", story, before={"hidden": True}, after={"hidden": False}, undo_of=entry
        )
        placing.place_stories([story.pk], actor.now)
    return undone


def _joined_hidden(story_id: int) -> set[int]:
    """Return the articles of a story without a curator's word to hide them: those that joined it hidden went with it."""
    members = member_ids(story_id)
    words = Override.objects.filter(kind=Override.Kind.HIDDEN, lifted_at__isnull=True, article_id__in=members)
    return set(members).difference(words.values_list("article_id", flat=True))


def pin_story(
    actor: Actor, story_id: int, subject: Region | Topic | Conflict, *, seen: int | None = None
) -> LogEntry:
    """Pin a story to the top of one subject's timeline.

    Raises CurationError when it is pinned there already or changed since the curator looked.
    """
    with line_lock():
        (story,) = lock_stories([story_id])
        check_version(story, seen)
        where = _subject_field(subject)
        if Pin.objects.filter(story=story, **where).exists():
            raise CurationError(f"The story is pinned on {subject} already.", code="pinned_already")
        pin = Pin.objects.create(story=story, pinned_at=actor.now, **where)
        after = {"pin": pin.pk, "on": str(subject)}
        return log_act(actor, "pin", story, before={}, after=after)


def unpin_story(actor: Actor, pin_id: int) -> LogEntry:
    """Take a pin away.

    Raises CurationError when it is gone already.
    """
    with line_lock():
        pin = Pin.objects.select_related("story").filter(pk=pin_id).first()
        if pin is None:
            raise CurationError("This pin is gone already.", code="pin_unknown")
        before = {"region": pin.region_id, "topic": pin.topic_id, "conflict": pin.conflict_id}
        entry = log_act(actor, "unpin", pin.story, before=before, after={})
        pin.delete()
    return entry


def undo_pin(actor: Actor, entry: LogEntry) -> LogEntry:
    """Take back a pin, or put one back. Raises CurationError when a later act did so already."""
    with line_lock():
        (story,) = lock_stories([entry.target_id or 0])
        if entry.act == "pin":
            gone, _ = Pin.objects.filter(pk=entry.after["pin"]).delete()
            if not gone:
                raise ground_moved("The unpinning")
        else:
            ids = {f"{name}_id": value for name, value in entry.before.items()}
            if Pin.objects.filter(story=story, **ids).exists():
                raise ground_moved("A later pin")
            Pin.objects.create(story=story, pinned_at=actor.now, **ids)
        return log_act(actor, "undo", story, before=entry.after, after=entry.before, undo_of=entry)


def withdraw_articles(actor: Actor, article_ids: Sequence[int]) -> list[LogEntry]:
    """Remove headline, text and extract of articles for good; a tombstone stays.

    The tombstone keeps the hash of the text, the time and the reason. This cannot be undone.
    """
    need_reason(actor)
    with line_lock():
        articles = list(
            Article.objects.select_for_update()
            .filter(pk__in=article_ids)
            .exclude(status=Article.Status.WITHDRAWN)
            .order_by("pk")
        )
        entries = [_tombstone(actor, article) for article in articles]
        ids = [article.pk for article in articles]
        ArticleBody.objects.filter(pk__in=ids).update(text="", full_text="", removed=[])
        Revision.objects.filter(article_id__in=ids).update(title="", text="")
        SearchRow.objects.filter(pk__in=ids).delete()
        Work.objects.filter(pk__in=ids).delete()  # what is under way would bring the words back
        Article.objects.filter(pk__in=ids).update(
            status=Article.Status.WITHDRAWN, title="", extract="", author="", mentions=[], indexed=True
        )
        stories = set(Membership.objects.filter(article_id__in=ids).values_list("story_id", flat=True))
        Story.objects.filter(pk__in=stories).update(version=F("version") + 1)
        placing.place_stories(stories, actor.now)
        _blank_empty(stories)
    return entries


def _blank_empty(story_ids: set[int]) -> None:
    """Take the words out of stories of which nothing is left; their addresses stay."""
    left = Membership.objects.filter(story_id__in=story_ids).exclude(article__status=Article.Status.WITHDRAWN)
    empty = story_ids - set(left.values_list("story_id", flat=True))
    Story.objects.filter(pk__in=empty).update(headline="", extract="", slug="")


def _tombstone(actor: Actor, article: Article) -> LogEntry:
    digest = ArticleBody.objects.filter(pk=article.pk).values_list("text_sha256", flat=True).first() or ""
    entry = log_act(actor, "withdraw", article, before={"text_sha256": digest}, after={"withdrawn": True})
    entry.target_name = f"article {article.pk}"
    entry.save(update_fields=["target_name"])
    return entry


def _subject_field(subject: Region | Topic | Conflict) -> dict[str, Region | Topic | Conflict]:
    return {subject._meta.model_name or "": subject}
