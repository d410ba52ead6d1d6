"""Articles go from story to story as a second look decided: memberships, copies, retired stories, the log.

The number of statements does not depend on how much moves. The caller holds the line's lock and has made sure
that the stories are as they were seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from aggregator.models import Article, Membership, Story
from aggregator.pipeline.repair import Place
from aggregator.services import placing
from aggregator.services.curation.acts import Actor, entry_of, log_acts
from aggregator.services.latecomers import LATE_FOR, STANDS_FOR
from aggregator.services.regrouping import Step, Way
from aggregator.services.seating import seat_copies
from aggregator.services.stand_ins import heads_of
from aggregator.services.writing import save_rows

SAID = {
    "merge": "They report one happening.",
    "split": "It reports something else than the rest of its story.",
    "move": "It is nearer to this story, seen in the order of the reports.",
}
TOLD = ("words", "title", "shared_words", "shared_numbers", "places_shared", "hours")

# A copy goes where its original goes, or what stands in for that, from where it stood beside it; a latecomer goes alone.
_COPIES = """
UPDATE aggregator_membership AS row SET story_id = given.joins
FROM unnest(%(articles)s::bigint[], %(leaves)s::bigint[], %(joins)s::bigint[]) AS given(article, leaves, joins)
JOIN aggregator_article AS head ON head.id = given.article
JOIN aggregator_article AS copy ON copy.copy_of_id = COALESCE(head.copy_of_id, head.id) AND copy.id <> head.id
WHERE row.article_id = copy.id AND row.story_id = given.leaves AND row.reason -> %(late_for)s IS NULL
"""
# A story that is empty of texts of its own is closed; what pointed to it points to the other.
_RETIRE = tuple(
    f"UPDATE {change} FROM unnest(%(leaves)s::bigint[], %(joins)s::bigint[]) AS given(leaves, joins) WHERE {whose}"
    for change, whose in (
        ("aggregator_membership AS row SET story_id = given.joins", "row.story_id = given.leaves"),
        ("aggregator_story AS row SET retired_into_id = given.joins", "row.id = given.leaves"),
        (
            "aggregator_story AS row SET earlier_id = NULLIF(given.joins, row.id)",
            "row.earlier_id = given.leaves",
        ),
        (
            "aggregator_groupfeatures AS row SET about_story_id = given.joins",
            "row.about_story_id = given.leaves",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class _Move:
    """Articles on one way, with the act that the log calls it."""

    leaves: int
    joins: int
    act: str
    places: Mapping[int, Place]


def write(
    steps: Sequence[Step], opened: dict[int, int], shaped: Collection[int], now: datetime
) -> tuple[set[int], int]:
    """Write steps, with everything that follows; return the stories that changed and the number of acts.

    `opened` holds the stories that were opened for new groups, by group; those opened now are added.
    """
    ways = [way for step in steps for way in step.ways]
    if not ways:
        return set(), 0
    _open(ways, opened, now)
    merged = _merged(ways)
    moves = [_move(way, opened, merged) for way in ways]
    _log(moves, now)
    _move_articles(moves)
    _retire(merged)
    touched = {story for move in moves for story in (move.leaves, move.joins)}
    seat_copies(touched, shaped, now)
    placing.place_stories(touched, now)
    return touched, len(moves)


def _open(ways: Sequence[Way], opened: dict[int, int], now: datetime) -> None:
    """Open a story for each new group that has none yet, dated by an article that goes there."""
    first: dict[int, int] = {}
    for way in ways:
        if way.target[0] == "new" and way.target[1] not in opened:
            first.setdefault(way.target[1], next(iter(way.places)))
    dates = dict(Article.objects.filter(pk__in=first.values()).values_list("pk", "reported_at"))
    stories = Story.objects.bulk_create(
        Story(first_at=at, last_at=at, happened_on=at.date(), created_at=now, changed_at=now)
        for at in (dates[article] for article in first.values())
    )
    opened |= {group: story.pk for group, story in zip(first, stories, strict=True)}


def _merged(ways: Sequence[Way]) -> dict[int, int]:
    """Return the stories that nothing stays in, with the one that most of each goes to."""
    largest: dict[int, Counter[int]] = defaultdict(Counter)
    moving: set[int] = set()
    for way in ways:
        moving |= way.places.keys()
        if way.empties:
            largest[way.leaves][way.target[1]] += len(way.places)
    # Rows may hold more than memory does: a text whose features are of an older make stays.
    stay = {head.story for head in heads_of(largest) if head.article not in moving}
    return {
        story: max(counts, key=lambda s: (counts[s], -s))
        for story, counts in largest.items()
        if story not in stay
    }


def _move(way: Way, opened: Mapping[int, int], merged: Mapping[int, int]) -> _Move:
    joins = way.goes_to(opened) or 0
    if way.target[0] == "new":
        return _Move(way.leaves, joins, "split", way.places)
    return _Move(way.leaves, joins, "merge" if merged.get(way.leaves) == joins else "move", way.places)


def _log(moves: Sequence[_Move], now: datetime) -> None:
    """Log each move with the members of its stories as they were before the portion, which an undo brings back."""
    ids = sorted({story for move in moves for story in (move.leaves, move.joins)})
    stories, before = Story.objects.in_bulk(ids), defaultdict[int, list[int]](list)
    rows = Membership.objects.filter(story_id__in=ids).order_by("article__reported_at", "article_id")
    for story, article in rows.values_list("story_id", "article_id"):
        before[story].append(article)
    entries = []
    for move in moves:
        articles = list(move.places)
        what: dict[str, Any] = {"story": move.joins, "articles": articles, "score": _score(move)}
        what |= {"retired": move.leaves} if move.act == "merge" else {"article": articles[0]}
        what |= {"from": move.leaves} if move.act == "move" else {}
        told = [move.leaves] if move.act == "split" else [move.joins, move.leaves]
        target = stories[move.leaves if move.act == "split" else move.joins]
        lists = {"stories": {str(pk): before[pk] for pk in told}}
        entries.append(entry_of(Actor(None, now, SAID[move.act]), move.act, target, before=lists, after=what))
    log_acts(entries)


def _score(move: _Move) -> float:
    return round(sum(place.score for place in move.places.values()) / len(move.places), 3)


def _move_articles(moves: Sequence[_Move]) -> None:
    going = {article: move for move in moves for article in move.places}
    rows = list(Membership.objects.filter(article_id__in=going).order_by("pk"))
    for row in rows:
        move = going[row.article_id]
        place = move.places[row.article_id]
        why = place.reason
        leads_as = {key: row.reason[key] for key in (STANDS_FOR, LATE_FOR) if key in row.reason}
        if why.get("rule") == "fixed":  # it came along with its thread: its own words still hold
            why = row.reason
        else:
            row.score = round(place.score, 4)
        row.story_id = move.joins
        row.reason = {
            "rule": f"repair_{move.act}",
            "from": move.leaves,
            **{key: why[key] for key in TOLD if key in why},
            **leads_as,
        }
    save_rows(rows, ["story", "score", "reason"])
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "articles": list(going),
            "leaves": [move.leaves for move in going.values()],
            "joins": [move.joins for move in going.values()],
            "late_for": LATE_FOR,
        }
        cursor.execute(_COPIES, values)


def _retire(merged: Mapping[int, int]) -> None:
    if not merged:
        return
    with connection.cursor() as cursor:
        for statement in _RETIRE:
            cursor.execute(statement, {"leaves": list(merged), "joins": list(merged.values())})
