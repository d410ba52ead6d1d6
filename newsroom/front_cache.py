"""Pages that were asked for a moment ago, answered before Django is.

Reader pages are the same for everyone and may be kept for a minute by shared caches; this is the nearest of
them, in the memory of the web process. A page is kept until a story or a curator's act changes (looked up at
most once a second) and for MAX_SECONDS at most. Whoever sends a cookie or a password is never answered from here.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

MAX_BYTES = 32_000_000  # of pages in memory, with their addresses and headers; the least used go first
MAX_PAGE = 1_000_000
Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]
PERSONAL = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_RANGE", "HTTP_IF_MODIFIED_SINCE")
SAID_AGAIN = frozenset({"etag", "cache-control", "vary", "content-language", "last-modified"})  # by a 304


@dataclass(frozen=True)
class _Page:
    body: bytes
    headers: tuple[tuple[str, str], ...]
    etag: str
    stamp: object
    at: float


class FrontCache:
    """Wraps a WSGI application. `stamp` says what changed last; None means that nobody knows."""

    def __init__(self, application: Application, stamp: Callable[[], object], seconds: float) -> None:
        self.application, self.stamp, self.seconds = application, stamp, seconds
        self.pages: OrderedDict[tuple[str, ...], _Page] = OrderedDict()
        self.bytes = 0
        self.lock = Lock()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] != "GET":
            if environ["REQUEST_METHOD"] in ("HEAD", "OPTIONS"):
                return self.application(environ, start)
            return self.application(environ, self._clearing(start))
        if any(name in environ and environ[name] for name in PERSONAL):
            return self.application(environ, start)
        stamp = self.stamp()
        if stamp is None:
            return self.application(environ, start)
        key = _key(environ)
        page = self._find(key, stamp)
        if page is None:
            return self._ask(environ, start, key, stamp)
        if page.etag and page.etag in _asked_tags(environ):
            start("304 Not Modified", [pair for pair in page.headers if pair[0].lower() in SAID_AGAIN])
            return [b""]
        start("200 OK", list(page.headers))
        return [page.body]

    def _clearing(self, start: Start) -> Start:
        """Return what begins an answer, and forgets all pages when somebody has changed something; not when it was refused."""

        def begin(status: str, *rest: Any) -> Any:
            if status < "4":
                self.clear()
            return start(status, *rest)

        return begin

    def clear(self) -> None:
        """Forget all pages."""
        with self.lock:
            self.pages.clear()
            self.bytes = 0

    def _find(self, key: tuple[str, ...], stamp: object) -> _Page | None:
        with self.lock:
            page = self.pages.get(key)
            if page is None:
                return None
            if page.stamp != stamp or time.monotonic() - page.at > self.seconds:
                self._drop(key)
                return None
            self.pages.move_to_end(key)
            return page

    def _drop(self, key: tuple[str, ...]) -> None:
        self.bytes -= _size(key, self.pages.pop(key))

    def _ask(
        self, environ: dict[str, Any], start: Start, key: tuple[str, ...], stamp: object
    ) -> Iterable[bytes]:
        told: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told[:] = [status, headers]
            return start(status, headers, *rest)

        answer = self.application(environ, note)
        if not told or not _may_be_kept(*told):
            return answer
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if len(body) <= MAX_PAGE:
            self._keep(key, _page(body, told[1], stamp))
        return [body]

    def _keep(self, key: tuple[str, ...], page: _Page) -> None:
        with self.lock:
            if key in self.pages:
                self._drop(key)
            self.pages[key] = page
            self.bytes += _size(key, page)
            while self.bytes > MAX_BYTES:
                self._drop(next(iter(self.pages)))


def _key(environ: dict[str, Any]) -> tuple[str, ...]:
    """Return what an answer depends on; compressed answers are kept apart."""
    return (
        environ.get("wsgi.url_scheme", ""),
        environ.get("HTTP_X_FORWARDED_PROTO", ""),
        environ.get("HTTP_HOST", ""),
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        "gzip" if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") else "",
    )


def _size(key: tuple[str, ...], page: _Page) -> int:
    """Return what a page takes; its address is the asker's choice and may be longer than the page."""
    return len(page.body) + sum(map(len, key)) + sum(len(name) + len(value) for name, value in page.headers)


def _page(body: bytes, headers: list[tuple[str, str]], stamp: object) -> _Page:
    etag = next((value for name, value in headers if name.lower() == "etag"), "")
    return _Page(body, tuple(headers), etag.removeprefix("W/"), stamp, time.monotonic())


def _may_be_kept(status: str, headers: list[tuple[str, str]]) -> bool:
    """Return whether an answer says itself that shared caches may keep it."""
    said = {name.lower(): value for name, value in headers}
    return (
        status.startswith("200")
        and "s-maxage" in said.get("cache-control", "")
        and "set-cookie" not in said
        and "cookie" not in said.get("vary", "").lower()
    )


def _asked_tags(environ: dict[str, Any]) -> set[str]:
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    return {tag.strip().removeprefix("W/") for tag in asked.split(",")} if asked else set()
