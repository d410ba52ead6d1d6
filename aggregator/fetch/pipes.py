"""How a process and its child speak: through pipes, with a deadline on each step."""

from __future__ import annotations

import contextlib
import os
import select
import struct
import time

HEAD = struct.Struct("!Q")  # goes before a call and before an answer: its bytes
WORN = 1 << 63  # in the head of an answer: the child should not be used again


def write(pipe: int, words: bytes, deadline: float) -> None:
    """Write all of it. Raises TimeoutError after `deadline` (time.monotonic), OSError when nobody reads."""
    view = memoryview(words)
    os.set_blocking(pipe, False)
    while view:
        _wait(deadline, writable=pipe)
        with contextlib.suppress(BlockingIOError):
            view = view[os.write(pipe, view[: 1 << 20]) :]


def read(pipe: int, size: int, deadline: float) -> bytes:
    """Return so many bytes. Raises TimeoutError after `deadline` (time.monotonic), EOFError when there are fewer."""
    parts = bytearray()
    while len(parts) < size:
        _wait(deadline, readable=pipe)
        part = os.read(pipe, min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def is_ready(pipe: int, seconds: float) -> bool:
    """Return whether something can be read within so many seconds."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def processor_seconds(pid: int) -> float:
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
