"""Concurrent readers over HTTP, and what they cost the processes that answer: CPU, latencies, memory."""

from __future__ import annotations

import os
import re
import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.poll import cpu_of, family, processes

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@dataclass
class Result:
    """Latencies in milliseconds, CPU milliseconds a request, and answers by status."""

    latencies: list[float] = field(default_factory=list)
    cpu: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    bytes: int = 0

    @property
    def count(self) -> int:
        """Requests answered."""
        return len(self.latencies)

    @property
    def cpu_each(self) -> float:
        """CPU milliseconds a request."""
        return 1000 * self.cpu / max(self.count, 1)

    def quantile(self, share: float) -> float:
        """Return a quantile of the latencies in milliseconds."""
        ranked = sorted(self.latencies)
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else float("nan")


class _Reader:
    """One connection that asks again as soon as it has been answered."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.got, self.began = b"", 0.0

    def ask(self, request: bytes) -> None:
        self.got, self.began = b"", time.perf_counter()
        self.socket.sendall(request)

    def hear(self) -> int | None:
        """Read what has come; return the status once the answer is whole."""
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.got += part
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return None
        status = int(self.got[9:12])
        if b"\r\ntransfer-encoding: chunked" in self.got[: end + 2]:
            return status if self.got.endswith(b"0\r\n\r\n") else None
        found = _LENGTH.search(self.got, 0, end + 2)
        wanted = 0 if status == 304 else int(found[1]) if found else 0
        return status if len(self.got) >= end + 4 + wanted else None


def request(path: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return a GET request as bytes."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


def load(
    port: int,
    requests: Sequence[bytes],
    *,
    readers: int,
    seconds: float = 0.0,
    count: int = 0,
    roots: Sequence[int] = (),
) -> Result:
    """Ask `requests` in turn with so many readers, for so long or so often; return what it cost `roots`."""
    result, turn = Result(), 0
    crowd = [_Reader(port) for _ in range(readers)]
    with selectors.DefaultSelector() as ready:
        before, until = cpu_of(list(roots)), time.perf_counter() + (seconds or 1e9)
        for reader in crowd:
            ready.register(reader.socket, selectors.EVENT_READ, reader)
            reader.ask(requests[turn % len(requests)])
            turn += 1
        waiting = len(crowd)
        while waiting:
            for key, _ in ready.select():
                reader = key.data
                status = reader.hear()
                if status is None:
                    continue
                now = time.perf_counter()
                result.latencies.append(1000 * (now - reader.began))
                result.statuses[status] = result.statuses.get(status, 0) + 1
                result.bytes += len(reader.got)
                if now < until and (not count or turn < count):
                    reader.ask(requests[turn % len(requests)])
                    turn += 1
                else:
                    waiting -= 1
                    ready.unregister(reader.socket)
        result.cpu = cpu_of(list(roots)) - before
    for reader in crowd:
        reader.socket.close()
    return result


def memory(roots: Sequence[int]) -> float:
    """Return the megabytes of all processes below `roots`, each shared page counted once (PSS)."""
    table, total = processes(), 0
    for pid in {pid for root in roots for pid in family(root, table)}:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
        total += int(found[1]) if found else 0
    return total / 1024


def named(root: int, word: str) -> list[int]:
    """Return the processes below `root` whose command names `word`, without those below another such one."""
    table = processes()
    found = [pid for pid in family(root, table) if word in _command(pid)]
    return [pid for pid in found if table[pid][0] not in found]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int, path: str, patience: float = 120.0) -> float:
    """Return the seconds until the first good answer."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        try:
            if 200 in load(port, [request(path)], readers=1, count=1).statuses:
                return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}; load {os.getloadavg()[0]:.1f}")
