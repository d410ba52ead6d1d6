"""Entries of polled feeds → rows, a batch of feeds in one transaction.

Known items are dropped before anything is inserted (`sifting`). What is new becomes an article with a row under
way; what says something else than before is sent through the line again. Delivering the same entries
twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from aggregator.models import Article, Item, Work
from aggregator.pipeline import identity
from aggregator.pipeline.clean import extract_of
from aggregator.pipeline.entries import ParsedFeed, to_json
from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import host_key, url_hash
from aggregator.services import hosts
from aggregator.services.claiming import FeedRow
from aggregator.services.sifting import Edited, Fresh, Seen, Sifted, sift
from aggregator.services.writing import insert_rows, update_rows

MAX_REVISIONS = 24  # reader's bound: what changes oftener is not edited but unstable
SET_BACK = timedelta(days=1)  # a clock may have been set back by so much; beyond, what is stored is wrong
LOOKED_BACK = 2000  # articles among which the one found last is looked for

_ARTICLES = """
SELECT article.id, article.source_id, article.url_hash
FROM unnest(%(sources)s::bigint[], %(hashes)s::bigint[]) AS given(source_id, hash)
JOIN aggregator_article AS article
  ON article.source_id = given.source_id AND article.url_hash = given.hash
"""
# An edit of an article that is still under way takes the newer words along.
_EDITED = """ON CONFLICT (article_id) DO UPDATE SET entry = EXCLUDED.entry, why = EXCLUDED.why
WHERE aggregator_work.stage = 'page'"""


def store_entries(documents: Sequence[tuple[FeedRow, ParsedFeed]], now: datetime) -> dict[int, Seen]:
    """Store the entries of parsed feeds; return what each feed (by id) brought. Needs a transaction."""
    found = sift(documents)
    if found.fresh:
        _store_fresh(found, now)
    if found.edited:
        _store_edited(found.edited, now)
    return found.seen


def _store_fresh(found: Sifted, now: datetime) -> None:
    fresh, seen = found.fresh, found.seen
    fresh.sort(key=lambda each: (each.place, each.row.now.id, each.key))
    first: dict[tuple[int, int], Fresh] = {}
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
    _insert_items(
        [each for each in fresh if each.place in ids and (each.row.now.id, each.key) not in again], ids, now
    )
    _insert_work([each for each in new if each.place in made], made, now)


def _rekey(fresh: list[Fresh], ids: dict[tuple[int, int], int], found: Sifted) -> set[tuple[int, int]]:
    """Give items whose id and date were rewritten, but not their address, their new keys.

    Returns the feeds and new keys. What such an item says may have changed with its id: then it is an edit.
    """
    if not fresh:
        return set()
    wanted = {(each.row.now.id, ids[each.place]): each for each in fresh if each.place in ids}
    items = Item.objects.filter(
        feed_id__in={feed for feed, _ in wanted}, article_id__in={article for _, article in wanted}
    ).order_by("feed_id", "article_id", "-id")
    rows: dict[int, tuple[Item, Fresh]] = {}
    for item in items:
        each = wanted.pop((item.feed_id, item.article_id or 0), None)
        if each is not None:
            rows[item.pk] = (item, each)
    chosen = [rows[pk] for pk in sorted(rows)]
    for item, each in chosen:
        if item.content_hash != each.content and item.article_id:
            found.edited.append(Edited(each.row, each.entry, item.pk, item.article_id, each.content))
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
    return {(each.row.now.id, each.key) for _, each in chosen}


def _articles(places: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    if not places:
        return {}
    with connection.cursor() as cursor:
        values = {"sources": [place[0] for place in places], "hashes": [place[1] for place in places]}
        cursor.execute(_ARTICLES, values)
        return {(source, place): pk for pk, source, place in cursor.fetchall()}


def _insert_articles(new: list[Fresh], now: datetime) -> dict[tuple[int, int], int]:
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


def _insert_items(fresh: list[Fresh], ids: dict[tuple[int, int], int], now: datetime) -> None:
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


def _insert_work(new: list[Fresh], ids: dict[tuple[int, int], int], now: datetime) -> None:
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


def _store_edited(edited: list[Edited], now: datetime) -> None:
    edited.sort(key=lambda each: each.item_id)
    update_rows(
        Item,
        {
            "id": [each.item_id for each in edited],
            "content_hash": [each.content for each in edited],
            "dated_at": [each.entry.published_at for each in edited],
        },
    )
    by_article = {each.article_id: (each.row, each.entry) for each in edited}
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
