"""Why is a list empty, and do the feeds work? Words for readers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Sum, Value

from aggregator.models import Feed

WELL = frozenset({Feed.State.OK, Feed.State.STALE, Feed.State.EMPTY, Feed.State.MOVED})


@dataclass(frozen=True)
class FeedHealth:
    """The feeds that are read, by state, and when one last answered."""

    states: Counter[str]
    last_ok_at: datetime | None

    @property
    def total(self) -> int:
        """Feeds that are read."""
        return self.states.total()

    @property
    def working(self) -> int:
        """Feeds that answered as they should."""
        return sum(count for state, count in self.states.items() if state in WELL)

    @property
    def waiting(self) -> int:
        """Feeds that were not read yet."""
        return self.states.get(Feed.State.NEW, 0)

    @property
    def failing(self) -> int:
        """Feeds that could not be read."""
        return self.total - self.working - self.waiting


def feed_health() -> FeedHealth:
    """Return the state of all feeds that are read; one query, a row a state."""
    one = Sum(Value(1))
    rows = list(Feed.objects.polled().order_by().values_list("state").annotate(n=one, ok=Max("last_ok_at")))
    newest = max((ok for _, _, ok in rows if ok), default=None)
    return FeedHealth(Counter({state: n for state, n, _ in rows}), newest)


def why_empty(feeds: FeedHealth, *, narrowed: bool, paged: bool = False) -> str:
    """Return why a list shows nothing: no_feeds, not_polled, failing, end, nothing_matched or nothing_yet."""
    if paged:
        return "end"
    if not feeds.total:
        return "no_feeds"
    if feeds.waiting == feeds.total:
        return "not_polled"
    if not feeds.working:
        return "failing"
    return "nothing_matched" if narrowed else "nothing_yet"
