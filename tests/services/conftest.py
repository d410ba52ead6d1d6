"""A fake web on loopback and a network that may reach it, for tests that fetch."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest

from aggregator.fetch.messages import Limits
from aggregator.services.fetching import Network
from tests.fakeweb import FakeWeb, fake_web


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with fake_web() as fake:
        yield fake


@pytest.fixture
def network() -> Network:
    return Network(
        user_agent="Newsroom/test",
        limits=Limits(total_seconds=5.0, connect_seconds=2.0),
        allowed=(ipaddress.ip_network("127.0.0.0/8"),),
        proxy="",
        gap=0.0,
        parse_seconds=5.0,
        parse_memory=512_000_000,
    )
