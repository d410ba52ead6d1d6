"""Lists of feeds at the desk: what an OPML or CSV file would do, doing it, and the way out again."""

from __future__ import annotations

import secrets
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from aggregator.errors import CurationError
from aggregator.models import Feed, Source
from aggregator.pipeline.opml import MAX_BYTES, Outline, ReadList, read_list, write_opml
from aggregator.pipeline.tables import read_csv, write_csv
from aggregator.pipeline.urls import canonical_url, url_hash
from aggregator.services import opml
from aggregator.services.curation.acts import Actor, log_act

KEPT_SECONDS = 3600  # between a dry run and its apply
SHOWN = {"new": 250, "broken": 100, "doubled": 100, "known": 100}  # rows of a dry run
COLUMNS = (
    "url", "title", "homepage", "language", "country", "kind", "state_control", "publisher", "source", "section",
    "region", "status", "state",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One feed of a list: new, or known under an outlet."""

    outline: Outline
    known_as: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a dry run: new, broken, doubled or known (then `known_as` has the outlet)."""

    what: str
    title: str
    address: str = ""
    known_as: str = ""


@dataclass(frozen=True)
class Plan:
    """What applying a list would do; `broken` has a sentence for each entry that cannot be read."""

    new: tuple[Row, ...]
    known: tuple[Row, ...]
    broken: tuple[str, ...]
    doubles: tuple[str, ...]

    @property
    def doubled(self) -> int:
        """How many entries name a feed that the list has already."""
        return len(self.doubles)

    @property
    def rows(self) -> list[Line]:
        """The lines that are shown: some of each kind, the new ones first."""
        return [
            *(_line("new", row) for row in self.new[: SHOWN["new"]]),
            *(Line("broken", sentence) for sentence in self.broken[: SHOWN["broken"]]),
            *(Line("doubled", "", address) for address in self.doubles[: SHOWN["doubled"]]),
            *(_line("known", row) for row in self.known[: SHOWN["known"]]),
        ]

    @property
    def is_cut(self) -> bool:
        """Whether the list has more lines than are shown."""
        return len(self.new) + len(self.known) + len(self.broken) + self.doubled > len(self.rows)


def _line(what: str, row: Row) -> Line:
    return Line(what, row.outline.title, row.outline.url, row.known_as)


def plan(document: bytes) -> Plan:
    """Return what a list would do; writes nothing. Raises ParseError with one sentence when it cannot be used."""
    found = _read(document)
    outlines = found.outlines
    hashes = [url_hash(each.url) for each in outlines]
    known = dict(Feed.objects.filter(url_hash__in=hashes).values_list("url_hash", "source__name"))
    rows = [Row(each, known.get(key, "")) for each, key in zip(outlines, hashes, strict=True)]
    return Plan(
        new=tuple(row for row in rows if not row.known_as),
        known=tuple(row for row in rows if row.known_as),
        broken=tuple(found.problems),
        doubles=tuple(found.doubles),
    )


def keep(document: bytes, user_id: int) -> str:
    """Keep a list until it is applied; return the word by which its owner finds it again."""
    token = secrets.token_urlsafe(16)
    cache.set(f"list:{user_id}:{token}", zlib.compress(document, 1), timeout=KEPT_SECONDS)
    return token


def apply(actor: Actor, token: str, *, approve: bool) -> opml.Imported:
    """Apply a list that was kept. Raises CurationError when it is gone."""
    key = f"list:{actor.user.pk if actor.user else 0}:{token[:40]}"
    kept = cache.get(key)
    if kept is None:
        raise CurationError("This list is not kept any more; give the file again.", code="list_gone")
    found = _read(zlib.decompress(kept))
    outlines = found.outlines
    done = opml.import_opml(write_opml("import", outlines), actor.now, approve=approve)
    done.problems = found.problems
    cache.delete(key)
    if outlines:
        feed = Feed.objects.select_related("source").get(url_hash=url_hash(outlines[0].url))
        after = {"feeds": done.feeds, "sources": done.sources, "known": done.known, "approved": approve}
        log_act(actor, "import", feed.source, before={}, after=after)
    return done


def _read(document: bytes) -> ReadList:
    if len(document) > MAX_BYTES or document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(
        (b"<", b"\xff\xfe", b"\xfe\xff")
    ):
        return read_list(document)
    return _from_table(document)


def _from_table(document: bytes) -> ReadList:
    found: dict[str, Outline] = {}
    problems, doubles = [], []
    for row in read_csv(document):
        url = canonical_url(row.get("url", ""))
        if not url:
            problems.append(f"{row.get('url', '')[:80]!r} is not an http or https address.")
        elif url in found:
            doubles.append(url)
        else:
            found[url] = _outline(url, defaultdict(str, row))
    return ReadList(list(found.values()), problems, doubles)


def _outline(url: str, row: Mapping[str, str]) -> Outline:
    control = row["state_control"]
    return Outline(
        title=row["title"][:200],
        url=url,
        homepage=canonical_url(row["homepage"]),
        language=row["language"][:12].lower(),
        country=row["country"].upper()[:2],
        kind=row["kind"].lower()[:32],
        state_control=int(control) if control in {"0", "1", "2", "3"} else None,
        publisher=row["publisher"][:80],
        source=row["source"][:200],
        section=row["section"][:120],
        regions=tuple(row["region"].lower().split()),
    )


def export_csv(statuses: Sequence[str] = (Source.Status.APPROVED,)) -> str:
    """Return the feeds of outlets with these statuses as a table that `plan` reads back."""
    feeds = Feed.objects.filter(source__status__in=statuses).select_related("source__publisher")
    return write_csv(COLUMNS, _lines(feeds.order_by("source__name", "title", "id").iterator()))


def _lines(feeds: Iterable[Feed]) -> Iterable[Sequence[object]]:
    for feed in feeds:
        source = feed.source
        yield (
            feed.url, feed.title, source.homepage, feed.language or " ".join(source.languages[:1]), source.country,
            source.kind, source.state_control, source.publisher.slug, source.name, feed.section,
            " ".join(feed.region_hint or source.home_regions), source.status, feed.state,
        )  # fmt: skip


def export_name(now: datetime, ending: str) -> str:
    """Return a file name for an export."""
    return f"newsroom-sources-{now:%Y-%m-%d}.{ending}"
