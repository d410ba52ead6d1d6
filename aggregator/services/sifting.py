"""Which entries of polled feeds are new, and which say something else than before.

What is known is asked for a batch of feeds at once; entries that say nothing new are dropped here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection

from aggregator.pipeline import identity
from aggregator.pipeline.entries import ParsedFeed
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import path_of, url_hash
from aggregator.services.claiming import FeedRow

MAX_NEW = 2000  # new items of one feed in one poll; the rest comes with the next polls

_KNOWN = """
SELECT item.feed_id, item.id, item.key_hash, item.alias_hash, item.content_hash, item.dated_at, item.article_id
FROM unnest(%(feeds)s::bigint[], %(keys)s::bigint[]) AS given(feed_id, hash)
JOIN aggregator_item AS item ON item.feed_id = given.feed_id AND item.key_hash = given.hash
UNION
SELECT item.feed_id, item.id, item.key_hash, item.alias_hash, item.content_hash, item.dated_at, item.article_id
FROM unnest(%(feeds)s::bigint[], %(aliases)s::bigint[]) AS given(feed_id, hash)
JOIN aggregator_item AS item ON item.feed_id = given.feed_id AND item.alias_hash = given.hash
"""

# feed, entries with key and alias, policy
_Keyed = tuple[FeedRow, list[tuple[Entry, int, "int | None"]], int]


@dataclass(slots=True)
class Seen:
    """What a document brought: how many items, how many of them new, and whether some were left."""

    item_count: int = 0
    new_count: int = 0
    edited_count: int = 0
    policy: int = 0
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """An entry that is not known in its feed."""

    row: FeedRow
    entry: Entry
    key: int
    alias: int | None
    content: int
    place: tuple[int, int]  # source, hash of the address
    has_page: bool


@dataclass(frozen=True, slots=True)
class Edited:
    """An entry that says something else than its item did."""

    row: FeedRow
    entry: Entry
    item_id: int
    article_id: int
    content: int


@dataclass(slots=True)
class Sifted:
    """What is to be written of a batch, and by feed (id) what it brought."""

    fresh: list[Fresh] = field(default_factory=list)
    edited: list[Edited] = field(default_factory=list)
    seen: dict[int, Seen] = field(default_factory=dict)


def sift(documents: Sequence[tuple[FeedRow, ParsedFeed]]) -> Sifted:
    """Return what parsed feeds brought that is not known as it is. One query, whatever they hold."""
    keyed = [_keyed(row, parsed) for row, parsed in documents]
    known = _known(keyed)
    found = Sifted()
    for row, entries, policy in keyed:
        _sort(row, entries, policy, known.get(row.now.id, {}), found)
    return found


def _keyed(row: FeedRow, parsed: ParsedFeed) -> _Keyed:
    policy = identity.policy_for(parsed.entries, row.now.id_policy)
    keyed: dict[int, tuple[Entry, int, int | None]] = {}
    for entry in parsed.entries:
        key = identity.key_of(entry, policy)
        if key not in keyed and (entry.title or entry.url or entry.summary or entry.content):
            keyed[key] = (entry, key, identity.alias_of(entry))
    return row, list(keyed.values()), policy


def _known(keyed: Sequence[_Keyed]) -> dict[int, dict[int, tuple[int, identity.Known]]]:
    """Return feed → hash (of key or alias) → (item, what is known of it)."""
    feeds, keys, aliases = [], [], []
    for row, entries, _ in keyed:
        for _, key, alias in entries:
            feeds.append(row.now.id)
            keys.append(key)
            aliases.append(alias)
    found: dict[int, dict[int, tuple[int, identity.Known]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"feeds": feeds, "keys": keys, "aliases": aliases})
        for feed_id, item_id, *facts in cursor.fetchall():
            fact = (item_id, identity.Known(*facts))
            mine = found.setdefault(feed_id, {})
            mine[fact[1].key] = fact
            if fact[1].alias is not None:
                mine.setdefault(fact[1].alias, fact)
    return found


def _sort(
    row: FeedRow,
    entries: list[tuple[Entry, int, int | None]],
    policy: int,
    known: dict[int, tuple[int, identity.Known]],
    found: Sifted,
) -> None:
    seen = found.seen[row.now.id] = Seen(len(entries), policy=policy)
    shared = {url for url, count in Counter(entry.url for entry, _, _ in entries).items() if count > 1}
    old, aliases = [], set()
    for entry, key, alias in entries:
        fact = known.get(key) or (known.get(alias) if alias is not None else None)
        if fact is not None:
            old.append((entry, *fact))
        elif alias is None or alias not in aliases:
            if alias is not None:
                aliases.add(alias)
            if seen.new_count >= MAX_NEW:
                seen.is_capped = True
                continue
            seen.new_count += 1
            found.fresh.append(_fresh(row, entry, key, alias, is_shared=entry.url in shared))
    _sort_old(row, old, found, seen)


def _fresh(row: FeedRow, entry: Entry, key: int, alias: int | None, *, is_shared: bool) -> Fresh:
    has_page = bool(entry.url) and not is_shared and bool(path_of(entry.url) or "?" in entry.url)
    place = url_hash(entry.url) if has_page else identity.place_of(row.now.id, key)
    return Fresh(row, entry, key, alias, identity.content_of(entry), (row.source_id, place), has_page)


def _sort_old(row: FeedRow, old: list[tuple[Entry, int, identity.Known]], found: Sifted, seen: Seen) -> None:
    moved = sum(identity.has_moved(entry, known) for entry, _, known in old)
    is_bump = identity.is_date_bump(moved, len(old))
    for entry, item_id, known in old:
        content = identity.content_of(entry)
        is_edit = known.content != content if is_bump else identity.is_edited(entry, known, content)
        if is_edit and known.article_id is not None:
            seen.edited_count += 1
            found.edited.append(Edited(row, entry, item_id, known.article_id, content))
