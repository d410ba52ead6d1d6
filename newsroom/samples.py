"""The demo: the sample wire on loopback, its own data folder, and a clock that runs fast."""

from __future__ import annotations

import socket
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from newsroom import clocks, env, local
from newsroom.supervisor import Part

RATE = 4320  # a day in twenty seconds
EARLY = timedelta(minutes=30)  # before the first item


def environment(data_dir: Path, port: int, wire_port: int) -> dict[str, str]:
    """Return the variables under which `run` is the demo."""
    from newsroom.samplewire import SPAN, START, items

    first = min(item.released for item in items.load())
    return {
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "SITE_NAME": "Newsroom demo",
        "SAMPLE_DATA": "1",
        "FETCH_ALLOW": "127.0.0.0/8",
        "HOST_GAP": "0",
        "SOURCES": f"http://127.0.0.1:{wire_port}/opml",
        "CLOCK": f"{_iso(first - EARLY)},x{RATE},until={_iso(START + SPAN)}",
        "CONTACT": "demo@localhost",
        **local.NOTHING_ELSE,
        "SAMPLE_WIRE_PORT": str(wire_port),
    }


def part() -> Part:
    """Return the sample wire as a supervised part, on the project's own clock."""
    course = clocks.course(settings.CLOCK)
    running = clocks.Running(course, settings.CLOCK, settings.DATA_DIR / "clock.json")
    now = running.drop_anchor()
    argv = [
        *(sys.executable, "-m", "newsroom.samplewire", "--port", env.text("SAMPLE_WIRE_PORT", "0")),
        *("--clock-start", now.isoformat(), "--rate", f"{course.rate:g}"),
        *("--clock-now-at-start", "--per-outlet-ip"),
    ]
    return Part("samplewire", argv)


def await_wire() -> None:
    """Return when the wire listens."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", env.integer("SAMPLE_WIRE_PORT", 0)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise local.LocalError(f"the sample wire does not start; see {settings.DATA_DIR}/logs/samplewire.log")


def wire_port(data_dir: Path) -> int:
    """Return the port that this demo's wire keeps, so that addresses stay the same over restarts."""
    file = data_dir / "wire-port"
    if file.exists():
        return int(file.read_text())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    file.write_text(str(port))
    return port


def _iso(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
