"""People of each role, signed in."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from aggregator.services import people as sessions
from aggregator.services import roles
from tests.factories import DAY
from tests.views.conftest import Land, _plain_static, land  # noqa: F401

PASSWORD = "a long enough word"


def make_person(role: str) -> User:
    """Return a person of a role; 'superuser' is the one made at set-up."""
    roles.make_roles()
    if role == "superuser":
        return User.objects.create_superuser(role, password=PASSWORD)
    user = User.objects.create_user(role, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def people(db: None) -> dict[str, Client]:
    """Return a client of each role, and of somebody who is not signed in."""
    clients = {"anonymous": Client()}
    for role in ("reader", "curator", "admin", "superuser"):
        clients[role] = Client()
        clients[role].force_login(make_person(role), backend="django.contrib.auth.backends.ModelBackend")
        sessions.note_sign_in(clients[role].session, "a browser", DAY)
    return clients


@pytest.fixture
def curator(people: dict[str, Client]) -> Client:
    return people["curator"]


@pytest.fixture
def said() -> Any:
    """Return a function that gives the messages on the page after a form, newest first."""
    return lambda response: [str(each) for each in response.context["messages"]][::-1]
