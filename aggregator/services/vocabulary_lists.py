"""The desk's lists of publishers, agencies and boilerplate lines, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from aggregator.models import Agency, LearnedLine, Publisher, Source

PAGE = 100
LINES = 50
_MOST_OUTLETS = 200  # that a search for lines looks into
STATES = {"": "all", "on": "taken out", "off": "left in", "hand": "by hand"}


@dataclass(frozen=True)
class Part:
    """A page of a list; `more` is the place after which the next one begins, '' on the last."""

    rows: Sequence[Any]
    more: str = ""


def publishers(said: str, after: str) -> Part:
    """Return publishers by name with the number of their outlets; `said` is in the name, family or a domain."""
    rows = Publisher.objects.order_by("name", "pk").annotate(outlets=Count("sources"))
    if said:
        like = Q(name__icontains=said) | Q(owner_group__icontains=said) | Q(slug__icontains=said)
        rows = rows.filter(like | Q(homepage_domains__contains=[said.lower()]))
    if after:
        rows = rows.filter(name__gt=after)
    found = list(rows[: PAGE + 1])
    return Part(found[:PAGE], found[PAGE - 1].name if len(found) > PAGE else "")


def family_of(publisher: Publisher) -> list[Publisher]:
    """Return the other publishers that count as one with this one."""
    slugs = Q(owner_group=publisher.family) | Q(slug=publisher.family, owner_group="")
    return list(Publisher.objects.filter(slugs).exclude(pk=publisher.pk).order_by("name")[:PAGE])


def outlets_of(publisher: Publisher) -> list[Source]:
    """Return a publisher's outlets."""
    return list(Source.objects.filter(publisher=publisher).order_by("name")[:PAGE])


def agencies() -> list[Agency]:
    """Return all agencies by name; some hundred at most."""
    return list(Agency.objects.order_by("name", "pk"))


def lines(state: str, outlet: str, after: str) -> Part:
    """Return boilerplate lines, the newest first. `outlet` is in the outlet's name."""
    rows = LearnedLine.objects.select_related("source", "example").order_by("-learned_at", "-pk")
    rows = _of_state(rows, state)
    if outlet:
        sources = Source.objects.filter(Q(name__icontains=outlet) | Q(slug=outlet)).order_by("name")
        rows = rows.filter(source__in=list(sources.values_list("pk", flat=True)[:_MOST_OUTLETS]))
    if place := _place(after):
        at, pk = place
        rows = rows.filter(learned_at__lte=at).filter(Q(learned_at__lt=at) | Q(pk__lt=pk))
    found = list(rows[: LINES + 1])
    last = found[LINES - 1] if len(found) > LINES else None
    return Part(found[:LINES], f"{last.learned_at.isoformat()}~{last.pk}" if last else "")


def _of_state(rows: QuerySet[LearnedLine], state: str) -> QuerySet[LearnedLine]:
    if state == "hand":
        return rows.filter(by_hand=True)
    return rows.filter(active=state == "on") if state in ("on", "off") else rows


def _place(text: str) -> tuple[datetime, int] | None:
    at, _, pk = text.partition("~")
    try:
        return (datetime.fromisoformat(at), int(pk)) if pk.isdigit() and len(pk) < 19 else None
    except ValueError:
        return None
