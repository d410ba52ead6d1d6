"""Adding a source: which feeds does an address lead to, and what would they bring?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from aggregator.errors import CurationError
from aggregator.fetch.discovery import Found, find_feeds
from aggregator.fetch.messages import Limits
from aggregator.models import Feed, Publisher, Source
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import canonical_url, host_of, url_hash
from aggregator.services import hosts, nudge
from aggregator.services.fetching import Network
from aggregator.services.opml import domain_of

PREVIEWED = 10
TOTAL_SECONDS = 10.0  # of one request, while a person waits


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed that could be added: its newest entries, and what we know of it already."""

    url: str
    title: str
    homepage: str
    language: str
    how: str
    entries: tuple[Entry, ...]
    known_as: str = ""  # the outlet under which it is read already, '' when it is not
    publisher: Publisher | None = None  # the family that its domain suggests


def discover(network: Network, address: str) -> list[Candidate]:
    """Return the feeds behind a site's or feed's address, each with up to ten entries.

    Raises FetchError, RefusedError or ParseError with a sentence for the person who asked.
    """
    address = address.strip()
    if "://" not in address:
        address = f"https://{address}"
    url = canonical_url(address)
    if not url:
        raise CurationError("This is not an http or https address.", code="bad_address")
    return [_candidate(each) for each in asyncio.run(_find(network, url))]


async def _find(network: Network, url: str) -> list[Found]:
    limits = _patient(network.limits)
    async with replace(network, limits=limits, gap=0.0).web() as web:
        return await find_feeds(web, network.child(), url)


def _patient(limits: Limits) -> Limits:
    return replace(limits, total_seconds=min(limits.total_seconds, TOTAL_SECONDS))


def _candidate(found: Found) -> Candidate:
    parsed = found.parsed
    known = Feed.objects.filter(url_hash=url_hash(found.url)).select_related("source").first()
    domain = domain_of(parsed.link) or domain_of(found.url)
    return Candidate(
        url=found.url,
        title=parsed.title or found.title or host_of(found.url),
        homepage=parsed.link,
        language=parsed.language,
        how=found.how,
        entries=parsed.entries[:PREVIEWED],
        known_as=known.source.name if known else "",
        publisher=Publisher.objects.filter(homepage_domains__contains=[domain]).first() if domain else None,
    )


def add_feeds(source: Source, candidates: Sequence[Candidate], now: datetime) -> list[Feed]:
    """Add feeds to a source; those that are read already are passed over. They are polled once it is approved."""
    with transaction.atomic():
        added = [_add(source, each) for each in candidates]
        hosts.attach_feeds(now)
        nudge.poll()
    return [feed for feed in added if feed is not None]


def _add(source: Source, candidate: Candidate) -> Feed | None:
    feed, is_new = Feed.objects.get_or_create(
        url_hash=url_hash(candidate.url),
        defaults={
            "source": source,
            "url": candidate.url,
            "title": candidate.title[:300],
            "slug": slugify(candidate.title)[:100],
            "language": candidate.language,
        },
    )
    return feed if is_new else None
