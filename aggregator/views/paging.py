"""Which part of a long list an address asks for."""

from __future__ import annotations

from django.http import HttpRequest


def page_key(request: HttpRequest) -> int:
    """Return the key of the row after which a page begins, 0 for the first page and for what is no key."""
    asked = request.GET.get("after", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
