"""A change of the vocabulary: which articles would it tag otherwise? And putting them back in the queue.

A dry run compares the articles of the last days under the old and the new rules. Those that differ
go back in the queue; the line runs its rules again on the stored text and applies a curator's
overrides over them, so that these are never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from aggregator.models import Article, Override, Work
from aggregator.pipeline import classify
from aggregator.pipeline.cues import FIELDS, CueBook, RawHit, TopicRule
from aggregator.pipeline.locate import locate
from aggregator.pipeline.stems import words_of
from aggregator.pipeline.types import Classified, Located
from aggregator.services import vocabulary

MOST = 20_000  # articles of one dry run or job, newest first
CHUNK = 500
PLACES_READ = 20_000  # characters of a text in which places are looked for
_OVERRIDES = {
    "topic": Override.Kind.TOPICS, "region": Override.Kind.REGIONS, "conflict": Override.Kind.CONFLICTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the rules say of an article, as far as a change of the vocabulary can alter it."""

    regions: tuple[str, ...]  # that it is about, the focus first
    topics: tuple[str, ...]
    conflicts: frozenset[str]
    relevance: str

    def names(self, kind: str) -> Collection[str]:
        """Return the slugs of one kind."""
        return {"topic": self.topics, "region": self.regions, "conflict": self.conflicts}[kind]


class Comparison:
    """Compares articles under the rules before and after a change of one row."""

    def __init__(self, kind: str, slug: str, old: vocabulary.Rules, new: vocabulary.Rules) -> None:
        self.kind, self.slug, self.old, self.new = kind, slug, old, new
        self.books = (_book(slug, old), _book(slug, new)) if kind == "topic" else None
        # Whether both have the same names: then a text is located once.
        self.same_places = kind != "region"

    def change(self, article: Article, text: str) -> str:
        """Return what a change does to an article: '' nothing, 'added', 'removed' or 'other'."""
        if self.books is not None and _same_hits(article, text, *self.books):
            return ""
        before_at = _located(article, text, self.old)
        after_at = before_at if self.same_places else _located(article, text, self.new)
        if self.kind == "region" and before_at == after_at:
            return ""
        before, after = (
            _verdicts(article, text, before_at, self.old),
            _verdicts(article, text, after_at, self.new),
        )
        if before == after:
            return ""
        had, has = self.slug in before.names(self.kind), self.slug in after.names(self.kind)
        return "added" if has and not had else "removed" if had and not has else "other"


def recent(
    kind: str, since: datetime, before: tuple[datetime, int] | None, limit: int
) -> Iterator[tuple[Article, str]]:
    """Yield settled articles since a time with their texts, newest first, from a place on.

    Articles with a curator's word of this kind are left out: no change of the vocabulary moves them.
    """
    fixed = Override.objects.filter(kind=_OVERRIDES[kind], lifted_at__isnull=True).values("article_id")
    rows = Article.objects.filter(status=Article.Status.VISIBLE, reported_at__gte=since)
    if before is not None:
        at, pk = before
        rows = rows.filter(reported_at__lte=at).filter(Q(reported_at__lt=at) | Q(pk__lt=pk))
    length = classify.READ if kind == "topic" else PLACES_READ
    ordered = rows.exclude(pk__in=fixed).select_related("source", "body").order_by("-reported_at", "-pk")
    for article in ordered[:limit]:
        body = getattr(article, "body", None)
        yield article, body.text[:length] if body else ""


def count_recent(since: datetime) -> int:
    """Return how many articles a dry run looks at, MOST at most."""
    rows = Article.objects.filter(status=Article.Status.VISIBLE, reported_at__gte=since)
    return rows.order_by()[:MOST].count()


def queue_retag(article_ids: list[int], now: datetime) -> int:
    """Put settled articles back in the queue for the rules; return how many.

    An article that is under way already is left where it is: it meets the new rules anyway.
    """
    under_way = set(Work.objects.filter(article_id__in=article_ids).values_list("article_id", flat=True))
    rows = [
        Work(article_id=pk, stage=Work.Stage.SETTLE, next_at=now, why="retag")
        for pk in dict.fromkeys(article_ids)
        if pk not in under_way
    ]
    return len(Work.objects.bulk_create(rows, ignore_conflicts=True, batch_size=CHUNK))


def retag_all(now: datetime, *, since: datetime) -> int:
    """Queue every settled article reported since a time (after a new model or vocabulary)."""
    ids = Article.objects.filter(status=Article.Status.VISIBLE, reported_at__gte=since)
    return queue_retag(list(ids.order_by("-reported_at").values_list("pk", flat=True)[:MOST]), now)


def _book(slug: str, rules: vocabulary.Rules) -> CueBook:
    rule = next((each for each in rules.classifier.topics if each.slug == slug), TopicRule(slug))
    return CueBook([rule])


def _same_hits(article: Article, text: str, old: CueBook, new: CueBook) -> bool:
    """Say whether a change of cues touches nothing in this text: most articles end here."""
    language = (article.language or "en")[:2]
    words = words_of(f"{article.title}\n{text}", language)
    before, after = ([_key(h) for h in book.find(words, FIELDS[0], language)] for book in (old, new))
    return before == after


def _key(hit: RawHit) -> tuple[str, str, int]:
    return hit.cue, hit.strength, hit.position


def _located(article: Article, text: str, rules: vocabulary.Rules) -> Located:
    return locate(
        article.title,
        text,
        gazetteer=rules.gazetteer,
        home_region=rules.home(article.source.home_regions),
        language=article.language,
    )


def _verdicts(article: Article, text: str, located: Located, rules: vocabulary.Rules) -> Verdicts:
    found: Classified = classify.classify(
        article.title,
        text,
        url=article.url,
        language=article.language,
        located=located,
        rules=rules.classifier,
        everything_relevant=article.source.everything_relevant,
        reported_on=article.reported_at.date(),
    )
    about = sorted(
        {score.region for score in located.regions if score.about}, key=lambda r: (r != located.focus, r)
    )
    topics = tuple(score.topic for score in found.topics)
    return Verdicts(tuple(about), topics, frozenset(slug for slug, _ in found.conflicts), found.relevance)
