"""The figures of the line are for staff and for who knows the token."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-some-length"


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        pytest.param("", None, 404, id="stranger, no token set"),
        pytest.param("", "Bearer ", 404, id="an empty token opens nothing"),
        pytest.param(TOKEN, None, 404, id="stranger"),
        pytest.param(TOKEN, "Bearer another", 404, id="wrong token"),
        pytest.param(TOKEN, f"Basic {TOKEN}", 404, id="wrong scheme"),
        pytest.param(TOKEN, "Bearer é", 404, id="not ASCII"),
        pytest.param(TOKEN, f"Bearer {TOKEN}", 200, id="right token"),
        pytest.param(TOKEN, f"bearer {TOKEN}", 200, id="schemes know no case"),
    ],
)
def test_the_token_opens_the_figures(
    client: Client, settings: Any, token: str, header: str | None, status: int
) -> None:
    settings.METRICS_TOKEN = token
    answer = client.get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == status
    assert (b"newsroom_polls_304_share" in answer.content) == (status == 200)


@pytest.mark.parametrize(("is_staff", "status"), [(True, 200), (False, 404)], ids=["staff", "reader"])
def test_a_session_of_staff_opens_the_figures(client: Client, is_staff: bool, status: int) -> None:
    client.force_login(get_user_model().objects.create_user("someone", is_staff=is_staff))
    answer = client.get("/metrics")
    assert answer.status_code == status
    if status == 200:
        assert answer["Content-Type"].startswith("text/plain")
        assert "no-store" in answer["Cache-Control"]
