"""Copies that come when the story of their text has no room for them: no story is longer than its span.

Such a copy is grouped by its own words, like an original, and so stands in the story that goes on from its text's, or
opens one; its origin stays that of its text and counts once there. A reprint does not: what comes more than a span after
the text that leads it and has next to nothing of its own is no news, and stands in no story. A membership's reason
names the text: under `LATE_FOR` for a latecomer, under `STANDS_FOR` for what stands in for it (`stand_ins`).
"""

from __future__ import annotations

from collections.abc import Collection

from aggregator.models import Article, Membership
from aggregator.pipeline.features import Features
from aggregator.pipeline.group import SPAN
from aggregator.pipeline.trace_issues import WHOLE

LATE_FOR, STANDS_FOR = "late_for", "stands_for"


def is_reprint(article: Article, leads: Features | None) -> bool:
    """Tell whether a copy is the old text again, more than a span before or after it.

    `leads` is what is held of the article that leads its text; one that is not held any more is weeks away.
    """
    at = None if leads is None else leads.at
    if at is not None and abs(article.reported_at.timestamp() - at) <= SPAN:
        return False
    shared = article.copy_reason.get("of_copy", 1.0)  # of an exact copy, and one that a curator tied, all
    return bool(shared >= WHOLE)


def tell_late(article_ids: Collection[int]) -> None:
    """Say of copies in a story that their text's had no room, where that is not said. No query for no articles."""
    if not article_ids:
        return
    rows = Membership.objects.filter(article_id__in=article_ids, article__copy_of__isnull=False)
    told = list(rows.exclude(reason__has_key=LATE_FOR).select_related("article"))
    for row in told:
        kept = {key: value for key, value in row.reason.items() if key != STANDS_FOR}
        row.reason = {**kept, LATE_FOR: row.article.copy_of_id}
    Membership.objects.bulk_update(told, ["reason"])
