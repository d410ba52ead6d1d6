"""One article: extract, whose text it is, its versions, its tags with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from aggregator.models import Article, ArticleRegion, ArticleTopic, LogEntry, Membership, Revision
from aggregator.pipeline.group import OUTSIDE_FORMS
from aggregator.services import atlas, subjects
from aggregator.services.seating import STORY_SPAN
from aggregator.services.subjects import UnknownError

MAX_COPIES = 50
# What is told of others with its text.
_NAMED = ("source", "title", "language", "reported_at", "copy_kind", "copy_score")
_UNTOLD = (
    "mentions", "conflicts", "form_reason", "noindex", "membership__story__extract", "membership__story__card",
    "membership__story__speaker_reason", "membership__story__happened_reason", "membership__story__languages",
    "membership__story__source_kinds",
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A run of words of a headline: kept, cut or added."""

    kind: str  # same | cut | added
    text: str


@dataclass(frozen=True)
class Version:
    """A version of an article: what changed in its headline, and how many passages in its text."""

    revision: Revision
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class ArticlePage:
    """Everything an article's page shows."""

    article: Article
    membership: Membership | None
    original: Article | None
    is_reprint: bool  # in no story, though the text that it repeats is in one
    copies: tuple[Article, ...]
    more_copies: bool
    versions: tuple[Version, ...]
    regions: tuple[ArticleRegion, ...]
    topics: tuple[ArticleTopic, ...]
    log: tuple[LogEntry, ...]


class GoneError(LookupError):
    """The article was withdrawn; a tombstone stays."""

    def __init__(self, article: Article, log: LogEntry | None) -> None:
        super().__init__(article.pk)
        self.article, self.log = article, log


def read_article(pk: int) -> ArticlePage:
    """Return an article's page; constant queries.

    Raises GoneError when it was withdrawn, UnknownError when readers may not see it.
    """
    rows = Article.objects.select_related("origin", "membership__story").defer(*_UNTOLD)
    article = rows.filter(pk=pk).first()
    if article is not None and article.status == Article.Status.WITHDRAWN:
        raise GoneError(article, _log(pk).filter(act__startswith="withdraw").first())
    if article is None or not article.is_published:
        raise UnknownError(str(pk), [])
    original = _original(article)
    copies = [copy for copy in _copies(article) if original is None or copy.pk != original.pk]
    _give_outlets([article, *copies, *([original] if original else [])])
    return ArticlePage(
        article=article,
        membership=getattr(article, "membership", None),
        original=original,
        is_reprint=_is_reprint(article, original),
        copies=tuple(copies[:MAX_COPIES]),
        more_copies=len(copies) > MAX_COPIES,
        versions=versions(list(Revision.objects.filter(article=article).defer("text").order_by("number"))),
        regions=_regions(pk),
        topics=_topics(pk),
        log=tuple(_log(pk)[:20]),
    )


def _regions(pk: int) -> tuple[ArticleRegion, ...]:
    """Return the regions that an article is about, the most sure ones first."""
    known = atlas.regions().by_pk
    rows = [row for row in ArticleRegion.objects.filter(article=pk, about=True) if row.region_id in known]
    for row in rows:
        row.region = known[row.region_id]
    return tuple(sorted(rows, key=lambda row: (not row.focus, -row.score, row.region.name)))


def _topics(pk: int) -> tuple[ArticleTopic, ...]:
    known = subjects.topics_by_pk()
    rows = [row for row in ArticleTopic.objects.filter(article=pk) if row.topic_id in known]
    for row in rows:
        row.topic = known[row.topic_id]
    return tuple(sorted(rows, key=lambda row: row.rank))


def _log(pk: int):  # type: ignore[no-untyped-def]
    return LogEntry.objects.select_related("actor").filter(target_type="article", target_id=pk, public=True)


def _original(article: Article) -> Article | None:
    """Return the article whose text this one repeats, if it is ours and visible."""
    own = article.copy_of_id or (article.origin.article_id if article.origin else None)
    if own is None or own == article.pk:
        return None
    return Article.objects.published().filter(pk=own).only(*_NAMED).first()


def _is_reprint(article: Article, original: Article | None) -> bool:
    """Tell whether an article stands in no story for want of news (`latecomers`). No query for one that stands in one."""
    if original is None or not article.is_copy or hasattr(article, "membership"):
        return False
    if article.reported_at - original.reported_at <= STORY_SPAN:
        return False  # it waits for its place
    return article.form not in OUTSIDE_FORMS and Membership.objects.filter(article=original).exists()


def _give_outlets(articles: Sequence[Article]) -> None:
    """Put its outlet at each article's hand."""
    sources = atlas.sources(article.source_id for article in articles)
    for article in articles:
        article.source = sources[article.source_id]


def _copies(article: Article) -> list[Article]:
    """Return the other articles of the same origin, in order of report."""
    if article.origin_id is None or (article.origin and article.origin.kind == "agency"):
        rows = Article.objects.filter(copy_of=article)
    else:
        rows = Article.objects.filter(origin=article.origin_id).exclude(pk=article.pk)
    rows = rows.published().only(*_NAMED)
    return list(rows.order_by("reported_at", "pk")[: MAX_COPIES + 1])


def versions(revisions: Sequence[Revision]) -> tuple[Version, ...]:
    """Return the versions, newest first, each with its headline compared with the one before."""
    found = [Version(revisions[0], (Piece("same", revisions[0].title),))] if revisions else []
    found += [Version(after, word_diff(before.title, after.title)) for before, after in pairwise(revisions)]
    return tuple(reversed(found))


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """Return the words kept, cut and added between two headlines, in reading order."""
    old, new = before.split()[:200], after.split()[:200]
    pieces: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", " ".join(old[i:j])))
            continue
        pieces += [Piece("cut", " ".join(old[i:j]))] if j > i else []
        pieces += [Piece("added", " ".join(new[k:m]))] if m > k else []
    return tuple(pieces)
