"""Mails to readers: one template in two endings, text and HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation

MAX_SUBJECT = 150  # characters


def is_address(email: str) -> bool:
    """Return whether a text can be a mail address."""
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


def site() -> str:
    """Return the address of the site, for links in mails."""
    return str(settings.SITE_URL).rstrip("/")


def send(
    to: str,
    kind: str,
    subject: str,
    values: Mapping[str, Any],
    *,
    language: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send templates/mail/`kind`.txt and .html. Raises OSError when the mail server does not take it."""
    context = {"site": site(), "site_name": settings.SITE_NAME, **values}
    with translation.override(language):
        text, html = (render_to_string(f"mail/{kind}.{ending}", context) for ending in ("txt", "html"))
    subject = " ".join(subject.split())[:MAX_SUBJECT]
    mail = EmailMultiAlternatives(subject, text, to=[to], headers=dict(headers or {}))
    mail.attach_alternative(html, "text/html")
    mail.send()
