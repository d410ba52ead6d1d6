"""Whose site is an address on? Hosts, and the part of a host that is one owner's."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

_SECOND_LEVEL = frozenset("co com org net gov gob gouv ac edu or ne go in".split())


def domain_of(url: str) -> str:
    """Return the host of an address without 'www.', or ''."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").lower()


def owners_domain(domain: str) -> str:
    """Return the part of a host that is one owner's: 'bbc.co.uk' of 'news.bbc.co.uk'."""
    labels = domain.removeprefix("www.").split(".")
    if len(labels) >= 3 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def is_on(domain: str, domains: Sequence[str]) -> bool:
    """Tell whether `domain` is one of `domains` or lies under one."""
    return bool(domain) and any(domain == one or domain.endswith("." + one) for one in domains if one)
