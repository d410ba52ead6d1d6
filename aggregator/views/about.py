"""Status and methodology: what works, and by which rules."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from aggregator import clock
from aggregator.services import methodology as rules
from aggregator.services import status_page
from aggregator.views.answers import page, public
from aggregator.views.api import api


def status(request: HttpRequest) -> HttpResponse:
    """Show how the feeds and the line are."""
    return page(request, "about/status.html", {"status": status_page.read_status(clock.now())})


def methodology(request: HttpRequest) -> HttpResponse:
    """Show the rules and thresholds that are running."""
    return page(request, "about/methodology.html", {"method": rules.methodology()})


def api_docs(request: HttpRequest) -> HttpResponse:
    """Show what the API offers, from its own document."""
    paths = api.get_openapi_schema(path_prefix="/api/v1/")["paths"]
    operations = [
        {
            "path": path,
            "words": found["get"].get("description", ""),
            "parameters": [one["name"] for one in found["get"].get("parameters", [])],
        }
        for path, found in paths.items()
    ]
    return page(request, "about/api.html", {"operations": operations})


def robots(request: HttpRequest) -> HttpResponse:
    """Keep robots off the desk and off forms."""
    lines = [
        "User-agent: *",
        *(f"Disallow: /{part}/" for part in ("desk", "report", "digests", "account")),
        "",
    ]
    return public(HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8"))
