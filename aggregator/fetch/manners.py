"""How we behave towards a host: robots rules for pages, one request at a time, a gap between two.

Robots policy: a missing file (4xx) allows all; a host whose file cannot be had (5xx, no answer) is
left alone for an hour, as RFC 9309 asks; what was read holds for a day. Feeds are made for machines
and their address was given to us by a person: they are not asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from protego import Protego

from aggregator.errors import FetchError, RefusedError
from aggregator.fetch.client import Web
from aggregator.fetch.messages import ACCEPT_PAGE, Request, StatusError

AGENT = "Newsroom"
ROBOTS_BYTES = 512_000
KEPT = timedelta(days=1)
KEPT_UNREACHABLE = timedelta(hours=1)
MAX_CRAWL_DELAY = 30.0

READ, MISSING, UNREACHABLE = "read", "missing", "unreachable"


@dataclass(frozen=True, slots=True)
class Robots:
    """The robots file of a host as it was last had."""

    state: str = ""
    text: str = ""
    at: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Return whether the file need not be asked for again."""
        if not self.state or self.at is None:
            return False
        return now - self.at < (KEPT_UNREACHABLE if self.state == UNREACHABLE else KEPT)

    def check(self, url: str) -> None:
        """Raise when the page may not be fetched; `robots_unreachable` is not permanent."""
        if self.state == UNREACHABLE:
            raise FetchError("The host's robots.txt cannot be had.", code="robots_unreachable")
        if self.state == READ and not _rules(self.text).can_fetch(url, AGENT):
            raise RefusedError("robots.txt asks us not to fetch this page.", code="robots_disallowed")

    def crawl_delay(self) -> float:
        """Return the seconds between two requests that the host asks for, at most 30."""
        delay = _rules(self.text).crawl_delay(AGENT) if self.state == READ else None
        return min(float(delay or 0), MAX_CRAWL_DELAY)


@lru_cache(maxsize=64)
def _rules(text: str) -> Protego:
    return Protego.parse(text)


async def fetch_robots(web: Web, url: str, *, home: str, now: datetime) -> Robots:
    """Return the robots file of the host that answers `url`."""
    parts = urlsplit(url)
    request = Request(
        f"{parts.scheme}://{parts.netloc}/robots.txt", home=home, accept=ACCEPT_PAGE, max_bytes=ROBOTS_BYTES
    )
    try:
        async with web.get(request) as answer:
            return Robots(READ, answer.body.decode("utf-8", "replace").replace("\0", ""), now)
    except StatusError as error:
        state = MISSING if 400 <= error.status < 500 and error.status != 429 else UNREACHABLE
        return Robots(state, "", now)
    except RefusedError:
        return Robots(MISSING, "", now)
    except FetchError as error:
        # A file that is too large or leads in circles is as good as none.
        return Robots(MISSING if error.code in {"too_large", "too_many_redirects"} else UNREACHABLE, "", now)
