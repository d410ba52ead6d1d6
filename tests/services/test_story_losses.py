"""Where grouping loses: the parts add up to what B-cubed misses."""

from __future__ import annotations

from bench.group_losses import losses

GOLD = {"a1": "attack", "a2": "attack", "a3": "attack", "b1": "reply", "c1": "storm"}


def test_stories_kept_whole_lose_nothing() -> None:
    found = {"a1": 1, "a2": 1, "a3": 1, "b1": 2, "c1": 3}
    assert losses(GOLD, found, frozenset()) == {"recall, largest": 0.0, "recall, others": 0.0}


def test_a_split_costs_recall_of_its_story_alone() -> None:
    found = {"a1": 1, "a2": 1, "a3": 4, "b1": 2, "c1": 3}
    # two items miss a third of their story, one misses two thirds: 4/3 of 5 items
    assert losses(GOLD, found, frozenset()) == {"recall, largest": 0.267, "recall, others": 0.0}


def test_a_mixture_is_told_by_who_is_mixed() -> None:
    found = {"a1": 1, "a2": 1, "a3": 1, "b1": 3, "c1": 3}
    assert losses(GOLD, found, frozenset())["precision, strangers"] == 0.2
    near = frozenset({frozenset({"reply", "storm"})})
    assert losses(GOLD, found, near)["precision, stories noted as near"] == 0.2
    found["b1"] = 1
    assert losses(GOLD, found, near)["precision, largest and others"] == 0.3
