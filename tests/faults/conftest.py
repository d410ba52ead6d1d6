"""The sample wire with everything released, and what a site makes of it that nobody disturbs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.acts import Place
from tests.newsroom.running import ROOT


@pytest.fixture(scope="package")
def wire() -> Iterator[str]:
    """Yield the address of the sample wire's list of feeds."""
    command = [sys.executable, "-m", "newsroom.samplewire", "--port", "0", "--clock-now-at-start"]
    command += ["--clock-start", "2023-09-29T12:00:00+00:00", "--rate", "1"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    port = child.stdout.readline().strip().removeprefix("PORT=")
    yield f"http://127.0.0.1:{port}/opml"
    child.kill()
    child.wait()


@pytest.fixture(scope="package")
def fresh(wire: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of a site that has been prepared and has read nothing."""
    folder = tmp_path_factory.mktemp("fresh") / "site"
    Place(folder, wire).close()
    return folder / "data"


@pytest.fixture(scope="package")
def calm(wire: str, fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what an undisturbed site holds."""
    place = Place(tmp_path_factory.mktemp("calm") / "site", wire, like=fresh)
    try:
        place.read_everything()
        return place.state()
    finally:
        place.close()


@pytest.fixture
def place(wire: str, fresh: Path, tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Return a function that makes a site of its own; all are taken down afterwards."""
    made: list[Place] = []

    def make(**more: Any) -> Place:
        made.append(Place(tmp_path / f"site{len(made)}", wire, like=fresh, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()
