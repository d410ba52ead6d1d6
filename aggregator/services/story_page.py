"""One story: clocks, coverage with copies folded under originals, changed headlines, what lies around it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from aggregator.models import (
    Article,
    Conflict,
    LogEntry,
    Membership,
    Origin,
    Revision,
    Story,
    StoryConflict,
)
from aggregator.services import atlas
from aggregator.services.story_context import Belonging, around, belongings
from aggregator.services.subjects import UnknownError

MAX_MEMBERS = 300  # a story of 72 hours rarely has more; what is left out is told
KEY_EXTRACTS = 3


class RetiredError(LookupError):
    """The story was merged into another; `target` is the one that readers are sent to."""

    def __init__(self, target: Story) -> None:
        super().__init__(target.pk)
        self.target = target


@dataclass(frozen=True)
class Report:
    """An article of a story, with its lag behind the first report and why it belongs."""

    article: Article
    lag: timedelta
    membership: Membership

    @property
    def is_first(self) -> bool:
        """Whether nothing was reported earlier."""
        return not self.lag


@dataclass
class Line:
    """An origin on the coverage list: its original, if we have it, and the copies folded under it."""

    origin: Origin | None
    name: str
    original: Report | None
    copies: list[Report] = field(default_factory=list)

    @property
    def first(self) -> Report:
        """The original, or the earliest copy where there is none."""
        return self.original or self.copies[0]


@dataclass(frozen=True)
class HeadlineChange:
    """An article whose headline was edited: the one before and the one after."""

    article: Article
    before: str
    after: str
    at: datetime
    versions: int


@dataclass(frozen=True)
class StoryPage:
    """Everything a story's page shows."""

    story: Story
    lines: tuple[Line, ...]
    extracts: tuple[Report, ...]
    headlines: tuple[HeadlineChange, ...]
    earlier: tuple[Story, ...]
    later: tuple[Story, ...]
    conflicts: tuple[Conflict, ...]
    belongings: tuple[Belonging, ...]
    log: tuple[LogEntry, ...]
    left_out: int

    @property
    def reports(self) -> list[Report]:
        """All reports shown, oldest first."""
        all_of = [
            report
            for line in self.lines
            for report in ([line.original] if line.original else []) + line.copies
        ]
        return sorted(all_of, key=lambda report: (report.article.reported_at, report.article.pk))

    @property
    def seen_at(self) -> datetime:
        """When we first saw any of the reports shown; the story itself may have held others before."""
        return min((report.article.found_at for report in self.reports), default=self.story.created_at)

    @property
    def updates(self) -> list[Report]:
        """The texts that are their outlets' own, oldest first; nothing where there is but one."""
        own = [report for report in self.reports if _is_original(report.article)]
        return own if len(own) > 1 else []


def find_story(pk: int) -> Story:
    """Return a story that readers may see. Raises RetiredError after a merge, UnknownError otherwise."""
    story = Story.objects.filter(pk=pk).first()
    if story is None or (story.hidden and not story.retired_into_id):
        raise UnknownError(str(pk), [])
    if story.retired_into_id:
        raise RetiredError(_survivor(story))
    return story


def _survivor(story: Story) -> Story:
    for _ in range(20):  # merges of merges; a loop cannot be stored by the desk, but is not trusted either
        if story.retired_into is None:
            return story
        story = story.retired_into
    return story


def read_story(pk: int) -> StoryPage:
    """Return a story's page; the number of queries is constant. Raises as `find_story`."""
    story = find_story(pk)
    members = _members(story)
    lines = _fold(members, story)
    conflicts = _conflicts(story)
    earlier, later = around(story, conflicts)
    log = LogEntry.objects.filter(target_type="story", target_id=pk, public=True).exclude(role="machine")
    log = log.select_related("actor")
    return StoryPage(
        story=story,
        lines=lines,
        extracts=_key_extracts(story, lines),
        headlines=tuple(headline_changes([report.article for report in _all(lines)])),
        earlier=earlier,
        later=later,
        conflicts=conflicts,
        belongings=belongings(members),
        log=tuple(log[:20]),
        left_out=max(story.article_count - len(members), 0),
    )


