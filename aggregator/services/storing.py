"""Entries of polled feeds → rows, a batch of feeds in one transaction.

Known items are dropped before anything is inserted. What is new becomes an article with a row under
way; what says something else than before is sent through the line again. Delivering the same entries
twice changes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from aggregator.models import Article, Item, Work
from aggregator.pipeline import identity
from aggregator.pipeline.clean import extract_of
from aggregator.pipeline.entries import ParsedFeed, to_json
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import hash64, host_key, path_of, url_hash
from aggregator.services import hosts
from aggregator.services.claiming import FeedRow
from aggregator.services.writing import insert_rows, update_rows

MAX_NEW = 2000  # new items of one feed in one poll; the rest comes with the next polls
MAX_REVISIONS = 24  # reader's bound: what changes oftener is not edited but unstable
SET_BACK = timedelta(days=1)  # a clock may have been set back by so much; beyond, what is stored is wrong
LOOKED_BACK = 2000  # articles among which the one found last is looked for

_KNOWN = """
SELECT item.feed_id, item.id, item.key_hash, item.alias_hash, item.content_hash, item.dated_at, item.article_id
FROM unnest(%(feeds)s::bigint[], %(keys)s::bigint[]) AS given(feed_id, hash)
JOIN aggregator_item AS item ON item.feed_id = given.feed_id AND item.key_hash = given.hash
UNION
SELECT item.feed_id, item.id, item.key_hash, item.alias_hash, item.content_hash, item.dated_at, item.article_id
FROM unnest(%(feeds)s::bigint[], %(aliases)s::bigint[]) AS given(feed_id, hash)
JOIN aggregator_item AS item ON item.feed_id = given.feed_id AND item.alias_hash = given.hash
"""
_ARTICLES = """
SELECT article.id, article.source_id, article.url_hash
FROM unnest(%(sources)s::bigint[], %(hashes)s::bigint[]) AS given(source_id, hash)
JOIN aggregator_article AS article
  ON article.source_id = given.source_id AND article.url_hash = given.hash
