"""A curator changes the cues of a topic: what would it do, and doing it.

A dry run compares the topic's articles of the last days under the old and the new cues. The
retag job puts the affected articles back in the queue; the line runs its rules again on the
stored text and applies a curator's overrides over them, so that these are never touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from aggregator.errors import CurationError
from aggregator.models import Article, LogEntry, Override, Topic, Work
from aggregator.pipeline import classify
from aggregator.pipeline.cues import FIELDS, CueBook, RawHit, TopicRule, bad_cue
from aggregator.pipeline.locate import locate
from aggregator.pipeline.stems import words_of
from aggregator.pipeline.types import Classified
from aggregator.services import vocabulary

DAYS = 30
MOST = 20_000  # articles of one dry run or job, newest first: about half a minute
CHUNK = 500
LISTS = ("strong", "weak", "negative", "sure")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of cues would do to the articles of the last days."""

    checked: int
    added: tuple[int, ...]  # ids of articles that would get the topic
    removed: tuple[int, ...]  # ids of articles that would lose it
    relevance: tuple[int, ...]  # ids of articles whose relevance verdict would change
    days: int

    @property
    def sentence(self) -> str:
        """Say it as the desk shows it."""
        return (
            f"This change would add {len(self.added)} and remove {len(self.removed)} "
            f"of the last {self.days} days ({self.checked} articles checked)."
        )


def preview_cues(topic: Topic, data: Mapping[str, Any], now: datetime, *, days: int = DAYS) -> Preview:
    """Return what `data` as the cues of `topic` would change; writes nothing.

    Articles with a curator's topics are left out: no cue moves them. Raises CurationError with one
    sentence when a cue cannot be used.
    """
    check_cues(data)
    rules = vocabulary.current_rules()
    old = next((r for r in rules.classifier.topics if r.slug == topic.slug), TopicRule(topic.slug))
    new = classify.topic_rule({"slug": topic.slug, "name": topic.name, "data": data})
    changed = _with_topic(rules, new)
    books = CueBook([old]), CueBook([new])
    added, removed, moved, checked = [], [], [], 0
    for article, text in _recent(now - timedelta(days=days), Override.Kind.TOPICS):
        checked += 1
        if _same_hits(article, text, *books):
            continue
        before, after = (_classified(article, text, each) for each in (rules, changed))
        had, has = (topic.slug in {t.topic for t in one.topics} for one in (before, after))
        if has and not had:
            added.append(article.pk)
        elif had and not has:
            removed.append(article.pk)
        if before.relevance != after.relevance:
            moved.append(article.pk)
    return Preview(checked, tuple(added), tuple(removed), tuple(moved), days)


def change_cues(
    topic: Topic,
    data: Mapping[str, Any],
    now: datetime,
    *,
    actor: User | None = None,
    reason: str = "",
    days: int = DAYS,
) -> LogEntry:
    """Give a topic new cues, log it with before and after, and queue the affected articles.

    Returns the log entry; `after["queued"]` tells how many articles run again. Raises CurationError
    when a cue cannot be used.
    """
    preview = preview_cues(topic, data, now, days=days)
    with transaction.atomic():
        row = Topic.objects.select_for_update().get(pk=topic.pk)
        before, row.data = row.data, {**row.data, **dict(data)}
        row.save(update_fields=["data"])
        queued = queue_retag([*preview.added, *preview.removed, *preview.relevance], now)
        after = {
            "data": row.data,
            "queued": queued,
            "added": len(preview.added),
            "removed": len(preview.removed),
        }
        entry = LogEntry.objects.create(
            at=now,
            actor=actor,
            role="curator" if actor else "machine",
            act="change_cues",
            target_type="topic",
            target_id=row.pk,
            target_name=row.name,
            reason=reason,
            before={"data": before},
            after=after,
        )
    topic.data = row.data
    return entry


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


def check_cues(data: Mapping[str, Any]) -> None:
    """Raise CurationError with one sentence about the first cue that cannot be used."""
    lists = [(name, data.get(name, [])) for name in LISTS]
    by_language = data.get("by_language", {})
    if not isinstance(by_language, Mapping):
        raise CurationError("Cues by language need a list for each language.", code="bad_cue")
    lists += [(f"language {language}", cues) for language, cues in by_language.items()]
    for name, cues in lists:
        if not isinstance(cues, list | tuple) or not all(isinstance(cue, str) for cue in cues):
            raise CurationError(f"The {name} cues have to be a list of words.", code="bad_cue")
        for cue in cues:
            if fault := bad_cue(cue):
                raise CurationError(f"“{cue[:80]}”: {fault}", code="bad_cue")


def _recent(since: datetime, override: str) -> Iterator[tuple[Article, str]]:
    """Yield settled articles since a time with their texts, newest first, without overridden ones."""
    fixed = Override.objects.filter(kind=override, lifted_at__isnull=True).values("article_id")
    rows = (
        Article.objects.filter(status=Article.Status.VISIBLE, reported_at__gte=since)
        .exclude(pk__in=fixed)
        .select_related("source", "body")
        .order_by("-reported_at", "-pk")[:MOST]
    )
    for article in rows.iterator(chunk_size=CHUNK):
        body = getattr(article, "body", None)
        yield article, body.text[: classify.READ] if body else ""


def _same_hits(article: Article, text: str, old: CueBook, new: CueBook) -> bool:
    """Say whether the change touches nothing in this text: most articles end here."""
    language = (article.language or "en")[:2]
    words = words_of(f"{article.title}\n{text}", language)
    before, after = ([_key(h) for h in book.find(words, FIELDS[0], language)] for book in (old, new))
    return before == after


def _key(hit: RawHit) -> tuple[str, str, int]:
    return hit.cue, hit.strength, hit.position


def _with_topic(rules: vocabulary.Rules, new: TopicRule) -> vocabulary.Rules:
    topics = tuple(new if rule.slug == new.slug else rule for rule in rules.classifier.topics)
    cues = rules.classifier.cues.with_rule(new)
    return replace(rules, classifier=replace(rules.classifier, topics=topics, cues=cues))


def _classified(article: Article, text: str, rules: vocabulary.Rules) -> Classified:
    language, homes = article.language, [slug for slug in article.source.home_regions if slug != "world"]
    located = locate(
        article.title,
        text,
        gazetteer=rules.gazetteer,
        home_region=homes[0] if homes else None,
        language=language,
    )
    return classify.classify(
        article.title,
        text,
        url=article.url,
        language=language,
        located=located,
        rules=rules.classifier,
        everything_relevant=article.source.everything_relevant,
        reported_on=article.reported_at.date(),
    )