# What pages, faces and the API tell of a member. Outlets are not joined: with all the tables that would be, PostgreSQL
# takes ten times as long to plan the query as to run it.
_SHOWN = (
    "source", "origin", "copy_of", "url", "title", "language", "extract", "reported_at", "found_at", "happened_on",
    "happened_precision", "copy_kind", "copy_score", "revision_count",
    "origin__kind", "origin__independence_key", "origin__name",
)  # fmt: skip


def _members(story: Story) -> list[Membership]:
    rows = Membership.objects.filter(story=story, article__status=Article.Status.VISIBLE)
    rows = rows.select_related("article__origin").only(
        "story", "reason", "score", *(f"article__{name}" for name in _SHOWN)
    )
    members = list(rows.order_by("article__reported_at", "article_id")[:MAX_MEMBERS])
    _give_outlets([member.article for member in members])
    return members


def _give_outlets(articles: Sequence[Article]) -> None:
    """Put its outlet at each article's hand, and what it is a copy of with that one's outlet."""
    known = {article.pk: article for article in articles}
    copied = {article.copy_of_id for article in articles if article.copy_of_id} - known.keys()
    if copied:
        known |= Article.objects.only("source").in_bulk(copied)
    sources = atlas.sources(article.source_id for article in known.values())
    for article in known.values():
        article.source = sources[article.source_id]
    for article in articles:
        if article.copy_of_id:
            article.copy_of = known[article.copy_of_id]


def _fold(members: Sequence[Membership], story: Story) -> tuple[Line, ...]:
    """Return one line an origin that counts; originals in order of report, copies under them."""
    lines: dict[str, Line] = {}
    for member in members:
        article = member.article
        report = Report(article, article.reported_at - story.first_at, member)
        key = article.origin.independence_key if article.origin else f"family:{article.source.family}"
        line = lines.setdefault(key, Line(article.origin, _line_name(article), None))
        if line.original is None and _is_original(article):
            line.original = report
        else:
            line.copies.append(report)
    return tuple(
        sorted(lines.values(), key=lambda line: (line.original is None, line.first.article.reported_at))
    )


def _is_original(article: Article) -> bool:
    """Whether a text is its outlet's own: no copy, and no wire's or other outlet's text."""
    return not article.is_copy and (article.origin is None or article.origin.kind == Origin.Kind.ORIGINAL)


def _line_name(article: Article) -> str:
    if article.origin and article.origin.kind != Origin.Kind.ORIGINAL:
        return article.origin.name
    return article.source.name


def _all(lines: Iterable[Line]) -> list[Report]:
    return [report for line in lines for report in ([line.original] if line.original else []) + line.copies]


def _key_extracts(story: Story, lines: Sequence[Line]) -> tuple[Report, ...]:
    """Return reports of different origins that have an extract, the one that speaks for the story first."""
    firsts = [line.first for line in lines if line.first.article.extract]
    firsts.sort(key=lambda report: report.article.pk != story.speaker_id)
    return tuple(firsts[:KEY_EXTRACTS])


def headline_changes(articles: Sequence[Article]) -> list[HeadlineChange]:
    """Return the newest headline edit of each article that has one; one query."""
    edited = {article.pk: article for article in articles if article.revision_count > 1}
    if not edited:
        return []
    versions: dict[int, list[Revision]] = defaultdict(list)
    for row in Revision.objects.filter(article__in=edited).defer("text").order_by("article", "number"):
        versions[row.article_id].append(row)
    changes = [_last_change(edited[pk], rows) for pk, rows in versions.items()]
    return [change for change in changes if change]


def _last_change(article: Article, rows: Sequence[Revision]) -> HeadlineChange | None:
    for before, after in reversed(list(pairwise(rows))):
        if before.title != after.title:
            return HeadlineChange(article, before.title, after.title, after.found_at, len(rows))
    return None


def _conflicts(story: Story) -> tuple[Conflict, ...]:
    known = {one.conflict.pk: one.conflict for one in atlas.theatres()}
    rows = StoryConflict.objects.filter(story=story).order_by("pk").values_list("conflict_id", flat=True)
    return tuple(known[pk] for pk in rows if pk in known)
