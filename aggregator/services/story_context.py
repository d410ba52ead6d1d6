"""What lies around a story, and why each of its members is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.models import ArticleRegion, Conflict, Membership, Story, TimelineEntry
from aggregator.services import atlas

AROUND = 3  # stories before, and after
MEMBERS_TOLD = 8  # members whose reason stands on the page; the others tell theirs on their own
OPENING = frozenset({"no_candidate", "opened"})  # reasons of a story's first article, which joined nothing
COPIED = frozenset({"copy", "its_copies"})
LIKELY = 0.5  # below it a member opened a thread of its own, which came into the story as a whole
SUREST = 0.99  # the model is never certain
LIKENESS = frozenset({"model", "repair_merge", "repair_split", "repair_move"})  # whose score is a likelihood


@dataclass(frozen=True)
class Belonging:
    """Why a member is in its story: the stored reason, the words and places shared, and how likely it is (0-1)."""

    membership: Membership
    words: tuple[str, ...]
    places: tuple[str, ...]
    score: float | None


def belongings(members: Sequence[Membership]) -> tuple[Belonging, ...]:
    """Return why members joined, at most MEMBERS_TOLD: own texts first, each in order of report; one query.

    The first article of a story joined nothing. A place counts as shared when another of these, or the
    first, is about it too.
    """
    if len(members) < 2:
        return ()
    joined = [m for m in members if m.reason and m.reason.get("rule") not in OPENING]
    told = sorted(joined, key=lambda m: m.reason.get("rule") in COPIED)[:MEMBERS_TOLD]
    places = _places_of({m.article_id for m in [*told, *members[:1]]})
    shared = {place for place, n in Counter(p for own in places.values() for p in own).items() if n > 1}
    return tuple(_belonging(m, [p for p in places.get(m.article_id, ()) if p in shared]) for m in told)


def _belonging(member: Membership, places: Sequence[int]) -> Belonging:
    names = atlas.regions().by_pk
    is_likeness = member.reason.get("rule") in LIKENESS
    return Belonging(
        member,
        tuple(map(str, member.reason.get("shared") or ())),
        tuple(names[place].name for place in places if place in names) if is_likeness else (),
        min(member.score, SUREST) if is_likeness and member.score >= LIKELY else None,
    )


def _places_of(articles: set[int]) -> dict[int, list[int]]:
    """Return the ids of the regions that each article is about, the focus first."""
    rows = ArticleRegion.objects.filter(article_id__in=articles, about=True).order_by("-focus", "pk")
    found: dict[int, list[int]] = {}
    for article, region in rows.values_list("article_id", "region_id"):
        found.setdefault(article, []).append(region)
    return found


def around(story: Story, conflicts: Sequence[Conflict]) -> tuple[tuple[Story, ...], tuple[Story, ...]]:
    """Return at most AROUND stories before and after a story, oldest first; three or five queries.

    Those that it goes on from, and that go on from it, come first; then its neighbours in its first conflict.
    """
    before = _fill(_forerunners(story), _neighbours(story, conflicts, "lt"))
    after = _fill(_followers(story), _neighbours(story, conflicts, "gt"))
    return before, after


def _fill(chain: Sequence[Story], neighbours: Sequence[Story]) -> tuple[Story, ...]:
    found = {one.pk: one for one in [*chain, *neighbours]}
    return tuple(sorted(list(found.values())[:AROUND], key=lambda one: (one.first_at, one.pk)))


def _forerunners(story: Story) -> list[Story]:
    """Return the stories that a story goes on from, the nearest first."""
    if story.earlier_id is None:
        return []
    one = Story.objects.select_related("earlier__earlier").filter(pk=story.earlier_id).first()
    chain: list[Story] = []
    while one is not None and one.pk != story.pk and len(chain) < AROUND:
        chain.append(one)
        one = one.earlier
    return [one for one in chain if _is_shown(one)]


def _followers(story: Story) -> list[Story]:
    """Return the stories that go on from a story, the earliest first."""
    rows = Story.objects.filter(earlier=story, hidden=False, retired_into=None, article_count__gt=0)
    return list(rows.exclude(pk=story.pk).order_by("first_at", "pk")[:AROUND])


def _is_shown(story: Story) -> bool:
    return not story.hidden and story.retired_into_id is None and story.article_count > 0


def _neighbours(story: Story, conflicts: Sequence[Conflict], side: str) -> list[Story]:
    """Return the stories just before or after in the story's first conflict, the nearest first."""
    if not conflicts:
        return []
    rows = TimelineEntry.objects.filter(conflict=conflicts[0], topic__isnull=True).exclude(story=story)
    rows = rows.filter(**{f"report_at__{side}": story.first_at}).select_related("story")
    older, newer = ("topic_id", "-report_at", "-story_id"), ("-topic_id", "report_at", "story_id")
    return [
        row.story for row in rows.order_by(*(older if side == "lt" else newer))[:AROUND]
    ]  # as the index has them
