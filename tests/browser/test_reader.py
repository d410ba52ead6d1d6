"""What a reader does, from start to end, with scripts and without; and what nobody may do to a reader."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.services import indexing
from tests.factories import DAY, make_article, make_feed, make_source, make_story
from tests.views.conftest import Land, land  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def full(land: Land) -> Land:  # noqa: F811
    """A region with a few days of stories, two of them by several origins."""
    make_feed(make_source("outlet-one"))
    for n in range(8):
        at = DAY - timedelta(hours=20 * n)
        first = make_article(
            at=at,
            title=f"Shelling near the road, report {n}",
            regions=[land.karabakh],
            topics=[land.shelling],
        )
        rest = [
            make_article(at=at + timedelta(minutes=9)),
            make_article(at=at + timedelta(hours=1), copy_of=first),
        ]
        make_story(
            [first, *(rest if n % 2 else [])],
            regions=[land.karabakh],
            topics=[land.shelling],
            conflicts=[land.conflict],
        )
    while indexing.index_due():
        pass
    return land


PAGES = (
    "/", "/regions/", "/regions/armenia/", "/regions/armenia/?key=1", "/topics/", "/topics/shelling/", "/conflicts/",
    "/conflicts/nagorno-karabakh/", "/sources/", "/sources/outlet-one/", "/search/", "/search/?q=shelling", "/status/",
    "/methodology/", "/following/", "/regions/nowhere/", "/fr/regions/armenia/", "/log/", "/api/",
)  # fmt: skip


def story_path(page) -> str:
    page.goto("/regions/armenia/")
    return page.get_attribute("article.story h3 a", "href")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation(visit, full: Land, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(color_scheme=scheme, viewport={"width": 390, "height": 800}, bypass_csp=True)
    story = story_path(page)
    page.goto(story)
    article = page.get_attribute(".coverage td:nth-child(2) a", "href")
    report = page.get_attribute('a[href^="/report/"]', "href")
    found = {}
    for address in (*PAGES, story, article, report):
        page.goto(address)
        results = Axe().run(page).response["violations"]
        if results:
            found[address] = [
                (one["id"], one["nodes"][0]["html"][:150], len(one["nodes"])) for one in results
            ]
    assert found == {}


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_scrolls_sideways(visit, full: Land, width):
    page = visit(viewport={"width": width, "height": 900})
    for address in (*PAGES, story_path(page)):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_a_reader_browses_a_region_without_scripts(visit, full: Land):
    page = visit(java_script_enabled=False)
    page.goto("/")
    page.click("nav >> text=Regions")
    page.click("text=Nagorno Karabakh >> nth=0")
    page.wait_for_url("**/regions/nagorno-karabakh/")
    assert page.locator("article.story").count() == 8
    page.check("input[name=key]")
    page.click("text=Show")
    page.wait_for_url("**key=1")
    assert page.url.endswith("/regions/nagorno-karabakh/?key=1")
    assert page.locator("article.story").count() == 4
    page.click("article.story h3 a >> nth=0")
    page.wait_for_url("**/stories/**")
    assert "origins" in page.inner_text(".head")
    page.click(".coverage td:nth-child(2) a >> nth=0")
    page.wait_for_selector("text=Three clocks")
    assert page.get_attribute("text=read there", "rel") == "noopener nofollow"


def test_a_reader_follows_a_topic_on_this_device(visit, full: Land):
    page = visit()
    page.goto("/topics/shelling/")
    page.click("text=Follow this list")
    assert page.get_attribute("[data-follow] button", "aria-pressed") == "true"
    make_story(at=DAY + timedelta(days=1), regions=[full.armenia], topics=[full.shelling])
    page.goto("/following/")
    page.wait_for_selector("text=1 new story")
    page.click(".follows a")
    page.wait_for_selector("text=1 new story since your last visit")
    assert page.locator("article.story.unread").count() == 1
    page.keyboard.press("m")
    page.wait_for_selector("article.story.unread", state="detached")
    assert page.context.cookies() == []


def test_a_device_keeps_five_hundred_lists_and_says_when_it_is_full(visit, full: Land):
    page = visit()
    page.goto("/topics/shelling/")
    page.evaluate(
        """() => localStorage.setItem("follows", JSON.stringify(
            [...Array(500).keys()].map((n) => ({ path: `/topics/shelling/?kind=k${n}`, name: `List ${n}`, newest: 0 }))))"""
    )
    page.reload()
    page.click("text=Follow this list")
    page.wait_for_selector("text=This device follows 500 lists: remove one first")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if ".json" in request.url else None)
    page.goto("/following/")
    page.wait_for_selector("text=nothing new")
    assert page.locator(".follows li").count() == 500
    page.wait_for_load_state("networkidle")
    assert 0 < len(asked) < 100, "only lists that are seen are asked about"
    page.click(".follows li button >> nth=0")
    assert page.locator(".follows li").count() == 499


def test_a_topic_is_followed_by_feed_without_scripts(visit, full: Land):
    page = visit(java_script_enabled=False)
    page.goto("/topics/shelling/")
    assert page.is_hidden("[data-follow] button")
    assert (
        page.get_attribute('link[rel=alternate][type="application/atom+xml"]', "href")
        == "/topics/shelling.atom"
    )


def test_keys_walk_the_list_and_open_a_story(visit, full: Land):
    page = visit()
    page.goto("/regions/armenia/")
    page.keyboard.press("?")
    page.wait_for_selector("dialog")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="hidden")
    for key in "jjk":
        page.keyboard.press(key)
    page.wait_for_selector("article.story.here")
    page.keyboard.press("o")
    page.wait_for_url("**/stories/**")


def test_times_are_shown_in_the_readers_zone_and_dates_of_events_stay(visit, full: Land):
    page = visit(timezone_id="Asia/Tokyo")
    page.goto("/regions/armenia/")
    first = page.locator("article.story time[data-t]").first
    assert first.inner_text().startswith("21:00")
    assert "12:00 UTC" in first.get_attribute("title")
    assert "Tokyo" in page.inner_text("[data-zone]")


def test_a_reader_reports_a_mistake_without_scripts(visit, full: Land):
    from aggregator.models import ReaderReport

    page = visit(java_script_enabled=False)
    page.goto(story_path(page))
    page.click("text=Report a mistake")
    page.select_option("select[name=kind]", "wrong_place")
    page.fill("textarea", "It is another town.")
    page.click("main button")
    page.wait_for_selector("text=curators' queue")
    assert ReaderReport.objects.get().text == "It is another town."
