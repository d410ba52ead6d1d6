"""Lists of feeds in and out. Sources are outlets, not feeds; the publisher is told by the outlet's own address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from aggregator.models import Feed, Publisher, Source
from aggregator.pipeline.opml import Outline, read_opml, write_opml
from aggregator.pipeline.urls import site_of, url_hash
from aggregator.services import hosts

# Hosts that serve feeds or sites of others: they say nothing about who owns an outlet.
SHARED_HOSTS = frozenset(
    {
        "feedburner.com", "feeds.feedburner.com", "feedproxy.google.com", "feeds2.feedburner.com", "rss.app",
        "feedly.com", "news.google.com", "rsshub.app", "fetchrss.com", "politepol.com", "feed43.com",
        "medium.com", "t.me", "youtube.com", "facebook.com", "twitter.com", "x.com", "telegram.me", "reddit.com",
        "github.com", "raw.githubusercontent.com", "gist.githubusercontent.com", "archive.org", "web.archive.org",
    }
)  # fmt: skip
# Under these every site has an owner of its own.
SHARED_SUFFIXES = (
    "blogspot.com", "wordpress.com", "substack.com", "medium.com", "github.io", "tumblr.com", "bearblog.dev",
    "feedburner.com", "livejournal.com", "ghost.io", "wixsite.com", "over-blog.com", "hatenablog.com",
)  # fmt: skip
SECOND_LEVEL = frozenset(
    "ac co com edu gob gov gouv go govt int mil ne net ngo nic or org parliament press sch web".split()
)
_SPLITS = (" - ", " – ", " — ", " | ", " » ", " > ", ": ")


@dataclass(slots=True)
class Imported:
    """What an import did; `problems` has a sentence for each outline that was left out."""

    feeds: int = 0
    known: int = 0
    sources: int = 0
    publishers: int = 0
    problems: list[str] = field(default_factory=list)


def import_opml(document: bytes, now: datetime, *, approve: bool = False) -> Imported:
    """Load a list of feeds; what is there already stays as curators left it.

    New outlets are proposed, or approved (and polled at once) with `approve`; a known outlet that was
    only proposed is approved then too. Raises ParseError when the list as a whole cannot be used.
    """
    outlines, problems = read_opml(document)
    done = Imported(problems=problems)
    with transaction.atomic():
        known = dict(
            Feed.objects.filter(url_hash__in=[url_hash(each.url) for each in outlines]).values_list(
                "url_hash", "source_id"
            )
        )
        fresh = [each for each in outlines if url_hash(each.url) not in known]
        done.known = len(outlines) - len(fresh)
        _import(fresh, now, done, approve=approve)
        if approve:
            Source.objects.filter(pk__in=set(known.values()), status=Source.Status.PROPOSED).update(
                status=Source.Status.APPROVED
            )
        hosts.attach_feeds(now, limit=200_000)
        hosts.mend(now)
    return done


def _import(outlines: Sequence[Outline], now: datetime, done: Imported, *, approve: bool) -> None:
    sources: dict[tuple[str, str], Source] = {}
    publishers = {publisher.slug: publisher for publisher in Publisher.objects.all()}
    by_domain = {domain: each for each in publishers.values() for domain in each.homepage_domains}
    slugs = set(Source.objects.values_list("slug", flat=True))
    for outline in outlines:
        key = source_key(outline)
        if key not in sources:
            publisher = _publisher(outline, publishers, by_domain, done)
            sources[key] = _source(outline, key, publisher, slugs, now, done, approve=approve)
        _feed(outline, sources[key])
        done.feeds += 1


def source_key(outline: Outline) -> tuple[str, str]:
    """Return what makes feeds of a list one outlet: its name and its own site.

    "BBC News - Africa" and "BBC News - World" of bbc.com are one; two names on a shared host are two.
    """
    return outlet_name(outline).casefold(), domain_of(outline.homepage) or domain_of(outline.url)


def outlet_name(outline: Outline) -> str:
    """Return the outlet's name: as given, else the title up to its section."""
    if outline.source:
        return outline.source
    title = outline.title or site_of(outline.homepage or outline.url)
    for mark in _SPLITS:
        head, found, _ = title.partition(mark)
        if found and len(head.strip()) >= 3:
            return head.strip()
    return title


