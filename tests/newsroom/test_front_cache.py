"""Pages kept before Django: who is answered from memory, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from newsroom import front_cache
from newsroom.front_cache import FrontCache

PUBLIC = [
    ("Content-Type", "text/html"),
    ("Cache-Control", "max-age=0, public, s-maxage=60"),
    ("ETag", '"one"'),
]


class Site:
    """An application that counts how often it is asked, behind a cache whose stamp can be set."""

    def __init__(self, headers: list[tuple[str, str]] | None = None, status: str = "200 OK") -> None:
        self.headers, self.status = headers or PUBLIC, status
        self.asked, self.stamp = 0, 1
        self.cache = FrontCache(self._answer, lambda: self.stamp or None, 60)

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked += 1
        start(self.status, list(self.headers))
        return [f"page {self.asked}".encode()]

    def get(self, path: str = "/regions/mali/", method: str = "GET", **more: str) -> tuple[str, bytes]:
        """Return status and body of one request."""
        told: list[Any] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "localhost", **more}
        body = b"".join(self.cache(environ, lambda status, headers, *_: told.append((status, headers))))
        return told[-1][0], body


def test_a_page_is_made_once_while_nothing_changes():
    site = Site()
    assert [site.get() for _ in range(3)] == [("200 OK", b"page 1")] * 3


def test_a_change_makes_the_page_anew():
    site = Site()
    site.get()
    site.stamp = 2
    assert site.get() == ("200 OK", b"page 2")


def test_a_page_is_kept_for_its_time_only(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr(front_cache.time, "monotonic", lambda: now[0])
    site = Site()
    site.get()
    now[0] += 61
    assert site.get() == ("200 OK", b"page 2")


def test_whoever_has_the_page_already_is_told_so():
    site = Site()
    site.get()
    assert site.get(HTTP_IF_NONE_MATCH='W/"one", "other"') == ("304 Not Modified", b"")
    assert site.get(HTTP_IF_NONE_MATCH='"other"') == ("200 OK", b"page 1")
    assert site.asked == 1


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"HTTP_COOKIE": "sessionid=1"}, id="signed in"),
        pytest.param({"HTTP_AUTHORIZATION": "Bearer x"}, id="password"),
        pytest.param({"HTTP_RANGE": "bytes=0-9"}, id="part of a page"),
    ],
)
def test_a_person_is_never_answered_from_memory(more):
    site = Site()
    site.get()
    assert site.get(**more) == ("200 OK", b"page 2")
    assert site.get() == ("200 OK", b"page 1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param([("Cache-Control", "private, no-store")], "200 OK", id="private"),
        pytest.param([*PUBLIC, ("Set-Cookie", "a=b")], "200 OK", id="sets a cookie"),
        pytest.param([*PUBLIC, ("Vary", "Cookie, Accept-Encoding")], "200 OK", id="differs by cookie"),
        pytest.param(PUBLIC, "404 Not Found", id="not found"),
    ],
)
def test_what_is_not_for_everyone_is_not_kept(headers, status):
    site = Site(headers, status)
    site.get()
    assert site.get()[1] == b"page 2"


@pytest.mark.parametrize(
    "more",
    [
        {"path": "/regions/mali/", "QUERY_STRING": "key=1"},
        {"HTTP_HOST": "other"},
        {"HTTP_ACCEPT_ENCODING": "gzip"},
    ],
)
def test_another_address_host_or_encoding_is_another_page(more):
    site = Site()
    site.get()
    assert site.get(**more)[1] == b"page 2"


def test_an_act_through_this_process_shows_at_once():
    site = Site()
    site.get()
    site.get("/desk/stories/1/hide/", method="POST")
    assert site.get()[1] == b"page 3"


def test_an_act_that_is_refused_changes_no_page():
    site = Site()
    site.get()
    site.status = "403 Forbidden"
    site.get("/report/story/1/", method="POST")
    site.status = "200 OK"
    assert site.get()[1] == b"page 1"


def test_without_a_database_nothing_is_answered_from_memory():
    site = Site()
    site.get()
    site.stamp = 0
    assert site.get()[1] == b"page 2"


def test_the_least_used_pages_make_room(monkeypatch: pytest.MonkeyPatch):
    site = Site()
    site.get("/a/")
    monkeypatch.setattr(front_cache, "MAX_BYTES", 2 * site.cache.bytes)  # two pages
    for path in ("/b/", "/a/", "/c/"):
        site.get(path)
    assert site.get("/a/")[1] == b"page 1"
    assert site.get("/b/")[1] == b"page 4"


def test_long_addresses_take_room_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(front_cache, "MAX_BYTES", 20_000)
    site = Site()
    for n in range(9):
        site.get(QUERY_STRING=f"{n}{'x' * 8000}")
    assert len(site.cache.pages) == 2
    site.cache.clear()
    assert site.cache.bytes == 0
