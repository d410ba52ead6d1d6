"""Which outlets are read: propose, approve, pause, retire; each act is logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.utils.text import slugify

from aggregator.errors import CurationError
from aggregator.models import Feed, LogEntry, Publisher, Region, Source
from aggregator.pipeline.urls import canonical_url, url_hash
from aggregator.services import discovery, polling
from aggregator.services.curation.acts import Actor, ground_moved, log_act, need_reason
from aggregator.services.discovery import Candidate
from aggregator.services.opml import domain_of

_S = Source.Status
# act → (from these states, to this one)
MOVES = {
    "approve": ((_S.PROPOSED, _S.PAUSED, _S.REJECTED, _S.RETIRED), _S.APPROVED),
    "reject": ((_S.PROPOSED,), _S.REJECTED),
    "pause": ((_S.APPROVED,), _S.PAUSED),
    "retire": ((_S.APPROVED, _S.PAUSED, _S.PROPOSED), _S.RETIRED),
}
NEEDS_REASON = ("reject", "retire")


def find_source(pk: int) -> Source:
    """Return an outlet with its family and feeds. Raises CurationError when there is none."""
    source = Source.objects.select_related("publisher").prefetch_related("feeds").filter(pk=pk).first()
    if source is None:
        raise CurationError(f"There is no source {pk}.", code="source_unknown")
    return source


def status_counts() -> dict[str, int]:
    """Return how many outlets have which status."""
    return dict(Source.objects.order_by().values_list("status").annotate(n=Count("pk")))


def keep_selector(actor: Actor, source_id: int, selector: str) -> None:
    """Read an outlet's pages by a selector from now on; '' goes back to the rules."""
    with transaction.atomic():
        source = Source.objects.select_for_update().filter(pk=source_id).first()
        if source is None:
            raise CurationError(f"There is no source {source_id}.", code="source_unknown")
        before, after = {"selector": source.extraction_selector}, {"selector": selector[:300]}
        log_act(actor, "selector", source, before=before, after=after)
        source.extraction_selector = selector[:300]
        source.save(update_fields=["extraction_selector"])


def undo_selector(actor: Actor, entry: LogEntry) -> LogEntry:
    """Read an outlet's pages as before. Raises CurationError when the selector has changed since."""
    source = Source.objects.select_for_update().filter(pk=entry.target_id or 0).first()
    if source is None or source.extraction_selector != entry.after["selector"]:
        raise ground_moved("A later change of the selector")
    source.extraction_selector = entry.before["selector"]
    source.save(update_fields=["extraction_selector"])
    return log_act(actor, "undo", source, before=entry.after, after=entry.before, undo_of=entry)


@dataclass(frozen=True)
class Wanted:
    """A new outlet as a curator describes it."""

    name: str
    homepage: str
    feeds: tuple[tuple[str, str], ...]  # address, title
    publisher_id: int | None = None
    country: str = ""
    language: str = ""
    home_region: str = ""
    kind: str = "national"
    state_control: int = 0


def propose(actor: Actor, wanted: Wanted) -> Source:
    """Make a proposed outlet with its feeds.

    Raises CurationError when the name is missing, no feed is left to add, or a value is unknown.
    """
    name = wanted.name.replace("\x00", "").strip()[:200]
    if not name:
        raise CurationError("Give the outlet a name.", code="name_missing")
    if wanted.home_region and not Region.objects.filter(slug=wanted.home_region).exists():
        raise CurationError(f"There is no region '{wanted.home_region}'.", code="slug_unknown")
    if wanted.state_control not in (0, 1, 2, 3):
        raise CurationError("State control is a number from 0 to 3.", code="value_bad")
    feeds = _fresh(wanted.feeds)
    with transaction.atomic():
        source = Source.objects.create(
            slug=_free_slug(name),
            name=name,
            publisher=_publisher(wanted, name),
            homepage=canonical_url(wanted.homepage)[:500],
            country=wanted.country.upper()[:2],
            languages=[wanted.language[:12]] if wanted.language else [],
            home_regions=[wanted.home_region] if wanted.home_region else [],
            kind=wanted.kind[:32] or "national",
            state_control=wanted.state_control,
            created_at=actor.now,
        )
        discovery.add_feeds(source, feeds, actor.now)
        log_act(actor, "propose", source, before={}, after={"feeds": [feed.url for feed in feeds]})
    return source


