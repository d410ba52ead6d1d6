"""Where grouping loses B-cubed recall and precision on the feeds: by story, and by what the rule did with each item.

usage: python -m bench.group_losses [--corpora DIR]
The stream taught the shipped model, so that its losses are a little kind; the windows did not.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aggregator.pipeline.repair import Place, Standing, order_of, regroup
from aggregator.services.evaluation.stories import where_of
from bench.group_sets import CLUSTERING, Item, load_sets

Pairs = frozenset[frozenset[str]]


def losses(gold: Mapping[str, str], found: Mapping[str, int], near: Pairs) -> dict[str, float]:
    """Return the B-cubed recall and precision lost (shares of all items), by what was parted or mixed."""
    stories, groups = _members(gold), _members({i: found[i] for i in gold})
    largest = max(stories, key=lambda s: (len(stories[s]), s))
    lost: dict[str, float] = defaultdict(float)
    for item, story in gold.items():
        mine, group = stories[story], groups[found[item]]
        kind = "largest" if story == largest else "others"
        lost[f"recall, {kind}"] += len(mine - group) / len(mine) / len(gold)
        for stranger in group - mine:
            lost[f"precision, {_kind({story, gold[stranger]}, largest, near)}"] += 1 / len(group) / len(gold)
    return {name: round(share, 3) for name, share in sorted(lost.items())}


def _members(of: Mapping[str, Any]) -> dict[Any, set[str]]:
    out: dict[Any, set[str]] = defaultdict(set)
    for item, one in of.items():
        out[one].add(item)
    return out


def _kind(stories: set[str], largest: str, near: Pairs) -> str:
    if stories in near:
        return "stories noted as near"
    return "largest and others" if largest in stories else "strangers"


def acts(items: list[Item], places: Mapping[int, Place]) -> Counter[str]:
    """Count what the rule did with items whose story was open, and with those that open one."""
    told: dict[str, set[int]] = defaultdict(set)
    done: Counter[str] = Counter()
    for n in sorted(range(len(items)), key=lambda n: order_of(items[n].features)):
        if not items[n].scored:
            continue
        groups = told[items[n].gold]
        alone = places[n].thread == n
        if groups:
            right = places[n].group in groups
            done["open: " + ("joined" if right else "opened another" if alone else "joined another")] += 1
        else:
            done["new: " + ("opened" if alone else "joined another")] += 1
        groups.add(places[n].group)
    return done


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", default=os.environ.get("CORPORA_DIR", "../shared"), type=Path)
    corpora = parser.parse_args().corpora
    lines = (corpora / "data/stream/near_stories.tsv").read_text(encoding="utf-8").splitlines()
    near = frozenset(frozenset(line.split("\t")) for line in lines)
    for name, items in load_sets(corpora, folds=1, where=where_of, neus=0).items():
        if name in CLUSTERING:
            continue
        places = regroup(Standing(n, i.features) for n, i in enumerate(items))
        gold = {i.id: i.gold for i in items if i.scored}
        found = {i.id: places[n].group for n, i in enumerate(items)}
        print(json.dumps({name: losses(gold, found, near) | dict(sorted(acts(items, places).items()))}))


if __name__ == "__main__":
    main()
