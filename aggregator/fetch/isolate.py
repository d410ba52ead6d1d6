"""Runs a pure function in a child process that can be killed.

No parser is a safe boundary: feedparser needs tens of seconds for half a megabyte of open comments,
and libxml2 cannot be interrupted. So untrusted bytes are read in a child with bounds on processor
time and memory, without our settings, secrets or connections. `multiprocessing` fails inside a Celery
worker; a plain subprocess does not.

What a document may take is counted in processor time, so that a crowded machine reads what an idle one reads. The bound
on the clock is far behind it: it is for a child that sleeps, and for a machine that hangs.

Here is the parent's side: which child there is, and when it is replaced. The child's is in `child`, what they
say to each other in `pipes` and `answers`. A child serves many calls.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from aggregator.errors import ParseError
from aggregator.errors import gettext_noop as _
from aggregator.fetch.answers import opened
from aggregator.fetch.child import FIRST
from aggregator.fetch.pipes import HEAD, WORN, is_ready, processor_seconds, read, write

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
MAX_CALLS = 2000  # parsers keep caches that grow
PATIENCE = 12.0  # seconds on the clock for each second of processor time that a call may take
GLANCE = 0.25  # seconds between looks at what a slow call has used


class Child:
    """A process that runs functions of aggregator.pipeline, one at a time.

    `seconds` bounds the processor time of a call, `wall` its time on the clock (by default PATIENCE times as much);
    `memory` is in bytes of address space.
    """

    def __init__(self, *, seconds: float = 5.0, memory: int = 512_000_000, wall: float | None = None) -> None:
        self.seconds, self.memory, self.wall = seconds, memory, wall or PATIENCE * seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._spare: subprocess.Popen[bytes] | None = None  # begun while a call takes long
        self._owner = self._thread_owner = self._calls = 0
        self._known: set[str] = set()  # modules that the child has imported
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None

    def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return what the function returns; `function` is one of a module of aggregator.pipeline.

        Raises the AggregatorError that it raises; ParseError `too_slow`, `too_big` or `parser_died` when
        the child had to be killed or died; ParseError `parser_failed` for any other exception.
        """
        name = f"{function.__module__}:{function.__qualname__}"
        with self._lock:
            answer = self._answer_to(pickle.dumps((name, args, options), protocol=5), function.__module__)
        kind, value = opened(answer)
        if kind == "value":
            return value
        raise value

    async def run_async(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Do the same without holding up the event loop."""
        # The child dies with the thread that started it, so that thread is kept; a fork has its own.
        if self._thread is None or self._thread_owner != os.getpid():
            self._thread, self._thread_owner = ThreadPoolExecutor(1, "isolate"), os.getpid()
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, partial(self.run, function, *args, **options)
        )

    def close(self) -> None:
        """End the child, and its spare."""
        process, self._process = self._process, None
        self._end(process)
        self._end_spare()

    def _end_spare(self) -> None:
        spare, self._spare = self._spare, None
        self._end(spare)

    def _end(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _answer_to(self, call: bytes, module: str) -> bytes:
        """Ask again when the child died: it may have been killed for others' sake. Twice is the document's fault."""
        try:
            return self._exchange(call, module)
        except ParseError as error:
            if error.code != "parser_died":
                raise
            return self._exchange(call, module)

    def _exchange(self, call: bytes, module: str) -> bytes:
        process = self._started()
        # A child has to import what it does not know yet; that is no part of a call's time.
        deadline = time.monotonic() + self.wall + (0 if module in self._known else START_SECONDS)
        self._known.add(module)
        try:
            write(process.stdin.fileno(), HEAD.pack(len(call)) + call, deadline)  # type: ignore[union-attr]
            if not self._is_quick(process, deadline):
                self._spare = self._begun()  # if this one has to be killed, the next document need not wait
            head = read(process.stdout.fileno(), HEAD.size, deadline)  # type: ignore[union-attr]
            size, is_worn = HEAD.unpack(head)[0] & ~WORN, bool(HEAD.unpack(head)[0] & WORN)
            if size > self.memory:
                raise EOFError  # it cannot hold so much: whoever says so has taken it over, and would fill our memory
            answer = read(process.stdout.fileno(), size, deadline)  # type: ignore[union-attr]
        except TimeoutError:
            self._drop()
            raise self._too_slow() from None
        except (EOFError, OSError):
            raise self._death() from None
        self._calls += 1
        self._end_spare()
        if is_worn or self._calls >= MAX_CALLS:
            self.close()
        return answer

    def _is_quick(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        """Wait for an answer until half of the time that a call may take is used; return whether it is there."""
        used = processor_seconds(process.pid) + self.seconds / 2
        while not is_ready(process.stdout.fileno(), min(GLANCE, self.seconds / 2)):  # type: ignore[union-attr]
            if processor_seconds(process.pid) >= used or time.monotonic() >= deadline:
                return False
        return True

    def _death(self) -> ParseError:
        process = self._process
        status = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = process.wait(1)
        self._drop()
        if status is not None and -status in (signal.SIGPROF, signal.SIGXCPU):
            return self._too_slow()
        return ParseError(_("The reader died of this document."), code="parser_died")

    def _too_slow(self) -> ParseError:
        return ParseError(
            _("Reading it took more than %(seconds)s seconds."),
            code="too_slow",
            facts={"seconds": f"{self.seconds:g}"},
        )

    def _drop(self) -> None:
        """End the child and let its spare take its place."""
        spare, self._spare = self._spare, None
        self.close()
        self._spare = spare

    def _started(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # a forked worker has its own child
            self._process, self._spare, self._owner = None, None, os.getpid()
        if self._process is None or self._process.poll() is not None:
            self._drop()
            self._calls, self._known = 0, {FIRST}
            self._process, self._spare = self._spare or self._begun(), None
            read(self._process.stdout.fileno(), 1, time.monotonic() + 60)  # type: ignore[union-attr]
        return self._process

    def _begun(self) -> subprocess.Popen[bytes]:
        """Return a new child, which says '+' once it has imported its parsers."""
        atexit.register(self.close)
        return subprocess.Popen(
            [sys.executable, "-m", "aggregator.fetch.child", str(self.seconds), str(self.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": str(ROOT),
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            close_fds=True,
        )


_children: dict[tuple[float, int], Child] = {}


def call(
    function: Callable[..., Any],
    *args: Any,
    seconds: float = 5.0,
    memory: int = 1_000_000_000,
    **options: Any,
) -> Any:
    """Run a function in the process's child of these bounds; see Child.run for what it raises."""
    return child_for(seconds, memory).run(function, *args, **options)


def child_for(seconds: float, memory: int) -> Child:
    """Return the process's child of these bounds."""
    return _children.setdefault((seconds, memory), Child(seconds=seconds, memory=memory))
