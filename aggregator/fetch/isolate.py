"""Runs a pure function in a child process that can be killed.

No parser is a safe boundary: feedparser needs tens of seconds for half a megabyte of open comments,
and libxml2 cannot be interrupted. So untrusted bytes are read in a child with bounds on processor
time and memory, without our settings, secrets or connections. `multiprocessing` fails inside a Celery
worker; a plain subprocess does not.

What a document may take is counted in processor time, so that a crowded machine reads what an idle one reads. The bound
on the clock is far behind it: it is for a child that sleeps, and for a machine that hangs.

A child serves many calls. Calls and answers are pickled; answers are unpickled by a reader that knows
only the project's values and Python's plain ones.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib
import io
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from aggregator.errors import AggregatorError, ParseError
from aggregator.fetch.packing import pack, unpack

__all__ = ["Child", "call", "child_for", "pack", "unpack"]

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = "aggregator.pipeline."
FIRST = "aggregator.pipeline.parse"  # imported before a child says that it is there
START_SECONDS = 20.0
MAX_CALLS = 2000  # parsers keep caches that grow
MAX_KEPT_KB = 260_000  # a child that once needed more than this is not used again
PATIENCE = 12.0  # seconds on the clock for each second of processor time that a call may take
GLANCE = 0.25  # seconds between looks at what a slow call has used
_HEAD = struct.Struct("!Q")


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
        kind, value = _safely(answer)
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
            _write(process.stdin.fileno(), _HEAD.pack(len(call)) + call, deadline)  # type: ignore[union-attr]
            if not self._is_quick(process, deadline):
                self._spare = self._begun()  # if this one has to be killed, the next document need not wait
            head = _read(process.stdout.fileno(), _HEAD.size, deadline)  # type: ignore[union-attr]
            size = _HEAD.unpack(head)[0]
            answer = _read(process.stdout.fileno(), size & 0x7FFFFFFFFFFFFFFF, deadline)  # type: ignore[union-attr]
        except TimeoutError:
            self._drop()
            raise ParseError(
                f"Reading it took more than {self.seconds:g} seconds.", code="too_slow"
            ) from None
        except (EOFError, OSError):
            raise self._death() from None
        self._calls += 1
        self._end_spare()
        if size >> 63 or self._calls >= MAX_CALLS:
            self.close()
        return answer

    def _is_quick(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        """Wait for an answer until half of the time that a call may take is used; return whether it is there."""
        used = _processor_seconds(process.pid) + self.seconds / 2
        while not _is_ready(process.stdout.fileno(), min(GLANCE, self.seconds / 2)):  # type: ignore[union-attr]
            if _processor_seconds(process.pid) >= used or time.monotonic() >= deadline:
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
            return ParseError(f"Reading it took more than {self.seconds:g} seconds.", code="too_slow")
        return ParseError("The reader died of this document.", code="parser_died")

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
            _read(self._process.stdout.fileno(), 1, time.monotonic() + 60)  # type: ignore[union-attr]
        return self._process

    def _begun(self) -> subprocess.Popen[bytes]:
        """Return a new child, which says '+' once it has imported its parsers."""
        atexit.register(self.close)
        return subprocess.Popen(
            [sys.executable, "-m", "aggregator.fetch.isolate", str(self.seconds), str(self.memory)],
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


def _write(pipe: int, words: bytes, deadline: float) -> None:
    view = memoryview(words)
    os.set_blocking(pipe, False)
    while view:
        _wait(deadline, writable=pipe)
        with contextlib.suppress(BlockingIOError):
            view = view[os.write(pipe, view[: 1 << 20]) :]


def _read(pipe: int, size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        _wait(deadline, readable=pipe)
        part = os.read(pipe, min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _is_ready(pipe: int, seconds: float) -> bool:
    """Return whether something can be read within so many seconds."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _processor_seconds(pid: int) -> float:
    """Return the processor time that a child has used; without end where the system does not tell."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # as clock_getcpuclockid(3) of Linux has it
    except OSError:
        return float("inf")


def _wait(deadline: float, *, readable: int | None = None, writable: int | None = None) -> None:
    rest = deadline - time.monotonic()
    poll = select.poll()
    poll.register(
        readable if readable is not None else writable or 0,
        select.POLLIN if readable is not None else select.POLLOUT,
    )
    if rest <= 0 or not poll.poll(rest * 1000):
        raise TimeoutError


class _Values(pickle.Unpickler):
    """Knows the project's values and Python's plain ones, and nothing that acts."""

    def find_class(self, module: str, name: str) -> Any:
        plain = module == "datetime" or (module == "builtins" and name in _PLAIN)
        ours = module.startswith(FUNCTIONS) or module == "aggregator.errors"
        if plain or ours:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value")


_PLAIN = {"set", "frozenset", "bytearray", "complex"}


def _safely(answer: bytes) -> tuple[str, Any]:
    try:
        kind, value = _Values(io.BytesIO(answer)).load()
    except Exception:
        return "error", ParseError("The reader's answer cannot be read.", code="parser_failed")
    if kind == "value":
        return kind, value
    sentence, code, permanent, family = value
    return "error", _error(family, sentence, code, permanent)


def _error(family: str, sentence: str, code: str, permanent: bool) -> AggregatorError:
    from aggregator import errors

    made = getattr(errors, family, ParseError)
    return made(sentence, code=code, permanent=permanent)


# --- the child's side ----------------------------------------------------------------------------


def _serve(seconds: float, memory: int) -> None:
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints does not reach the answers
    _die_with_parent()
    importlib.import_module(FIRST)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (200_000_000, 200_000_000)
    )  # models are unpacked into temporary files
    answers.write(b"+")
    answers.flush()
    while head := calls.read(_HEAD.size):
        answer = _answer(calls.read(_HEAD.unpack(head)[0]), seconds)
        signal.setitimer(signal.ITIMER_PROF, 0)
        is_worn = _peak_kb() > MAX_KEPT_KB
        answers.write(_HEAD.pack(len(answer) | (is_worn << 63)) + answer)
        answers.flush()


def _peak_kb() -> int:
    """Return the most memory this process has held. getrusage would count its parent's, from the fork."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def _bound_cpu(seconds: float) -> None:
    """Let the system end this process after so much processor time more; the limit in whole seconds stands behind."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds + 1.999)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _answer(call: bytes, seconds: float) -> bytes:
    try:
        name, args, options = pickle.loads(call)  # noqa: S301  # from our own parent
        function = _function(name)  # what it imports is no part of a call's time
        _bound_cpu(seconds)
        return pickle.dumps(("value", function(*args, **options)), protocol=5)
    except AggregatorError as error:
        family = type(error).__name__
        return pickle.dumps(("error", (error.sentence, error.code, error.permanent, family)))
    except MemoryError:
        return pickle.dumps(("error", ("Reading it needs too much memory.", "too_big", False, "ParseError")))
    except RecursionError:
        return pickle.dumps(("error", ("It is nested too deeply.", "too_deep", False, "ParseError")))
    except Exception as error:
        sentence = f"The reader failed ({type(error).__name__})."
        return pickle.dumps(("error", (sentence, "parser_failed", False, "ParseError")))


def _function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    if not module.startswith(FUNCTIONS):
        raise ParseError("Only rules are run apart.", code="parser_failed")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


if __name__ == "__main__":
    _serve(float(sys.argv[1]), int(sys.argv[2]))
