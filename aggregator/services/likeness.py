"""Which recent stories look like one another? Headlines of one region and about one time, compared word by word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from aggregator.models import Override, Story
from aggregator.pipeline.stems import words_of

ALIKE_FROM = 0.4  # share of common words (Jaccard) from which a person should look
APART = timedelta(hours=48)
MIN_WORDS = 3


def alike(stories: Sequence[Story], *, limit: int) -> list[tuple[Story, Story, float]]:
    """Return pairs (older, newer, score 0.0-1.0) that may be one story, likeliest first.

    Pairs that a curator has kept apart are left out. Only stories with the same main region are compared.
    """
    groups: dict[str, list[tuple[Story, frozenset[str]]]] = defaultdict(list)
    for story in stories:
        words = headline_words(story)
        if len(words) >= MIN_WORDS:
            groups[_focus(story)].append((story, words))
    pairs = [pair for group in groups.values() for pair in _pairs(group)]
    pairs.sort(key=lambda pair: (-pair[2], pair[0].pk, pair[1].pk))
    parted = _kept_apart({story.pk for pair in pairs[: 2 * limit] for story in pair[:2]})
    return [pair for pair in pairs if frozenset((pair[0].pk, pair[1].pk)) not in parted][:limit]


def headline_words(story: Story) -> frozenset[str]:
    """Return the words of a headline that carry meaning: those of more than three letters, as stems."""
    language = (story.language or "en")[:2]
    return frozenset(stem for stem in words_of(story.headline, language).stems if len(stem) > 3)


def _pairs(group: Sequence[tuple[Story, frozenset[str]]]) -> list[tuple[Story, Story, float]]:
    found = []
    for n, (one, words) in enumerate(group):
        for other, others in group[n + 1 :]:
            score = len(words & others) / len(words | others)
            if score >= ALIKE_FROM and abs(one.first_at - other.first_at) <= APART:
                older, newer = sorted((one, other), key=lambda s: (s.first_at, s.pk))
                found.append((older, newer, score))
    return found


def _focus(story: Story) -> str:
    return str((story.card.get("region") or {}).get("slug", ""))


def _kept_apart(story_ids: set[int]) -> set[frozenset[int]]:
    rows = Override.objects.filter(
        kind=Override.Kind.CANNOT_LINK, lifted_at__isnull=True, article__membership__story_id__in=story_ids
    ).values_list("article__membership__story_id", "other__membership__story_id")
    return {frozenset((a, b)) for a, b in rows if a and b}
