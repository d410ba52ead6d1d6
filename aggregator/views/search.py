"""Search."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from aggregator.services import faces, filters, limits, lists, slugs, subjects
from aggregator.services import search as service
from aggregator.services.filters import FilterError
from aggregator.views import face_answers
from aggregator.views.answers import page, private
from aggregator.views.reports import sender


def search(request: HttpRequest, face: str = "") -> HttpResponse:
    """Show what matches a query, newest first, or a face of it."""
    text = request.GET.get("q", "").replace("\x00", " ").strip()
    try:
        asked = filters.read(request.GET)
        query = service.read_query(text)
    except FilterError as error:
        return page(request, "search.html", _context(text[:300]) | {"error": _(str(error))}, status=400)
    if query.empty:
        return page(request, "search.html", _context(text) | {"filters": asked}, status=400 if face else 200)
    if not limits.allowed(sender(request), "search"):
        context = _context(text) | {
            "error": _("That is more searches than we can take from one address in a minute.")
        }
        return private(page(request, "search.html", context, status=429))
    results = service.search(query, asked)
    if not results.hits and (now := slugs.moved_query(request.GET.dict())) != request.GET.dict():
        return HttpResponsePermanentRedirect(f"{request.path}?{urlencode(now)}")
    params = {"q": text} | dict(pair.split("=", 1) for pair in asked.first_page().split("&") if pair)
    older = urlencode(params | {"before": results.older}) if results.older else ""
    if face:
        return _face(request, results, face, params, older)
    context = _context(text) | {
        "results": results,
        "filters": asked,
        "older": older,
        "first_page": f"{reverse('search')}?{urlencode(params)}",
        "face_links": face_answers.links("search-face", query=urlencode(params), placed=False),
    }
    return page(request, "search.html", context)


def _context(text: str) -> dict[str, object]:
    return {"q": text, "choices": lists.choices(subjects.topics())}


def _face(
    request: HttpRequest, results: service.Results, face: str, params: dict[str, str], older: str
) -> HttpResponse:
    own = reverse("search-face", args=[face])
    listed = faces.of_articles(
        [hit.article for hit in results.hits],
        title=f"{params['q']} · {face_answers.site_name()}",
        site=face_answers.site(),
        home=f"{reverse('search')}?{urlencode(params)}",
        own=f"{own}?{urlencode(params)}",
        older=f"{own}?{older}" if older else "",
    )
    return face_answers.answer(request, listed, face)
