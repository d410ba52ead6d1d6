"""What every page of the desk shares: who may come in, how it answers, and how an act's error is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from aggregator import clock
from aggregator.errors import AggregatorError
from aggregator.models import LogEntry
from aggregator.services import queues, roles
from aggregator.services.curation.acts import Actor

View = Callable[..., HttpResponse]
MAX_REASON = 1000  # characters


def desk_page(permission: str = roles.MAY_LOOK, *, to_post: str = "") -> Callable[[View], View]:
    """Let in only staff with `permission`; with `to_post`, a POST needs that one too.

    An error of an act is shown as a message on the page it came from; of a page, as a page.
    """

    def wrap(view: View) -> View:
        @never_cache
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            needed = [permission, *([to_post] if to_post and request.method == "POST" else [])]
            user = request.user
            if not (user.is_authenticated and user.is_active and user.is_staff):
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if not user.has_perms(needed):
                return message(request, "Not for your role", "Your role may not do this.", status=403)
            try:
                return view(request, *args, **kwargs)
            except AggregatorError as error:
                return _told(request, error)
            finally:
                if request.method == "POST":
                    queues.forget_counts()

        return answer  # type: ignore[return-value]

    return wrap


def _told(request: HttpRequest, error: AggregatorError) -> HttpResponse:
    if request.method == "POST":
        messages.error(request, error.sentence)
        return back(request)
    status = 404 if error.code.endswith("_unknown") else 409
    return message(request, "This cannot be done", error.sentence, status=status)


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Return a page of the desk."""
    return render(request, template, {**frame(request), **context}, status=status)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the desk's frame shows: who is signed in, and what they may do."""
    return {
        "site_url": "/",
        "has_permission": True,
        "is_nav_sidebar_enabled": False,
        "may_curate": request.user.has_perm(roles.MAY_CURATE),
        "may_manage": request.user.has_perm(roles.MAY_MANAGE_PEOPLE),
    }


def message(request: HttpRequest, title: str, sentence: str, *, status: int = 200) -> HttpResponse:
    """Return a page that says one thing."""
    return show(request, "desk/message.html", {"title": title, "sentence": sentence}, status=status)


def did(address: str, entry: LogEntry | None) -> str:
    """Return an address of a queue that names the act just done, so that one key undoes it."""
    parts = urlsplit(address)
    if entry is None or not parts.path.startswith(reverse("desk-queue", args=["x"]).removesuffix("x/")):
        return address
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "did"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("did", entry.pk)])))


def back(request: HttpRequest, otherwise: str = "") -> HttpResponseRedirect:
    """Lead to the page that a form names as `next`, to `otherwise`, or to where the form stood."""
    for address in (request.POST.get("next", ""), otherwise, request.headers.get("Referer", "")):
        if address and url_has_allowed_host_and_scheme(address, {request.get_host()}):
            return HttpResponseRedirect(address)
    return HttpResponseRedirect(reverse("admin:index"))


def actor(request: HttpRequest) -> Actor:
    """Return who acts, with the reason given in the form."""
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:MAX_REASON]
    assert request.user.is_authenticated
    return Actor(user=request.user, now=clock.now(), reason=reason)


def number(text: str | None) -> int | None:
    """Return a whole number that a form or address gave, None when it is none (or absurdly long)."""
    text = (text or "").strip().lstrip("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def numbers(texts: list[str]) -> list[int]:
    """Return the whole numbers among texts."""
    return [found for found in map(number, texts) if found is not None]
