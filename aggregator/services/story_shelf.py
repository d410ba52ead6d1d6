"""The active stories of this process, kept in step with the rows.

Grouping decides in memory. Every change of a story gets a number from one sequence inside the
line's lock, so a process that takes the lock asks for what changed since the number it knows and
then sees exactly what every other worker sees. A batch that was rolled back is read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from django.db.models import Max

from aggregator.models import GroupFeatures, Story
from aggregator.pipeline.features import Features, unpack
from aggregator.pipeline.group import SPAN, WINDOW, StoryIndex
from aggregator.services.stand_ins import heads_of

CHUNK = 2_000  # stories read at once


class Shelf:
    """A StoryIndex with the number of the newest change it knows. Used under the line's lock, but for `warm_up`."""

    def __init__(self) -> None:
        self.index = StoryIndex()
        self._known: int | None = None
        self._unsure: set[int] = set()
        self._old_days: set[date] = set()
        self._swept_on: date | None = None
        self._within = 0  # articles held after the last sweep

    def sync(self) -> None:
        """Read what other workers changed, and again what our own last batch wrote."""
        if self._known is None:
            self._load_window()
            return
        changed = Story.objects.filter(changed_no__gt=self._known).values_list("pk", "changed_no")
        found = dict(changed)
        self._reload({*found, *self._unsure})
        self._known = max([self._known, *found.values()])
        self._unsure.clear()

    def warm_up(self) -> None:
        """Read the window where nothing is known yet, without the lock: what changes meanwhile is read again by `sync`."""
        if self._known is None:
            self._load_window()

    def note(self, story_ids: Iterable[int]) -> None:
        """Remember stories changed in memory; they are read again, in case the batch is rolled back."""
        self._unsure.update(story_ids)

    def cover(self, times: Iterable[datetime]) -> None:
        """Load the stories near reports that are older than the window.

        Once a day, and when old days hold more than OLD_ARTICLES, what lies before the window is forgotten first.
        """
        newest = self.index.newest
        if newest is None:
            return
        today = datetime.fromtimestamp(newest, UTC).date()
        if today != self._swept_on or self.index.articles > self._within + OLD_ARTICLES:
            self.index.evict(newest - WINDOW)
            self._old_days.clear()
            self._swept_on, self._within = today, self.index.articles
        for at in times:
            day = at.date()
            if at.timestamp() - SPAN < newest - WINDOW and day not in self._old_days:
                self._load_around(at)
                self._old_days.add(day)

    def require(self, story_ids: Iterable[int]) -> None:
        """Load stories by id that are not held, whatever their date."""
        self._reload([pk for pk in story_ids if pk not in self.index.stories])

    def _load_window(self) -> None:
        ends = Story.objects.aggregate(newest=Max("last_at"), known=Max("changed_no"))
        if ends["newest"]:
            since = ends["newest"] - timedelta(seconds=WINDOW)
            self._reload(Story.objects.live().filter(last_at__gte=since).values_list("pk", flat=True))
        self._known = ends["known"] or 0  # last: a session that breaks in between leaves it to be read again

    def _load_around(self, at: datetime) -> None:
        span = timedelta(seconds=SPAN)
        near = Story.objects.live().filter(last_at__gte=at - span, last_at__lte=at + span)
        self._reload(near.values_list("pk", flat=True))

    def _reload(self, story_ids: Iterable[int]) -> None:
        """Bring these stories in line with their memberships."""
        ids = sorted(set(story_ids))
        for start in range(0, len(ids), CHUNK):
            self._reload_chunk(ids[start : start + CHUNK])

    def _reload_chunk(self, ids: Sequence[int]) -> None:
        members: dict[int, list[int]] = defaultdict(list)
        for head in heads_of(ids):
            members[head.story].append(head.article)
        # All features first: an article that moved is taken out of one story before it comes to the other.
        features = {a: self.index.features_of(a) for group in members.values() for a in group}
        features |= read_features_of([a for a, known in features.items() if known is None])
        for story in ids:
            for article in self.index.members_of(story) - set(members[story]):
                self.index.remove(article)
            for article in members[story]:
                if (known := features[article]) is not None:
                    self.index.add(story, article, known)


OLD_ARTICLES = 100_000  # of the archive that are held beside the window: some 250 MB


def read_features_of(article_ids: Sequence[int]) -> dict[int, Features]:
    """Return the stored features of articles; rows of an older make are left out."""
    found: dict[int, Features] = {}
    rows = GroupFeatures.objects.filter(pk__in=article_ids).values_list("pk", "packed")
    for pk, packed in rows.iterator(chunk_size=CHUNK):
        try:
            found[pk] = unpack(bytes(packed))
        except ValueError:
            continue
    return found
