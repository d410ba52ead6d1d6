"""Which copy stands in for an original that stands in no story, because readers are not shown it.

An original may be held for a person or judged to be about no conflict while a copy of it is not. Then the first
report among its copies is grouped like an original, the others follow it, and all keep their original's origin, so
that they count once. What is hidden, and opinion and the like, is stood in for by nobody. It follows from the rows
alone: any worker says the same, whatever came first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from aggregator.models import Article, Membership
from aggregator.pipeline.group import OUTSIDE_FORMS
from aggregator.services import retagging
from aggregator.services.drafts import Draft
from aggregator.services.latecomers import LATE_FOR, STANDS_FOR

Order = tuple[datetime, int, int]  # by report, then by address: never by arrival


class Head(NamedTuple):
    """An article that is grouped by its own words; `text` is the original of its text, mostly itself."""

    article: int
    text: int
    story: int
    at: datetime


_MEMBER = (
    "article_id", "article__copy_of_id", "story_id", "article__reported_at",
    "article__copy_of__membership__story_id", f"reason__{LATE_FOR}",
)  # fmt: skip


class StandIn(NamedTuple):
    """The copy that stands in for an original, its story and that one's first and newest report."""

    article: int
    order: Order
    story: int
    span: tuple[datetime, datetime]


def find_stand_ins(originals: Collection[int]) -> dict[int, StandIn]:
    """Return who stands in for those of some originals that stand in no story. One query, none for no originals."""
    return _first_copies(Article.objects.filter(copy_of_id__in=originals, copy_of__membership__isnull=True))


def _first_copies(copies: QuerySet[Article]) -> dict[int, StandIn]:
    rows = copies.filter(membership__isnull=False)
    rows = rows.exclude(form__in=OUTSIDE_FORMS).order_by("copy_of_id", "reported_at", "url_hash", "pk")
    found = rows.distinct("copy_of_id").values_list(
        "copy_of_id", "pk", "reported_at", "url_hash",
        "membership__story_id", "membership__story__first_at", "membership__story__last_at",
    )  # fmt: skip
    return {
        text: StandIn(pk, (at, place, pk), story, (first, last))
        for text, pk, at, place, story, first, last in found
        if text is not None
    }


def heads_of(story_ids: Collection[int]) -> list[Head]:
    """Return the originals of stories, the copies that stand in for one, and those that came too late for its story.

    In the order in which they joined. A latecomer is one as long as its text leads another story.
    """
    rows = Membership.objects.filter(story_id__in=list(story_ids)).order_by("pk")
    members = list(rows.values_list(*_MEMBER))
    seats = {text: seat for _, text, _, _, seat, _ in members if text is not None}
    held = find_stand_ins({text for text, seat in seats.items() if seat is None})
    leads = {one.article for one in held.values()}
    seats |= {text: one.story for text, one in held.items()}
    return [
        Head(article, text or article, story, at)
        for article, text, story, at, _, late_for in members
        if text is None or article in leads or (late_for is not None and seats[text] != story)
    ]


