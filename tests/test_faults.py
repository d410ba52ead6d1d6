"""Killing workers at any moment loses nothing, doubles nothing and changes no verdict.

The sample wire is read twice: once undisturbed, once by workers that are killed (-9, with their
embedded PostgreSQL) at moments spread over the run. Both must end with the same articles and
the same origins, stories that agree, and every count right.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.newsroom.running import ROOT, environment, manage

KILLS = (2.5, 4.0, 5.0, 6.5, 8.0)  # seconds after the start of each worker
EXPIRE = (
    "from django.db import connection; cursor = connection.cursor(); "
    "cursor.execute(\"UPDATE aggregator_work SET lease_until = now() - interval '1 second' "
    'WHERE lease_until IS NOT NULL"); '
    "cursor.execute(\"UPDATE aggregator_host SET lease_until = now() - interval '1 second' "
    'WHERE lease_until IS NOT NULL")'
)
STATE = """
import json
from aggregator.models import Article, Membership, Work
root = lambda a: (a.copy_of or a).url
rows = Article.objects.select_related("copy_of")
print("STATE" + json.dumps({
    "articles": sorted([a.source.slug, a.url, a.title] for a in rows.select_related("source")),
    "originals": sorted([a.url, root(a)] for a in rows),
    "stories": dict(Membership.objects.values_list("article__url", "story_id")),
    "left": Work.objects.count(),
}))
"""


@pytest.fixture(scope="module")
def wire() -> Iterator[str]:
    """The sample wire with everything released; yields the address of its list of feeds."""
    command = [sys.executable, "-m", "newsroom.samplewire", "--port", "0", "--clock-now-at-start"]
    command += ["--clock-start", "2023-09-29T12:00:00+00:00", "--rate", "1"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    port = child.stdout.readline().strip().removeprefix("PORT=")
    yield f"http://127.0.0.1:{port}/opml"
    child.kill()
    child.wait()


def prepared(folder: Path, wire: str) -> dict[str, str]:
    folder.mkdir()
    environ = environment(folder, SOURCES=wire, FETCH_ALLOW="127.0.0.0/8", HOST_GAP="0")
    done = manage(environ, "prepare")
    assert done.returncode == 0, done.stdout
    return environ


def state(environ: dict[str, str]) -> dict[str, Any]:
    done = manage(environ, "shell", "-v", "0", "-c", STATE)
    line = next(line for line in done.stdout.splitlines() if line.startswith("STATE"))
    found: dict[str, Any] = json.loads(line.removeprefix("STATE"))
    return found


def kill_a_worker(environ: dict[str, str], after: float) -> None:
    child = subprocess.Popen(
        [sys.executable, "manage.py", "poll", "--all", "--wait"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    child.kill()
    child.wait()


def agreement(one: dict[str, int], two: dict[str, int]) -> float:
    """Return the share of pairs of articles on which both runs agree: together, or apart."""
    pairs = list(combinations(sorted(one.keys() | two.keys()), 2))
    same = sum(_together(one, a, b) == _together(two, a, b) for a, b in pairs)
    return same / len(pairs)


def _together(stories: dict[str, int], a: str, b: str) -> bool:
    return a in stories and stories.get(a) == stories.get(b)


def test_killed_workers_lose_nothing_and_double_nothing(tmp_path: Path, wire: str) -> None:
    calm = prepared(tmp_path / "calm", wire)
    assert manage(calm, "poll", "--all", "--wait").returncode == 0
    wanted = state(calm)

    killed = prepared(tmp_path / "killed", wire)
    for after in KILLS:
        kill_a_worker(killed, after)
        assert manage(killed, "shell", "-v", "0", "-c", EXPIRE).returncode == 0
    done = manage(killed, "poll", "--all", "--wait", timeout=240)
    assert done.returncode == 0, done.stdout
    found = state(killed)

    assert wanted["left"] == found["left"] == 0
    assert len(wanted["articles"]) > 100
    assert found["articles"] == wanted["articles"]
    assert found["originals"] == wanted["originals"]
    # Which reports of one war make a story depends on the order in which a backlog arrives.
    assert agreement(found["stories"], wanted["stories"]) >= 0.85
    manage(killed, "shell", "-v", "0", "-c", "from aggregator.services import indexing; indexing.index_due()")
    checked = manage(killed, "verify")
    assert checked.returncode == 0, checked.stdout
