"""What a story is about: regions, topics and conflicts by vote of its originals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aggregator.models import Override
from aggregator.services.members import Members, Vocabulary

# A tag of a story is carried by at least this share of its originals, or by the most of them.
TAG_SHARE = 1 / 3
TOPICS_PER_STORY = 3


@dataclass
class Tags:
    """What a story is about, by vote of its originals: ids with their score, best first."""

    regions: list[tuple[int, float]] = field(default_factory=list)
    focus_id: int | None = None
    topics: list[tuple[int, float]] = field(default_factory=list)
    conflicts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


def vote_tags(members: Members, vocabulary: Vocabulary) -> Tags:
    """Return what the story is about: a tag counts with TAG_SHARE of its originals or the most of them."""
    if not members.articles:
        return Tags()
    regions, focus_id = _vote_regions(members, vocabulary)
    return Tags(regions, focus_id, _vote_topics(members), _vote_conflicts(members, vocabulary))


def _vote_regions(members: Members, vocabulary: Vocabulary) -> tuple[list[tuple[int, float]], int | None]:
    voters = members.voters(Override.Kind.REGIONS)
    votes: Counter[int] = Counter()
    focus: Counter[int] = Counter()
    for article in voters:
        for row in members.regions[article.pk]:
            votes[row.region_id] += 1
            focus[row.region_id] += int(row.focus)
    regions = _voted(votes, len(voters))
    return regions, _focus(focus, regions, vocabulary)


def _vote_topics(members: Members) -> list[tuple[int, float]]:
    """The first topic of an article is the dependable one and weighs twice."""
    voters = members.voters(Override.Kind.TOPICS)
    votes: Counter[int] = Counter()
    for article in voters:
        for rank, row in enumerate(members.topics[article.pk]):
            votes[row.topic_id] += 2 if rank == 0 else 1
    return _voted(votes, 2 * len(voters))[:TOPICS_PER_STORY]


def _vote_conflicts(members: Members, vocabulary: Vocabulary) -> list[tuple[int, dict[str, Any]]]:
    voters = members.voters(Override.Kind.CONFLICTS)
    votes: Counter[int] = Counter()
    reasons: dict[int, dict[str, Any]] = {}
    for article in voters:
        for entry in article.conflicts:
            conflict = vocabulary.conflict(entry.get("slug", ""))
            if conflict is not None:
                votes[conflict.pk] += 1
                reasons.setdefault(conflict.pk, entry.get("reason", {}))
    return [(pk, reasons[pk]) for pk, _ in _voted(votes, len(voters))]


def _voted(votes: Counter[int], full: int) -> list[tuple[int, float]]:
    """Return what at least TAG_SHARE of the originals (or the most of them) carry, best first."""
    if not votes:
        return []
    floor = min(max(votes.values()), TAG_SHARE * full)
    ranked = sorted(votes.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(pk, round(n / full, 4)) for pk, n in ranked if n >= floor]


def _focus(votes: Counter[int], regions: list[tuple[int, float]], vocabulary: Vocabulary) -> int | None:
    """Return the region that most originals put first; the deeper one on a tie."""
    candidates = [pk for pk, _ in regions]
    if not candidates:
        return None
    return max(candidates, key=lambda pk: (votes[pk], vocabulary.depth.get(pk, 0), -pk))
