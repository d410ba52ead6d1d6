"""Lists of feeds in and out. Sources are outlets, not feeds; the publisher is told by the outlet's own address."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from aggregator.models import Feed, Publisher, Source
from aggregator.pipeline.opml import Outline, read_opml, write_opml
from aggregator.pipeline.urls import host_of, url_hash
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
BATCH = 1000  # rows of one statement
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
    """Make what is new in memory, then write it table by table: the number of queries does not grow with a list."""
    shelf = _Shelf(now, Source.Status.APPROVED if approve else Source.Status.PROPOSED)
    for outline in outlines:
        shelf.take(outline)
    done.feeds, done.sources, done.publishers = shelf.write()


class _Shelf:
    """Publishers, outlets and feeds of a list: those that are there, and those to be made."""

    def __init__(self, now: datetime, status: str) -> None:
        self.now, self.status = now, status
        self.publishers = {publisher.slug: publisher for publisher in Publisher.objects.all()}
        self.by_domain = {domain: row for row in self.publishers.values() for domain in row.homepage_domains}
        self.slugs = set(Source.objects.values_list("slug", flat=True))
        rows = Source.objects.select_related("publisher").order_by("-pk")
        self.named = {(row.publisher.slug, row.name.casefold()): row for row in rows}
        self.sources: dict[tuple[str, str], Source] = {}
        self.new_publishers: list[Publisher] = []
        self.new_sources: list[Source] = []
        self.feeds: list[Feed] = []

    def take(self, outline: Outline) -> None:
        """Find or make the outlet of an outline, and its feed."""
        key = source_key(outline)
        if key not in self.sources:
            self.sources[key] = self._source(outline, key, self._publisher(outline))
        self.feeds.append(_feed(outline, self.sources[key]))

    def write(self) -> tuple[int, int, int]:
        """Write what is new; return how many feeds, outlets and publishers."""
        Publisher.objects.bulk_create(self.new_publishers, batch_size=BATCH)
        Source.objects.bulk_create(self.new_sources, batch_size=BATCH)
        Feed.objects.bulk_create(self.feeds, batch_size=BATCH)
        if self.status == Source.Status.APPROVED:
            known = [row.pk for row in self.sources.values()]
            Source.objects.filter(pk__in=known, status=Source.Status.PROPOSED).update(status=self.status)
        return len(self.feeds), len(self.new_sources), len(self.new_publishers)

    def _publisher(self, outline: Outline) -> Publisher:
        named, domain = slugify(outline.publisher)[:80], domain_of(outline.homepage)
        if named and named in self.publishers:
            return self.publishers[named]
        if not named and domain and domain in self.by_domain:
            return self.by_domain[domain]
        stem = named or slugify(domain.replace(".", "-")) or slugify(outlet_name(outline))
        made = Publisher(
            slug=_free(stem, self.publishers),
            name=outline.publisher or outlet_name(outline),
            country=outline.country,
            state_control=outline.state_control or 0,
            homepage_domains=[domain] if domain else [],
        )
        self.publishers[made.slug] = made
        if domain:
            self.by_domain.setdefault(domain, made)
        self.new_publishers.append(made)
        return made

    def _source(self, outline: Outline, key: tuple[str, str], publisher: Publisher) -> Source:
        found = self.named.get((publisher.slug, key[0]))
        if found is not None:
            return found
        name = outlet_name(outline)
        slug = _free(slugify(name) or slugify(key[1].replace(".", "-")), self.slugs)
        self.slugs.add(slug)
        made = Source(
            slug=slug,
            name=name,
            publisher=publisher,
            homepage=outline.homepage[:500],
            country=outline.country or publisher.country,
            languages=[outline.language] if outline.language else [],
            home_regions=list(outline.regions),
            kind=outline.kind or "national",
            state_control=publisher.state_control if outline.state_control is None else outline.state_control,
            status=self.status,
            created_at=self.now,
        )
        self.named[publisher.slug, key[0]] = made
        self.new_sources.append(made)
        return made


def source_key(outline: Outline) -> tuple[str, str]:
    """Return what makes feeds of a list one outlet: its name and its own site.

    "BBC News - Africa" and "BBC News - World" of bbc.com are one; two names on a shared host are two.
    """
    return outlet_name(outline).casefold(), domain_of(outline.homepage) or domain_of(outline.url)


def outlet_name(outline: Outline) -> str:
    """Return the outlet's name: as given, else the title up to its section."""
    if outline.source:
        return outline.source
    title = outline.title or host_of(outline.homepage or outline.url)
    for mark in _SPLITS:
        head, found, _ = title.partition(mark)
        if found and len(head.strip()) >= 3:
            return head.strip()
    return title


def domain_of(url: str) -> str:
    """Return the registrable domain of an address, '' for hosts that serve the sites of others.

    A short rule instead of the public suffix list: second levels such as co.uk and com.au are known.
    """
    host = host_of(url)
    if not host or host in SHARED_HOSTS:
        return ""
    if any(host == suffix or host.endswith(f".{suffix}") for suffix in SHARED_SUFFIXES):
        return host
    labels = host.split(".")
    if host.replace(".", "").isdigit() or ":" in host or len(labels) <= 2:
        return host
    size = 3 if labels[-2] in SECOND_LEVEL and len(labels[-1]) == 2 else 2
    return ".".join(labels[-size:])


def _feed(outline: Outline, source: Source) -> Feed:
    section = outline.section or _section(outline, source)
    return Feed(
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


def _free(slug: str, taken: Container[str]) -> str:
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