"""
# An edit of an article that is still under way takes the newer words along.
_EDITED = """ON CONFLICT (article_id) DO UPDATE SET entry = EXCLUDED.entry, why = EXCLUDED.why
WHERE aggregator_work.stage = 'page'"""


_Keyed = tuple[
    FeedRow, list[tuple[Entry, int, "int | None"]], int
]  # feed, entries with key and alias, policy


@dataclass(slots=True)
class Seen:
    """What a document brought: how many items, how many of them new, and whether some were left."""

    item_count: int = 0
    new_count: int = 0
    edited_count: int = 0
    policy: int = 0
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class _Fresh:
    """An entry that is not known in its feed."""

    row: FeedRow
    entry: Entry
    key: int
    alias: int | None
    content: int
    place: tuple[int, int]  # source, hash of the address
    has_page: bool


@dataclass(slots=True)
class _Sorted:
    fresh: list[_Fresh] = field(default_factory=list)
    edited: list[tuple[FeedRow, Entry, int, int, int]] = field(
        default_factory=list
    )  # …, item, article, content
    seen: dict[int, Seen] = field(default_factory=dict)


def store_entries(documents: Sequence[tuple[FeedRow, ParsedFeed]], now: datetime) -> dict[int, Seen]:
    """Store the entries of parsed feeds; return what each feed (by id) brought. Needs a transaction."""
    keyed = [_keyed(row, parsed) for row, parsed in documents]
    known = _known(keyed)
    found = _Sorted()
    for row, entries, policy in keyed:
        _sort(row, entries, policy, known.get(row.now.id, {}), found)
    if found.fresh:
        _store_fresh(found, now)
    if found.edited:
        _store_edited(found.edited, now)
    return found.seen


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
    found: _Sorted,
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


def _fresh(row: FeedRow, entry: Entry, key: int, alias: int | None, *, is_shared: bool) -> _Fresh:
    has_page = bool(entry.url) and not is_shared and bool(path_of(entry.url) or "?" in entry.url)
    place = url_hash(entry.url) if has_page else hash64(f"{row.now.id} {key}")
    return _Fresh(row, entry, key, alias, identity.content_of(entry), (row.source_id, place), has_page)


def _sort_old(row: FeedRow, old: list[tuple[Entry, int, identity.Known]], found: _Sorted, seen: Seen) -> None:
    moved = sum(identity.has_moved(entry, known) for entry, _, known in old)
    is_bump = identity.is_date_bump(moved, len(old))
    for entry, item_id, known in old:
        content = identity.content_of(entry)
        is_edit = known.content != content if is_bump else identity.is_edited(entry, known, content)
        if is_edit and known.article_id is not None:
            seen.edited_count += 1
            found.edited.append((row, entry, item_id, known.article_id, content))


# --- writing -----------------------------------------------------------------------------------


def _store_fresh(found: _Sorted, now: datetime) -> None:
    fresh, seen = found.fresh, found.seen
    fresh.sort(key=lambda each: (each.place, each.row.now.id, each.key))
    first: dict[tuple[int, int], _Fresh] = {}
    for each in fresh:
        first.setdefault(each.place, each)
    ids = _articles(list(first))
    new = [each for place, each in first.items() if place not in ids]
    made = _insert_articles(new, now)
    ids.update(made)
    if len(made) < len(new):  # another worker was faster
        ids.update(_articles([each.place for each in new if each.place not in made]))
    for each in fresh:
        if first[each.place] is not each or each.place not in made:
            seen[each.row.now.id].new_count -= 1
    again = _rekey([each for each in fresh if each.has_page and each.place not in made], ids, found)
    _insert_items([each for each in fresh if each.place in ids and each.key not in again], ids, now)
    _insert_work([each for each in new if each.place in made], made, now)


def _rekey(fresh: list[_Fresh], ids: dict[tuple[int, int], int], found: _Sorted) -> set[int]:
    """Give items whose id and date were rewritten, but not their address, their new keys.

    Returns the new keys. What such an item says may have changed with its id: then it is an edit.
    """
    if not fresh:
        return set()
    wanted = {(each.row.now.id, ids[each.place]): each for each in fresh if each.place in ids}
    items = Item.objects.filter(
        feed_id__in={feed for feed, _ in wanted}, article_id__in={article for _, article in wanted}
    ).order_by("feed_id", "article_id", "-id")
    rows: dict[int, tuple[Item, _Fresh]] = {}
    for item in items:
        each = wanted.pop((item.feed_id, item.article_id or 0), None)
        if each is not None:
            rows[item.pk] = (item, each)
    chosen = [rows[pk] for pk in sorted(rows)]
    for item, each in chosen:
        if item.content_hash != each.content and item.article_id:
            found.edited.append((each.row, each.entry, item.pk, item.article_id, each.content))
            found.seen[each.row.now.id].edited_count += 1
    update_rows(
        Item,
        {
            "id": [item.pk for item, _ in chosen],
            "key_hash": [each.key for _, each in chosen],
            "alias_hash": [each.alias for _, each in chosen],
            "content_hash": [each.content for _, each in chosen],
            "dated_at": [each.entry.published_at for _, each in chosen],
        },
    )
    return {each.key for _, each in chosen}


def _articles(places: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    if not places:
        return {}
    with connection.cursor() as cursor:
        values = {"sources": [place[0] for place in places], "hashes": [place[1] for place in places]}
        cursor.execute(_ARTICLES, values)
        return {(source, place): pk for pk, source, place in cursor.fetchall()}


def _insert_articles(new: list[_Fresh], now: datetime) -> dict[tuple[int, int], int]:
    last = max(now, _found_last((each.entry for each in new), now))
    dates = [_dates(each.entry, now, last) for each in new]
    columns: dict[str, list[Any]] = {
        "source_id": [each.place[0] for each in new],
        "feed_id": [each.row.now.id for each in new],
        "url": [each.entry.url or each.row.homepage or each.row.now.url for each in new],
        "url_hash": [each.place[1] for each in new],
        "title": [each.entry.title for each in new],
        "author": [each.entry.author for each in new],
        "language": [(each.entry.language or each.row.language)[:12] for each in new],
        "extract": [extract_of(each.entry.summary or each.entry.content) for each in new],
        "published_at": [date[0] for date in dates],
        "published_kind": [date[1] for date in dates],
        "found_at": [date[2] for date in dates],
        "reported_at": [date[0] or now for date in dates],
    }
    rows = insert_rows(Article, columns, returning=("id", "source_id", "url_hash"))
    return {(source, place): pk for pk, source, place in rows}


def _dates(entry: Entry, now: datetime, last: datetime) -> tuple[datetime | None, str, datetime]:
    """Return when an entry was published, how we know, and when it was found.

    Dates in the future become the time we saw it, but what lies before `last` is no future.
    """
    at = entry.published_at
    if at is None:
        return None, "missing", now
    if now < at <= last:
        return at, "feed", last
    if at > now + identity.MAX_FUTURE:
        return now, "clamped", now
    return min(at, now), "feed", now


def _found_last(entries: Iterable[Entry], now: datetime) -> datetime:
    """Return when something was found last; later than `now` after the clock was set back.

    Without it, what outlets said hours ago would be taken for the future and be dated anew for ever. Asked only
    when an entry is dated after `now`.
    """
    if not any(entry.published_at and entry.published_at > now for entry in entries):
        return now
    newest = Article.objects.order_by("-pk").values_list("found_at", flat=True)[:LOOKED_BACK]
    return max((at for at in newest if at <= now + SET_BACK), default=now)


def _insert_items(fresh: list[_Fresh], ids: dict[tuple[int, int], int], now: datetime) -> None:
    fresh = sorted(fresh, key=lambda each: (each.row.now.id, each.key))
    insert_rows(
        Item,
        {
            "feed_id": [each.row.now.id for each in fresh],
            "key_hash": [each.key for each in fresh],
            "alias_hash": [each.alias for each in fresh],
            "content_hash": [each.content for each in fresh],
            "dated_at": [each.entry.published_at for each in fresh],
            "article_id": [ids[each.place] for each in fresh],
            "seen_at": [now] * len(fresh),
        },
    )


def _insert_work(new: list[_Fresh], ids: dict[tuple[int, int], int], now: datetime) -> None:
    wants_page = [each.has_page and each.row.text_from == "page" for each in new]
    keys = [host_key(each.entry.url) if page else "" for each, page in zip(new, wants_page, strict=True)]
    host_ids = hosts.hosts_for(keys)
    insert_rows(
        Work,
        {
            "article_id": [ids[each.place] for each in new],
            "stage": ["page" if page else "settle" for page in wants_page],
            "host_id": [host_ids.get(key) for key in keys],
            "next_at": [now] * len(new),
            "reported_at": [min(each.entry.published_at or now, now) for each in new],
            "entry": [json.dumps(to_json(each.entry)) for each in new],
        },
    )
    hosts.wake(dict.fromkeys(host_ids.values(), now))


def _store_edited(edited: list[tuple[FeedRow, Entry, int, int, int]], now: datetime) -> None:
    edited.sort(key=lambda each: each[2])
    update_rows(
        Item,
        {
            "id": [each[2] for each in edited],
            "content_hash": [each[4] for each in edited],
            "dated_at": [each[1].published_at for each in edited],
        },
    )
    by_article = {article_id: (row, entry) for row, entry, _, article_id, _ in edited}
    facts = Article.objects.filter(
        pk__in=by_article, revision_count__lt=MAX_REVISIONS, status__in=("under_way", "visible")
    ).values_list("id", "url", "url_hash")
    rows = [(pk, url, url_hash(url) == place, *by_article[pk]) for pk, url, place in facts.order_by("id")]
    pages = [has_page and row.text_from == "page" for _, _, has_page, row, _ in rows]
    keys = [host_key(url) if page else "" for (_, url, *_), page in zip(rows, pages, strict=True)]
    host_ids = hosts.hosts_for(keys)
    insert_rows(
        Work,
        {
            "article_id": [row[0] for row in rows],
            "stage": ["page" if page else "settle" for page in pages],
            "why": ["edited"] * len(rows),
            "host_id": [host_ids.get(key) for key in keys],
            "next_at": [now] * len(rows),
            "entry": [json.dumps(to_json(row[4])) for row in rows],
        },
        conflict=_EDITED,
    )
    hosts.wake(dict.fromkeys(host_ids.values(), now))
