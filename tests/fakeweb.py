"""A small web on loopback: addresses that answer what a test wants, and a log of who asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Said:
    """An answer. `drip` sends the body in pieces with that many seconds between."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/rss+xml; charset=utf-8"
    drip: float = 0.0


@dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    at: float
    ended: float = 0.0
    body: bytes = b""  # of a POST


class FakeWeb:
    """Answers by path; a callable answer gets the request."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.answers: dict[str, Said | Callable[[Asked], Said]] = {}
        self.asked: list[Asked] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, time.monotonic())
                asked.body = self.rfile.read(int(asked.headers.get("content-length", 0)))
                web.asked.append(asked)
                said = web.answers.get(self.path, Said(b"not here", 404))
                self._send(said(asked) if callable(said) else said)
                asked.ended = time.monotonic()

            do_POST = do_GET

            def _send(self, said: Said) -> None:
                self.send_response(said.status)
                headers = {"Content-Type": said.kind, "Content-Length": str(len(said.body)), **said.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for start in range(0, len(said.body), 64) if said.drip else ():
                        self.wfile.write(said.body[start : start + 64])
                        time.sleep(said.drip)
                    if not said.drip and said.status != 304:
                        self.wfile.write(said.body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[assignment,method-assign]
        self.base = f"http://{host}:{self.server.server_port}"

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [asked.path for asked in self.asked]


@contextmanager
def fake_web(host: str = "127.0.0.1") -> Iterator[FakeWeb]:
    """Run a fake web."""
    web = FakeWeb(host)
    thread = threading.Thread(target=web.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.server.shutdown()
        web.server.server_close()
        thread.join()


def rss(*items: dict[str, str], title: str = "Wire", extra: str = "") -> bytes:
    """Return an RSS feed; each item gives title, link, guid, pubDate, description."""
    parts = "".join(
        "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in item.items()) + "</item>"
        for item in items
    )
    head = f"<title>{title}</title><link>https://outlet.example/</link><language>en</language>{extra}"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{parts}</channel></rss>'.encode()


def item(number: int, base: str = "https://outlet.example", **changes: str) -> dict[str, str]:
    """Return one item of a feed."""
    return {
        "title": f"Shelling reported near town {number}",
        "link": f"{base}/news/{number}",
        "guid": f"{base}/news/{number}",
        "pubDate": f"Tue, 19 Sep 2023 {number % 24:02d}:00:00 GMT",
        "description": f"Officials said that town {number} was hit.",
        **changes,
    }
