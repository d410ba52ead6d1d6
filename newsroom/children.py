"""Child processes that cannot outlive the process that started them.

On Linux the kernel signals a child when its parent ends, however it ended. A child that was
started here also holds the "family" lock file open, so that the next owner of the same data
folder can wait until all of an earlier family are gone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to send this process `number` when its parent ends; a no-op elsewhere than Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def die_with_leader() -> None:
    """Be killed when our parent ends, who leads the session; end at once when it ended before the kernel was asked.

    For what a child of ours starts in turn: a web worker that starts while its parent is killed would live on, and hold
    the family's lock against every later start.
    """
    die_with_parent()
    if os.getsid(0) not in (os.getpid(), os.getppid()):
        os._exit(1)


def start(
    argv: Sequence[str | Path],
    *,
    when_orphaned: int,
    environ: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that a terminal's Ctrl-C reaches the parent only.

    Call it from the main thread: the kernel takes the starting thread for the parent.
    """
    parent = os.getpid()

    def prepare() -> None:
        die_with_parent(when_orphaned)
        if os.getppid() != parent:  # the parent ended before the kernel was asked
            os._exit(1)

    return subprocess.Popen(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(environ) if environ is not None else None,
        pass_fds=tuple(keep_open),
        start_new_session=True,
        preexec_fn=prepare,
    )


def stop(child: subprocess.Popen[bytes], number: int = signal.SIGTERM, patience: float = 15.0) -> None:
    """Signal a child and wait; after `patience` seconds kill it with all of its session."""
    if child.poll() is None:
        child.send_signal(number)
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        kill(child)


def kill(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and all that it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def parent_gave_up(number: int) -> bool:
    """Return whether our parent once handled signal `number` and no longer does.

    GNU make passes TERM on to its recipe but not INT or HUP: told to end by one of those, it
    restores the default action and waits for us. The change of its mask is how we learn of it.
    """
    try:
        with open(f"/proc/{os.getppid()}/status", encoding="ascii", errors="replace") as status:
            caught = next((line for line in status if line.startswith("SigCgt:")), "SigCgt: 0")
    except OSError:
        return False
    return not int(caught.split()[1], 16) >> (number - 1) & 1
