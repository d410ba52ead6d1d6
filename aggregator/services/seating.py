"""Copies take their seats beside the article whose text they repeat, within the story's span, and share its fate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from aggregator.models import Article, Membership, Override, Story
from aggregator.pipeline.group import SPAN
from aggregator.services.stand_ins import Texts, heads_of

STORY_SPAN = timedelta(seconds=SPAN)


def seat_texts(texts: Texts, story_of: Mapping[int, int], now: datetime) -> None:
    """Seat the copies of texts that a batch gave another place; those elsewhere go through the rules again.

    No query where no text has moved.
    """
    if stories := texts.seats(story_of):
        words = Override.objects.filter(kind=Override.Kind.MUST_LINK, lifted_at__isnull=True)
        shaped = words.filter(article__membership__story__in=stories).values_list("article_id", flat=True)
        seat_copies(stories, set(shaped), now)
    texts.settle_copies_again(story_of, now)


def seat_copies(stories: Collection[int], shaped: Collection[int], now: datetime) -> None:
    """Seat the copies of stories whose originals changed: within the span, the earliest first.

    One that has no room stands in no story, as when it arrives; one that had none may have it now.
    """
    spans: dict[int, list[datetime]] = defaultdict(list)
    heads = {head.text: head for head in heads_of(stories)}
    for head in heads.values():
        spans[head.story].append(head.at)
    copies = Article.objects.filter(copy_of_id__in=heads, status=Article.Status.VISIBLE, relevance="in")
    copies = copies.exclude(pk__in=[head.article for head in heads.values()])
    copies = copies.only("copy_of", "reported_at", "membership__story")
    seated, late = [], []
    for copy in copies.select_related("membership").order_by("reported_at", "url_hash"):
        head, at = heads[copy.copy_of_id or 0], copy.reported_at
        story = head.story
        row = getattr(copy, "membership", None)
        if row is not None and row.story_id != story:
            continue
        first, last = min(spans[story]), max(spans[story])
        if first <= at <= last or max(last, at) - min(first, at) <= STORY_SPAN:
            spans[story].append(at)
            if row is None:
                reason = {"rule": "copy", "article": head.article}
                seated.append(
                    Membership(story_id=story, article=copy, score=1.0, reason=reason, joined_at=now)
                )
        elif row is not None and copy.pk not in shaped:
            late.append(copy.pk)
    Membership.objects.bulk_create(seated)
    Membership.objects.filter(article_id__in=late).delete()


def hide_with_stories(joined: Collection[Membership]) -> None:
    """Hide articles that joined a story that a curator hid: they come back with it. One query, none for no articles."""
    hidden = set(
        Story.objects.filter(pk__in={row.story_id for row in joined}, hidden=True).values_list(
            "pk", flat=True
        )
    )
    ids = [row.article_id for row in joined if row.story_id in hidden]
    if ids:
        rows = Article.objects.filter(pk__in=ids, status=Article.Status.VISIBLE)
        rows.update(status=Article.Status.HIDDEN, indexed=False)