def _fresh(feeds: Sequence[tuple[str, str]]) -> list[Candidate]:
    given = {url_hash(url): (url, title) for raw, title in feeds if (url := canonical_url(raw))}
    known = dict(Feed.objects.filter(url_hash__in=given).values_list("url_hash", "source__name"))
    fresh = [given[key] for key in given if key not in known]
    if not fresh:
        names = ", ".join(sorted(set(known.values())))
        told = f"You already read this under {names}." if known else "Tick at least one feed."
        raise CurationError(told, code="nothing_to_add")
    return [Candidate(url, title[:300], "", "", "given", ()) for url, title in fresh]


def _publisher(wanted: Wanted, name: str) -> Publisher:
    if wanted.publisher_id:
        found = Publisher.objects.filter(pk=wanted.publisher_id).first()
        if found is None:
            raise CurationError("This publisher does not exist any more.", code="publisher_unknown")
        return found
    domain = domain_of(wanted.homepage)
    slug, number = slugify(name)[:70] or "publisher", 1
    while Publisher.objects.filter(slug=slug if number == 1 else f"{slug}-{number}").exists():
        number += 1
    return Publisher.objects.create(
        slug=slug if number == 1 else f"{slug}-{number}",
        name=name,
        country=wanted.country.upper()[:2],
        state_control=wanted.state_control,
        homepage_domains=[domain] if domain else [],
    )


def _free_slug(name: str) -> str:
    stem = slugify(name)[:70] or "outlet"
    slug, number = stem, 2
    while Source.objects.filter(slug=slug).exists():
        slug, number = f"{stem}-{number}", number + 1
    return slug


def change_status(actor: Actor, source_ids: Sequence[int], act: str) -> int:
    """Approve, reject, pause or retire outlets; return how many changed.

    Approved ones are polled at once. Raises CurationError for an unknown act, a missing reason, or when
    none of the outlets is in a state that the act starts from.
    """
    if act not in MOVES:
        raise CurationError(f"'{act}' is not an act on sources.", code="act_not_known")
    if act in NEEDS_REASON:
        need_reason(actor)
    before, after = MOVES[act]
    with transaction.atomic():
        rows = list(
            Source.objects.select_for_update().filter(pk__in=source_ids, status__in=before).order_by("pk")
        )
        if not rows:
            raise CurationError(
                f"Nothing here can be set to {after}: somebody else was faster.", code="state_moved"
            )
        for row in rows:
            log_act(actor, act, row, before={"status": row.status}, after={"status": after})
            row.status, row.status_note = after, actor.reason or row.status_note
        Source.objects.bulk_update(rows, ["status", "status_note"])
        if after == _S.APPROVED:
            feeds = Feed.objects.filter(source__in=rows, enabled=True)
            polling.poll_now(list(feeds.values_list("pk", flat=True)), actor.now)
    return len(rows)


def undo_status(actor: Actor, entry: LogEntry) -> LogEntry:
    """Set an outlet back to the status before an act. Raises CurationError when it has moved on since."""
    with transaction.atomic():
        source = Source.objects.select_for_update().filter(pk=entry.target_id or 0).first()
        if source is None or source.status != entry.after["status"]:
            raise ground_moved("A later change of the outlet's status")
        source.status = entry.before["status"]
        source.save(update_fields=["status"])
        return log_act(actor, "undo", source, before=entry.after, after=entry.before, undo_of=entry)
