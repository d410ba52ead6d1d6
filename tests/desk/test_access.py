"""Who may open and do what at the desk: every address, every role."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import get_resolver, reverse

from aggregator import urls_desk
from aggregator.models import LogEntry, Override, Source
from aggregator.services import people as sessions
from tests.desk.conftest import PASSWORD
from tests.factories import DAY, make_article, make_feed, make_source, make_story, make_topic

pytestmark = pytest.mark.django_db

FORMS_OF_CURATORS = {"desk-source-add", "desk-source-create", "desk-source-status", "desk-source-import", "desk-source-selector", "desk-feed-act",
    "desk-merge", "desk-story-act", "desk-queue-act", "desk-lift", "desk-undo", "desk-retry", "desk-job-act"}  # fmt: skip
OF_ADMINS = {"desk-sessions"}


@pytest.fixture
def rows() -> dict[str, Any]:
    story, other = make_story(), make_story()
    topic = make_topic("shelling")
    article = make_article()
    entry = LogEntry.objects.create(at=DAY, act="hide", target_type="story", target_id=story.pk)
    override = Override.objects.create(kind="hidden", article=article, made_at=DAY)
    return {
        "story": story, "other": other, "topic": topic, "feed": make_feed(), "article": article, "entry": entry,
        "override": override, "source": make_source(status=Source.Status.PROPOSED),
    }  # fmt: skip


def address(name: str, rows: dict[str, Any]) -> str:
    given: dict[str, Any] = {
        "desk-queue": ["sources"], "desk-queue-act": ["sources", "approve"], "desk-source": [rows["source"].pk], "desk-source-selector": [rows["source"].pk],
        "desk-feed": [rows["feed"].pk], "desk-feed-polls": [rows["feed"].pk], "desk-feed-act": [rows["feed"].pk, "poll"],
        "desk-story": [rows["story"].pk], "desk-merge": [rows["story"].pk], "desk-story-act": [rows["story"].pk, "hide"],
        "desk-diff": [rows["article"].pk, rows["article"].pk], "desk-article": [rows["article"].pk],
        "desk-lift": [rows["override"].pk], "desk-undo": [rows["entry"].pk], "desk-topic": ["shelling"],
        "desk-job": ["none"], "desk-job-state": ["none"], "desk-job-act": ["none", "cancel"], "desk-factor": ["begin"],
    }  # fmt: skip
    return reverse(name, args=given.get(name, []))


ALL = sorted(pattern.name for pattern in urls_desk.urlpatterns)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_comes_in_without_signing_in(
    people: dict[str, Client], rows: dict[str, Any], name: str, method: str
):
    response = getattr(people["anonymous"], method)(address(name, rows))
    assert response.status_code == 302
    assert response["Location"].startswith("/desk/login/")


@pytest.mark.parametrize("name", ALL)
def test_a_reader_looks_and_changes_nothing(people: dict[str, Client], rows: dict[str, Any], name: str):
    before = (
        LogEntry.objects.count(),
        Override.objects.filter(lifted_at=None).count(),
        rows["source"].status,
    )
    got = people["reader"].get(address(name, rows))
    posted = people["reader"].post(
        address(name, rows), {"reason": "because", "pk": rows["source"].pk, "act": "approve"}
    )
    rows["source"].refresh_from_db()
    after = (LogEntry.objects.count(), Override.objects.filter(lifted_at=None).count(), rows["source"].status)
    assert before == after
    if name in FORMS_OF_CURATORS | OF_ADMINS:
        assert got.status_code == posted.status_code == 403
    else:
        assert got.status_code in (200, 302, 404)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("role", ["curator", "admin", "superuser"])
def test_a_curator_opens_every_page_but_those_about_people(
    people: dict[str, Client], rows: dict[str, Any], name: str, role: str
):
    status = people[role].get(address(name, rows)).status_code
    if name in OF_ADMINS and role == "curator":
        assert status == 403
    else:
        assert status in (200, 302, 404), name


def test_a_person_without_staff_status_stays_outside(client: Client, rows: dict[str, Any]):
    user = User.objects.create_user("guest", password=PASSWORD)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("desk-stories")).status_code == 302


@pytest.mark.parametrize(
    ("role", "sees"), [("reader", False), ("curator", False), ("admin", True), ("superuser", True)]
)
def test_only_admins_manage_people(people: dict[str, Client], role: str, sees: bool):
    assert (people[role].get("/desk/auth/user/").status_code == 200) is sees


def test_an_admin_cannot_make_themself_a_superuser(people: dict[str, Client]):
    admin = User.objects.get(username="admin")
    form = {"username": "admin", "is_superuser": "on", "is_active": "on", "is_staff": "on"}
    people["admin"].post(f"/desk/auth/user/{admin.pk}/change/", form)
    admin.refresh_from_db()
    assert not admin.is_superuser


def test_an_admin_cannot_change_a_superuser(people: dict[str, Client]):
    boss = User.objects.get(username="superuser")
    assert people["admin"].post(f"/desk/auth/user/{boss.pk}/change/", {"username": "x"}).status_code == 403
    assert people["admin"].post(f"/desk/auth/user/{boss.pk}/password/", {}).status_code == 403


def test_one_may_end_only_ones_own_sessions(people: dict[str, Client]):
    other = people["reader"].session.session_key
    people["curator"].post(reverse("desk-session-end"), {"session": other})
    assert Session.objects.filter(session_key=other).exists()
    people["admin"].post(reverse("desk-session-end"), {"session": other})
    assert not Session.objects.filter(session_key=other).exists()


def test_an_account_lists_ones_own_sessions_only(people: dict[str, Client]):
    pk = User.objects.get(username="curator").pk
    assert {one.user_id for one in sessions.sessions(pk)} == {pk}
    assert len(sessions.sessions()) == 4


def test_next_leads_to_no_other_site(people: dict[str, Client], rows: dict[str, Any]):
    form = {"act": "approve", "source": rows["source"].pk, "next": "https://evil.example/"}
    response = people["curator"].post(reverse("desk-source-status"), form)
    assert response["Location"] == reverse("desk-sources")


def test_the_desk_has_a_policy_without_inline_code(people: dict[str, Client]):
    for path in ("/desk/", "/desk/stories/", "/desk/login/"):
        policy = people["curator"].get(path).headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy


def test_every_desk_address_is_tested_here():
    assert len(ALL) == len(set(ALL)) == len(urls_desk.urlpatterns)
    assert get_resolver() is not None
