"""Copies take their seats beside the article whose text they repeat, within the story's span, and share its fate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from aggregator.models import Article, Membership, Override, Story
from aggregator.pipeline.group import SPAN
from aggregator.services import retagging
from aggregator.services.latecomers import LATE_FOR
from aggregator.services.stand_ins import Head, Texts, heads_of

STORY_SPAN = timedelta(seconds=SPAN)

Span = tuple[datetime, datetime]


def seat_texts(texts: Texts, story_of: Mapping[int, int], joined: Mapping[int, Span], now: datetime) -> None:
    """Seat the copies of texts that a batch gave another place; those elsewhere go through the rules again.

    So do copies that have no room any more in stories that others `joined`, given with the span of the texts there: an
    early report that is found late goes before them. One query, more where a text has moved or a story is full.
    """
    if stories := texts.seats(story_of) | _too_long(joined):
        words = Override.objects.filter(kind=Override.Kind.MUST_LINK, lifted_at__isnull=True)
        shaped = words.filter(article__membership__story__in=stories).values_list("article_id", flat=True)
        seat_copies(stories, set(shaped), now)
    texts.settle_copies_again(story_of, now)


def _too_long(spans: Mapping[int, Span]) -> set[int]:
    """Return stories that are longer than a story may be, as they stand in the rows and with the spans given."""
    rows = Story.objects.filter(pk__in=spans).values_list("pk", "first_at", "last_at") if spans else ()
    return {pk for pk, first, last in rows if max(last, spans[pk][1]) - min(first, spans[pk][0]) > STORY_SPAN}


def seat_copies(stories: Collection[int], shaped: Collection[int], now: datetime) -> None:
    """Seat the copies of stories whose originals changed: within the span, the earliest first.

    One that has no room goes through the rules again, as when it arrives; one that had none may have it now, and
    one that came too late may have it with its text.
    """
    spans: dict[int, Span] = {}
    heads: dict[int, list[Head]] = defaultdict(list)
    for head in heads_of(stories):
        spans[head.story] = _with(spans.get(head.story), head.at)
        heads[head.text].append(head)
    copies = Article.objects.filter(copy_of_id__in=heads, status=Article.Status.VISIBLE, relevance="in")
    copies = copies.only("copy_of", "reported_at", "membership__story", "membership__reason")
    leading = {head.article: head for group in heads.values() for head in group}
    seated, late, again = [], [], []
    for copy in copies.select_related("membership").order_by("reported_at", "url_hash"):
        row, at = getattr(copy, "membership", None), copy.reported_at
        if row is not None and LATE_FOR in row.reason:
            others = [
                h for h in heads[copy.copy_of_id or 0] if h.story != row.story_id and h.text == h.article
            ]
            again += [copy.pk for head in others if _fits(spans[head.story], at)]
        if copy.pk in leading:
            continue
        near = [h for h in heads[copy.copy_of_id or 0] if row is None or h.story == row.story_id]
        seat = next((head for head in near if _fits(spans[head.story], at)), None)
        if seat is not None:
            spans[seat.story] = _with(spans[seat.story], at)
            if row is None:
                reason = {"rule": "copy", "article": seat.article}
                seated.append(
                    Membership(story_id=seat.story, article=copy, score=1.0, reason=reason, joined_at=now)
                )
        elif near and row is not None and copy.pk not in shaped:
            late.append(copy.pk)
    Membership.objects.bulk_create(seated)
    Membership.objects.filter(article_id__in=late).delete()
    retagging.queue_retag(sorted({*late, *again}), now)


def _with(span: Span | None, at: datetime) -> Span:
    return (at, at) if span is None else (min(span[0], at), max(span[1], at))


def _fits(span: Span, at: datetime) -> bool:
    first, last = _with(span, at)
    return (first, last) == span or last - first <= STORY_SPAN


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