@dataclass
class Texts:
    """The texts of a batch as it goes on: who stands in for their originals, and whose copies must be looked at.

    `barred` are originals that nobody stands in for; `copies_of` all copies of the batch's originals; `moved` originals
    whose text has another place than before, `gone` those whose leader left, and `again` articles to settle again
    after the batch.
    """

    own: Collection[int]
    stand_ins: dict[int, StandIn] = field(default_factory=dict)
    barred: set[int] = field(default_factory=set)
    copies_of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    moved: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, drafts: Sequence[Draft], copies_of: dict[int, list[int]], placed: Collection[int]) -> Texts:
        """Read who stands in for the originals that are not `placed`. No query when all are, else two."""
        own = {draft.article.pk for draft in drafts}
        texts = cls(own, copies_of=copies_of)
        away = {d.article.copy_of_id for d in drafts if d.article.copy_of_id} | copies_of.keys()
        away -= set(placed)
        texts.stand_ins = find_stand_ins(away)
        texts.barred = {d.article.pk for d in drafts if _is_barred(d)}
        if others := away - own:
            barred = Q(status=Article.Status.HIDDEN) | Q(form__in=OUTSIDE_FORMS)
            texts.barred |= set(Article.objects.filter(barred, pk__in=others).values_list("pk", flat=True))
        return texts

    def leader(self, draft: Draft) -> int | None:
        """Return who leads the text of a copy whose original stands nowhere: itself, another copy, or nobody."""
        article, text = draft.article, draft.article.copy_of_id or 0
        if text in self.barred:
            return None
        if text in self.gone and text not in self.stand_ins:  # those of the batch come by themselves
            others = Article.objects.filter(copy_of_id=text).exclude(pk__in=self.own)
            self.stand_ins |= _first_copies(others)
        held = self.stand_ins.get(text)
        if draft.classified.form in OUTSIDE_FORMS:
            return held.article if held and held.article != article.pk else None
        order = (article.reported_at, article.url_hash, article.pk)
        if held and held.article != article.pk and held.order < order:
            return held.article
        if held and held.article != article.pk:  # it was found before this one, and follows it now
            self.moved.add(text)
            self.again.add(held.article)
        if held is None or held.article != article.pk:
            span = (article.reported_at, article.reported_at)
            self.stand_ins[text] = StandIn(article.pk, order, 0, span)
        return article.pk

    def left(self, article: Article, *, stood: bool) -> None:
        """Note that an article stands in no story; `stood`: it did before."""
        if article.copy_of_id is not None:
            held = self.stand_ins.get(article.copy_of_id)
            if held and held.article == article.pk:
                del self.stand_ins[article.copy_of_id]
                self.lost({article.copy_of_id})
        elif self.copies_of.get(article.pk):
            if stood:
                self.lost({article.pk})
            elif (article.pk in self.barred) == (article.pk in self.stand_ins):
                self.moved.add(article.pk)

    def lost(self, originals: set[int]) -> None:
        """Note originals whose text has lost its leader."""
        self.moved |= originals
        self.gone |= originals

    def took_place(self, original: int) -> list[int]:
        """Note that an original came to a story that it was not in; return its copies, none of which leads any more."""
        copies = self.copies_of.get(original, [])
        if copies:
            self.moved.add(original)
        if held := self.stand_ins.pop(original, None):
            self.again.add(held.article)
        return copies

    def settle_copies_again(self, story_of: Mapping[int, int], now: datetime) -> None:
        """Send copies through the rules again that may stand wrongly now: the next batch decides as for any other."""
        again = set(self.again)
        if self.moved:
            rows = Article.objects.published().filter(copy_of_id__in=self.moved)
            for pk, text, story in rows.values_list("pk", "copy_of_id", "membership__story_id"):
                seat = self._seat(text or 0, story_of)
                if seat is None or story not in (None, seat):  # without a story it has no room there
                    again.add(pk)
        retagging.queue_retag(sorted(again - set(self.own)), now)

    def seats(self, story_of: Mapping[int, int]) -> set[int]:
        """Return the stories in which moved texts have their place now."""
        return {seat for text in self.moved if (seat := self._seat(text, story_of)) is not None}

    def _seat(self, text: int, story_of: Mapping[int, int]) -> int | None:
        """Return the story of a text's leader, when this batch knows that it leads."""
        if text in self.gone:  # a copy that is not in the batch may come before those that are
            return None
        held = self.stand_ins.get(text)
        leader = text if text in story_of or held is None else held.article
        return story_of.get(leader) if leader in self.own else None


def tell_anew(article_ids: Collection[int]) -> set[int]:
    """Say why articles that lead a text stand in their story: they may have followed another, or stood in for one.

    Returns the originals that somebody stood in for who has a text of its own now. No query for no articles.
    """
    follows = Q(reason__rule="copy", article__copy_of__isnull=False)
    rows = Membership.objects.filter(follows | Q(reason__has_key=STANDS_FOR), article_id__in=article_ids)
    told = list(rows.select_related("article"))
    left = {row.reason[STANDS_FOR] for row in told if row.article.copy_of_id is None}
    for row in told:
        old = {"rule": "its_copies"} if row.reason.get("rule") == "copy" else row.reason
        row.reason = {key: value for key, value in old.items() if key != STANDS_FOR}
        if row.article.copy_of_id is not None:
            row.reason[STANDS_FOR] = row.article.copy_of_id
    Membership.objects.bulk_update(told, ["reason"])
    return left


def _is_barred(draft: Draft) -> bool:
    return draft.article.status == Article.Status.HIDDEN or draft.classified.form in OUTSIDE_FORMS
