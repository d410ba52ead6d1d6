"""The HTTP door: routes a request, answers 304 when nothing changed."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from newsroom.samplewire import feeds, pages
from newsroom.samplewire.clock import Clock
from newsroom.samplewire.outlets import BY_SLUG, OUTLETS, Feed, Outlet
from newsroom.samplewire.wire import Wire, open_wire

HTML = "text/html; charset={}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; `modified_at` and `etag` are left out where an outlet sends no such validator."""

    body: bytes
    content_type: str
    status: HTTPStatus = HTTPStatus.OK
    modified_at: datetime | None = None
    etag: str = ""


MISSING = Answer(b"Not found\n", "text/plain; charset=utf-8", HTTPStatus.NOT_FOUND)


class Site:
    """Answers for every outlet; knows no sockets."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self.wire, self.clock = wire, clock

    def answer(self, path: str) -> Answer:
        """Return the answer for a path at the clock's present time."""
        match path:
            case "/":
                return Answer(pages.index(self.wire), HTML.format("utf-8"))
            case "/robots.txt":
                return Answer(pages.ROBOTS.encode(), "text/plain; charset=utf-8")
            case "/opml":
                return Answer(pages.opml(self.wire), "text/x-opml; charset=utf-8")
            case "/__clock" | "/__replay/clock":
                return Answer(self._time(), "application/json")
        if not path.startswith("/o/"):
            return MISSING
        slug, _, inner = path.removeprefix("/o/").partition("/")
        outlet = BY_SLUG.get(slug)
        return self._outlet(outlet, inner) if outlet else MISSING

    def _time(self) -> bytes:
        now = self.clock.now().isoformat()
        return json.dumps({"now": now, "virtual_now": now, "running": self.clock.running}).encode()

    def _outlet(self, outlet: Outlet, path: str) -> Answer:
        if not path:
            body = pages.homepage(self.wire, outlet, self.clock.now())
            return Answer(body, HTML.format(outlet.encoding))
        for feed in outlet.feeds:
            if feed.path == path:
                return self._feed(outlet, feed)
        return self._page(outlet, path)

    def _feed(self, outlet: Outlet, feed: Feed) -> Answer:
        self.clock.begin()
        now = self.clock.now()
        entries = self.wire.entries(outlet, feed, now)
        changed = max((item.released for item in entries), default=self.clock.start)
        body = feeds.render(self.wire, outlet, feed, now)
        return _validated(outlet, Answer(body, feeds.content_type(outlet, feed)), changed)

    def _page(self, outlet: Outlet, path: str) -> Answer:
        now = self.clock.now()
        item = self.wire.page(outlet.slug, path, now)
        if item is None:
            return MISSING
        body = pages.article(self.wire, outlet, item, now)
        return _validated(outlet, Answer(body, HTML.format(outlet.encoding)), item.released)


def _validated(outlet: Outlet, answer: Answer, changed: datetime) -> Answer:
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:20]}"'
    return Answer(
        answer.body,
        answer.content_type,
        modified_at=changed if outlet.validators in ("both", "modified") else None,
        etag=tag if outlet.validators in ("both", "etag") else "",
    )


class Server(ThreadingHTTPServer):
    """One listening address."""

    daemon_threads = True
    request_queue_size = 64
    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let clients hang up without a word; tell of anything else."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """GET and HEAD, quietly."""

    protocol_version = "HTTP/1.1"
    server_version = "SampleWire"
    timeout = 60
    server: Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        """Answer a HEAD."""
        self._send(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _send(self, with_body: bool) -> None:
        answer = self.server.site.answer(unquote(urlsplit(self.path).path))
        fresh = answer.status is HTTPStatus.OK and self._is_known(answer)
        self.send_response(HTTPStatus.NOT_MODIFIED if fresh else answer.status)
        if answer.etag:
            self.send_header("ETag", answer.etag)
        if answer.modified_at:
            self.send_header("Last-Modified", _http_date(answer.modified_at))
        if not fresh:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body and not fresh:
            self.wfile.write(answer.body)

    def _is_known(self, answer: Answer) -> bool:
        """Return whether the client holds this answer; If-None-Match wins over If-Modified-Since."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return bool(answer.etag) and bool(known & {answer.etag, "*"})
        since = _moment(self.headers.get("If-Modified-Since"))
        return bool(since and answer.modified_at and answer.modified_at.replace(microsecond=0) <= since)


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _moment(words: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(words) if words else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def open_servers(clock: Clock, bind: str, port: int, per_outlet_ip: bool = False) -> list[Server]:
    """Return servers that listen: one on `bind`, and with `per_outlet_ip` one on 127.78.0.N an outlet.

    With port 0 the first server picks a free one and the others share its number. Where the machine has
    no such addresses (macOS), all outlets stay on `bind`. Raises OSError when `bind` cannot be had.
    """
    first = Server((bind, port), Handler)
    port = first.server_address[1]
    own = _outlet_servers(port) if per_outlet_ip else {}
    hosts = {outlet.slug: str(own[outlet.slug].server_address[0]) if own else bind for outlet in OUTLETS}
    site = Site(open_wire({slug: f"http://{host}:{port}" for slug, host in hosts.items()}), clock)
    servers = [first, *own.values()]
    for server in servers:
        server.site = site
    return servers


def _outlet_servers(port: int) -> dict[str, Server]:
    opened: dict[str, Server] = {}
    try:
        for number, outlet in enumerate(OUTLETS, start=1):
            opened[outlet.slug] = Server((f"127.78.0.{number}", port), Handler)
    except OSError:
        for server in opened.values():
            server.server_close()
        return {}
    return opened
