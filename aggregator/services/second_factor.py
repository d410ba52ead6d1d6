"""The second factor of a person of the desk: an app's codes, and spare codes for when the phone is gone."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django_otp import devices_for_user
from django_otp import login as otp_login
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from aggregator.errors import CurationError

SPARE_CODES = 8
WRONG = "This code is not right; look at the app's newest one."


def has_factor(user_id: int) -> bool:
    """Return whether a person signs in with a code."""
    return bool(TOTPDevice.objects.filter(user_id=user_id, confirmed=True).exists())


def pending(user_id: int) -> TOTPDevice | None:
    """Return the device that a person has begun to set up."""
    return TOTPDevice.objects.filter(user_id=user_id, confirmed=False).first()


def begin(user: Any) -> None:
    """Begin to set up: a new secret, not yet asked for. Raises CurationError when there is one in use."""
    if has_factor(user.pk):
        raise CurationError("There is a second factor already; remove it first.", code="factor_there")
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def confirm(user: Any, code: str) -> list[str]:
    """Turn the second factor on; return the spare codes. Raises CurationError when the code is wrong."""
    device = pending(user.pk)
    if device is None or not device.verify_token(code):
        raise CurationError(WRONG, code="code_wrong")
    with transaction.atomic():
        device.confirmed = True
        device.save()
        StaticDevice.objects.filter(user=user).delete()
        spare = StaticDevice.objects.create(user=user, name="spare")
        codes = [StaticToken.random_token() for _ in range(SPARE_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=spare, token=code) for code in codes)
    return codes


def remove(user: Any, code: str) -> None:
    """Turn the second factor off. Raises CurationError when the code is wrong."""
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        return
    if not device.verify_token(code):
        raise CurationError(WRONG, code="code_wrong")
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def match(user: Any, code: str) -> Any:
    """Return the device that takes a code, None when there is none: digits are an app's, all else is a spare code.

    Only the devices of that kind are asked, so that a spare code does not slow down the app's.
    """
    if not code:
        return None  # an empty field is no guess: it slows nothing down
    kind = TOTPDevice if code.isdigit() else StaticDevice
    with transaction.atomic():
        devices = [each for each in devices_for_user(user, for_verify=True) if isinstance(each, kind)]
        return next((each for each in devices if each.verify_token(code)), None)


def trust_session(request: HttpRequest) -> None:
    """Count the session in which the factor was set up as verified."""
    device = TOTPDevice.objects.filter(user_id=request.user.pk, confirmed=True).first()
    if device is not None:
        otp_login(request, device)
