"""One's own account: second factor and sessions; for admins, everybody's sessions."""

from __future__ import annotations

import base64
from io import BytesIO

import qrcode
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from qrcode.image.svg import SvgPathFillImage

from aggregator.services import people, second_factor
from aggregator.services.roles import MAY_MANAGE_PEOPLE
from aggregator.views.desk.doors import back, desk_page, show


@desk_page()
def account(request: HttpRequest) -> HttpResponse:
    """Show the second factor and the sessions of whoever is signed in."""
    assert request.user.pk is not None
    pending = second_factor.pending(request.user.pk)
    context = {
        "title": "Account",
        "sessions": people.sessions(request.user.pk),
        "here": request.session.session_key,
        "has_factor": second_factor.has_factor(request.user.pk),
        "pending": pending,
        "secret": base64.b32encode(pending.bin_key).decode().rstrip("=") if pending else "",
        "picture": _picture(pending.config_url) if pending else "",
        "codes": request.session.pop("new_codes", []),
    }
    return show(request, "desk/account.html", context)


def _picture(address: str) -> str:
    """Return a QR code as an address of its own: an image, no markup in the page."""
    out = BytesIO()
    qrcode.make(address, image_factory=SvgPathFillImage).save(out)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


@desk_page()
def factor(request: HttpRequest, name: str) -> HttpResponse:
    """Begin, confirm or remove the second factor."""
    here = HttpResponseRedirect(reverse("desk-account"))
    if request.method != "POST":
        return here
    user, code = request.user, request.POST.get("code", "").strip()
    if name == "begin":
        second_factor.begin(user)
    elif name == "confirm":
        request.session["new_codes"] = second_factor.confirm(user, code)
        second_factor.trust_session(request)
        messages.success(request, "The second factor is on. Keep the spare codes.")
    elif name == "remove":
        second_factor.remove(user, code)
        messages.success(request, "The second factor is off.")
    return here


@desk_page(MAY_MANAGE_PEOPLE)
def everybody(request: HttpRequest) -> HttpResponse:
    """Show who is signed in where."""
    context = {
        "title": "Sessions",
        "sessions": people.sessions(),
        "here": request.session.session_key,
        "all": True,
    }
    return show(request, "desk/sessions.html", context)


@desk_page()
def end_session(request: HttpRequest) -> HttpResponse:
    """End a session: one's own, or for admins anybody's."""
    if request.method == "POST":
        owner = None if request.user.has_perm(MAY_MANAGE_PEOPLE) else request.user.pk
        gone = people.end_session(request.POST.get("session", "")[:60], owner)
        messages.info(request, "The session is ended." if gone else "There is no such session any more.")
    return back(request, reverse("desk-account"))
