"""Each door that costs us or others slows down a hasty sender, in words, and never in a shared cache."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from aggregator.models import DigestSubscription, ReaderReport
from tests.desk.conftest import PASSWORD, make_person
from tests.factories import make_story
from tests.views.conftest import Land

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _bounds(redis_url: str, settings: Any) -> None:
    settings.LIMITS = dict.fromkeys(settings.LIMITS, (2, 3600))


def thrice(ask: Any) -> list[int]:
    return [ask().status_code for _ in range(3)]


@pytest.mark.parametrize("path", ["/search/", "/search.json", "/search.atom", "/search.csv"])
def test_searches(client: Client, land: Land, path: str) -> None:
    assert thrice(lambda: client.get(path, {"q": "shelling"})) == [200, 200, 429]
    refused = client.get(path, {"q": "shelling"})
    assert "no-store" in refused["Cache-Control"]
    assert "more searches" in refused.content.decode()
    assert client.get("/search/").status_code == 200  # the empty form costs nothing


def test_searches_by_the_api(client: Client, land: Land, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"api": (100, 60)}
    assert thrice(lambda: client.get("/api/v1/search", {"q": "shelling"})) == [200, 200, 429]
    assert client.get("/api/v1/topics").status_code == 200


def test_the_api(client: Client, land: Land) -> None:
    assert thrice(lambda: client.get("/api/v1/topics")) == [200, 200, 429]


def test_reports(client: Client, land: Land) -> None:
    story = make_story()
    form = {"kind": "other", "text": "It rained."}
    assert thrice(lambda: client.post(f"/report/story/{story.pk}/", form)) == [302, 302, 429]
    assert ReaderReport.objects.count() == 2


def test_mails_of_confirmation(client: Client, land: Land, mailoutbox: list[Any]) -> None:
    def ask(number: int) -> None:
        form = {"query": "/regions/armenia/", "email": f"r{number}@example.org", "rhythm": "daily"}
        client.post("/digests/", form)

    for number in range(4):
        ask(number)
    assert DigestSubscription.objects.count() == len(mailoutbox) == 2


def test_signing_in_whatever_name_is_tried(client: Client) -> None:
    make_person("curator")
    tries = [{"username": f"name{n}", "password": "wrong"} for n in range(2)]
    assert [client.post("/desk/login/", form).status_code for form in tries] == [200, 200]
    right = {"username": "curator", "password": PASSWORD}
    assert client.post("/desk/login/", right).status_code == 429
    elsewhere = client.post("/desk/login/", right, REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 302


def test_one_name_is_locked_after_some_failures(client: Client, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"sign_in": (0, 60)}
    make_person("curator")
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/desk/login/", {"username": "curator", "password": "wrong"})
    answer = client.post("/desk/login/", {"username": "curator", "password": PASSWORD})
    assert answer.status_code == 429


def test_readers_behind_one_proxy_are_told_apart(client: Client, land: Land, settings: Any) -> None:
    settings.PROXIES = 1
    for reader in ("198.51.100.7", "198.51.100.8"):
        headers = {"X-Forwarded-For": f"1.2.3.{reader[-1]}, {reader}"}
        assert thrice(lambda: client.get("/api/v1/topics", headers=headers)) == [200, 200, 429]  # noqa: B023
