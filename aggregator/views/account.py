"""Readers' accounts: signing in and up, mail address, zone, private feed, password. Never cached."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UserCreationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from aggregator import clock
from aggregator.services import accounts, limits, people, second_factor
from aggregator.services.accounts import AccountError
from aggregator.views.answers import private
from aggregator.views.reports import sender


def show(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return a page that nobody keeps."""
    return private(render(request, template, context, status=status))


def told(request: HttpRequest, heading: str, sentence: str, status: int = 200) -> HttpResponse:
    """Return a page that says one thing."""
    return show(request, "message.html", {"heading": heading, "sentence": sentence}, status)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in, and back from there."""
    query = request.META.get("QUERY_STRING", "")
    back = f"{request.path}?{query}" if query else request.path
    return private(HttpResponseRedirect(f"{reverse('account-sign-in')}?{urlencode({'next': back})}"))


def back_to(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Lead to the page that a form or an address names as `next`, when it is on this site."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        address = reverse(otherwise)
    return private(HttpResponseRedirect(address))


class SignInForm(AuthenticationForm):
    """Name and password; whoever has a second factor signs in at the desk, which asks for it."""

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse an account with a second factor: this page does not ask for one."""
        super().confirm_login_allowed(user)
        if second_factor.has_factor(user.pk):
            raise ValidationError(_("This account has a second factor: sign in at the desk, then come back."))


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in."""
    if request.user.is_authenticated:
        return back_to(request, "account")
    form = SignInForm(request, request.POST or None)
    if request.method == "POST":
        if not limits.allowed(sender(request), "sign_in"):
            return told(
                request, _("Sign in"), _("Too many tries from one address. Please try again later."), 429
            )
        if form.is_valid():
            return _enter(request, form.get_user())
    context = {"form": form, "next": request.GET.get("next", ""), "sign_up": settings.SIGN_UP}
    return show(request, "account/sign_in.html", context, 400 if form.errors else 200)


def _enter(request: HttpRequest, user: Any) -> HttpResponse:
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    people.note_sign_in(request.session, request.headers.get("User-Agent", ""), clock.now())
    return back_to(request, "account")


@sensitive_post_parameters("password1", "password2")
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account, where the site allows it."""
    if not settings.SIGN_UP:
        sentence = _("This site's accounts are made by its editors. Following on this device needs none.")
        return told(request, _("Make an account"), sentence, 404)
    form: Any = UserCreationForm(request.POST or None)
    if request.method == "POST" and not request.POST.get("website") and form.is_valid():
        if not limits.allowed(sender(request), "sign_up"):
            sentence = _("Too many accounts from one address. Please try again later.")
            return told(request, _("Make an account"), sentence, 429)
        return _enter(request, form.save())
    context = {"form": form, "next": request.GET.get("next", "")}
    return show(request, "account/sign_up.html", context, 400 if form.errors else 200)


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out; by a button only."""
    if request.method == "POST":
        logout(request)
    return private(HttpResponseRedirect(reverse("front")))


@sensitive_post_parameters()
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show and change what an account keeps beside its lists."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    sentence, error, password = "", "", PasswordChangeForm(request.user)
    password.fields["old_password"].widget.attrs.pop("autofocus", None)  # the page begins above it
    if request.method == "POST":
        if request.POST.get("act") == "password":
            password = PasswordChangeForm(request.user, request.POST)
            sentence = _change_password(request, password)
        else:
            try:
                sentence = _act(request)
            except AccountError as refused:
                error = str(refused)
        if not request.user.is_authenticated:
            return told(request, _("Gone"), _("Your account and all that it followed are forgotten."))
    account = accounts.account_of(request.user)
    feed = account.feed_token and request.build_absolute_uri(
        reverse("private-feed", args=[account.feed_token, "atom"])
    )
    context = {"account": account, "feed": feed, "sentence": sentence, "error": error, "password": password}
    status = 400 if error or password.errors else 200
    return show(request, "account/settings.html", context, status)


def _change_password(request: HttpRequest, form: PasswordChangeForm) -> str:
    if not form.is_valid():
        return ""
    update_session_auth_hash(request, form.save())
    return _("The password is changed.")


def _act(request: HttpRequest) -> str:
    """Do what a form of the settings page asks; return the sentence that tells it. Raises AccountError."""
    act, user = request.POST.get("act", ""), request.user
    if act == "mail":
        return _ask_mail(request)
    if act == "zone":
        accounts.set_zone(user, request.POST.get("time_zone", "").strip())
        return _("The time zone is kept.")
    if act == "feed-open":
        accounts.open_feed(user)
        return _("Your feed has a new address; an earlier one does not work any more.")
    if act == "feed-close":
        accounts.close_feed(user)
        return _("Your feed is closed.")
    if act == "delete":
        accounts.delete(user, request.POST.get("password", ""))
        logout(request)
    return ""


def _ask_mail(request: HttpRequest) -> str:
    if not limits.allowed(sender(request), "digest"):
        raise AccountError(_("That is more mail than we send for one reader in an hour."))
    try:
        accounts.ask_mail(request.user, request.POST.get("email", ""), get_language() or "en")
    except OSError:
        raise AccountError(_("The mail could not be sent. Please try again later.")) from None
    return _("A mail is on its way. Follow the link in it, and the address is yours.")


def confirm_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm a mail address. Asked by a button, so that a mail scanner's visit confirms nothing."""
    found = accounts.read_mail_token(token)
    if found is None:
        return told(request, _("Not found"), _("This link is used up or too old: ask for a new one."), 404)
    user, email = found
    if request.method != "POST":
        context = {"heading": _("Your mail address"), "name": email, "button": _("Confirm")}
        return show(request, "digests/button.html", context)
    accounts.confirm_mail(user, email)
    return told(request, _("Confirmed"), _("Mail about your lists goes to %(mail)s.") % {"mail": email})
