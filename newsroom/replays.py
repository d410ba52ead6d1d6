"""A recorded fortnight, replayed: the replay server's clock is moved step by step and the line follows.

The site runs as its own process tree on its own data folder, exactly as `run` does; this process
only moves the clock, asks for polls and reads figures.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from newsroom import children, env, local

KINDS = "stream,paged"
START_SECONDS = 180.0


@dataclass
class Replay:
    """The replay server, the site that follows it, and what to tell."""

    say: Callable[[str], None]
    server: subprocess.Popen[bytes]
    base: str
    environ: dict[str, str]
    site: subprocess.Popen[bytes] | None = None

    def clock(self, advance: timedelta | None = None) -> tuple[datetime, datetime]:
        """Return the virtual time and the corpus's end, after moving the clock."""
        address = f"{self.base}/__replay/clock"
        if advance:
            address += f"?advance={advance.total_seconds():g}"
        request = urllib.request.Request(address, method="POST" if advance else "GET")
        with urllib.request.urlopen(request, timeout=30) as answer:
            facts = json.load(answer)
        return datetime.fromisoformat(facts["virtual_now"]), datetime.fromisoformat(facts["end"])

    def steps(self, step: timedelta) -> Iterator[datetime]:
        """Yield virtual times from where the clock stands to the end."""
        now, end = self.clock()
        yield now
        while now < end:
            now, end = self.clock(min(step, end - now))
            yield now

    def start_site(self) -> None:
        """Start the site and wait until it is ready."""
        argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run"]
        self.site = children.start(argv, when_orphaned=signal.SIGTERM, environ=self.environ)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.site.poll() is not None:
                raise local.LocalError("the site does not start; what it said stands above")
            if self.status() is not None:
                return
            time.sleep(0.5)
        raise local.LocalError("the site does not become ready")

    def status(self) -> dict[str, Any] | None:
        """Return /status.json of the site, None while it does not answer."""
        try:
            address = f"http://127.0.0.1:{self.environ['PORT']}/status.json"
            with urllib.request.urlopen(address, timeout=30) as answer:
                return dict(json.load(answer))
        except (OSError, ValueError):
            return None

    def poll(self) -> None:
        """Poll what is due and wait until the line is empty."""
        argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "poll", "--wait"]
        done = subprocess.run(argv, env=self.environ, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise local.LocalError(f"poll --wait ended with code {done.returncode}")

    def cpu_seconds(self) -> float:
        """Return CPU seconds of the site and of the polls so far; the replay server's are left out."""
        own = os.times()
        ended = own.children_user + own.children_system
        return ended + (tree_seconds(self.site.pid) if self.site else 0.0)

    def close(self) -> None:
        """Take site and server down."""
        if self.site:
            children.stop(self.site, patience=60)
        children.stop(self.server, patience=10)


def open_replay(say: Callable[[str], None], port: int) -> Replay:
    """Start the replay server and return it with the environment of a site that follows it."""
    program = Path(settings.CORPORA_DIR) / "replay" / "serve.py"
    if not program.is_file():
        raise local.LocalError(f"there is no {program}: set CORPORA_DIR to the folder of recorded data")
    folder = env.path("REPLAY_DATA_DIR", settings.BASE_DIR / "var-replay")
    folder.mkdir(parents=True, exist_ok=True)
    server_port = _port(folder / "replay-port")
    argv = [sys.executable, str(program), "--manual-clock", "--per-outlet-ip", "--port", str(server_port)]
    with (folder / "replay-server.log").open("wb") as log:
        server = children.start(argv, when_orphaned=signal.SIGTERM, output=log)
    base = f"http://127.0.0.1:{server_port}"
    _await(base, server, folder / "replay-server.log")
    return Replay(say, server, base, _environment(folder, port, base))


def tree_seconds(pid: int) -> float:
    """Return CPU seconds of a process, its descendants, and those of them that have ended."""
    seconds, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                facts = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(facts[1])
            seconds[int(folder.name)] = sum(map(int, facts[11:15])) / os.sysconf("SC_CLK_TCK")
    return sum(took for one, took in seconds.items() if _descends(one, pid, parents))


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid and pid != ancestor:
        pid = parents.get(pid, 0)
    return pid == ancestor


def _environment(folder: Path, port: int, base: str) -> dict[str, str]:
    own = {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "SITE_URL": f"http://localhost:{port}",
        "SITE_NAME": "Newsroom replay",
        "CLOCK": f"follow:{base}",
        "SOURCES": f"{base}/__replay/opml?kind={KINDS}",
        "FETCH_ALLOW": "127.0.0.0/8",
        "HOST_GAP": "0",
        "CONTACT": "replay@localhost",
        "MAKELEVEL": "",
    }
    return env.everything() | local.NOTHING_ELSE | own


def _port(file: Path) -> int:
    """Return the port that this folder's server keeps, so that feeds keep their addresses."""
    if file.exists():
        return int(file.read_text())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    file.write_text(str(port))
    return port


def _await(base: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{base}/__replay/clock", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise local.LocalError(f"the replay server does not start; see {log}")
