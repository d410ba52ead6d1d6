"""What is asked of a server and what it answers, with the bounds of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.errors import FetchError
from aggregator.errors import gettext_noop as _

ACCEPT_FEED = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.5"

_SAID = {
    400: _("The server answered 400 (bad request)."),
    401: _("The server answered 401 (a password is asked for)."),
    403: _("The server answered 403 (access refused)."),
    404: _("The server answered 404 (not found)."),
    410: _("The server answered 410 (gone for good)."),
    429: _("The server answered 429 (too many requests)."),
    451: _("The server answered 451 (withheld for legal reasons)."),
    500: _("The server answered 500 (server error)."),
    502: _("The server answered 502 (bad gateway)."),
    503: _("The server answered 503 (not available)."),
    504: _("The server answered 504 (gateway timeout)."),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of every fetch; times in seconds, sizes in bytes after decompression."""

    total_seconds: float = 20.0
    connect_seconds: float = 5.0
    feed_bytes: int = 10_000_000
    page_bytes: int = 5_000_000
    redirects: int = 8
    concurrency: int = 64


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Request:
    """One fetch. `home` is the configured address that it belongs to: it names the port that is let through."""

    url: str
    home: str = ""
    accept: str = ACCEPT_FEED
    max_bytes: int = 10_000_000
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `body` is '' on 304; header names are lower case."""

    status: int
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wire_bytes: int = 0
    hops: int = 0
    permanent_url: str = ""  # where permanent redirects lead, '' when any hop was a temporary one
    seconds: float = 0.0

    def header(self, name: str) -> str:
        """Return a header, '' when it is missing."""
        return self.headers.get(name, "")


class StatusError(FetchError):
    """The server answered with another status than 200 or 304."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        known = _SAID.get(status)
        super().__init__(
            known or _("The server answered %(status)s."),
            facts=None if known else {"status": status},
            code=f"http_{status}",
            permanent=status in {404, 410, 451},
        )
        self.status, self.headers = status, headers
