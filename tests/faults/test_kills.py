"""Killing workers at any moment loses nothing, doubles nothing and changes no verdict.

The sample wire is read twice: once undisturbed, once by workers that are killed (-9, with their
embedded PostgreSQL) at moments spread over the run. Both must end with the same articles and
the same origins, stories that agree, and every count right. `python -m bench.faults` is the long form.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from bench.faults.state import agreement
from tests.faults.acts import Place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
KILLS = (2.5, 4.0, 5.0, 6.5, 8.0)  # seconds after the start of each worker
LEAST = 0.98  # adjusted Rand index of the stories


def test_killed_workers_lose_nothing_and_double_nothing(
    place: Callable[..., Place], calm: dict[str, Any]
) -> None:
    killed = place(keep=False)
    for after in KILLS:
        worker = killed.start("poll", "--all", "--wait")
        time.sleep(after)
        worker.kill()
        worker.wait()
        killed.expire()
    killed.read_everything()
    found = killed.state()
    assert calm["left"] == found["left"] == 0
    assert len(calm["articles"]) > 100
    assert found["articles"] == calm["articles"]
    assert found["originals"] == calm["originals"]
    # In whatever order the backlog arrived, the last look at the stories puts it in the order of the reports.
    assert agreement(found["stories"], calm["stories"]) >= LEAST
    killed.verify()
