"""Where articles stand before a batch is grouped, and what curators linked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from django.db.models import Q

from aggregator.models import Membership, Override
from aggregator.services.drafts import Draft


@dataclass
class Where:
    """Where articles stand before the batch: story by article, and spans of those stories."""

    story_of: dict[int, int] = field(default_factory=dict)
    copies_in: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)


@dataclass
class Links:
    """A curator's must-links and cannot-links, both ways."""

    must: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    cannot: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


_PLACE = ("pk", "article_id", "article__copy_of_id", "story_id", "story__first_at", "story__last_at")


def where_now(drafts: Sequence[Draft]) -> Where:
    """Read where the drafts, their originals and their copies stand. One query."""
    own = [d.article.pk for d in drafts]
    asked = {*own, *(d.article.copy_of_id for d in drafts if d.article.copy_of_id)}
    # Two looks, each by an index of its own: an OR across the two tables reads both of them whole.
    standing = Membership.objects.filter(article_id__in=asked).values_list(*_PLACE)
    of_copies = Membership.objects.filter(article__copy_of_id__in=own).values_list(*_PLACE)
    where = Where()
    for _, article, original, story, first, last in sorted(standing.union(of_copies), key=itemgetter(0)):
        where.story_of[article] = story
        where.spans[story] = (first, last)
        if original is not None:
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
