"""One address may do so much; another is not held up by it, and nobody when the cache is away."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.core.cache import cache

from aggregator.services import limits


@pytest.fixture(autouse=True)
def _bounds(redis_url: str, settings: Any) -> None:
    settings.LIMITS = {"act": (2, 60), "other": (2, 60), "free": (0, 60)}


@pytest.mark.parametrize(
    ("sender", "other", "together"),
    [
        pytest.param("198.51.100.7", "198.51.100.8", False, id="two readers"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True, id="one IPv6 network"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:2::1", False, id="two IPv6 networks"),
        pytest.param("", "unknown", False, id="no addresses"),
    ],
)
def test_a_sender_is_counted_alone(sender: str, other: str, together: bool) -> None:
    assert [limits.allowed(sender, "act") for _ in range(3)] == [True, True, False]
    assert limits.allowed(other, "act") is not together
    assert limits.allowed(sender, "other")


def test_zero_is_no_limit() -> None:
    assert all(limits.allowed("198.51.100.7", "free") for _ in range(50))


def test_no_address_is_kept(redis_url: str) -> None:
    limits.allowed("198.51.100.7", "act")
    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys("*")
    assert len(keys) == 1
    assert b"198.51" not in keys[0]


def test_without_the_cache_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **options: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(cache, "add", away)
    assert all(limits.allowed("198.51.100.7", "act") for _ in range(5))
