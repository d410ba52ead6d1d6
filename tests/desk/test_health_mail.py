"""The daily mail about feeds: to admins, once, and only when something changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from aggregator.models import Feed, HealthReport
from aggregator.services import health_mail
from tests.desk.conftest import make_person
from tests.factories import DAY, make_feed, make_source

pytestmark = pytest.mark.django_db
MORNING = DAY.replace(hour=7)
NEXT = MORNING + timedelta(days=1)


@pytest.fixture
def feeds() -> list[Feed]:
    for role in ("curator", "admin", "superuser"):
        User.objects.filter(pk=make_person(role).pk).update(email=f"{role}@example.org")
    return [
        make_feed(make_source(name=name), state="ok", last_new_at=MORNING)
        for name in ("The Courier", "The Gazette")
    ]


def set_state(feed: Feed, **facts: Any) -> None:
    Feed.objects.filter(pk=feed.pk).update(**facts)


def test_the_first_report_and_one_without_changes_send_nothing(feeds):
    assert health_mail.tell_health(MORNING) == 0
    assert health_mail.tell_health(NEXT) == 0
    assert mail.outbox == []
    assert HealthReport.objects.count() == 2


def test_admins_are_told_what_got_worse_and_what_is_well_again_once(feeds, settings):
    settings.SITE_URL = "https://news.example"
    set_state(feeds[1], state="dead")
    health_mail.tell_health(MORNING)
    set_state(feeds[0], state="failing", state_sentence="The server says 404 (not found).")
    set_state(feeds[1], state="ok")
    assert health_mail.tell_health(NEXT) == 2
    assert health_mail.tell_health(NEXT + timedelta(minutes=15)) == 0, (
        "once a day, however often the clock beats"
    )
    assert {message.to[0] for message in mail.outbox} == {"admin@example.org", "superuser@example.org"}
    body = mail.outbox[0].body
    worse, better = body.index("Worse"), body.index("Well again")
    assert worse < body.index("The Courier") < better < body.index("The Gazette")
    assert "The server says 404" in body
    assert f"https://news.example/desk/feeds/{feeds[0].pk}/" in body
    assert "1 of 2 feeds cannot be read" in body
    assert "2 feeds changed" in mail.outbox[0].subject


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"moved_to": "https://new.example/feed"}, "moved to https://new.example/feed"),
        ({"last_new_at": MORNING - timedelta(days=41)}, "silent"),
        ({"state": "muted"}, "muted"),
    ],
)
def test_a_move_a_silence_and_a_mute_are_changes(feeds, facts: dict[str, Any], words: str):
    health_mail.tell_health(MORNING)
    set_state(feeds[0], **facts)
    health_mail.tell_health(NEXT)
    assert words in mail.outbox[0].body


def test_a_new_feed_and_one_that_is_read_no_more_are_no_change(feeds):
    health_mail.tell_health(MORNING)
    make_feed(make_source(), state="failing")
    set_state(feeds[0], enabled=False)
    assert health_mail.tell_health(NEXT) == 0


def test_nothing_is_sent_at_night_nor_without_an_address(feeds):
    health_mail.tell_health(MORNING)
    set_state(feeds[0], state="failing")
    assert health_mail.tell_health(NEXT.replace(hour=3)) == 0
    User.objects.update(email="")
    assert health_mail.tell_health(NEXT) == 0


def test_a_mail_server_that_is_away_costs_a_delay_only(feeds, monkeypatch):
    health_mail.tell_health(MORNING)
    set_state(feeds[0], state="failing")
    send = health_mail.EmailMultiAlternatives.send
    monkeypatch.setattr(health_mail.EmailMultiAlternatives, "send", _refuse)
    assert health_mail.tell_health(NEXT) == 0
    monkeypatch.setattr(health_mail.EmailMultiAlternatives, "send", send)
    assert health_mail.tell_health(NEXT + timedelta(minutes=15)) == 2


def test_an_address_that_refuses_its_mail_brings_the_others_no_second_one(feeds, monkeypatch):
    health_mail.tell_health(MORNING)
    set_state(feeds[0], state="failing")
    send = health_mail.EmailMultiAlternatives.send

    def refuse_one(self: Any) -> None:
        return _refuse(self) if self.to == ["admin@example.org"] else send(self)

    monkeypatch.setattr(health_mail.EmailMultiAlternatives, "send", refuse_one)
    assert health_mail.tell_health(NEXT) == 1
    assert health_mail.tell_health(NEXT + timedelta(minutes=15)) == 0
    assert [message.to for message in mail.outbox] == [["superuser@example.org"]]


def _refuse(self: Any) -> None:
    raise ConnectionRefusedError