def domain_of(url: str) -> str:
    """Return the registrable domain of an address, '' for hosts that serve the sites of others.

    A short rule instead of the public suffix list: second levels such as co.uk and com.au are known.
    """
    host = site_of(url)
    if not host or host in SHARED_HOSTS:
        return ""
    if any(host == suffix or host.endswith(f".{suffix}") for suffix in SHARED_SUFFIXES):
        return host
    labels = host.split(".")
    if host.replace(".", "").isdigit() or ":" in host or len(labels) <= 2:
        return host
    size = 3 if labels[-2] in SECOND_LEVEL and len(labels[-1]) == 2 else 2
    return ".".join(labels[-size:])


def _publisher(
    outline: Outline, publishers: dict[str, Publisher], by_domain: dict[str, Publisher], done: Imported
) -> Publisher:
    named, domain = slugify(outline.publisher)[:80], domain_of(outline.homepage)
    if named and named in publishers:
        return publishers[named]
    if not named and domain and domain in by_domain:
        return by_domain[domain]
    slug = _free(named or slugify(domain.replace(".", "-")) or slugify(outlet_name(outline)), set(publishers))
    made = Publisher.objects.create(
        slug=slug,
        name=outline.publisher or outlet_name(outline),
        country=outline.country,
        state_control=outline.state_control or 0,
        homepage_domains=[domain] if domain else [],
    )
    publishers[slug] = made
    if domain:
        by_domain.setdefault(domain, made)
    done.publishers += 1
    return made


def _source(
    outline: Outline,
    key: tuple[str, str],
    publisher: Publisher,
    slugs: set[str],
    now: datetime,
    done: Imported,
    *,
    approve: bool,
) -> Source:
    status = Source.Status.APPROVED if approve else Source.Status.PROPOSED
    name = outlet_name(outline)
    found = next(
        (each for each in publisher.sources.all() if each.name.casefold() == key[0]),
        None,
    )
    if found is not None:
        if approve and found.status == Source.Status.PROPOSED:
            found.status = status
            found.save(update_fields=["status"])
        return found
    slug = _free(slugify(name) or slugify(key[1].replace(".", "-")), slugs)
    slugs.add(slug)
    done.sources += 1
    return Source.objects.create(
        slug=slug,
        name=name,
        publisher=publisher,
        homepage=outline.homepage[:500],
        country=outline.country or publisher.country,
        languages=[outline.language] if outline.language else [],
        home_regions=list(outline.regions),
        kind=outline.kind or "national",
        state_control=publisher.state_control if outline.state_control is None else outline.state_control,
        status=status,
        created_at=now,
    )


def _feed(outline: Outline, source: Source) -> None:
    section = outline.section or _section(outline, source)
    Feed.objects.create(
        source=source,
        title=outline.title[:300],
        url=outline.url,
        url_hash=url_hash(outline.url),
        section=section[:120],
        language=outline.language,
        region_hint=list(outline.regions),
        slug=slugify(outline.title)[:100],
    )


def _section(outline: Outline, source: Source) -> str:
    return outline.title.removeprefix(source.name).strip(" -–—|»>:") if outline.title != source.name else ""


def _free(slug: str, taken: set[str]) -> str:
    slug = (slug or "outlet")[:80]
    number, free = 2, slug
    while free in taken:
        free = f"{slug[:75]}-{number}"
        number += 1
    return free


def export_opml(title: str, *, status: str = Source.Status.APPROVED) -> bytes:
    """Return the feeds of all outlets with a status as a list that `import_opml` reads back."""
    feeds = Feed.objects.filter(source__status=status).exclude(state=Feed.State.MOVED)
    rows = feeds.select_related("source__publisher").order_by("source__name", "title", "id")
    return write_opml(title, (_outline(feed) for feed in rows.iterator()))


def _outline(feed: Feed) -> Outline:
    source = feed.source
    return Outline(
        title=feed.title,
        url=feed.url,
        homepage=source.homepage,
        language=feed.language or (source.languages[0] if len(source.languages) == 1 else ""),
        country=source.country,
        kind=source.kind,
        state_control=source.state_control,
        publisher=source.publisher.slug,
        source=source.name,
        section=feed.section,
        regions=tuple(feed.region_hint or source.home_regions),
    )
