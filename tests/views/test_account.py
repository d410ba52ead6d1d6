"""Accounts: what a reader follows is kept on the server, told apart from what was read, and theirs alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aggregator import clock
from aggregator.models import DigestSubscription, Follow, ReaderAccount, SlugRedirect
from aggregator.services import accounts, digests, following, indexing
from tests.factories import DAY, make_article, make_story
from tests.views.conftest import Land

pytestmark = pytest.mark.django_db
LIST = "/regions/armenia/?topic=shelling"


@pytest.fixture(autouse=True)
def now(redis_url):
    """A clock that a test may set: now["at"]."""
    moment = {"at": DAY}
    clock.install(lambda: moment["at"])
    yield moment
    clock.install(None)


@pytest.fixture
def anna(db) -> User:
    return User.objects.create_user("anna", password="a long sentence")


@pytest.fixture
def home(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def text_of(response) -> str:
    return response.content.decode()


def told_in(land: Land, **fields):
    return make_story(regions=[land.armenia], topics=[land.shelling], **fields)


def test_a_stranger_is_led_to_the_sign_in_and_back(client, anna, land: Land):
    asked = client.get(f"/account/follow/?list={LIST}")
    assert asked.status_code == 302
    page = client.get(asked["Location"])
    assert "no-store" in page["Cache-Control"]
    assert client.post(asked["Location"], {"username": "anna", "password": "wrong"}).status_code == 400
    form = {"username": "anna", "password": "a long sentence", "next": f"/account/follow/?list={LIST}"}
    assert client.post("/account/sign-in/", form)["Location"] == f"/account/follow/?list={LIST}"
    assert client.post("/account/follow/", {"list": LIST})["Location"] == "/account/"
    assert Follow.objects.get().query == LIST


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_back_from_the_sign_in_stays_on_this_site(client, anna, target):
    form = {"username": "anna", "password": "a long sentence", "next": target}
    assert client.post("/account/sign-in/", form)["Location"] == "/account/"


def test_an_account_with_a_second_factor_does_not_come_in_without_it(client, anna):
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice.objects.create(user=anna, name="app", confirmed=True)
    answer = client.post("/account/sign-in/", {"username": "anna", "password": "a long sentence"})
    assert answer.status_code == 400
    assert "sign in at the desk" in text_of(answer)
    assert "_auth_user_id" not in client.session


def test_readers_make_accounts_only_where_the_site_allows_it(client, settings):
    form = {"username": "boris", "password1": "a longer sentence", "password2": "a longer sentence"}
    assert client.post("/account/sign-up/", form).status_code == 404
    assert not User.objects.exists()
    settings.SIGN_UP = True
    assert client.post("/account/sign-up/", form | {"website": "x"}).status_code == 200
    assert not User.objects.exists()
    assert client.post("/account/sign-up/", form)["Location"] == "/account/"
    made = User.objects.get(username="boris")
    assert (made.is_staff, made.is_superuser, made.groups.count()) == (False, False, 0)
    assert client.get("/desk/").status_code == 302, "a reader's account opens no desk"
    client.logout()
    settings.LIMITS = settings.LIMITS | {"sign_up": (1, 3600)}
    assert client.post("/account/sign-up/", form | {"username": "clara"}).status_code == 429


def test_what_came_since_is_new_until_it_is_marked_read(home, anna, land: Land, now):
    old = told_in(land, at=DAY - timedelta(hours=3))
    following.follow(anna, LIST, DAY)
    fresh = [told_in(land, at=DAY + timedelta(hours=n)) for n in (1, 2, 3)]
    now["at"] = DAY + timedelta(days=1)
    page = text_of(home.get("/account/"))
    assert [int(pk) for pk in re.findall(r'data-id="(\d+)"', page)] == [
        fresh[2].pk, fresh[1].pk, fresh[0].pk, old.pk,
    ]  # fmt: skip
    assert page.count('<li class="new">') == 3
    assert "3 new stories on this page" in page
    home.post("/account/read/", {"id": fresh[1].pk})
    assert text_of(home.get("/account/")).count('<li class="new">') == 2
    until = re.search(r'name="until" value="(\d+)"', page)[1]
    late = told_in(land, at=DAY + timedelta(hours=5))
    late.timeline_rows.update(added_at=DAY + timedelta(days=1, minutes=1))
    home.post("/account/read-all/", {"until": until})
    page = text_of(home.get("/account/"))
    assert page.count('<li class="new">') == 1, "what came after the page was made stays new"
    assert f'data-id="{late.pk}"' in page


def test_a_story_on_several_lists_stands_once(home, anna, land: Land):
    for address in (LIST, "/topics/shelling/", "/regions/south-caucasus/"):
        following.follow(anna, address, DAY)
    story = told_in(land, at=DAY + timedelta(hours=1))
    assert text_of(home.get("/account/")).count(f'data-id="{story.pk}"') == 1


def test_a_search_is_followed_and_mailed_like_a_list(home, anna, land: Land, now):
    row = following.follow(anna, "/fr/search/?q=rocket+source:alpha", DAY)
    assert row.query == "/search/?q=rocket+source%3Aalpha"
    row = following.follow(anna, "/search/?q=rocket", DAY)
    accounts.confirm_mail(anna, "anna@example.org")
    accounts.set_rhythm(anna, row.pk, "daily", "en", DAY)
    article = make_article(title="Rocket hits a bridge", at=DAY + timedelta(hours=2))
    story = make_story([article], regions=[land.karabakh])
    make_article(title="Nothing of the kind", at=DAY + timedelta(hours=2))
    while indexing.index_due():
        pass
    now["at"] = DAY + timedelta(days=1)
    assert f'data-id="{story.pk}"' in text_of(home.get("/account/"))
    assert digests.send_digests(now["at"]) == 1
    assert "Rocket hits a bridge" in mail.outbox[-1].body


@pytest.mark.parametrize("lists", [1, 40])
def test_what_an_account_costs_does_not_depend_on_how_much_it_follows(home, anna, land: Land, lists):
    for n in range(lists):
        following.follow(
            anna, f"/regions/armenia/?topic=shelling&from=2023-08-{n % 28 + 1:02}&kind=k{n}", DAY
        )
    told_in(land)
    home.get("/account/")
    with CaptureQueriesContext(connection) as queries:
        assert home.get("/account/").status_code == 200
    assert len(queries) == 10


def test_five_hundred_lists_are_kept_and_the_next_is_refused_with_a_sentence(home, anna, land: Land):
    kept = [
        Follow(user=anna, query=f"/topics/shelling/?kind=k{n}", name="Shelling", made_at=DAY, seen_at=DAY)
        for n in range(following.MAX_FOLLOWS)
    ]
    Follow.objects.bulk_create(kept)
    told_in(land)
    answer = home.post("/account/follow/", {"list": LIST})
    assert answer.status_code == 409
    assert "at most 500 lists" in text_of(answer)
    assert home.get("/account/").status_code == 200
    brought = home.post("/account/follow/", {"lists": [LIST, "/desk/", "/topics/shelling/?kind=k1"]})
    assert "1 lists are kept, 2 could not be" in text_of(brought)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("/desk/", 404, id="no list"),
        pytest.param("https://evil.example/regions/armenia/", 404, id="another site"),
        pytest.param("//evil.example/regions/armenia/", 404, id="another site without a scheme"),
        pytest.param("/regions/nowhere/", 404, id="no such region"),
        pytest.param("/regions/armenia/?from=2023-09-20&to=2023-09-01", 404, id="reversed dates"),
        pytest.param("/search/?q=", 404, id="empty search"),
        pytest.param("/search/?q=" + "x" * 400, 404, id="too long a search"),
        pytest.param("/regions/armenia/?topic=" + "x" * 600, 404, id="too long an address"),
        pytest.param("/regions/armenia/?before=garbage", 200, id="a place in a list means the list"),
        pytest.param("/fr/regions/armenia/", 200, id="a page in another language"),
    ],
)
def test_only_lists_of_this_site_can_be_followed(home, land: Land, address, status):
    assert home.get("/account/follow/", {"list": address}).status_code == status


def test_a_list_goes_on_when_its_slug_is_retired_and_says_so_when_it_is_gone(home, anna, land: Land):
    following.follow(anna, LIST, DAY)
    land.armenia.slug = "hayastan"
    land.armenia.save()
    SlugRedirect.objects.create(kind="region", slug="armenia", target_slug="hayastan")
    story = told_in(land, at=DAY + timedelta(hours=1))
    assert f'data-id="{story.pk}"' in text_of(home.get("/account/"))
    SlugRedirect.objects.all().delete()
    assert "this list is no more" in text_of(home.get("/account/"))


def test_the_private_feed_shows_the_pages_stories_to_whoever_has_its_address(home, anna, land: Land):
    following.follow(anna, LIST, DAY)
    shown = [told_in(land, at=DAY + timedelta(hours=n)).pk for n in range(3)][::-1]
    home.post("/account/settings/", {"act": "feed-open"})
    first = re.search(r"/following/[\w-]{43}\.atom", text_of(home.get("/account/settings/")))[0]
    stranger = Client()
    answer = stranger.get(first)
    assert [int(n) for n in re.findall(r"<id>[^<]*/stories/(\d+)/</id>", text_of(answer))] == shown
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    assert "Access-Control-Allow-Origin" not in answer
    assert not answer.cookies
    as_json = stranger.get(first.replace(".atom", ".json")).json()
    assert [item["_newsroom"]["number"] for item in as_json["items"]] == shown
    home.post("/account/settings/", {"act": "feed-open"})
    assert stranger.get(first).status_code == 404, "a new address ends the old one"
    home.post("/account/settings/", {"act": "feed-close"})
    assert ReaderAccount.objects.get().feed_token is None
    assert stranger.get("/following/None.atom").status_code == 404


def test_public_pages_are_the_same_for_who_is_signed_in(home, anna, land: Land):
    told_in(land)
    story = told_in(land)
    for address in ("/", LIST, "/topics/shelling/", story.get_absolute_url(), "/following/", "/search/?q=a"):
        mine, others = home.get(address), Client().get(address)
        assert mine.content == others.content, address
        assert "Cookie" not in mine.get("Vary", ""), address
        assert not mine.cookies, address


def test_mail_goes_to_an_address_only_when_its_owner_has_confirmed_it(home, anna, land: Land, now):
    row = following.follow(anna, LIST, DAY)
    answer = home.post("/account/mail/", {"id": row.pk, "rhythm": "daily"})
    assert (answer.status_code, DigestSubscription.objects.count()) == (409, 0)
    home.post("/account/settings/", {"act": "mail", "email": "Anna@Example.org"})
    link = re.search(r"http\S+(/account/mail/\S+)", mail.outbox[0].body)[1]
    assert ReaderAccount.objects.get().mail == ""
    assert Client().get(link).status_code == 200
    assert ReaderAccount.objects.get().mail == "", "a scanner that opens links confirms nothing"
    assert Client().post(link).status_code == 200
    assert ReaderAccount.objects.get().mail == "anna@example.org"
    home.post("/account/mail/", {"id": row.pk, "rhythm": "daily"})
    told_in(land, at=DAY + timedelta(hours=2))
    assert digests.send_digests(DAY + timedelta(days=1)) == 1
    assert mail.outbox[-1].to == ["anna@example.org"]
    home.post("/account/mail/", {"id": row.pk, "rhythm": ""})
    assert not DigestSubscription.objects.exists()
    assert home.get("/account/mail/forged:token/").status_code == 404
    assert home.post("/account/settings/", {"act": "mail", "email": "no address"}).status_code == 400


def test_an_alert_comes_once_for_each_new_key_story(anna, land: Land):
    accounts.confirm_mail(anna, "anna@example.org")
    row = following.follow(anna, LIST, DAY)
    pair = [make_article(at=DAY - timedelta(minutes=n)) for n in (50, 40)]
    known = make_story(pair, regions=[land.armenia], topics=[land.shelling])
    accounts.set_rhythm(anna, row.pk, "key", "en", DAY)
    type(known).objects.update(changed_at=DAY + timedelta(minutes=2))
    assert digests.send_digests(DAY + timedelta(minutes=20)) == 0, "it was a key story before"
    pair = [make_article(at=DAY + timedelta(minutes=n)) for n in (30, 35)]
    story = make_story(pair, regions=[land.armenia], topics=[land.shelling])
    assert digests.send_digests(DAY + timedelta(minutes=40)) == 1
    assert "a key story" in mail.outbox[-1].subject
    type(story).objects.filter(pk=story.pk).update(changed_at=DAY + timedelta(minutes=55))
    assert digests.send_digests(DAY + timedelta(minutes=60)) == 0, "it grew, but was told"


def test_an_account_hears_that_its_mail_was_refused_for_good(home, anna, land: Land):
    accounts.confirm_mail(anna, "anna@example.org")
    row = following.follow(anna, LIST, DAY)
    accounts.set_rhythm(anna, row.pk, "daily", "en", DAY)
    DigestSubscription.objects.update(bounces=digests.MAX_BOUNCES, next_at=None)
    assert "it is stopped" in text_of(home.get("/account/"))
    home.post("/account/mail/", {"id": row.pk, "rhythm": "daily"})
    assert "it is stopped" not in text_of(home.get("/account/"))


def test_nobody_touches_what_another_follows(home, anna, land: Land):
    other = User.objects.create_user("boris", password="another sentence")
    row = following.follow(other, LIST, DAY)
    home.post("/account/unfollow/", {"id": row.pk})
    home.post("/account/mail/", {"id": row.pk, "rhythm": "daily"})
    home.post("/account/read-all/", {"id": row.pk})
    row.refresh_from_db()
    assert row.seen_at == DAY
    assert "Armenia" not in text_of(home.get("/account/")).split("<aside")[1]


@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        pytest.param("read", {"id": "9" * 30}, 302, id="absurd id"),
        pytest.param("read", {"id": "x"}, 302, id="no id"),
        pytest.param("read-all", {"until": "9" * 17}, 302, id="a moment ahead of now"),
        pytest.param("unfollow", {}, 302, id="nothing named"),
        pytest.param("nonsense", {}, 302, id="no such act"),
    ],
)
def test_forms_that_make_no_sense_change_nothing(home, anna, land: Land, act, form, status):
    following.follow(anna, LIST, DAY)
    assert home.post(f"/account/{act}/", form).status_code == status
    assert Follow.objects.get().seen_at <= DAY
    assert home.get("/account/?before=garbage").status_code == 400


def test_a_form_without_its_token_is_refused(anna):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert strict.post("/account/settings/", {"act": "feed-open"}).status_code == 403


def test_an_account_is_deleted_with_all_that_it_followed(home, anna, land: Land):
    following.follow(anna, LIST, DAY)
    accounts.confirm_mail(anna, "anna@example.org")
    assert home.post("/account/settings/", {"act": "delete", "password": "no"}).status_code == 400
    assert (
        home.post("/account/settings/", {"act": "delete", "password": "a long sentence"}).status_code == 200
    )
    assert not (User.objects.exists() or Follow.objects.exists() or ReaderAccount.objects.exists())
    assert home.get("/account/").status_code == 302
    desk = User.objects.create_user("desk", password="a third sentence", is_staff=True)
    home.force_login(desk)
    answer = home.post("/account/settings/", {"act": "delete", "password": "a third sentence"})
    assert (answer.status_code, User.objects.count()) == (400, 1)


def test_a_password_is_changed_without_signing_out(home, anna):
    form = {"act": "password", "old_password": "a long sentence", "new_password1": "quite another one", "new_password2": "quite another one"}  # fmt: skip
    assert home.post("/account/settings/", form).status_code == 200
    assert home.get("/account/settings/").status_code == 200
    assert home.post("/account/settings/", form).status_code == 400
