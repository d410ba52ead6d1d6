"""Status and methodology: what works, and by which rules."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse

from aggregator import clock
from aggregator.services import methodology as rules
from aggregator.services import status_page
from aggregator.views.answers import page, public
from aggregator.views.api import api
from aggregator.views.paging import page_key


def status(request: HttpRequest) -> HttpResponse:
    """Show how the feeds and the line are."""
    after = page_key(request)
    found = status_page.read_status(clock.now(), after)
    return page(request, "about/status.html", {"status": found, "paged": bool(after)})


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


def manifest(request: HttpRequest) -> HttpResponse:
    """Tell a browser how the site stands on a home screen."""
    found = {
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME[:20],
        "start_url": reverse("front"),
        "scope": reverse("front"),
        "display": "standalone",
        "background_color": "#fdfcfa",
        "theme_color": "#fdfcfa",
        "icons": [{"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return public(JsonResponse(found, content_type="application/manifest+json"))


def robots(request: HttpRequest) -> HttpResponse:
    """Keep robots off the desk and off forms."""
    lines = [
        "User-agent: *",
        *(f"Disallow: /{part}/" for part in ("desk", "report", "digests", "account", "embed")),
        "",
    ]
    return public(HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8"))
