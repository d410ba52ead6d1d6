"""The project's clock can start in the past and run fast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsroom import clocks
from newsroom.env import EnvError

START = datetime(2023, 9, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "elapsed", "shown"),
    [
        pytest.param("2023-09-18T00:00Z", 60, START + timedelta(minutes=1), id="real speed"),
        pytest.param("2023-09-18T00:00Z,x1440", 60, START + timedelta(days=1), id="a day a minute"),
        pytest.param(
            "2023-09-18T00:00Z,x1440,until=2023-09-19T00:00Z",
            70,
            START + timedelta(days=1, seconds=10),
            id="real speed after the end",
        ),
        pytest.param("2023-09-18T02:00+02:00", 0, START, id="zones are turned into UTC"),
    ],
)
def test_a_course_says_what_time_it_is(words: str, elapsed: float, shown: datetime) -> None:
    assert clocks.course(words).at(timedelta(seconds=elapsed)) == shown


@pytest.mark.parametrize("words", ["yesterday", "2023-09-18,x0", "2023-09-18,fast", "2023-09-18,until=x"])
def test_a_course_that_cannot_be_read_says_how_to_write_it(words: str) -> None:
    with pytest.raises(EnvError, match=r"CLOCK=.*write 2023"):
        clocks.course(words)


def test_a_clock_goes_on_where_it_stood_after_a_restart(tmp_path: Path) -> None:
    words = "2023-09-18T00:00Z,x100000"
    first = clocks.Running(clocks.course(words), words, tmp_path / "clock.json")
    first.drop_anchor()
    first.keep()
    stood = first.now()
    again = clocks.Running(clocks.course(words), words, tmp_path / "clock.json")
    assert again.drop_anchor() >= START
    assert again.now() < stood + timedelta(days=30)


def test_processes_of_one_folder_show_the_same_time(tmp_path: Path) -> None:
    words = "2023-09-18T00:00Z,x60"
    supervisor = clocks.Running(clocks.course(words), words, tmp_path / "clock.json")
    supervisor.drop_anchor()
    worker = clocks.Running(clocks.course(words), words, tmp_path / "clock.json")
    assert abs(worker.now() - supervisor.now()) < timedelta(minutes=5)
