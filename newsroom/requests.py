"""What each request gets and each answer says, whoever makes it: the reader's address, and headers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]

# Nothing here needs a device of the reader's.
PERMISSIONS = ", ".join(
    f"{name}=()" for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)


class ReaderAddress:
    """Behind BEHIND_PROXY web servers, take the reader's address from where the outermost of them wrote it.

    Each adds whom it heard from to the end of X-Forwarded-For; what stands before was sent by the reader and
    may say anything. Without a proxy the header is not looked at.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request whose REMOTE_ADDR is the reader's."""
        told = request.headers.get("X-Forwarded-For", "").split(",")
        if settings.PROXIES and len(told) >= settings.PROXIES:
            request.META["REMOTE_ADDR"] = _address(told[-settings.PROXIES]) or request.META["REMOTE_ADDR"]
        return self.get_response(request)


def _address(words: str) -> str:
    """Return an address as Python spells it, '' when it is none; some servers add a port."""
    words = words.strip()
    host = words.partition("]")[0].lstrip("[") if words.startswith("[") else words
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""


class Headers:
    """Add what Django's own middleware does not say."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the headers of every page."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
