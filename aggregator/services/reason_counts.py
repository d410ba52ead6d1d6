"""By which rules the articles of the last thirty days were traced, tagged, placed and grouped: counted by a task.

A day is counted whole and kept; each run of the task counts today and yesterday anew, and of the older days those that are not
kept. A page reads the one sum that is kept, and never counts.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from aggregator.models import Article, ArticleRegion, ArticleTopic, Membership

log = logging.getLogger(__name__)
DAYS = 30
KEPT_SECONDS = 26 * 3600  # so long an older day's count holds: a curator may have tagged it anew
SETTLED = timedelta(days=1)  # after its end a day is taken as whole: late reports are in
MOST = 10  # rules shown per question
ARTICLES = "articles"
_SUM = "reason-counts"

Counts = dict[str, dict[str, int]]  # question → rule → how many


@dataclass(frozen=True)
class ReasonCounts:
    """What the methodology page shows: when it was counted, of how many articles, and the rules, most used first."""

    at: datetime
    articles: int
    questions: tuple[tuple[str, int, tuple[tuple[str, int], ...]], ...]  # question, in all, (rule, how many)


def count_days(now: datetime) -> int:
    """Count what is not kept of the last DAYS days up to `now`, and keep the sum; return how many days were counted."""
    days = [now.astimezone(UTC).date() - timedelta(days=n) for n in range(DAYS)]
    kept: dict[str, Counts] = cache.get_many([_key(day) for day in days])
    counted = 0
    for day in days:
        if _key(day) not in kept:
            kept[_key(day)] = counts = _count(day)
            counted += 1
            if _end(day) + SETTLED <= now:
                cache.set(_key(day), counts, timeout=KEPT_SECONDS)
    cache.set(_SUM, {"at": now, "counts": _added(kept.values())}, timeout=KEPT_SECONDS)
    return counted


def read_counts() -> ReasonCounts | None:
    """Return what was counted last; None before the first time, and while the cache is away."""
    try:
        kept = cache.get(_SUM)
    except Exception as error:  # whatever the cache's client raises while it is away
        log.warning("counts_not_kept", extra={"error": type(error).__name__})
        return None
    if not kept:
        return None
    counts: Counts = kept["counts"]
    questions = tuple(
        (question, sum(found.values()), tuple(Counter(found).most_common(MOST)))
        for question in _QUESTIONS
        if (found := counts.get(question))
    )
    return ReasonCounts(kept["at"], counts.get(ARTICLES, {}).get("", 0), questions)


def _count(day: date) -> Counts:
    articles = Article.objects.filter(
        status=Article.Status.VISIBLE, reported_at__gte=_start(day), reported_at__lt=_end(day)
    ).order_by()
    shown = articles.filter(relevance="in")
    found = {question: count(articles, shown) for question, count in _QUESTIONS.items()}
    return {**found, ARTICLES: {"": shown.count()}}


def _by_rule(rows: QuerySet[Any], field: str) -> dict[str, int]:
    rule = Coalesce(KT(f"{field}__code"), KT(f"{field}__rule"))
    found = rows.annotate(because=rule).values_list("because").annotate(n=Count("pk"))
    return {because: n for because, n in found if because}


def _tags(rows: QuerySet[Any], shown: QuerySet[Article]) -> dict[str, int]:
    return _by_rule(rows.filter(article__in=shown).order_by(), "reason")


def _conflicts(shown: QuerySet[Article]) -> dict[str, int]:
    rows = shown.exclude(conflicts=[]).values_list("conflicts", flat=True).iterator(2000)
    codes = (_code(one.get("reason")) for conflicts in rows for one in conflicts)
    return Counter(code for code in codes if code)


def _code(reason: Any) -> str:
    return str(reason.get("code") or reason.get("rule") or "") if isinstance(reason, dict) else ""


# In the order in which an article meets them. Relevance is asked of what readers do not see, too.
_QUESTIONS: dict[str, Callable[[QuerySet[Article], QuerySet[Article]], dict[str, int]]] = {
    "origin": lambda _, shown: _by_rule(shown, "copy_reason"),
    "place": lambda _, shown: _tags(ArticleRegion.objects.filter(about=True), shown),
    "relevance": lambda every, _: dict(every.values_list("relevance").annotate(n=Count("pk"))),
    "topic": lambda _, shown: _tags(ArticleTopic.objects.all(), shown),
    "form": lambda _, shown: _by_rule(shown, "form_reason"),
    "conflict": lambda _, shown: _conflicts(shown),
    "date": lambda _, shown: _by_rule(shown, "happened_reason"),
    "story": lambda _, shown: _tags(Membership.objects.all(), shown),
}


def _added(days: Iterable[Counts]) -> Counts:
    total: dict[str, Counter[str]] = {}
    for counts in days:
        for question, found in counts.items():
            total.setdefault(question, Counter()).update(found)
    return {question: dict(found) for question, found in total.items()}


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _end(day: date) -> datetime:
    return _start(day + timedelta(days=1))


def _key(day: date) -> str:
    return f"reason-counts-{day.isoformat()}"
