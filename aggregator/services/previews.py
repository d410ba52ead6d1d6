"""What would an act on a story change? It is done, looked at, and taken back before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction

from aggregator.models import LogEntry, Membership, Story, TimelineEntry
from aggregator.services.locks import line_lock


@dataclass(frozen=True)
class _Look:
    """Some stories as they stand: who is in which, on which pages they are, and their headlines."""

    members: dict[int, int]  # article → story
    pages: frozenset[tuple[str, int | None, int]]  # page, topic, story
    headlines: dict[int, str]


@dataclass(frozen=True)
class Effect:
    """What an act would change: articles that move, pages whose lists change, and the headline."""

    moved: int
    pages: tuple[str, ...]
    headline: str = ""  # the new one, '' when it stays

    @property
    def sentence(self) -> str:
        """Say it as the desk shows it."""
        count = len(self.pages)
        moves = (
            f"Moves {self.moved} article{'s' if self.moved != 1 else ''}"
            if self.moved
            else "Moves no article"
        )
        pages = f"the lists of {count} page{'s' if count != 1 else ''} change" if count else "no list changes"
        return f"{moves}; {pages}."


def preview_act(story_id: int, do: Callable[[], LogEntry]) -> Effect:
    """Return what an act on a story would change; nothing stays changed.

    Raises the CurationError that the act itself would raise.
    """
    with line_lock():
        with transaction.atomic():
            entry = do()
            involved = {story_id, *_named(entry)}
            after = _look(involved)
            transaction.set_rollback(True)
        before = _look(involved)
    changed = before.pages ^ after.pages
    headline = after.headlines.get(story_id, "")
    return Effect(
        moved=sum(before.members.get(article) != story for article, story in after.members.items()),
        pages=tuple(sorted({page for page, _, _ in changed})),
        headline=headline if headline != before.headlines.get(story_id, "") else "",
    )


def _named(entry: LogEntry) -> set[int]:
    """Return the stories that an act touched, by what it logged."""
    stories = {int(pk) for pk in entry.before.get("stories", {})}
    new = {entry.after["story"]} if isinstance(entry.after.get("story"), int) else set()
    return stories | new


def _look(story_ids: Iterable[int]) -> _Look:
    rows = TimelineEntry.objects.filter(story_id__in=story_ids)
    names = rows.values_list("region__name", "conflict__name", "topic_id", "story_id")
    return _Look(
        dict(Membership.objects.filter(story_id__in=story_ids).values_list("article_id", "story_id")),
        frozenset((region or conflict or "", topic, story) for region, conflict, topic, story in names),
        dict(Story.objects.filter(pk__in=story_ids).values_list("pk", "headline")),
    )
