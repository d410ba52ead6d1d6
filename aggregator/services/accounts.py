"""Accounts of readers: a confirmed mail address, mail about followed lists, and the private feed."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from aggregator.models import DigestSubscription, Follow, ReaderAccount
from aggregator.services import digests, letters

CONFIRM_WITHIN = timedelta(days=3)
_SALT = "newsroom.reader.mail"


class AccountError(ValueError):
    """An account cannot be changed so; the message is one sentence for the reader."""


def account_of(user: Any) -> ReaderAccount:
    """Return what is kept for a reader, made when it is first asked for."""
    return ReaderAccount.objects.get_or_create(user=user)[0]


def ask_mail(user: Any, email: str, language: str) -> None:
    """Send the mail by which an address is confirmed; nothing is kept until it is. Raises AccountError, OSError."""
    email = email.strip().lower()
    if not letters.is_address(email):
        raise AccountError(gettext("This is not a mail address."))
    token = signing.dumps({"user": user.pk, "mail": email}, salt=_SALT)
    values = {
        "name": user.get_username(),
        "confirm_url": letters.site() + reverse("account-mail", args=[token]),
    }
    letters.send(email, "account", gettext("Please confirm your mail address"), values, language=language)


def read_mail_token(token: str) -> tuple[Any, str] | None:
    """Return the account and the address that a link of `ask_mail` names; None when it is none or too old."""
    try:
        found = signing.loads(token, salt=_SALT, max_age=CONFIRM_WITHIN)
    except signing.BadSignature:
        return None
    user = get_user_model().objects.filter(pk=found["user"], is_active=True).first()
    return (user, str(found["mail"])) if user else None


@transaction.atomic
def confirm_mail(user: Any, email: str) -> None:
    """Keep a confirmed address; the mail of followed lists goes there from now on."""
    account = account_of(user)
    account.mail = email
    account.save(update_fields=["mail"])
    for row in DigestSubscription.objects.filter(user=user).exclude(email=email):
        same = DigestSubscription.objects.filter(email=email, query=row.query, rhythm=row.rhythm)
        same.exclude(pk=row.pk).delete()
        row.email, row.bounces = email, 0
        row.save(update_fields=["email", "bounces"])


def set_zone(user: Any, time_zone: str) -> None:
    """Keep the zone in whose morning digests are sent. Raises AccountError."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AccountError(gettext("This time zone is not known.")) from None
    account = account_of(user)
    account.time_zone = time_zone
    account.save(update_fields=["time_zone"])
    DigestSubscription.objects.filter(user=user).update(time_zone=time_zone)


@transaction.atomic
def set_rhythm(user: Any, follow_id: int, rhythm: str, language: str, now: datetime) -> None:
    """Send mail about a followed list from now on, or stop it with ''. Raises AccountError without an address."""
    row = Follow.objects.filter(user=user, pk=follow_id).first()
    if row is None:
        return
    DigestSubscription.objects.filter(user=user, query=row.query).delete()
    if not rhythm:
        return
    account = account_of(user)
    if rhythm not in DigestSubscription.Rhythm.values:
        raise AccountError(gettext("Please choose how often."))
    if not account.mail:
        raise AccountError(gettext("Give a mail address first, and confirm it."))
    made = DigestSubscription(
        user=user,
        email=account.mail,
        query=row.query,
        name=row.name,
        rhythm=rhythm,
        language=language,
        time_zone=account.time_zone,
        token=secrets.token_urlsafe(32),
        made_at=now,
    )
    digests.start(made, now)
    DigestSubscription.objects.filter(email=made.email, query=made.query, rhythm=rhythm).delete()
    made.save()


def open_feed(user: Any) -> str:
    """Give an account a new private feed address; an earlier one stops at once. Return its token."""
    account = account_of(user)
    account.feed_token = secrets.token_urlsafe(32)
    account.save(update_fields=["feed_token"])
    return account.feed_token


def close_feed(user: Any) -> None:
    """Withdraw the private feed address of an account."""
    ReaderAccount.objects.filter(user=user).update(feed_token=None)


def owner_of_feed(token: str) -> Any | None:
    """Return the account of a private feed address, None when nothing has it."""
    rows = ReaderAccount.objects.filter(feed_token=token, user__is_active=True).select_related("user")
    account = rows.first()
    return account.user if account else None


def delete(user: Any, password: str) -> None:
    """Forget an account with all that it follows. Raises AccountError for a wrong password and for people of the desk."""
    if user.is_staff or user.is_superuser:
        raise AccountError(gettext("This account belongs to the desk; an admin can remove it there."))
    if not user.check_password(password):
        raise AccountError(gettext("The password is not right."))
    user.delete()
