"""Signing in with a second factor."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from aggregator.services import second_factor
from tests.desk.conftest import PASSWORD, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def spare() -> list[str]:
    """Return the spare codes of a curator who has just set up a second factor."""
    user = make_person("curator")
    second_factor.begin(user)
    return second_factor.confirm(user, f"{totp(TOTPDevice.objects.get().bin_key):06d}")


def sign_in(code: str):
    client = Client()
    form = {"username": "curator", "password": PASSWORD, "otp_token": code, "next": "/desk/"}
    return client, client.post("/desk/login/", form)


def test_a_password_alone_no_longer_lets_in(spare: list[str]):
    client, response = sign_in("")
    assert response.status_code == 200
    assert "errornote" in response.content.decode()
    assert client.get(reverse("desk-stories")).status_code == 302


def test_a_spare_code_lets_in_once(spare: list[str]):
    sign_in("")
    client, response = sign_in(spare[0])
    assert response.status_code == 302, response.context["form"].errors
    assert client.get(reverse("desk-stories")).status_code == 200
    assert client.session["otp_device_id"]
    assert sign_in(spare[0])[1].status_code == 200


@pytest.mark.parametrize("code", ["000000", "x", "\x00", "9" * 300, "''"])
def test_a_wrong_code_lets_nobody_in(spare: list[str], code: str):
    assert sign_in(code)[1].status_code == 200


def test_a_factor_goes_only_with_a_right_code(spare: list[str]):
    user = User.objects.get()
    with pytest.raises(Exception, match="not right"):
        second_factor.remove(user, "123456")
    assert second_factor.has_factor(user.pk)
