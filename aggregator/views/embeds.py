"""A list as a small page for the frame of another site: no script, a policy of its own, the same for everyone."""

from __future__ import annotations

from csp.decorators import csp
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt

from aggregator.services import filters, listed, slugs, timelines
from aggregator.services.filters import EVENT, REPORT
from aggregator.services.subjects import MovedError
from aggregator.views.answers import handler404, page, public, reader_page

SIZE = 10  # stories
# Framed by anyone, since it shows what is public and takes no input; nothing else is allowed.
CSP = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["*"],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["'none'"],
}


@xframe_options_exempt
@csp(CSP)  # type: ignore[arg-type]  # its stub knows views without arguments alone
def embed(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Show the newest stories of a list, with its filters."""
    if kind not in listed.TIMELINES:
        return handler404(request)
    return reader_page(kind)(_embed)(request, kind=kind, slug=slug)


def _embed(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    asked = filters.read(request.GET, default_order=REPORT if kind == "region" else EVENT)
    try:
        timeline = timelines.read(timelines.subject_of(kind, slug, asked), asked, size=SIZE)
    except MovedError as moved:
        if slugs.current(kind, slug) != moved.target:
            raise
        query = request.META.get("QUERY_STRING", "")
        address = reverse("embed", args=[kind, moved.target])
        return public(HttpResponsePermanentRedirect(f"{address}?{query}" if query else address))
    context = {"timeline": timeline, "title": timelines.title_of(timeline.subject, asked)}
    return page(request, "embeds/embed.html", context)
