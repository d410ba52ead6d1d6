"""Learn the lines that an outlet puts under everything: those that several of its articles share.

Runs hourly. Reads a bounded number of newest articles of the outlets that sent something since the
last run; counts nothing up, so that nothing is contended for. What was learned is taken out of
articles that come later, and of those tagged again; stored texts stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max

from aggregator.models import Article, ArticleBody, LearnedLine
from aggregator.pipeline import boilerplate

SINCE = timedelta(hours=2)  # twice the rhythm: a run that was missed loses nothing
NEWEST = 20_000  # by number, of which those are looked for that were found since: time has no index
ARTICLES = 60  # newest of a source that are compared
MIN_ARTICLES = 3
MIN_SHARE = 0.2  # of the compared ones: the background of one long story is no boilerplate
MAX_LINES = 200  # a source


def learn_lines(now: datetime) -> int:
    """Store the lines that each recently active source repeats; return how many are new."""
    last = Article.objects.aggregate(last=Max("pk"))["last"] or 0
    active = Article.objects.filter(pk__gt=last - NEWEST, found_at__gt=now - SINCE, found_at__lte=now)
    sources = active.order_by().values_list("source_id", flat=True).distinct()
    return sum(_learn_of(source_id, now) for source_id in sources)


def _learn_of(source_id: int, now: datetime) -> int:
    known = set(LearnedLine.objects.filter(source=source_id).values_list("line_hash", flat=True))
    counts, words, compared = _counted(_newest_texts(source_id))
    enough = max(MIN_ARTICLES, MIN_SHARE * compared)
    found = [
        (one, count) for one, count in counts.most_common(MAX_LINES) if count >= enough and one not in known
    ]
    LearnedLine.objects.bulk_create(
        [
            LearnedLine(
                source_id=source_id,
                line_hash=one,
                line=words[one][0],
                article_count=count,
                example_id=words[one][1],
                version=boilerplate.RULE_VERSION,
                learned_at=now,
            )
            for one, count in found
        ],
        ignore_conflicts=True,
    )
    return len(found)


def _newest_texts(source_id: int) -> list[tuple[int, str]]:
    """Return the newest texts of a source, as they were before anything was taken out, with their articles."""
    rows = (
        ArticleBody.objects.filter(
            article__source=source_id, article__text_kind="text", article__copy_of=None
        )
        .order_by("-article__reported_at", "-pk")
        .values_list("pk", "full_text", "text")[:ARTICLES]
    )
    return [(pk, full or text) for pk, full, text in rows]


def _counted(texts: Iterable[tuple[int, str]]) -> tuple[Counter[int], dict[int, tuple[str, int]], int]:
    """Count in how many texts each line stands, where boilerplate can stand; a line comes with an example."""
    counts: Counter[int] = Counter()
    words: dict[int, tuple[str, int]] = {}
    compared = 0
    different = {text: pk for pk, text in texts}
    for compared, (text, pk) in enumerate(different.items(), start=1):  # noqa: B007
        lines = boilerplate.learnable_lines(text)
        counts.update(lines.keys())
        words.update({number: (line, pk) for number, line in lines.items()})
    return counts, words, compared
