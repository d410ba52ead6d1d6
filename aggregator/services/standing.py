"""Where articles stand before a batch is grouped, and what curators linked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from django.db import connection
from django.db.models import Q

from aggregator.models import Article, Membership, Override
from aggregator.services.drafts import Draft
from aggregator.services.stand_ins import Texts


@dataclass
class Where:
    """Where articles stand before the batch: story by article, and spans of those stories; who leads their texts."""

    texts: Texts
    story_of: dict[int, int] = field(default_factory=dict)
    copies_in: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)

    def leader(self, draft: Draft) -> int | None:
        """Return the article whose story is a draft's: itself, its original, what stands in for that, or none."""
        text = draft.article.copy_of_id  # the text of an outlet that we do not read has none to follow
        if text is None or text in self.story_of:
            return text or draft.article.pk
        leader = self.texts.leader(draft)
        held = self.texts.stand_ins.get(text)
        if held is not None and held.story:
            self.story_of.setdefault(held.article, held.story)
            self.spans.setdefault(held.story, held.span)
        return leader


@dataclass
class Links:
    """A curator's must-links and cannot-links, both ways."""

    must: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    cannot: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


_PLACE = ("pk", "article_id", "article__copy_of_id", "story_id", "story__first_at", "story__last_at")
_PLACE_OF_COPY = (
    "membership__pk", "pk", "copy_of_id",
    "membership__story_id", "membership__story__first_at", "membership__story__last_at",
)  # fmt: skip


def where_now(drafts: Sequence[Draft]) -> Where:
    """Read where the drafts, their originals and their copies stand. One query, two more when an original is not shown."""
    own = [d.article.pk for d in drafts]
    asked = {*own, *(d.article.copy_of_id for d in drafts if d.article.copy_of_id)}
    # Two looks, each by an index of its own: an OR across the two tables reads both of them whole.
    standing = Membership.objects.filter(article_id__in=asked).values_list(*_PLACE)
    of_copies = Article.objects.filter(copy_of_id__in=own).values_list(*_PLACE_OF_COPY)
    rows = list(standing.union(of_copies))
    copies_of: dict[int, list[int]] = defaultdict(list)
    for _, article, original, *_ in rows:
        if original in asked:
            copies_of[original].append(article)
    rows = sorted((row for row in rows if row[0] is not None), key=itemgetter(0))
    where = Where(Texts.read(drafts, copies_of, {article for _, article, *_ in rows}))
    for _, article, original, story, first, last in rows:
        where.story_of[article] = story
        where.spans[story] = (first, last)
        if original is not None:
            where.copies_in[original].append((article, story))
    for original, (article, _, story, span) in where.texts.stand_ins.items():
        where.story_of[article], where.spans[story] = story, span
        where.copies_in[original].append((article, story))
    return where


def links_of(drafts: Sequence[Draft]) -> Links:
    """Read the curators' links of the drafts, whichever side they were put down on."""
    own = {d.article.pk for d in drafts}
    kinds = (Override.Kind.MUST_LINK, Override.Kind.CANNOT_LINK)
    rows = Override.objects.filter(
        Q(article_id__in=own) | Q(other_id__in=own),
        kind__in=kinds,
        lifted_at__isnull=True,
        other__isnull=False,
    )
    links = Links()
    for kind, one, other in rows.order_by("pk").values_list("kind", "article_id", "other_id"):
        side = links.must if kind == Override.Kind.MUST_LINK else links.cannot
        if one != other:
            side[one].add(other)
            side[other].add(one)
    return links


def place_in_line(draft: Draft) -> tuple[bool, datetime, int, int]:
    """Return where a draft comes in its batch: the oldest report first, copies after the originals."""
    article = draft.article
    is_copy = article.copy_of_id is not None
    return is_copy, article.reported_at, article.url_hash if is_copy else 0, article.pk


def take_story_ids(count: int) -> list[int]:
    """Take numbers for stories that may be opened, lowest last; unused ones stay unused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('aggregator_story', 'id')) FROM generate_series(1, %s)",
            [count],
        )
        return sorted((pk for (pk,) in cursor.fetchall()), reverse=True)
