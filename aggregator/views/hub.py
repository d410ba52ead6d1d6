"""The address at which hubs confirm subscriptions and tell of news. The token in it is what they know of us."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aggregator import clock
from aggregator.services import websub

MAX_CHALLENGE = 1000


@csrf_exempt  # hubs have no cookies; what they say is signed
@never_cache
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm what we have asked for (GET); take a hub's word that there is news (POST)."""
    return _told(request, token) if request.method == "POST" else _confirmed(request, token)


def _confirmed(request: HttpRequest, token: str) -> HttpResponse:
    asked, challenge = request.GET, request.GET.get("hub.challenge", "")
    is_ours = len(challenge) <= MAX_CHALLENGE and websub.confirm(
        token,
        asked.get("hub.mode", ""),
        asked.get("hub.topic", ""),
        asked.get("hub.lease_seconds", ""),
        clock.now(),
    )
    if not is_ours:
        raise Http404
    answer = HttpResponse(challenge, content_type="text/plain; charset=utf-8")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _told(request: HttpRequest, token: str) -> HttpResponse:
    if not websub.is_known(token):
        raise Http404
    # The standard has wrong signatures answered like right ones, so that nobody learns by trying.
    websub.take_word(token, request.body, request.headers.get("X-Hub-Signature", ""), clock.now())
    return HttpResponse(status=204)
