"""Following a list by mail: a confirmed address, one mail for each rhythm, one click to leave."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from aggregator import clock
from aggregator.models import DigestSubscription
from aggregator.services import digests
from tests.factories import DAY, make_article, make_story
from tests.views.conftest import Land

pytestmark = pytest.mark.django_db
FORM = {
    "query": "/regions/armenia/?topic=shelling",
    "email": "Reader@Example.org",
    "rhythm": "daily",
    "time_zone": "Asia/Yerevan",
}


@pytest.fixture(autouse=True)
def _at_day(redis_url):
    clock.install(lambda: DAY)
    yield
    clock.install(None)


@pytest.fixture
def asked(client, land: Land) -> DigestSubscription:
    assert client.post("/digests/", FORM).status_code == 200
    return DigestSubscription.objects.get()


def test_nothing_is_sent_until_the_link_in_the_first_mail_is_confirmed(client, asked, land: Land):
    make_story(at=DAY + timedelta(hours=1), regions=[land.armenia], topics=[land.shelling])
    assert digests.send_digests(DAY + timedelta(days=2)) == 0
    assert [letter.to for letter in mail.outbox] == [["reader@example.org"]]
    link = re.search(r"http\S+/digests/confirm/\S+", mail.outbox[0].body)[0]
    path = "/" + link.split("/", 3)[3]
    assert client.get(path).status_code == 200
    asked.refresh_from_db()
    assert asked.confirmed_at is None, "a scanner that opens links confirms nothing"
    assert client.post(path).status_code == 200
    assert digests.send_digests(DAY + timedelta(days=1)) == 1
    assert digests.send_digests(DAY + timedelta(days=1)) == 0, "sent once, however often it is asked"


def test_a_digest_tells_new_stories_in_text_and_html_with_one_click_to_leave(client, asked, land: Land):
    digests.confirm(asked.token, DAY)
    story = make_story(
        [make_article(at=DAY + timedelta(hours=2), title="Two <b>hurt</b> & more")],
        regions=[land.armenia],
        topics=[land.shelling],
    )
    make_story(at=DAY - timedelta(days=3), regions=[land.armenia], topics=[land.shelling])
    digests.send_digests(DAY + timedelta(days=1))
    letter = mail.outbox[-1]
    html = letter.alternatives[0][0]
    assert "Two <b>hurt</b> & more" in letter.body
    assert "Two &lt;b&gt;hurt&lt;/b&gt; &amp; more" in html
    assert letter.body.count("one origin so far") == 1
    assert f"/stories/{story.pk}-" in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = "/" + letter.extra_headers["List-Unsubscribe"].strip("<>").split("/", 3)[3]
    assert client.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not DigestSubscription.objects.exists()
    assert client.get(leave).status_code == 404


def test_an_empty_digest_is_not_sent_and_an_unconfirmed_row_is_forgotten(asked):
    digests.confirm(asked.token, DAY)
    sent_before = len(mail.outbox)
    assert digests.send_digests(DAY + timedelta(days=1)) == 0
    assert len(mail.outbox) == sent_before
    DigestSubscription.objects.update(confirmed_at=None)
    digests.send_digests(DAY + timedelta(days=4))
    assert not DigestSubscription.objects.exists()


def test_a_bounced_digest_is_tried_again_and_given_up_in_the_end(asked, land: Land, monkeypatch):
    digests.confirm(asked.token, DAY)
    make_story(at=DAY + timedelta(hours=1), regions=[land.armenia], topics=[land.shelling])

    def refuse(self, *args, **kwargs):
        raise OSError("refused")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    now = DAY + timedelta(days=1)
    for _ in range(9):
        digests.send_digests(now)
        now += timedelta(days=1)
    asked.refresh_from_db()
    assert (asked.bounces, asked.next_at) == (digests.MAX_BOUNCES, None)


@pytest.mark.parametrize(
    ("rhythm", "zone", "due"),
    [
        pytest.param("daily", "Asia/Yerevan", datetime(2023, 9, 20, 3, tzinfo=UTC), id="seven in Yerevan"),
        pytest.param(
            "daily", "America/Chicago", datetime(2023, 9, 20, 12, tzinfo=UTC), id="noon UTC is seven there"
        ),
        pytest.param("weekly", "UTC", datetime(2023, 9, 25, 7, tzinfo=UTC), id="on Monday"),
        pytest.param("key", "UTC", DAY + digests.KEY_EVERY, id="looked at often for a key story"),
    ],
)
def test_digests_are_due_in_the_readers_morning(rhythm, zone, due):
    assert digests.next_at(DigestSubscription(rhythm=rhythm, time_zone=zone), DAY) == due


def test_an_alert_is_sent_for_a_key_story_alone(asked, land: Land):
    DigestSubscription.objects.update(rhythm="key")
    digests.confirm(asked.token, DAY)
    make_story(at=DAY + timedelta(minutes=5), regions=[land.armenia], topics=[land.shelling])
    assert digests.send_digests(DAY + timedelta(minutes=30)) == 0
    pair = [make_article(at=DAY + timedelta(minutes=n)) for n in (40, 50)]
    make_story(pair, regions=[land.armenia], topics=[land.shelling])
    assert digests.send_digests(DAY + timedelta(minutes=60)) == 1
    assert digests.send_digests(DAY + timedelta(minutes=90)) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"email": "no address"}, 400, id="no address"),
        pytest.param({"email": "a@example.org\nBcc: b@example.org"}, 400, id="header in address"),
        pytest.param({"rhythm": "hourly"}, 400, id="unknown rhythm"),
        pytest.param({"time_zone": "../../etc/passwd"}, 400, id="no zone"),
        pytest.param({"query": "https://evil.example/"}, 404, id="not ours"),
        pytest.param({"query": "/regions/nowhere/"}, 404, id="no such list"),
        pytest.param({"query": "/desk/"}, 404, id="no list"),
    ],
)
def test_what_cannot_be_followed_is_told_in_one_sentence(client, land: Land, change, status):
    assert client.post("/digests/", FORM | change).status_code == status
    assert not mail.outbox


@pytest.mark.parametrize(
    "address", ["//[", "http://[", "https://elsewhere.example/", "javascript:alert(1)", "\x00"]
)
def test_what_is_no_address_of_a_list_is_said(client, land: Land, address: str):
    assert client.get("/digests/", {"list": address}).status_code == 404
