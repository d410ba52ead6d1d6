"""Who does an article say it has its text from?"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from .types import Credit


def domain_of(url: str) -> str:
    """Return the host of an address without 'www.', or ''."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").lower()


def is_on(domain: str, domains: Sequence[str]) -> bool:
    """Tell whether `domain` is one of `domains` or lies under one."""
    return bool(domain) and any(domain == one or domain.endswith("." + one) for one in domains if one)


def credits_name(credits: Sequence[Credit], domains: Sequence[str]) -> bool:
    """Tell whether a credit leads to one of `domains`."""
    return any(is_on(domain_of(credit.url), domains) for credit in credits if credit.url)
