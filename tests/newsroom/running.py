"""Start the site as a person would, in a folder of its own, and look at what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLEARED = ("DATABASE_URL", "REDIS_URL", "MAKELEVEL", "MAKEFLAGS", "CLOCK", "NEWSROOM_TEST_FOLDER")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
    nobody = folder / "nobody.opml"
    nobody.write_text(
        '<opml version="2.0"><body><outline text="n" xmlUrl="http://127.0.0.1:9/f"/></body></opml>'
    )
    own = {
        "DATA_DIR": str(folder / "data"),
        "PORT": str(free_port()),
        "SOURCES": str(nobody),
        "PYTHONUNBUFFERED": "1",
        "CONTACT": "tests@example.org",
    }
    return kept | own | more


def manage(environ: dict[str, str], *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )


def _listen_to_signals() -> None:
    """A shell's background job ignores interrupts, and nohup hang-ups; its children inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Site:
    """`manage.py run` as a child, with what it says."""

    def __init__(self, environ: dict[str, str], *argv: str) -> None:
        self.environ = environ
        self.child = subprocess.Popen(
            argv or (sys.executable, "manage.py", "run"),
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_listen_to_signals,
        )
        self.said = ""

    def await_ready(self) -> Site:
        """Return when it has said that it is up."""
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self.said += line
            if "stop with Ctrl-C" in line:
                return self
        raise AssertionError(f"the site did not start: {self.said}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it, wait, and return its code."""
        self.child.send_signal(number)
        assert self.child.stdout is not None
        self.said += self.child.stdout.read() if number != signal.SIGKILL else ""
        return self.child.wait(60)

    def pids(self) -> dict[str, int]:
        """Return the processes that belong to this data folder, by a name made from their arguments."""
        return {name: pid for pid, name in family(Path(self.environ["DATA_DIR"])).items()}


def family(data_dir: Path) -> dict[int, str]:
    """Return the processes that have this data folder in their environment or arguments."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            told = (folder / "environ").read_bytes().split(b"\0")
            argv = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"DATA_DIR={data_dir}".encode() in told and argv:
            found[int(folder.name)] = re.sub(r"\0", " ", argv).strip()
    return found


def await_nobody(data_dir: Path, patience: float = 30.0) -> dict[int, str]:
    """Return who is left of a family, {} as soon as nobody is."""
    until = time.monotonic() + patience
    while (left := family(data_dir)) and time.monotonic() < until:
        time.sleep(0.1)
    return left
