"""Who may open and do what at the desk: every address, every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from aggregator import urls_desk
from aggregator.admin.site import desk
from aggregator.models import (
    Agency,
    Article,
    LearnedLine,
    LogEntry,
    Membership,
    Override,
    Pin,
    ReaderReport,
    Source,
    Story,
    Work,
)
from aggregator.services import people as sessions
from tests.desk.conftest import PASSWORD
from tests.factories import (
    DAY,
    make_article,
    make_conflict,
    make_feed,
    make_region,
    make_source,
    make_story,
    make_topic,
    make_world,
)

pytestmark = pytest.mark.django_db

OF_ADMINS = {"desk-sessions"}
# What is written by looking or by oneself: one's own account, and leaving it.
OWN = {"desk-factor", "desk-session-end", "admin:logout", "admin:password_change"}
OPEN = {"admin:login"}  # the one door that stands open
PEOPLE = ("admin:auth_", "admin:otp_totp_")  # rows that only admins see


@pytest.fixture
def rows(people: dict[str, Client], redis_url: str) -> dict[str, Any]:
    """One of everything that an address of the desk can name."""
    story, topic, region = make_story(), make_topic("shelling"), make_region("sudan", parent=make_world())
    article = make_article()
    entry = LogEntry.objects.create(at=DAY, act="hide", target_type="story", target_id=story.pk)
    source = make_source(status=Source.Status.PROPOSED)
    make_conflict("sudan-war", regions=[region])
    TOTPDevice.objects.create(user=User.objects.get(username="superuser"), name="app", confirmed=False)
    Override.objects.create(kind="hidden", article=article, made_at=DAY)
    Work.objects.create(article=article, stage="held", next_at=DAY, code="kept_failing")
    line = LearnedLine.objects.create(source=source, line="Subscribe!", line_hash=1, learned_at=DAY)
    agency = Agency.objects.create(slug="harbour-wire", name="Harbour Wire", forms=["Harbour Wire"])
    return {
        "line": line,
        "agency": agency,
        "story": story,
        "topic": topic,
        "feed": make_feed(),
        "article": article,
        "entry": entry,
        "source": source,
    }


def patterns(resolver: Any, path: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """Yield every address below /desk/ as the URLconf has it: its name and its route."""
    for each in resolver.url_patterns:
        route = path + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, route, each.namespace or space)
        elif route.startswith("desk/"):
            yield (f"{space}:{each.name}" if space else str(each.name)), route


def value_of(name: str, route: str, part: str, rows: dict[str, Any]) -> object:
    """Return what to put for a part of an address. A new kind of part has to be told here."""
    model = next(
        (m for m in desk._registry if route.startswith(f"desk/{m._meta.app_label}/{m._meta.model_name}/")),
        None,
    )
    if part == "object_id" and model is not None:
        first = model._default_manager.first()
        return quote(first.pk) if first is not None else "1"
    kinds = {"desk-topic": "topic", "desk-feed": "feed", "desk-source": "source", "desk-article": "article",
        "desk-undo": "entry", "desk-story": "story", "desk-merge": "story", "desk-boilerplate-line": "line"}  # fmt: skip
    of = next((kind for start, kind in kinds.items() if name.startswith(start)), "story")
    slugs = {"desk-topic": "shelling", "desk-region": "sudan", "desk-conflict": "sudan-war",
        "desk-publisher": rows["source"].publisher.slug, "desk-family": rows["source"].slug, "desk-agency": "harbour-wire"}  # fmt: skip
    known: dict[str, object] = {
        "pk": "none" if name.startswith("desk-job") else Override.objects.get().pk if name == "desk-lift" else rows[of].pk,
        "left": rows["article"].pk, "right": rows["article"].pk,
        "slug": slugs.get(name, "sources"),
        "name": {"desk-queue-act": "approve", "desk-feed-act": "off", "desk-story-act": "hide", "desk-job-act": "cancel",
            "desk-factor": "begin"}.get(name, "x"),
        "content_type_id": 1, "id": rows["source"].pk, "app_label": "aggregator", "url": "nowhere/", "object_id": "1",
    }  # fmt: skip
    return known[part]


def addresses(rows: dict[str, Any]) -> dict[str, str]:
    """Return every address of the desk by name, filled in with rows that are there."""
    found = {}
    for name, route in patterns(get_resolver()):
        plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").removesuffix("$")
        filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(value_of(name, route, m[1], rows)), plain)  # noqa: B023
        assert not set("<>^$(") & set(filled), f"{name}: {filled} is not filled in"
        found[name if name not in found else f"{name} {filled}"] = f"/{filled}"
    return found


def state() -> list[Any]:
    """Everything that an act of the desk could change."""
    models = [*desk._registry, Story, Article, Override, Work, LogEntry, Pin, ReaderReport, Membership]
    fixed = [model.objects.order_by("pk") for model in models if model not in (User, TOTPDevice)]
    users = User.objects.order_by("pk").values_list(
        "pk", "username", "is_active", "is_staff", "is_superuser", "password"
    )
    groups = User.objects.order_by("pk", "groups").values_list("pk", "groups")
    return [*(list(each.values()) for each in fixed), list(users), list(groups)]


FORM = {"reason": "because", "act": "approve", "address": "https://x.example/", "name": "x", "feed": "https://x.example/feed",
    "other": "1", "seen": "", "article": "1", "strong": "x", "token": "x", "code": "kept_failing", "is_superuser": "on",
    "username": "x", "_save": "Save", "slug": "x", "action": "delete_selected", "_selected_action": "1"}  # fmt: skip


def test_nobody_comes_in_without_signing_in(people: dict[str, Client], rows: dict[str, Any]):
    before, faults = state(), []
    for name, path in addresses(rows).items():
        for method in ("get", "post"):
            response = getattr(people["anonymous"], method)(path, FORM | {"pk": rows["source"].pk})
            inside = response.status_code != 302 or not response["Location"].startswith("/desk/login/")
            if inside and name not in OPEN and response.status_code != 404:
                faults.append((name, method, path, response.status_code))
    # leaving is no way in: it leads to the door
    assert [fault for fault in faults if fault[0] != "admin:logout"] == []
    assert state() == before


# Nothing is deleted at the desk; feeds and lines come from elsewhere; completing needs to know what.
CLOSED_TO_ALL = ("_delete", "_add", ":autocomplete")


@pytest.mark.parametrize("role", ["reader", "curator", "admin", "superuser"])
def test_every_role_sees_what_it_may_and_no_page_fails(
    people: dict[str, Client], rows: dict[str, Any], role: str
):
    faults = []
    for name, path in addresses(rows).items():
        if name == "admin:logout":
            continue
        status = people[role].get(path).status_code
        of_people = name.startswith(PEOPLE) or name in OF_ADMINS
        if of_people and role in ("reader", "curator"):
            allowed = status == 403 or "/password/" in path
        else:
            closed = role != "superuser" or name.endswith(CLOSED_TO_ALL)
            allowed = status in (200, 301, 302, 404, 405, 409) or (status == 403 and closed)
        if not allowed:
            faults.append((name, path, status))
    assert faults == []


CURATORS_ONLY = {"desk-source-add", "desk-source-create", "desk-source-status", "desk-source-import", "desk-source-selector", "desk-source-withdraw",
    "desk-feed-act", "desk-merge", "desk-story-act", "desk-queue-act", "desk-lift", "desk-undo", "desk-retry", "desk-job-act"}  # fmt: skip


# Everybody at the desk may look; a POST tries a change.
CURATORS_TRY = {"desk-topic", "desk-region", "desk-conflict", "desk-publisher", "desk-family", "desk-agency",
    "desk-boilerplate", "desk-boilerplate-line"}  # fmt: skip


@pytest.mark.parametrize("role", ["reader", "curator", "admin"])
def test_only_curators_try_a_change_of_the_vocabulary(
    people: dict[str, Client], rows: dict[str, Any], role: str
):
    found = addresses(rows)
    assert set(found) >= CURATORS_TRY
    for name in sorted(CURATORS_TRY):
        assert people[role].get(found[name]).status_code == 200, name
        answer = people[role].post(found[name], FORM | {"outlet": rows["source"].slug, "state_control": "0"})
        assert answer.status_code == (403 if role == "reader" else 302), name
        jobs = answer.headers.get("Location", "").startswith("/desk/jobs/")
        assert not jobs or role != "reader"


def test_a_reader_looks_and_changes_nothing(people: dict[str, Client], rows: dict[str, Any]):
    before, faults = state(), []
    for name, path in addresses(rows).items():
        if name in OWN:
            continue
        got = people["reader"].get(path).status_code
        posted = (
            people["reader"]
            .post(path, FORM | {"pk": rows["source"].pk, "source": rows["source"].pk})
            .status_code
        )
        if state() != before:
            faults.append((name, path, "changed something"))
            before = state()
        if name in CURATORS_ONLY | OF_ADMINS and (got, posted) != (403, 403):
            faults.append((name, path, got, posted))
    assert faults == []


def test_a_curator_cannot_touch_people(people: dict[str, Client], rows: dict[str, Any]):
    def users() -> list[Any]:
        return state()[-2:]

    before = users()
    for name, path in addresses(rows).items():
        if name.startswith(PEOPLE) or name in OF_ADMINS:
            assert people["curator"].post(path, FORM).status_code in (403, 404), path
    assert users() == before


def test_every_address_below_the_desk_is_looked_at(rows: dict[str, Any]):
    found = addresses(rows)
    assert {pattern.name for pattern in urls_desk.urlpatterns} <= set(found)
    assert {f"admin:{m._meta.app_label}_{m._meta.model_name}_change" for m in desk._registry} <= set(found)


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


def test_an_admin_ends_no_session_of_a_reader_of_the_site(people: dict[str, Client], client: Client):
    guest = User.objects.create_user("guest", password=PASSWORD)
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    sessions.note_sign_in(client.session, "a browser", DAY)
    key = client.session.session_key
    people["admin"].post(reverse("desk-session-end"), {"session": key})
    assert Session.objects.filter(session_key=key).exists()
    assert key not in {one.key for one in sessions.sessions()}


def test_what_is_kept_of_a_session_goes_with_it(people: dict[str, Client]):
    assert len(sessions.sessions()) == 4
    Session.objects.filter(session_key=people["reader"].session.session_key).update(expire_date=DAY)
    assert sessions.forget_ended() == 1
    assert {one.name for one in sessions.sessions()} == {"curator", "admin", "superuser"}
