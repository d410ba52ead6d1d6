"""The front page: what is moving now, by growth of origins, not by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from aggregator.models import Region, Story, TimelineEntry
from aggregator.services import activity, atlas, subjects
from aggregator.services.activity import Busy, Strip
from aggregator.services.cards import Card, Told, card_of_story, stories_told
from aggregator.services.kept import until_change
from aggregator.services.subjects import Subject

MOVING = 7
PER_BLOCK = 4
LOOK_BACK = timedelta(hours=48)
CANDIDATES = 400  # newest changed stories looked at; at five a minute that is more than an hour
PLACED_KINDS = ("country", "territory", "contested-area")


@dataclass(frozen=True)
class Block:
    """A macro region with its newest stories."""

    busy: Busy
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Front:
    """What is moving, one block a macro region, the map's points and the newest change."""

    moving: tuple[Card, ...]
    blocks: tuple[Block, ...]
    places: tuple[Busy, ...]
    strip: Strip | None
    updated_at: datetime | None

    @property
    def cards(self) -> tuple[Card, ...]:
        """Every story shown, once, in the page's order: what its faces list."""
        seen: dict[int, Card] = {}
        for card in (*self.moving, *(card for block in self.blocks for card in block.cards)):
            seen.setdefault(card.story_id, card)
        return tuple(seen.values())


def front(now: datetime) -> Front:
    """Return the front page as of `now`; the number of queries is constant, none while no story changes."""
    return until_change(("front", now.date()), lambda: _front(now))


def _front(now: datetime) -> Front:
    regions = list(atlas.regions().by_slug.values())
    moving = _moving(now)
    root = next((region for region in regions if region.slug == subjects.WORLD), None)
    macros = [region for region in regions if region.kind == "macro"]
    return Front(
        moving=moving,
        blocks=_blocks(macros, now.date(), {card.story_id for card in moving}),
        places=tuple(busiest_places(regions, now.date())),
        strip=activity.strip(Subject("region", region=root), _anchor(root, now.date())) if root else None,
        updated_at=_updated_at(),
    )


def _updated_at() -> datetime | None:
    return Story.objects.order_by("-changed_no").values_list("changed_at", flat=True).first()


def _anchor(root: Region, today: date) -> date:
    newest = TimelineEntry.objects.filter(region=root, topic__isnull=True).order_by(
        "topic_id", "-report_at", "-story_id"
    )
    found = newest.values_list("report_at", flat=True).first()
    return activity.anchor(found.date() if found else None, today)


def _moving(now: datetime) -> tuple[Card, ...]:
    """Return the stories with the most growth of origins among those of the last 48 hours."""
    rows = Story.objects.live().filter(article_count__gt=0).order_by("-last_at", "-pk")
    newest = list(rows.values_list("growth_score", "last_at", "pk")[:CANDIDATES])
    if not newest:
        return ()
    since = min(newest[0][1], now) - LOOK_BACK
    ranked = sorted((row for row in newest if row[1] >= since), reverse=True)
    stories = _stories([pk for _growth, _at, pk in ranked[:MOVING]])
    return tuple(card_of_story(story) for story in stories.values())


def _stories(ids: Sequence[int]) -> dict[int, Told]:
    """Return stories by id, in the given order."""
    found = stories_told(ids)
    return {pk: found[pk] for pk in ids if pk in found}


def _blocks(macros: Sequence[Region], today: date, shown: set[int]) -> tuple[Block, ...]:
    """Return a block for each macro region that has stories: one query for all, by a lateral join."""
    busy = activity.busy_regions(macros, today)
    newest = _newest_of([one.row.pk for one in busy], PER_BLOCK + len(shown))
    chosen = {region: [pk for pk in ids if pk not in shown][:PER_BLOCK] for region, ids in newest.items()}
    stories = _stories([pk for ids in chosen.values() for pk in ids])
    blocks = []
    for one in busy:
        cards = [card_of_story(stories[pk]) for pk in chosen.get(one.row.pk, ()) if pk in stories]
        if cards or one.now:
            blocks.append(Block(one, tuple(cards)))
    return tuple(blocks)


_NEWEST = """
SELECT wanted.id, newest.story_id
FROM unnest(%s::bigint[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT story_id, report_at FROM aggregator_timelineentry
    WHERE region_id = wanted.id AND topic_id IS NULL
    ORDER BY topic_id, report_at DESC, story_id DESC LIMIT %s  -- the topic: as the index has it
) AS newest
ORDER BY wanted.id, newest.report_at DESC, newest.story_id DESC
"""


def _newest_of(region_ids: list[int], limit: int) -> dict[int, list[int]]:
    """Return the ids of the newest stories of each region."""
    found: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [region_ids, limit])
        for region_id, story_id in cursor.fetchall():
            found.setdefault(region_id, []).append(story_id)
    return found


def busiest_places(regions: Sequence[Region], today: date, limit: int = 40) -> list[Busy]:
    """Return the countries and areas with stories in the last seven days, busiest first, for map and list."""
    placed = [region for region in regions if region.kind in PLACED_KINDS]
    return [one for one in activity.busy_regions(placed, today) if one.now][:limit]
