"""Status and methodology: what works, and by which rules."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from aggregator.services import methodology as rules
from aggregator.services import status_page
from aggregator.views.answers import page


def status(request: HttpRequest) -> HttpResponse:
    """Show how the feeds and the line are."""
    return page(request, "about/status.html", {"status": status_page.read_status()})


def methodology(request: HttpRequest) -> HttpResponse:
    """Show the rules and thresholds that are running."""
    return page(request, "about/methodology.html", {"method": rules.methodology()})
