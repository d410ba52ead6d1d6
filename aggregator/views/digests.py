"""Follow a list by mail: ask, confirm, leave. Small pages, never cached."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from aggregator import clock
from aggregator.models import DigestSubscription
from aggregator.services import digests, limits
from aggregator.services.digests import SubscribeError
from aggregator.views.answers import page, private
from aggregator.views.reports import sender


def ask(request: HttpRequest) -> HttpResponse:
    """Show the form for following a list by mail, or send the mail that confirms it."""
    query = (request.POST.get("query") or request.GET.get("list") or "").strip()
    try:
        name = digests.list_name(query)
    except SubscribeError as error:
        return _message(request, _("Follow by mail"), str(error), status=404)
    context = {"query": query, "name": name, "rhythms": rhythms()}
    if request.method != "POST":
        return private(page(request, "digests/ask.html", context))
    if request.POST.get("website"):
        return _sent(request)
    try:
        _subscribe(request, query)
    except SubscribeError as error:
        context |= {"error": str(error), "email": request.POST.get("email", "")[:254]}
        return private(page(request, "digests/ask.html", context, status=400))
    return _sent(request)


def _subscribe(request: HttpRequest, query: str) -> None:
    if not limits.allowed(sender(request), "digest"):
        raise SubscribeError(_("That is more mail than we send for one reader in an hour."))
    try:
        digests.subscribe(
            request.POST.get("email", ""),
            query,
            rhythm=request.POST.get("rhythm", ""),
            time_zone=request.POST.get("time_zone") or "UTC",
            language=get_language() or "en",
            now=clock.now(),
        )
    except OSError:
        raise SubscribeError(_("The mail could not be sent. Please try again later.")) from None


def _sent(request: HttpRequest) -> HttpResponse:
    sentence = _("A mail is on its way. Nothing is sent until you follow the link in it.")
    return _message(request, _("Please confirm"), sentence)


def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm a subscription. Asked by a button, so that a mail scanner's visit confirms nothing."""
    row = DigestSubscription.objects.filter(token=token).first()
    if row is None:
        return _gone(request)
    if request.method != "POST":
        context = {"heading": _("Follow by mail"), "name": row.name, "button": _("Confirm")}
        return private(page(request, "digests/button.html", context))
    digests.confirm(token, clock.now())
    return _message(request, _("Confirmed"), _("You will get mail about %(name)s.") % {"name": row.name})


@csrf_exempt
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Forget a subscription: by a button, or by a mail program's one click (RFC 8058)."""
    row = DigestSubscription.objects.filter(token=token).first()
    if row is None:
        return _gone(request)
    if request.method != "POST":
        context = {"heading": _("Stop this mail"), "name": row.name, "button": _("Stop it")}
        return private(page(request, "digests/button.html", context))
    digests.unsubscribe(token)
    return _message(request, _("Stopped"), _("No more mail about %(name)s.") % {"name": row.name})


def _gone(request: HttpRequest) -> HttpResponse:
    return _message(request, _("Not found"), _("This link is used up: nothing is sent to you."), status=404)


def _message(request: HttpRequest, heading: str, sentence: str, status: int = 200) -> HttpResponse:
    context = {"heading": heading, "sentence": sentence}
    return private(page(request, "message.html", context, status=status))


def rhythms() -> list[tuple[str, str]]:
    """Return how often mail can be sent, with the words for it."""
    return [
        ("daily", _("Daily, at seven in the morning")),
        ("weekly", _("Weekly, on Mondays")),
        ("key", _("When a key story comes")),
    ]
