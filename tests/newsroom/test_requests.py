"""Whose address counts, and what every answer says."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from newsroom.requests import ReaderAddress

PROXY, READER = "10.0.0.1", "198.51.100.7"


def seen(proxies: int, told: str | None, settings: Any) -> str:
    settings.PROXIES = proxies
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = PROXY
    if told is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = told
    ReaderAddress(lambda _: HttpResponse())(request)
    return str(request.META["REMOTE_ADDR"])


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        pytest.param(0, READER, PROXY, id="without a proxy nobody is believed"),
        pytest.param(1, READER, READER, id="one proxy wrote it"),
        pytest.param(1, f"1.2.3.4, {READER}", READER, id="what the reader wrote before is not believed"),
        pytest.param(2, f"1.2.3.4, {READER}, 10.0.0.2", READER, id="two proxies"),
        pytest.param(2, READER, PROXY, id="fewer than there should be"),
        pytest.param(1, f"{READER}:4711", READER, id="with a port"),
        pytest.param(1, "[2001:db8::1]:4711", "2001:db8::1", id="IPv6 with a port"),
        pytest.param(1, "2001:db8::1", "2001:db8::1", id="IPv6"),
        pytest.param(1, "<script>", PROXY, id="no address"),
        pytest.param(1, None, PROXY, id="no header"),
    ],
)
def test_the_address_of_a_reader(proxies: int, told: str | None, address: str, settings: Any) -> None:
    assert seen(proxies, told, settings) == address


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/search/", "/api/v1/topics", "/desk/login/", "/healthz", "/nowhere/"])
def test_every_answer_carries_the_headers(client: Client, path: str, redis_url: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_reader_pages_carry_trusted_types_and_no_cookie(client: Client, redis_url: str) -> None:
    answer = client.get("/")
    assert "require-trusted-types-for 'script'" in answer.headers["Content-Security-Policy"]
    assert not answer.cookies


@pytest.mark.django_db
def test_with_tls_everything_is_asked_for_with_tls(client: Client, settings: Any, redis_url: str) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS, settings.PROXIES = True, 31_536_000, 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/topics/").status_code == 301
    secure = client.get("/topics/", headers={"X-Forwarded-Proto": "https"})
    assert secure.status_code == 200
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert client.get("/healthz").status_code == 200
