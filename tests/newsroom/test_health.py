"""Load balancers ask whether the site is alive and ready."""

from __future__ import annotations

import pytest
from django.test import Client


def test_healthz_asks_nobody(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_looks_at_database_broker_and_migrations(client: Client, redis_url: str) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "broker": "ok", "migrations": "ok"}
