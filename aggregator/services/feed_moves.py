"""Feeds that have moved: their new address, or the feed that they have become the same as."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from aggregator.errors import gettext_noop as _
from aggregator.models import Feed
from aggregator.pipeline import feedstate
from aggregator.pipeline.urls import host_key, host_of, url_hash
from aggregator.services import hosts

# In order of their unique key, as all writers of items go.
_TAKE_OVER = """
INSERT INTO aggregator_item (feed_id, key_hash, alias_hash, article_id, content_hash, dated_at, seen_at)
SELECT %(into)s, key_hash, alias_hash, article_id, content_hash, dated_at, seen_at
FROM aggregator_item WHERE feed_id = %(feed)s ORDER BY key_hash
ON CONFLICT DO NOTHING
"""


def move_feed(feed_id: int, url: str, now: datetime) -> None:
    """Give a feed the address that it moved to; a feed that has that address already takes over its items."""
    feed = Feed.objects.select_for_update().get(pk=feed_id)
    twin = Feed.objects.filter(url_hash=url_hash(url)).exclude(pk=feed_id).first()
    if twin is not None:
        merge_feeds(feed, twin, now)
        return
    host_ids = hosts.hosts_for([host_key(url)])
    Feed.objects.filter(pk=feed_id).update(
        url=url,
        url_hash=url_hash(url),
        host_id=host_ids.get(host_key(url)),
        moved_to="",
        moved_count=0,
        moved_since=None,
        state=Feed.State.OK,
        state_code="address_changed",
        state_sentence=_("Its address was taken over from a lasting redirect of %(host)s."),
        state_since=now,
        extra=feedstate.with_said(feed.extra, {"host": host_of(feed.url)}),
    )
    if feed.next_poll_at:
        hosts.wake(dict.fromkeys(host_ids.values(), feed.next_poll_at))


def merge_feeds(feed: Feed, into: Feed, now: datetime) -> None:
    """End a feed that has become the same as another; what it knew, the other one knows.

    Feeds of two outlets are not merged: the one that moved is put aside for a curator.
    """
    if feed.source_id == into.source_id:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_OVER, {"feed": feed.pk, "into": into.pk})
    Feed.objects.filter(pk=feed.pk).update(
        enabled=False,
        next_poll_at=None,
        state=Feed.State.MOVED,
        state_code="merged",
        state_sentence=_("It has become the same as the feed %(feed)s, which goes on."),
        state_since=now,
        extra=feedstate.with_said(feed.extra, {"feed": into.title or into.url}),
    )
