"""What a run leaves behind, as values, and how two of them differ."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from math import comb
from pathlib import Path
from typing import Any

from bench.faults.site import Site
from newsroom import env

_ARTICLES = """
SELECT source.slug, article.url, article.title, body.text_sha256, article.revision_count, article.status,
       article.reported_at, coalesce(original.url, article.url), membership.story_id
FROM aggregator_article article
JOIN aggregator_source source ON source.id = article.source_id
LEFT JOIN aggregator_articlebody body ON body.article_id = article.id
LEFT JOIN aggregator_article original ON original.id = article.copy_of_id
LEFT JOIN aggregator_membership membership ON membership.article_id = article.id
"""


@dataclass
class State:
    """Articles by (source, address), each with its words, its date, its original and its story."""

    words: dict[str, list[Any]] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)
    stories: dict[str, int] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    held: int = 0
    left: int = 0
    wrong: list[str] = field(default_factory=list)

    def keep(self, file: Path) -> None:
        """Write it down."""
        file.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> State:
        """Read what was kept."""
        return cls(**json.loads(file.read_text()))


def take(site: Site) -> State:
    """Return what the site holds now; `verify` recounts every number."""
    state = State()
    for slug, url, title, digest, revisions, status, at, original, story in site.ask(_ARTICLES):
        name = f"{slug} {url}"
        state.rows += 1
        state.words[name] = [title, digest, revisions, status]
        state.dates[name] = at.isoformat()
        state.originals[name] = original
        if story is not None:
            state.stories[name] = story
    for stage, count in site.ask("SELECT stage, count(*) FROM aggregator_work GROUP BY stage"):
        state.held, state.left = (count, state.left) if stage == "held" else (state.held, state.left + count)
    state.wrong = verify(site)
    return state


def verify(site: Site) -> list[str]:
    """Return the lines of `manage.py verify` that say what is wrong."""
    argv = [sys.executable, "manage.py", "verify"]
    done = subprocess.run(argv, env=env.everything() | site.replay.environ, capture_output=True, text=True)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    return wrong or ([done.stderr.strip()[-300:]] if done.returncode else [])


def differences(wanted: State, found: State) -> dict[str, Any]:
    """Return what was lost, doubled, read otherwise or counted wrongly, and how well partitions agree."""
    both = wanted.words.keys() & found.words.keys()
    return {
        "articles": found.rows,
        "lost": len(wanted.words.keys() - found.words.keys()),
        "extra": len(found.words.keys() - wanted.words.keys()),
        "doubled": found.rows - len(found.words),
        "left": found.left,
        "held": found.held,
        "other words": sum(wanted.words[name][:2] != found.words[name][:2] for name in both),
        "other revisions": sum(wanted.words[name][2] != found.words[name][2] for name in both),
        "other dates": sum(wanted.dates.get(name) != found.dates[name] for name in both),
        "origins ARI": round(agreement(wanted.originals, found.originals), 4),
        "other original": sum(wanted.originals[name] != found.originals[name] for name in both),
        "stories ARI": round(agreement(wanted.stories, found.stories), 4),
        "wrong counters": found.wrong,
    }


def agreement(one: Mapping[Any, Hashable], two: Mapping[Any, Hashable]) -> float:
    """Return the adjusted Rand index of two partitions; who is in none stands alone.

    Hubert and Arabie, Comparing partitions, 1985: 1 for equal partitions, about 0 by chance.
    """
    names = one.keys() | two.keys()
    left = {name: one.get(name, ("alone", name)) for name in names}
    right = {name: two.get(name, ("alone", name)) for name in names}
    together = _pairs(Counter((left[name], right[name]) for name in names))
    a, b = _pairs(Counter(left.values())), _pairs(Counter(right.values()))
    by_chance = a * b / comb(len(names), 2) if len(names) > 1 else 0.0
    most = (a + b) / 2
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _pairs(sizes: Counter[Any]) -> int:
    return sum(comb(size, 2) for size in sizes.values())
