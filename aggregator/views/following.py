"""What a reader follows on this device: an empty page that a small script fills."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from aggregator.views.answers import page


def following(request: HttpRequest) -> HttpResponse:
    """Show the page; the list lies in the reader's own browser."""
    return page(request, "following/following.html", {})
