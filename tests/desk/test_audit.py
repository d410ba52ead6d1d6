"""Every act of the desk leaves a row that says who did what and when, and that no page takes away."""

from __future__ import annotations

import pytest
from axes.models import AccessAttempt, AccessLog
from django.apps import apps
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from aggregator import models as rows
from aggregator.admin.site import desk
from tests.desk.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_change_of_a_person_is_kept_with_who_made_it(people: dict[str, Client]) -> None:
    reader = User.objects.get(username="reader")
    form = {"username": "reader", "is_staff": "on", "date_joined_0": "2026-01-01", "date_joined_1": "10:00"}
    people["admin"].post(f"/desk/auth/user/{reader.pk}/change/", form)
    reader.refresh_from_db()
    assert not reader.is_active
    entry = LogEntry.objects.get(action_flag=CHANGE)
    assert (entry.user.username, entry.object_id) == ("admin", str(reader.pk))
    assert "Active" in entry.get_change_message()


def test_a_second_factor_that_is_taken_away_is_kept(people: dict[str, Client]) -> None:
    device = TOTPDevice.objects.create(user=User.objects.get(username="curator"), name="app")
    people["superuser"].post(f"/desk/otp_totp/totpdevice/{device.pk}/delete/", {"post": "yes"})
    entry = LogEntry.objects.get(action_flag=DELETION)
    assert entry.user.username == "superuser"
    assert "curator" in entry.object_repr


def test_sign_ins_are_kept_with_their_address_and_failures_apart(
    people: dict[str, Client], client: Client
) -> None:
    client.post("/desk/login/", {"username": "curator", "password": "wrong"}, REMOTE_ADDR="198.51.100.7")
    failed = AccessAttempt.objects.get()
    assert (failed.username, failed.ip_address) == ("curator", "198.51.100.7")
    client.post("/desk/login/", {"username": "curator", "password": PASSWORD}, REMOTE_ADDR="198.51.100.8")
    assert AccessLog.objects.filter(ip_address="198.51.100.8", username="curator").count() == 1


@pytest.mark.parametrize("role", ["curator", "admin", "superuser"])
def test_no_page_changes_or_removes_what_was_kept(people: dict[str, Client], role: str) -> None:
    kept = [rows.LogEntry, LogEntry, AccessLog]
    assert not [model for model in kept if desk.is_registered(model)]
    for model in kept:
        address = f"/desk/{model._meta.app_label}/{model._meta.model_name}/"
        assert people[role].get(address).status_code == 404


def test_nobody_but_a_superuser_may_remove_rows_of_the_vocabulary(people: dict[str, Client]) -> None:
    for role in ("reader", "curator", "admin"):
        user = User.objects.get(username=role)
        may = [p for p in user.get_all_permissions() if ".delete_" in p]
        assert not may, (role, may)
    for model in apps.get_app_config("aggregator").get_models():
        if desk.is_registered(model):
            address = f"/desk/aggregator/{model._meta.model_name}/1/delete/"
            assert people["superuser"].get(address).status_code in (302, 403, 404), model
