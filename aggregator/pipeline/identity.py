"""Which entry is which item of its feed?

Identity is (feed, id). Outlets double, change and churn ids, so an entry has two keys: its id as the
feed's policy reads it, and an alias made of what stays when id and link are rewritten (headline,
date and path). A feed whose ids are empty or doubled in more than 5 % of a document degrades its
policy, once and for good (the rule of FreshRSS, which flip-flopped where it could go back).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.pipeline.types import Entry
from aggregator.pipeline.urls import bare_url, hash64, path_of

BY_ID, BY_LINK_AND_DATE, BY_ALL = 0, 1, 2
BAD_SHARE = 0.05
DATE_MOVED = timedelta(minutes=30)  # less is a correction of the clock, not of the item
MAX_FUTURE = timedelta(minutes=5)  # clocks of servers differ


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored about an item."""

    key: int
    alias: int | None
    content: int | None
    dated_at: datetime | None
    article_id: int | None


def policy_for(entries: Sequence[Entry], current: int) -> int:
    """Return the id policy that fits a document; never a better one than `current`."""
    for policy in range(current, BY_ALL):
        if _bad_share(entries, policy) <= BAD_SHARE:
            return policy
    return BY_ALL


def _bad_share(entries: Sequence[Entry], policy: int) -> float:
    """Return the share of entries whose id is empty, or stands for another text as well."""
    if not entries:
        return 0.0
    texts = {(_id_words(entry, policy), entry.title, entry.url) for entry in entries}
    counts = Counter(words for words, _, _ in texts)
    doubled = sum(count - 1 for words, count in counts.items() if words)
    empty = sum(1 for entry in entries if not _id_words(entry, policy))
    return (doubled + empty) / len(entries)


def _id_words(entry: Entry, policy: int) -> str:
    if policy == BY_ID:
        return bare_url(entry.guid) or entry.guid
    when = entry.published_at.isoformat() if entry.published_at else ""
    if policy == BY_LINK_AND_DATE:
        return f"{bare_url(entry.url)} {when}" if entry.url else ""
    return f"{bare_url(entry.url)} {when} {entry.title}"


def key_of(entry: Entry, policy: int) -> int:
    """Return the hash of an entry's id under `policy`; http and https ids are the same."""
    words = _id_words(entry, policy) or _id_words(entry, BY_ALL)
    return hash64(f"{policy} {words}" if policy else words)


def alias_of(entry: Entry) -> int | None:
    """Return the hash of headline, date and path, which stay when ids, hosts and queries are rewritten.

    Undated entries use their text instead of the date; None when there is too little to tell entries apart.
    """
    rest = entry.published_at.isoformat() if entry.published_at else (entry.content or entry.summary)[:2000]
    if not entry.title or not rest:
        return None
    return hash64(f"{entry.title.casefold()}\n{rest}\n{path_of(entry.url)}")


def content_of(entry: Entry) -> int:
    """Return the hash of what a reader would call the item: headline and text, not its date."""
    return hash64(f"{entry.title}\n{entry.content or entry.summary}")


def is_edited(entry: Entry, known: Known, content: int) -> bool:
    """Return whether a known item now says something else: other headline or text, or another date."""
    if known.content is not None and known.content != content:
        return True
    return has_moved(entry, known)


def has_moved(entry: Entry, known: Known) -> bool:
    """Return whether an item's date has changed."""
    if entry.published_at is None or known.dated_at is None:
        return False
    return abs(entry.published_at - known.dated_at) > DATE_MOVED


def is_date_bump(moved: int, known: int) -> bool:
    """Return whether a feed dates its items anew at each fetch: half of the known ones moved at once."""
    return known >= 3 and moved * 2 >= known


def place_of(feed_id: int, key: int) -> int:
    """Return what stands for the address of an item that has no page of its own: its feed and id."""
    return hash64(f"{feed_id} {key}")
