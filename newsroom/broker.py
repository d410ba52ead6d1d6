"""How Celery speaks to Redis: a message is only a nudge, so that it may be lost or come twice."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

TRANSPORT: dict[str, Any] = {
    "visibility_timeout": 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 30,
    "max_retries": 2,  # a nudge that cannot be sent is dropped; the next tick sends another
}


def celery_address(address: str) -> str:
    """Return Celery's spelling of a Redis address; unix:// is redis+socket:// there."""
    parts = urlsplit(address)
    if parts.scheme != "unix":
        return address
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def with_database(address: str, number: int) -> str:
    """Return the same server with another database number."""
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()
