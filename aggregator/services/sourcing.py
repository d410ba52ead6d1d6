"""Which outlets are read: propose, preview, approve, pause, retire; each act is logged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from aggregator.errors import AggregatorError, CurationError
from aggregator.fetch import manners
from aggregator.fetch.client import Web
from aggregator.fetch.messages import ACCEPT_PAGE, Request
from aggregator.models import Feed, LogEntry, Publisher, Region, Source
from aggregator.pipeline import classify, extract, locate
from aggregator.pipeline.types import ArticleText, Entry
from aggregator.pipeline.urls import canonical_url, url_hash
from aggregator.services import discovery, polling, vocabulary
from aggregator.services.curation.acts import Actor, ground_moved, log_act, need_reason
from aggregator.services.discovery import Candidate
from aggregator.services.fetching import Network
from aggregator.services.opml import domain_of

PAGE_SECONDS = 12.0  # for the pages of one preview, while a person waits
PAGES_AT_ONCE = 3
MAX_PAGES = 10
_S = Source.Status
# act → (from these states, to this one)
MOVES = {
    "approve": ((_S.PROPOSED, _S.PAUSED, _S.REJECTED, _S.RETIRED), _S.APPROVED),
    "reject": ((_S.PROPOSED,), _S.REJECTED),
    "pause": ((_S.APPROVED,), _S.PAUSED),
    "retire": ((_S.APPROVED, _S.PAUSED, _S.PROPOSED), _S.RETIRED),
}
NEEDS_REASON = ("reject", "retire")


@dataclass(frozen=True)
class PreviewItem:
    """One entry as the line would read it."""

    entry: Entry
    text: ArticleText
    regions: tuple[str, ...]
    topics: tuple[str, ...]
    relevance: str  # in | ask | out
    form: str
    note: str = ""  # why its page could not be used


@dataclass(frozen=True)
class FeedPreview:
    """A feed that was found, with what its newest entries would become."""

    candidate: Candidate
    items: tuple[PreviewItem, ...]


@dataclass(frozen=True)
class SitePreview:
    """All feeds behind an address; `robots` says what its robots rules allow."""

    feeds: tuple[FeedPreview, ...]
    robots: str
    double: Source | None  # an outlet at the same domain


def preview(network: Network, address: str, now: datetime, *, selector: str = "") -> SitePreview:
    """Return the feeds behind an address with ten items each as the line would read them.

    The pages of the first feed's items are fetched, for PAGE_SECONDS at most; the other feeds are shown by
    their own text. Raises FetchError, RefusedError, ParseError or CurationError with a sentence.
    """
    candidates = discovery.discover(network, address)
    first = candidates[0]
    pages, robots = asyncio.run(_read_pages(network, first, now))
    feeds = [
        FeedPreview(each, tuple(_items(network, each, pages if each is first else {}, now, selector)))
        for each in candidates
    ]
    return SitePreview(tuple(feeds), robots, _double(first))


def _double(candidate: Candidate) -> Source | None:
    domain = domain_of(candidate.homepage) or domain_of(candidate.url)
    if not domain:
        return None
    return Source.objects.filter(publisher__homepage_domains__contains=[domain]).order_by("pk").first()


def try_selector(network: Network, source_id: int, selector: str, now: datetime) -> tuple[PreviewItem, ...]:
    """Return the newest items of an outlet's first feed as a selector would read their pages.

    Raises CurationError when there is no such outlet or it has no feed, FetchError when the feed does not answer.
    """
    feed = Feed.objects.filter(source_id=source_id, enabled=True).order_by("pk").first()
    if feed is None:
        raise CurationError("This outlet has no feed that is switched on.", code="feed_unknown")
    return preview(network, feed.url, now, selector=selector).feeds[0].items


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


Pages = dict[str, tuple[bytes, str, str, str]]  # entry's address → body, final address, charset, trouble


async def _read_pages(network: Network, feed: Candidate, now: datetime) -> tuple[Pages, str]:
    async with replace(network, gap=0.0).web() as web:
        until = time.monotonic() + PAGE_SECONDS
        rules = await manners.fetch_robots(web, feed.url, home=feed.url, now=now)
        gate, pages = asyncio.Semaphore(PAGES_AT_ONCE), Pages()

        async def read(url: str) -> None:
            async with gate:
                pages[url] = await _read_page(web, rules, url, feed.url, until)

        urls = [entry.url for entry in feed.entries[:MAX_PAGES] if entry.url]
        await asyncio.gather(*(read(url) for url in dict.fromkeys(urls)))
    return pages, rules.state


async def _read_page(
    web: Web, rules: manners.Robots, url: str, home: str, until: float
) -> tuple[bytes, str, str, str]:
    left = until - time.monotonic()
    if left <= 0:
        return b"", url, "", "There was no time to fetch its page."
    try:
        rules.check(url)
        async with asyncio.timeout(left):
            request = Request(url, home=home, accept=ACCEPT_PAGE, max_bytes=web.limits.page_bytes)
            async with web.get(request) as answer:
                kind = answer.header("content-type").lower()
                charset = kind.partition("charset=")[2].split(";")[0].strip("\"' ")
                return answer.body, answer.url, charset, ""
    except TimeoutError:
        return b"", url, "", "Its page took too long."
    except AggregatorError as error:
        return b"", url, "", error.sentence


def _items(
    network: Network, feed: Candidate, pages: Pages, now: datetime, selector: str
) -> Iterable[PreviewItem]:
    rules = vocabulary.current_rules()
    for entry in feed.entries:
        text, note = _text(network, entry, pages.get(entry.url), now, selector)
        language = text.language or entry.language or feed.language
        located = locate.locate(text.title, text.text, gazetteer=rules.gazetteer, language=language)
        found = classify.classify(
            text.title, text.text, url=entry.url, language=language, located=located, rules=rules.classifier,
            reported_on=now.date(),
        )  # fmt: skip
        regions = tuple(score.region for score in located.regions if score.about)
        topics = tuple(score.topic for score in found.topics)
        yield PreviewItem(entry, text, regions, topics, found.relevance, found.form, note)


def _text(
    network: Network, entry: Entry, page: tuple[bytes, str, str, str] | None, now: datetime, selector: str
) -> tuple[ArticleText, str]:
    own = extract.text_from_entry(entry, now)
    if page is None or not page[0]:
        return own, page[3] if page else ""
    body, url, charset, _ = page
    try:
        text: ArticleText = network.child().run(
            extract.extract_page,
            body,
            url=url,
            charset=charset or None,
            entry=entry,
            now=now,
            selector=selector,
        )
    except AggregatorError as error:
        return own, error.sentence
    return (text, "") if text.kind != "empty" else (own, "Its page gave no text.")


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
