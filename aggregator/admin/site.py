"""The desk: the stock admin's pages, with queues in front, two-factor sign-in and a policy of its own."""

from __future__ import annotations

import logging
from typing import Any

from csp.decorators import csp_replace
from django import forms
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django_otp import user_has_device

from aggregator import clock
from aggregator.models import Feed
from aggregator.services import feed_care, limits, people, queues, roles, second_factor

log = logging.getLogger(__name__)

TOO_MANY = "Too many attempts to sign in from your address. Please try again in an hour."
# The stock admin builds parts of its pages by script, which trusted types forbid; all else stays.
RELAXED: dict[str, None] = {"require-trusted-types-for": None, "trusted-types": None}


class SignInForm(AdminAuthenticationForm):
    """Name, password, and a code where the person has set up a second factor."""

    otp_token = forms.CharField(
        required=False,
        label="Code from your app, if you have set one up",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """Check name and password, then the code of whoever has a device."""
        cleaned = super().clean()
        user = self.get_user()
        if user is not None and user_has_device(user):
            device = second_factor.match(user, self.cleaned_data.get("otp_token") or "")
            if device is None:
                raise forms.ValidationError(
                    "Give the newest code of your app, or a spare code.", code="code_wrong"
                )
            user.otp_device = device  # type: ignore[attr-defined]  # django-otp reads it at sign-in
        return cleaned


class DeskSite(AdminSite):
    """The admin under /desk/."""

    site_title = site_header = "Desk"
    index_title = "Desk"
    enable_nav_sidebar = False
    login_form = SignInForm

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Give each page of the stock admin the desk's own policy."""
        return csp_replace(RELAXED)(super().admin_view(view, cacheable))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add what the desk's frame needs."""
        return {
            **super().each_context(request),
            "may_curate": request.user.has_perm(roles.MAY_CURATE),
            "may_manage": request.user.has_perm(roles.MAY_MANAGE_PEOPLE),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the queues with their counts, then the rows that may be edited."""
        waiting, states = queues.counts(clock.now()), feed_care.state_counts()
        context = {
            "queues": waiting,
            "is_all_done": not any(one.count for one in waiting),
            "no_contact": not settings.CONTACT,
            "feed_states": [(value, label, states.get(value, 0)) for value, label in Feed.State.choices],
            "feed_total": sum(states.values()),
        }
        return super().index(request, {**context, **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign in, and note in the session where from, so that its owner knows it again.

        One address may try so many names and passwords; axes counts what fails for one name and address.
        """
        if request.method == "POST" and not limits.allowed(request.META.get("REMOTE_ADDR", ""), "sign_in"):
            log.warning("sign_in_refused", extra={"reason": "limit"})
            return HttpResponse(TOO_MANY, status=429, content_type="text/plain; charset=utf-8")
        sign_in: Any = csp_replace(RELAXED)(super().login)
        context = {"site_name": settings.SITE_NAME, **(extra_context or {})}  # else it is the host
        response: HttpResponse = sign_in(request, context)
        if request.method != "POST":
            return response
        if not request.user.is_authenticated:
            log.warning("sign_in_failed", extra={"status": response.status_code})
        else:
            people.note_sign_in(request.session, request.headers.get("User-Agent", ""), clock.now())
        return response


desk = DeskSite(name="admin")
