"""A story at the desk: its members with what the line thought, what a merge would change, two texts side by side."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from aggregator.errors import CurationError
from aggregator.models import (
    Article,
    ArticleBody,
    LogEntry,
    Membership,
    Override,
    Pin,
    SearchRow,
    Story,
    StoryConflict,
    StoryRegion,
    StoryTopic,
    TimelineEntry,
)
from aggregator.services import likeness

PER_PAGE = 50
MEMBERS_SHOWN = 200
FOUND_AT_MOST = 500  # articles by which a search finds stories, the newest
DIFF_LINES = 400  # of each text


@dataclass(frozen=True)
class Bench:
    """Everything that a curator sees of one story."""

    story: Story
    members: tuple[Membership, ...]
    regions: tuple[StoryRegion, ...]
    topics: tuple[StoryTopic, ...]
    conflicts: tuple[StoryConflict, ...]
    pins: tuple[Pin, ...]
    overrides: tuple[Override, ...]
    log: tuple[LogEntry, ...]


def read_bench(pk: int) -> Bench:
    """Return a story with all that may be done about it. Raises CurationError when there is none."""
    story = find_story(pk)
    members = Membership.objects.filter(story=story).select_related("article__source", "article__origin")
    return Bench(
        story=story,
        members=tuple(members.order_by("article__reported_at", "article_id")[:MEMBERS_SHOWN]),
        regions=tuple(story.region_rows.select_related("region").order_by("-focus", "-score", "pk")),
        topics=tuple(story.topic_rows.select_related("topic")),
        conflicts=tuple(story.conflict_rows.select_related("conflict")),
        pins=tuple(story.pins.select_related("region", "topic", "conflict")),
        overrides=tuple(_overrides(story)),
        log=tuple(_log(pk)[:30]),
    )


def find_story(pk: int) -> Story:
    """Return a story, a retired one too. Raises CurationError when there is none."""
    story = Story.objects.select_related("retired_into", "speaker").filter(pk=pk).first()
    if story is None:
        raise CurationError(f"There is no story {pk}.", code="story_unknown")
    return story


def _overrides(story: Story) -> QuerySet[Override]:
    rows = Override.objects.filter(article__membership__story=story, lifted_at__isnull=True)
    return rows.select_related("article", "made_by").order_by("-made_at")[:50]


def _log(pk: int) -> QuerySet[LogEntry]:
    rows = LogEntry.objects.filter(target_type="story", target_id=pk).select_related("actor", "undone_by")
    return rows.order_by("-at", "-pk")


def last_change(pk: int) -> str:
    """Return in one sentence what happened to a story last: an act, or an article that joined; '' for neither."""
    entry = _log(pk).exclude(act="reviewed").first()
    newest = (
        Membership.objects.filter(story=pk).select_related("article__source").order_by("-joined_at").first()
    )
    if newest is not None and (entry is None or newest.joined_at > entry.at):
        return f"Last to join: {newest.article.source.name}, {newest.article.title[:80]} at {newest.joined_at:%H:%M}."
    if entry is None:
        return ""
    why = f" ({entry.reason})" if entry.reason else ""
    return f"Last act: {entry.act.replace('_', ' ')} by {entry.actor or entry.role} at {entry.at:%H:%M}{why}."


@dataclass(frozen=True)
class MergePreview:
    """What a merge would change."""

    survivor: Story
    other: Story
    moved: int
    pages: tuple[str, ...]  # names of the regions and conflicts whose lists change
    page_count: int  # timelines, those narrowed by a topic included

    @property
    def sentence(self) -> str:
        """Say it as the desk shows it."""
        return (
            f"Moves {self.moved} article{'s' if self.moved != 1 else ''}; {self.page_count} "
            f"page{'s' if self.page_count != 1 else ''} change; {self.other.get_absolute_url()} "
            f"redirects to {self.survivor.get_absolute_url()}."
        )


def preview_merge(survivor_id: int, other_id: int) -> MergePreview:
    """Return what merging `other_id` into `survivor_id` would change.

    Raises CurationError for one story twice, or one that is retired or unknown.
    """
    if survivor_id == other_id:
        raise CurationError("A story cannot be merged with itself.", code="same_story")
    survivor, other = find_story(survivor_id), find_story(other_id)
    for story in (survivor, other):
        if story.retired_into_id:
            raise CurationError(
                f"Story {story.pk} has been merged into story {story.retired_into_id}; open that one.",
                code="story_retired",
            )
    rows = TimelineEntry.objects.filter(story__in=[survivor, other])
    subjects = set(rows.values_list("region__name", "conflict__name", "topic_id"))
    names = sorted({region or conflict or "" for region, conflict, _ in subjects})
    moved = Membership.objects.filter(story=other).count()
    return MergePreview(survivor, other, moved, tuple(names), len(subjects))


def find_stories(words: str, *, before: int = 0) -> list[Story]:
    """Return stories newest first: by id or address, by words of the headline, or all; PER_PAGE and one more."""
    words = words.replace("\x00", "").strip()
    number = story_number(words)
    if number:
        return list(Story.objects.filter(pk=number))
    rows = Story.objects.filter(retired_into__isnull=True).order_by("-pk")
    if before:
        rows = rows.filter(pk__lt=before)
    if words:
        rows = rows.filter(pk__in=_by_articles(words))
    return list(rows[: PER_PAGE + 1])


def story_number(words: str) -> int:
    """Return the number in "#12", "12" or a story address, 0 when there is none."""
    tail = words.rpartition("/stories/")[2].strip("/").split("-")[0].removeprefix("#")
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 19 else 0


def _by_articles(words: str) -> list[int]:
    """Return stories of which an article is found by the search index."""
    from django.contrib.postgres.search import SearchQuery

    query = SearchQuery(words, config="simple", search_type="websearch") | SearchQuery(
        words, config="english", search_type="websearch"
    )
    newest = (
        SearchRow.objects.filter(vector=query).order_by("-article_id").values_list("article_id", flat=True)
    )
    rows = Membership.objects.filter(article_id__in=list(newest[:FOUND_AT_MOST]))
    return list(rows.values_list("story_id", flat=True).distinct())


def suggestions(story: Story, limit: int = 8) -> list[tuple[Story, int]]:
    """Return stories of about the same time that it may be one with, with percent of words shared, likeliest first."""
    near = (
        Story.objects.live()
        .filter(first_at__gte=story.first_at - likeness.APART, first_at__lte=story.first_at + likeness.APART)
        .filter(article_count__gt=0)
        .exclude(pk=story.pk)
        .order_by("-first_at")[:400]
    )
    words = likeness.headline_words(story)
    found = []
    for other in near:
        others = likeness.headline_words(other)
        score = len(words & others) / (len(words | others) or 1)
        if score > 0.08:
            found.append((other, round(100 * score)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0].pk))[:limit]


@dataclass(frozen=True)
class DiffLine:
    """One pair of paragraphs; `mark` is same, changed, left or right; `grey` says which are boilerplate."""

    left: str
    right: str
    mark: str
    grey_left: bool = False
    grey_right: bool = False


@dataclass(frozen=True)
class Diff:
    """Two articles side by side."""

    left: Article
    right: Article
    lines: tuple[DiffLine, ...]


def compare(left_id: int, right_id: int) -> Diff:
    """Return two articles' full texts, paragraph by paragraph. Raises CurationError when one is unknown."""
    rows = Article.objects.select_related("source", "body").in_bulk([left_id, right_id])
    for pk in (left_id, right_id):
        if pk not in rows:
            raise CurationError(f"There is no article {pk}.", code="article_unknown")
    left, right = rows[left_id], rows[right_id]
    (one, grey_one), (two, grey_two) = _paragraphs(left), _paragraphs(right)
    lines = [
        DiffLine(a, b, mark, a in grey_one, b in grey_two) for a, b, mark in _aligned(one, two)
    ]  # fmt: skip
    return Diff(left, right, tuple(lines))


def _paragraphs(article: Article) -> tuple[list[str], set[str]]:
    body: ArticleBody | None = getattr(article, "body", None)
    if body is None:
        return [], set()
    lines = [line.strip() for line in (body.full_text or body.text).split("\n") if line.strip()]
    removed = {str(each.get("line", "")).strip() for each in body.removed}
    return lines[:DIFF_LINES], removed - {""}


def _aligned(one: Sequence[str], two: Sequence[str]) -> list[tuple[str, str, str]]:
    lines: list[tuple[str, str, str]] = []
    for mark, a, b, c, d in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        size = max(b - a, d - c)
        left = [*one[a:b], *[""] * (size - (b - a))]
        right = [*two[c:d], *[""] * (size - (d - c))]
        names = {"equal": "same", "replace": "changed", "delete": "left", "insert": "right"}
        lines += [(x, y, names[mark]) for x, y in zip(left, right, strict=True)]
    return lines
