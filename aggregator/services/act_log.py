"""The log of every act: for the desk with names, for the public with roles."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from aggregator.models import Article, LogEntry, Override, Story
from aggregator.pipeline.tables import write_csv

PER_PAGE = 50
EXPORTED = 10_000  # entries, newest first
PUBLIC_TARGETS = ("story", "article", "source", "topic", "region", "conflict")
QUIET = ("reviewed", "load_vocabulary")  # acts that change nothing a reader sees


@dataclass(frozen=True)
class PublicLine:
    """An act as readers see it: its thing goes by the name it has now, for a withdrawn headline must not stay here."""

    entry: LogEntry
    name: str
    address: str


@dataclass(frozen=True)
class Page:
    """A page of the log; `more` is the id before which the next page starts, 0 at the end."""

    entries: tuple[LogEntry, ...]
    more: int


def desk_page(
    *, act: str = "", person: int | None = None, people_only: bool = False, before: int = 0
) -> Page:
    """Return acts newest first, of one kind or person or all."""
    rows = LogEntry.objects.select_related("actor", "undone_by").order_by("-pk")
    if act:
        rows = rows.filter(act=act)
    if person:
        rows = rows.filter(actor_id=person)
    if people_only:
        rows = rows.exclude(role="machine")
    return _page(rows, before)


def public_page(*, before: int = 0) -> tuple[list[PublicLine], int]:
    """Return what readers may see, newest first, and the id before which the next page starts (0 at the end)."""
    page = _page(public_rows(), before)
    return _public_lines(page.entries), page.more


def _public_lines(entries: Sequence[LogEntry]) -> list[PublicLine]:
    ids = {kind: [e.target_id for e in entries if e.target_type == kind] for kind in ("story", "article")}
    names = {("story", pk): name for pk, name in _names(Story, "headline", ids["story"])}
    names |= {("article", pk): name for pk, name in _names(Article, "title", ids["article"])}
    return [PublicLine(e, _name(e, names), address(e)) for e in entries]


def _names(
    model: type[Story] | type[Article], field: str, ids: Sequence[int | None]
) -> list[tuple[int, str]]:
    return list(model._default_manager.filter(pk__in=[pk for pk in ids if pk]).values_list("pk", field))


def _name(entry: LogEntry, names: dict[tuple[str, int], str]) -> str:
    if entry.target_type in ("story", "article"):
        now = names.get((entry.target_type, entry.target_id or 0), "")
        return now or f"{entry.target_type} {entry.target_id}"
    return entry.target_name


def public_rows() -> QuerySet[LogEntry]:
    """Acts that readers may see; a name is never shown, a withdrawn article's headline neither."""
    rows = LogEntry.objects.filter(public=True, target_type__in=PUBLIC_TARGETS).exclude(act__in=QUIET)
    return rows.select_related("actor", "undone_by").order_by("-pk")


def _page(rows: QuerySet[LogEntry], before: int) -> Page:
    found = list((rows.filter(pk__lt=before) if before else rows)[: PER_PAGE + 1])
    return Page(tuple(found[:PER_PAGE]), found[PER_PAGE - 1].pk if len(found) > PER_PAGE else 0)


def acts_known() -> list[str]:
    """Return the kinds of acts among the newest entries, for the filter."""
    newest = LogEntry.objects.order_by("-pk").values_list("act", flat=True)[:2000]
    return sorted(set(newest))


def export_csv(*, public: bool) -> str:
    """Return the newest entries as a table; the public one has roles in the place of names."""
    rows = public_rows() if public else LogEntry.objects.select_related("actor").order_by("-pk")
    named = {line.entry.pk: line.name for line in _public_lines(list(rows[:EXPORTED]))} if public else {}
    names = ["id", "at", "who", "act", "target", "target_id", "name", "reason", "before", "after", "undo_of"]
    return write_csv(names, _lines(rows[:EXPORTED], named, public=public))


def _lines(rows: QuerySet[LogEntry], named: dict[int, str], *, public: bool) -> Iterator[Sequence[object]]:
    for entry in rows.iterator(chunk_size=500):
        who = entry.by if public or entry.actor is None else entry.actor
        yield (
            entry.pk, f"{entry.at:%Y-%m-%dT%H:%M:%SZ}", who, entry.act, entry.target_type, entry.target_id,
            named.get(entry.pk, entry.target_name), entry.reason, json.dumps(_without_words(entry.before) if public else entry.before), json.dumps(_without_words(entry.after) if public else entry.after), entry.undo_of_id,
        )  # fmt: skip


def _without_words(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out headlines: one of a withdrawn article must not come back by the log."""
    return {name: value for name, value in facts.items() if name not in ("headline", "title")}


def address(entry: LogEntry) -> str:
    """Return where readers find what an act was about, '' when there is no such page."""
    names = {"story": "story-id", "article": "article"}
    if entry.target_type not in names or not entry.target_id:
        return ""
    try:
        return reverse(names[entry.target_type], args=[entry.target_id])
    except NoReverseMatch:
        return ""


def overrides(*, kind: str = "", lifted: bool = False, before: int = 0) -> tuple[list[Override], int]:
    """Return overrides newest first, and the id before which the next page starts (0 at the end)."""
    rows = Override.objects.filter(lifted_at__isnull=not lifted).order_by("-pk")
    if kind:
        rows = rows.filter(kind=kind)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(
        rows.select_related("article__source", "article__membership", "other", "made_by")[: PER_PAGE + 1]
    )
    return found[:PER_PAGE], found[PER_PAGE - 1].pk if len(found) > PER_PAGE else 0
