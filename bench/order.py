"""Stories and the order of arrival: what a second look is worth, how much it moves, and whether any order ends alike.

usage: python -m bench.order [--corpora DIR] [--orders 5]
Rules only, no rows: `tests/services/test_order_of_arrival.py` does the same through the services.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from aggregator.pipeline.features import Features
from aggregator.pipeline.group import StoryIndex
from aggregator.pipeline.repair import DAY, HELD, Standing, name_groups, order_of, regroup
from aggregator.services.evaluation.stories import where_of
from bench.faults.state import agreement
from bench.group_sets import Item, load_sets, scorer

LAGS = {"in order": 0.0, "30 minutes late": 1800.0, "2 hours late": 7200.0, "6 hours late": 21600.0}  # mean
BATCH = 10  # articles between two looks of a live site
FIRST_DAYS = datetime(2023, 10, 10, tzinfo=UTC).timestamp()  # the stream's first window ends before


@dataclass
class Site:
    """Articles that have arrived, as rows keep them."""

    features: list[Features]
    index: StoryIndex = field(default_factory=StoryIndex)
    stands: dict[int, Standing] = field(default_factory=dict)
    looked: dict[int, int | None] = field(default_factory=dict)
    moved: int = 0
    moved_again: int = 0  # those that a look had seen before: what a reader may notice
    _next: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def arrive(self, batch: list[int]) -> None:
        """Group a batch on arrival, oldest report first."""
        for article in sorted(batch, key=lambda a: order_of(self.features[a])):
            verdict = self.index.decide(self.features[article])
            self._put(article, next(self._next) if verdict.story is None else verdict.story)

    def look(self) -> None:
        """Look at the stories as the line does: from the earliest report on that is new."""
        new = [s.order[0] for s in self.stands.values() if self.looked.get(s.article) != s.story]
        since = min(new, default=None)
        if since is None:
            return
        begin = since - since % DAY - HELD
        near = {s.story for s in self.stands.values() if s.order[0] >= begin}
        asked = [replace(s, fixed=s.order[0] < since) for s in self.stands.values() if s.story in near]
        places = regroup(asked)
        groups = {article: place.group for article, place in places.items()}
        names = name_groups(groups, asked)
        for one in asked:
            place = places[one.article]
            if place.group not in names:
                names[place.group] = next(self._next)
            story = names[place.group]
            if story != one.story:
                self.moved += 1
                self.moved_again += one.article in self.looked
                self._put(one.article, story)
            if not one.fixed:
                self.stands[one.article] = replace(
                    self.stands[one.article], thread=place.thread, unites=place.unites
                )
        self.looked = {article: s.story for article, s in self.stands.items()}

    def _put(self, article: int, story: int) -> None:
        self.index.add(story, article, self.features[article])
        self.stands[article] = replace(
            self.stands.get(article, Standing(article, self.features[article])), story=story
        )

    def stories(self) -> dict[int, int]:
        """Return the story of every article."""
        return {article: s.story or 0 for article, s in self.stands.items()}


def shuffled(features: list[Features], seed: int) -> dict[int, int]:
    """Let articles arrive in an order of chance, with some looks in between."""
    dice, site = random.Random(seed), Site(features)
    waiting = dice.sample(range(len(features)), len(features))
    while waiting:
        size = dice.randrange(5, 60)
        site.arrive(waiting[:size])
        waiting = waiting[size:]
        if dice.random() < 0.3:
            site.look()
        if dice.random() < 0.1:
            site.looked = {}  # another worker
    site.look()
    return site.stories()


def live(features: list[Features], lag: float) -> Site:
    """Let articles arrive some time after their report, with a look after every BATCH."""
    dice, site = random.Random(1), Site(features)
    found = {n: (f.at or 0.0) + (dice.expovariate(1 / lag) if lag else 0.0) for n, f in enumerate(features)}
    waiting = sorted(found, key=lambda n: found[n])
    for start in range(0, len(waiting), BATCH):
        site.arrive(waiting[start : start + BATCH])
        site.look()
    return site


def quality(items: list[Item], score: object) -> dict[str, list[float]]:
    """Return B-cubed and pair F1 on arrival and after a look."""
    assert callable(score)
    site = Site([item.features for item in items])
    for number in range(len(items)):
        site.arrive([number])
    gold = {item.id: item.gold for item in items if item.scored}
    out = {}
    for name in ("on arrival", "after a look"):
        found = {items[n].id: story for n, story in site.stories().items() if items[n].id in gold}
        figures = score(gold, found)
        out[name] = [round(figures["b3_f1"], 3), round(figures["pair_f1"], 3)]
        site.look()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", default=os.environ.get("CORPORA_DIR", "../shared"), type=Path)
    parser.add_argument("--orders", default=5, type=int)
    args = parser.parse_args()
    sets = load_sets(args.corpora, folds=1, where=where_of)
    score = scorer(args.corpora)
    for name, items in sets.items():
        print(json.dumps({name: quality(items, score)}), flush=True)
    features = [
        i.features for i in sets["stream"] if i.features.at is not None and i.features.at < FIRST_DAYS
    ]
    ends = [shuffled(features, seed) for seed in range(args.orders)]
    worst = min(agreement(one, other) for one, other in itertools.combinations(ends, 2))
    print(json.dumps({"articles": len(features), "orders": args.orders, "least ARI": round(worst, 4)}))
    for name, lag in LAGS.items():
        site = live(features, lag)
        figures = {"moved": site.moved, "of them seen before": site.moved_again}
        print(json.dumps({name: figures | {"ARI": round(agreement(site.stories(), ends[0]), 4)}}), flush=True)


if __name__ == "__main__":
    main()
