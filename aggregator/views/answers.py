"""How reader pages answer: cacheable, with one sentence where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.template.loader import get_template
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import http_date
from django.utils.translation import gettext as _

from aggregator.services import slugs
from aggregator.services.filters import FilterError
from aggregator.services.subjects import MovedError, UnknownError

FRESH_SECONDS = 60

View = Callable[..., HttpResponse]


def page(request: HttpRequest, template: str, context: Mapping[str, Any], **options: Any) -> HttpResponse:
    """Return a page that is the same for everyone, with `changed_at` as its Last-Modified."""
    changed_at = options.pop("changed_at", None)
    response = render(request, template, dict(context), **options)
    return public(response, changed_at)


def public(response: HttpResponse, changed_at: datetime | None = None) -> HttpResponse:
    """Let shared caches keep an answer for a minute; browsers ask again, and mostly hear 304."""
    patch_cache_control(response, public=True, max_age=0, s_maxage=FRESH_SECONDS)
    if changed_at is not None:
        response["Last-Modified"] = http_date(changed_at.timestamp())
    return response


def private(response: HttpResponse) -> HttpResponse:
    """Keep an answer out of shared caches: forms and accounts."""
    patch_cache_control(response, private=True, no_store=True)
    return response


def reader_page(kind: str) -> Callable[[View], View]:
    """Answer retired slugs with redirects, unknown ones with 404 and near names, bad filters with 400.

    `kind` names the address that a retired slug leads to (region, topic, conflict, source).
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except MovedError as moved:
                return _moved(request, kind, moved, kwargs)
            except UnknownError as unknown:
                return not_found(request, kind, unknown)
            except FilterError as error:
                return bad_filter(request, str(error))

        return answer

    return wrap


def _moved(request: HttpRequest, kind: str, moved: MovedError, kwargs: Mapping[str, Any]) -> HttpResponse:
    slug, face = kwargs.get("slug", ""), kwargs.get("face", "")
    if slugs.current(kind, slug) != moved.target:  # one of the filters was retired
        query = urlencode(slugs.moved_query(request.GET.dict()))
        return public(HttpResponsePermanentRedirect(f"{request.path}?{query}"))
    address = (
        reverse(f"{kind}-face", args=[moved.target, face]) if face else reverse(kind, args=[moved.target])
    )
    query = request.META.get("QUERY_STRING", "")
    return public(HttpResponsePermanentRedirect(f"{address}?{query}" if query else address))


def not_found(request: HttpRequest, kind: str, unknown: UnknownError) -> HttpResponse:
    """Say that nothing has this address, and what looks like it."""
    near = [(name, reverse(kind, args=[slug])) for slug, name in unknown.near]
    context = {"heading": _("Not found"), "sentence": _("There is no such page here."), "near": near}
    return page(request, "message.html", context, status=404)


def bad_filter(request: HttpRequest, sentence: str) -> HttpResponse:
    """Say in one sentence what cannot be read in an address, with a way back to the list."""
    context = {"heading": _("This list cannot be shown"), "sentence": _(sentence), "back": request.path}
    return page(request, "message.html", context, status=400)


def clean_address(request: HttpRequest) -> HttpResponse | None:
    """Redirect an address with empty parameters to the one without them; None when it is clean."""
    if not any(value == "" for value in request.GET.values()):
        return None
    query = request.GET.copy()
    for name in [name for name, value in query.items() if value == ""]:
        del query[name]
    address = f"{request.path}?{query.urlencode()}" if query else request.path
    return public(HttpResponseRedirect(address))


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be read. Django's own would read the form that is at fault once more."""
    return private(HttpResponse(get_template("400.html").render(), status=400))


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an address that leads nowhere."""
    return not_found(request, "region", UnknownError("", []))


__all__ = [
    "Http404",
    "bad_filter",
    "clean_address",
    "handler400",
    "handler404",
    "not_found",
    "page",
    "private",
    "public",
    "reader_page",
]
