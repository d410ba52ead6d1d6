"""Hubs tell of news: verified intents, signed words, leases; polling slows and never stops."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client

from aggregator import clock
from aggregator.models import Article, Feed, Host, HubSubscription
from aggregator.pipeline.urls import url_hash
from aggregator.services import polling, websub
from aggregator.services.fetching import Network
from tests.factories import make_source
from tests.fakeweb import FakeWeb, Said, fake_web, item, rss

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Site:
    """A site with one feed whose document names a hub; both are at the same fake host."""

    def __init__(self, web: FakeWeb, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
        self.web, self.network, self.client = web, network, Client()
        self.patch, self.now = monkeypatch, NOW
        self.feed = Feed.objects.create(
            source=make_source(text_from="feed"),
            url=f"{web.base}/feed",
            url_hash=url_hash(f"{web.base}/feed"),
        )
        web.answers["/hub"] = Said(status=202)
        self.publish(1)
        self.go(NOW)
        polling.poll_now([self.feed.pk], NOW)
        self.poll()

    def go(self, now: datetime) -> None:
        self.now = now
        self.patch.setattr(clock, "now", lambda: now)

    def publish(self, *numbers: int) -> None:
        links = f'<atom:link rel="hub" href="/hub"/><atom:link href="{self.web.base}/topic" rel="self"/>'
        self.web.answers["/feed"] = Said(rss(*[item(number) for number in numbers], extra=links))

    def poll(self) -> None:
        polling.poll_due(self.network, lambda: self.now, seconds=5.0)

    def ask(self) -> dict[str, str]:
        """Ask the hub, and return what it was sent."""
        before = len(self.web.asked)
        websub.ask_due(self.network, self.now)
        sent = self.web.asked[before:]
        return {name: words[0] for name, words in parse_qs(sent[0].body.decode()).items()} if sent else {}

    def confirm(self, **changes: str) -> Any:
        row = HubSubscription.objects.get()
        fields = {
            "hub.mode": "subscribe",
            "hub.topic": row.topic_url,
            "hub.challenge": "<b>abc</b>",
            "hub.lease_seconds": "86400",
        }
        fields |= {f"hub.{name}": words for name, words in changes.items()}
        return self.client.get(f"/hub/{row.token}", fields)

    def tell(self, body: bytes = b"news", *, secret: str = "", method: str = "sha256") -> Any:
        row = HubSubscription.objects.get()
        digest = hmac.new((secret or row.secret).encode(), body, getattr(hashlib, method)).hexdigest()
        return self.client.post(
            f"/hub/{row.token}",
            body,
            content_type="application/rss+xml",
            headers={"X-Hub-Signature": f"{method}={digest}"},
        )

    def read(self) -> Feed:
        self.feed.refresh_from_db()
        return self.feed


@pytest.fixture
def site(web: FakeWeb, network: Network, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    settings.WEBSUB, settings.SITE_URL = True, "https://news.example"
    return Site(web, network, monkeypatch)


def test_the_hub_that_a_feed_names_is_asked(site: Site) -> None:
    sent = site.ask()
    row = HubSubscription.objects.get()
    assert sent == {
        "hub.mode": "subscribe",
        "hub.topic": f"{site.web.base}/topic",
        "hub.callback": f"https://news.example/hub/{row.token}",
        "hub.secret": row.secret,
        "hub.lease_seconds": "864000",
    }
    assert (row.code, row.lease_until) == ("", None)
    assert row.next_at >= NOW + HOUR
    assert len(row.secret) > 30


def test_a_confirmation_starts_the_lease(site: Site) -> None:
    site.ask()
    answer = site.confirm()
    assert (answer.status_code, answer.content) == (200, b"<b>abc</b>")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"
    row = HubSubscription.objects.get()
    assert (row.lease_until, row.failures) == (NOW + DAY, 0)
    assert NOW + DAY / 2 < row.next_at < row.lease_until
    assert site.ask() == {}
    site.go(row.next_at)
    assert site.ask()["hub.mode"] == "subscribe"
    assert site.confirm().status_code == 200
    assert HubSubscription.objects.get().lease_until == site.now + DAY


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"topic": "https://else.example/feed"}, id="another topic"),
        pytest.param({"mode": "unsubscribe"}, id="to end it"),
        pytest.param({"mode": "publish"}, id="another mode"),
        pytest.param({"challenge": "x" * 2000}, id="a long challenge"),
    ],
)
def test_what_was_not_asked_for_is_not_confirmed(site: Site, changes: dict[str, str]) -> None:
    site.ask()
    assert site.confirm(**changes).status_code == 404
    assert HubSubscription.objects.get().lease_until is None


def test_a_confirmation_that_nobody_asked_for_or_that_comes_late_or_twice_is_none(site: Site) -> None:
    assert site.confirm().status_code == 404
    site.ask()
    site.go(NOW + 2 * HOUR)
    assert site.confirm().status_code == 404
    site.go(NOW + HOUR / 2)
    assert site.confirm().status_code == 200
    assert site.confirm().status_code == 404
    assert site.client.get("/hub/unknown", {"hub.mode": "subscribe"}).status_code == 404


def test_leases_have_bounds(site: Site) -> None:
    for words, lease in (("1", HOUR), ("999999999", 30 * DAY), ("-5", 10 * DAY), ("x", 10 * DAY)):
        HubSubscription.objects.update(next_at=NOW)
        site.ask()
        site.confirm(lease_seconds=words)
        assert HubSubscription.objects.get().lease_until == NOW + lease


def test_a_hub_that_refuses_or_fails_is_asked_again_with_growing_waits(site: Site) -> None:
    site.web.answers["/hub"] = Said(status=500)
    waits = []
    for _ in range(6):
        row = HubSubscription.objects.get()
        site.go(max(row.next_at, site.now))
        assert site.ask()
        waits.append(HubSubscription.objects.get().next_at - site.now)
    assert waits[-1] > waits[0] >= HOUR
    assert HubSubscription.objects.get().code == "http_500"
    site.confirm(mode="denied")
    row = HubSubscription.objects.get()
    assert (row.code, row.next_at) == ("hub_denied", site.now + 7 * DAY)


def test_a_hub_at_a_refused_address_is_not_asked(site: Site) -> None:
    with fake_web() as other:
        HubSubscription.objects.update(hub_url=f"{other.base}/hub")
        site.ask()
        assert other.asked == []
    assert HubSubscription.objects.get().code == "refused_port"
    HubSubscription.objects.update(hub_url="http://169.254.169.254/", next_at=NOW)
    site.ask()
    assert HubSubscription.objects.get().code == "refused_private"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signed_word_makes_the_feed_due_and_its_own_address_is_read(site: Site, method: str) -> None:
    site.ask()
    site.confirm()
    site.publish(1, 2)
    site.go(NOW + timedelta(minutes=2))
    site.poll()
    assert Article.objects.count() == 1  # not due yet
    body = rss(item(66, title="Words that the outlet never published"))
    assert site.tell(body, method=method).status_code == 204
    site.poll()
    assert Article.objects.count() == 2
    assert not Article.objects.filter(title__contains="never published").exists()


def test_a_word_that_is_not_signed_as_agreed_changes_nothing(site: Site) -> None:
    site.ask()
    site.confirm()
    before = site.read().next_poll_at
    assert site.tell(secret="another").status_code == 204
    row = HubSubscription.objects.get()
    for signature in ("", "sha256=", "md5=d41d8cd98f00b204e9800998ecf8427e", "sha256=é", "x"):
        answer = site.client.post(
            f"/hub/{row.token}", b"news", content_type="text/xml", headers={"X-Hub-Signature": signature}
        )
        assert answer.status_code == 204
    assert site.read().next_poll_at == before
    assert HubSubscription.objects.get().pushed_at is None
    assert site.client.post("/hub/unknown", b"x", content_type="text/xml").status_code == 404


def test_a_word_after_the_lease_changes_nothing(site: Site) -> None:
    site.ask()
    site.confirm()
    site.go(NOW + 2 * DAY)
    site.tell()
    assert HubSubscription.objects.get().pushed_at is None


def test_a_hub_cannot_hurry_us(site: Site) -> None:
    site.ask()
    site.confirm()
    Host.objects.update(hold_until=NOW + 3 * HOUR)
    for _ in range(5):
        site.tell()
    assert site.read().next_poll_at == NOW + websub.LEAST_APART
    before = len(site.web.asked)
    site.go(NOW + 2 * HOUR)
    site.poll()
    assert len(site.web.asked) == before  # the host asked to be left alone


def test_polling_slows_while_the_hub_tells_and_never_stops(site: Site) -> None:
    site.ask()
    site.confirm(lease_seconds="2592000")
    plain = site.read().next_poll_at - NOW
    site.publish(1, 2)
    site.go(NOW + HOUR)
    site.tell()
    site.poll()
    slow = site.read().next_poll_at - site.now
    assert 2 * plain < slow <= timedelta(hours=5)
    # Something that the hub kept quiet about: from then on it is asked for as if there were no hub.
    site.publish(1, 2, 3)
    site.go(site.read().next_poll_at)
    site.poll()
    assert Article.objects.count() == 3
    assert site.read().next_poll_at - site.now < slow / 2


def test_a_hub_that_is_named_no_more_is_not_asked_again(site: Site) -> None:
    site.ask()
    site.confirm()
    site.web.answers["/feed"] = Said(rss(item(1), item(2)))
    site.go(NOW + HOUR)
    site.tell()
    site.poll()
    site.go(NOW + 20 * DAY)
    assert site.ask() == {}
    site.publish(1, 2, 3)
    polling.poll_now([site.feed.pk], site.now)
    site.poll()
    assert site.ask()["hub.mode"] == "subscribe"


def test_without_the_setting_no_hub_is_known(
    web: FakeWeb, network: Network, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBSUB = False
    Site(web, network, monkeypatch)
    assert HubSubscription.objects.count() == 0
