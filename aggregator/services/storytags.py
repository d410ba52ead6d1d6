"""What a story is about: regions, topics and conflicts by vote of its originals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

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
    originals = members.originals
    if not originals:
        return Tags()
    region_votes: Counter[int] = Counter()
    focus_votes: Counter[int] = Counter()
    topic_votes: Counter[int] = Counter()
    conflict_votes: Counter[int] = Counter()
    reasons: dict[int, dict[str, Any]] = {}
    for article in originals:
        for row in members.regions[article.pk]:
            region_votes[row.region_id] += 1
            focus_votes[row.region_id] += int(row.focus)
        for rank, topic in enumerate(members.topics[article.pk]):
            # The first topic of an article is the dependable one.
            topic_votes[topic.topic_id] += 2 if rank == 0 else 1
        for entry in article.conflicts:
            conflict = vocabulary.conflicts.get(entry.get("slug", ""))
            if conflict is not None:
                conflict_votes[conflict.pk] += 1
                reasons.setdefault(conflict.pk, entry.get("reason", {}))
    count = len(originals)
    regions = _voted(region_votes, count)
    topics = _voted(topic_votes, 2 * count)[:TOPICS_PER_STORY]
    conflicts = [(pk, reasons[pk]) for pk, _ in _voted(conflict_votes, count)]
    return Tags(regions, _focus(focus_votes, regions, vocabulary), topics, conflicts)


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
