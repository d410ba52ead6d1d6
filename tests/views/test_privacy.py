"""Readers see headlines and extracts, never whole texts; forms come from our own pages; the API only reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import get_resolver

from aggregator.models import Article, ReaderReport
from aggregator.services import indexing
from tests.factories import DAY, make_article, make_story
from tests.views.conftest import Land

pytestmark = pytest.mark.django_db
BEGINNING, END = "Shelling began before dawn near the river.", "Only the full text tells of the blue heron."
MIDDLE = "Officials on both sides spoke of the road and of those who use it. " * 20


@pytest.fixture
def told(land: Land, redis_url: str) -> Article:
    article = make_article(
        text=f"{BEGINNING} {MIDDLE} {END}",
        title="Shelling near the river",
        extract=BEGINNING,
        regions=[land.armenia],
    )
    copy = make_article(text=f"{BEGINNING} {MIDDLE} {END}", copy_of=article, at=DAY + timedelta(hours=1))
    make_story([article, copy], regions=[land.armenia], topics=[land.shelling], conflicts=[land.conflict])
    while indexing.index_due():
        pass
    return article


def test_no_page_or_face_gives_a_whole_text(client: Client, told: Article) -> None:
    story = told.membership.story
    lists = ["/feed", "/regions/armenia", "/topics/shelling", "/conflicts/nagorno-karabakh", "/search"]
    faces = [f"{path}.{face}?q=shelling" for path in lists for face in ("atom", "json", "csv")]
    pages = ["/", "/regions/armenia/", story.get_absolute_url(), told.get_absolute_url(), "/search/?q=heron"]
    source = f"/sources/{told.source.slug}"
    pages += [f"{source}/", f"{source}.atom", f"/stories/{story.pk}.json", f"/stories/{story.pk}.atom"]
    api = ["regions/armenia/stories", f"stories/{story.pk}", f"articles/{told.pk}", "search?q=heron"]
    for address in [*pages, *faces, *(f"/api/v1/{path}" for path in api)]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        said = answer.content.decode()
        assert "of the blue heron" not in said.replace("<mark>", "").replace("</mark>", ""), address
    assert "Shelling near the river" in client.get(story.get_absolute_url()).content.decode()


def test_a_form_from_elsewhere_is_refused(told: Article) -> None:
    strict = Client(enforce_csrf_checks=True)
    story = told.membership.story
    strict.force_login(
        get_user_model().objects.create_superuser("boss", password="x"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    for path in (
        f"/report/story/{story.pk}/",
        "/digests/",
        "/desk/login/",
        "/desk/sources/status/",
        "/desk/account/factor/begin/",
    ):
        assert strict.post(path, {"kind": "other"}).status_code == 403, path
    assert not ReaderReport.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_takes_nothing(client: Client, told: Article, method: str) -> None:
    answer = getattr(client, method)(f"/api/v1/articles/{told.pk}")
    assert answer.status_code == 405
    assert Article.objects.filter(pk=told.pk).exists()


def test_only_mail_programs_may_post_without_a_token() -> None:
    exempt = {
        pattern.name
        for pattern in get_resolver().url_patterns[-1].url_patterns
        if getattr(getattr(pattern, "callback", None), "csrf_exempt", False)
    }
    assert exempt <= {"digest-leave", "account-mail-leave"}
