"""An account as a person uses it, with scripts and without: follow, see what is new, take the private feed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from aggregator import clock
from aggregator.models import Follow
from tests.factories import DAY, make_feed, make_source, make_story
from tests.views.conftest import Land, land  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reader(land: Land):  # noqa: F811
    """A reader, some stories, and a clock that stands at DAY."""
    clock.install(lambda: DAY)
    make_feed(make_source("alpha"))
    for n in range(3):
        make_story(at=DAY - timedelta(hours=n + 1), regions=[land.armenia], topics=[land.shelling])
    yield User.objects.create_user("anna", password="a long sentence")
    clock.install(None)


def sign_in(page) -> None:
    page.fill("input[name=username]", "anna")
    page.fill("input[name=password]", "a long sentence")
    page.click("main button:has-text('Sign in')")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_reader_keeps_a_topic_in_an_account_and_sees_what_is_new(visit, reader, land: Land, scripts):  # noqa: F811
    page = visit(java_script_enabled=scripts)
    page.goto("/topics/shelling/")
    page.click("aside >> text=your account")
    sign_in(page)
    page.click("main button:has-text('Follow')")
    page.wait_for_url("**/account/")
    assert page.locator("li.new").count() == 0
    story = make_story(at=DAY + timedelta(minutes=5), regions=[land.armenia], topics=[land.shelling])
    clock.install(lambda: DAY + timedelta(hours=1))
    page.goto("/account/")
    assert "1 new story on this page" in page.inner_text("main")
    if scripts:
        page.click("li.new h3 a")  # what is opened counts as read
        page.wait_for_url("**/stories/**")
        page.goto("/account/")
        page.wait_for_selector("text=nothing new")
    else:
        page.click("li.new button:has-text('Mark as read')")
        page.wait_for_url("**/account/")
    assert page.locator("li.new").count() == 0
    assert page.locator(f"#story-{story.pk}").count() == 1
    page.click("text=Mail, private feed, password")
    page.click("text=Open a feed")
    address = re.sub(r"^https?://[^/]+", "", page.inner_text("section .cite a"))
    page.click("text=Your lists")
    page.click("text=Sign out")
    page.wait_for_url(re.compile(r"://[^/]+/$"))
    assert page.request.get(address).status == 200


def test_a_device_brings_its_lists_to_an_account(visit, reader, land: Land):  # noqa: F811
    page = visit()
    for address in ("/topics/shelling/", "/regions/armenia/"):
        page.goto(address)
        page.click("text=Follow this list")
    page.goto("/account/")
    sign_in(page)
    page.click("text=Bring them here")
    page.wait_for_selector("text=2 lists are kept")
    assert set(Follow.objects.values_list("query", flat=True)) == {"/topics/shelling/", "/regions/armenia/"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_an_account_has_an_accessibility_violation_or_scrolls_sideways(
    visit, reader, land: Land, settings, scheme  # noqa: F811
):  # fmt: skip
    from axe_playwright_python.sync_playwright import Axe

    from aggregator.services import accounts, following

    settings.SIGN_UP = True
    following.follow(reader, "/regions/armenia/", DAY - timedelta(days=1))
    following.follow(reader, "/search/?q=" + "long" * 40, DAY)
    accounts.open_feed(reader)
    page = visit(color_scheme=scheme, viewport={"width": 360, "height": 740}, bypass_csp=True)
    found = {}
    for address in ("/account/sign-up/", "/account/sign-in/", "/account/", "/account/settings/",
                    "/account/follow/?list=/topics/shelling/", "/digests/?list=/regions/armenia/"):  # fmt: skip
        page.goto(address)
        if "sign-in" in page.url:
            found |= _violations(Axe(), page, address)
            sign_in(page)
            page.wait_for_url("**/account/")
            continue
        found |= _violations(Axe(), page, address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    assert found == {}


def _violations(axe, page, address: str) -> dict:
    results = axe.run(page).response["violations"]
    return {address: [(one["id"], one["nodes"][0]["html"][:150]) for one in results]} if results else {}
