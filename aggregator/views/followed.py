"""An account's lists: what is new, marks, mail, and the private feed. Never cached."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aggregator import clock
from aggregator.services import accounts, digests, faces, following
from aggregator.services.accounts import AccountError
from aggregator.services.digests import SubscribeError
from aggregator.services.filters import REPORT, Cursor, FilterError
from aggregator.services.following import FollowError
from aggregator.views import face_answers
from aggregator.views.account import back_to, show, to_sign_in, told
from aggregator.views.answers import private
from aggregator.views.digests import rhythms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lists(request: HttpRequest) -> HttpResponse:
    """Show the stories of all followed lists, newest first, with what is new."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    text = request.GET.get("before", "")
    try:
        before = Cursor.read(text[:60], REPORT) if text else None
    except FilterError as error:
        return told(request, _("This list cannot be shown"), _(str(error)), 400)
    now = clock.now()
    context = {
        "reading": following.read(request.user, before=before),
        "rhythms": rhythms(),
        "account": accounts.account_of(request.user),
        "until": (now - _EPOCH) // timedelta(microseconds=1),
        "paged": bool(before),
    }
    return show(request, "account/lists.html", context)


def follow(request: HttpRequest) -> HttpResponse:
    """Ask whether a list is to be followed, and keep it; several at once come from a device."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    if request.method == "POST" and (many := request.POST.getlist("lists")):
        kept, refused = following.follow_many(request.user, many, clock.now())
        sentence = _("%(kept)s lists are kept, %(refused)s could not be.") % {
            "kept": kept,
            "refused": refused,
        }
        return told(request, _("Lists of this device"), sentence)
    address = (request.POST.get("list") or request.GET.get("list") or "").strip()
    try:
        name = digests.list_name(address)
        if request.method == "POST":
            following.follow(request.user, address, clock.now())
            return back_to(request, "account")
    except (SubscribeError, FollowError) as error:
        status = 404 if isinstance(error, SubscribeError) else 409
        return told(request, _("Follow in your account"), str(error), status)
    context = {"heading": _("Follow in your account"), "name": name, "button": _("Follow")}
    return show(request, "account/follow.html", context | {"list": address})


def act(request: HttpRequest, name: str) -> HttpResponse:
    """Do what a button beside a list or a story asks: unfollow, mail, read, read-all."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    if request.method != "POST":
        return back_to(request, "account")
    pk, now = _number(request.POST.get("id", "")), clock.now()
    if name == "unfollow":
        following.unfollow(request.user, pk)
    elif name == "mail":
        try:
            accounts.set_rhythm(request.user, pk, request.POST.get("rhythm", ""), get_language() or "en", now)
        except AccountError as error:
            return told(request, _("Follow by mail"), str(error), 409)
    elif name == "read":
        following.mark_story(request.user, pk, now)
    elif name == "read-all":
        following.mark_lists(request.user, _moment(request.POST.get("until", ""), now), pk or None)
    return back_to(request, "account")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _moment(text: str, now: datetime) -> datetime:
    """Return the moment at which the page was made that a reader marks as read; never one ahead of now."""
    micros = _number(text)
    return min(_EPOCH + timedelta(microseconds=micros), now) if 0 < micros < 10**17 else now


def private_feed(request: HttpRequest, token: str, face: str) -> HttpResponse:
    """Give what an account follows as a face, to whoever knows its address."""
    owner = accounts.owner_of_feed(token)
    if owner is None:
        return told(request, _("Not found"), _("This feed is closed, or never was."), 404)
    reading = following.read(owner)
    listed = faces.of_cards(
        [story.card for story in reading.stories],
        title=f"{_('Following')} · {face_answers.site_name()}",
        site=face_answers.site(),
        home=reverse("account"),
        own=reverse("private-feed", args=[token, face]),
    )
    response = private(face_answers.answer(request, listed, face))
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    del response["Access-Control-Allow-Origin"]
    return response
