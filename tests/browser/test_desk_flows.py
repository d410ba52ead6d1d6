"""What a curator lives through, in a real browser, with the line doing its part in between."""

# ruff: noqa: F811
from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from aggregator import clock
from aggregator.models import (
    Article,
    Feed,
    LogEntry,
    Membership,
    Override,
    ReaderReport,
    Source,
    Story,
    Work,
)
from aggregator.services import fetching, polling, retagging, settling
from aggregator.services import vocabulary_edits as edits
from aggregator.services.loading import load_vocabulary
from tests.browser.test_desk_pages import desk, rows  # noqa: F401
from tests.desk.test_sources import feed_of, web  # noqa: F401
from tests.factories import DAY, make_article, make_feed, make_source, make_story
from tests.fakeweb import FakeWeb, Said
from tests.services.test_curation import faces

pytestmark = [pytest.mark.django_db(transaction=True)]
SHELLING = (
    "Artillery shelled Stepanakert in Nagorno-Karabakh on Tuesday. Two people were killed, officials said. "
)


def run_the_line() -> None:
    """Do what the workers would, outside the browser's event loop: poll what is due, fetch pages, settle."""

    def work() -> None:
        try:
            while polling.poll_due(fetching.open_network(), clock.now, seconds=10):
                pass
            settle()
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


def settle() -> None:
    while settling.settle_due(clock.now()):
        pass


@pytest.fixture
def vocabulary() -> None:
    load_vocabulary(clock.now(), sources=False)


@pytest.fixture
def tab(visit: Any, settings: Any, vocabulary: None) -> Callable[[], Any]:
    """Return a function that opens a tab with a curator signed in, on the packaged vocabulary."""
    from tests.desk.conftest import PASSWORD, make_person

    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    make_person("curator")

    def open_tab() -> Any:
        page = visit(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)  # a preview fetches ten pages
        page.goto("/desk/")
        page.fill("#id_username", "curator")
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_selector(".queues")
        return page

    return open_tab


def test_a_site_is_pasted_looked_at_approved_and_its_stories_stand_on_a_region_page(tab, web: FakeWeb):
    page = tab()
    page.click(".desk-nav >> text=Sources")
    page.click("text=Add a source")
    page.fill("input[name=address]", f"{web.base}/")
    page.keyboard.press("Enter")
    page.wait_for_selector(".preview")
    assert page.locator(".preview > li").count() == 10
    assert "the ombudsman said" in page.inner_text(".preview")
    assert "nagorno-karabakh" in page.inner_text(".preview")
    page.fill("input[name=name]", "The Courier")
    page.fill("input[name=home_region]", "south-caucasus")
    page.click("text=Approve: read it from now on")
    page.wait_for_selector(".messagelist >> text=The Courier is read from now on")
    run_the_line()
    page.goto("/regions/nagorno-karabakh/")
    assert "Shelling of Stepanakert" in page.inner_text("main")
    page.goto("/sources/the-courier/")
    assert "The Courier" in page.inner_text("h1")


def test_a_failing_feed_is_found_understood_and_mended(tab, web: FakeWeb):
    source = make_source("the-courier", name="The Courier")
    feed = make_feed(source, url=f"{web.base}/old-feed", state="ok", next_poll_at=clock.now())
    web.answers["/old-feed"] = Said(b"gone", status=404)
    for _ in range(6):
        polling.poll_now([feed.pk], clock.now())
        run_the_line()
        feed.refresh_from_db()
        if feed.state == "failing":
            break
    page = tab()
    page.click("text=Failing feeds")
    assert "The Courier" in page.inner_text(".item")
    page.keyboard.press("y")
    page.wait_for_selector("text=Last polls")
    assert "404" in page.inner_text("[data-sentence]")
    assert page.locator("[data-rows] tr").first.inner_text().split("\t")[3] == "404"
    page.fill("input[name=address]", f"{web.base}/feed")
    page.click("text=Change the address")
    page.wait_for_selector(".messagelist >> text=new address")
    page.click("text=Poll now")
    page.wait_for_selector("text=Waiting for the answer")
    run_the_line()
    page.wait_for_selector("text=Answered: new items")
    page.goto("/desk/")
    page.click("text=Failing feeds")
    assert page.is_visible("text=Nothing waits here.")


def test_two_stories_are_merged_and_undone_and_every_face_is_as_before(desk, rows):
    first, second = rows["first"], rows["second"]

    def shown(page: Any) -> dict[str, Any]:
        """What a reader gets: the page's list, and every face of it."""
        html = page.request.get(
            "/regions/nagorno-karabakh/"
        ).text()  # without what a script remembers of visits
        main = re.sub(r"updated <time[^>]*>[^<]*", "", html.partition("<main")[2].partition("</main>")[0])
        found: dict[str, Any] = {"page": main.split(">")}
        for face in ("atom", "json", "csv"):
            body = page.request.get(f"/regions/nagorno-karabakh.{face}").text()
            found[face] = sorted(set(re.findall(r"/stories/(\d+)", body)))
        for pk in (first.pk, second.pk):
            answer = page.request.get(f"/stories/{pk}.json", max_redirects=0)
            found[f"story {pk}"] = answer.status, _counts(answer.text()) if answer.status == 200 else None
        return found

    page = desk()
    before, rows_before = shown(page), faces()
    page.goto(reverse("desk-merge", args=[first.pk]) + f"?other={second.pk}")
    assert "Moves 1 article" in page.inner_text(".sum")
    page.fill("input[name=reason]", "one and the same shelling")
    page.click("button:has-text('Merge')")
    page.wait_for_selector(".messagelist >> text=one now")
    merged = shown(page)
    assert merged["atom"] == merged["json"] == merged["csv"] == [str(first.pk)]
    assert merged[f"story {second.pk}"][0] == 301
    page.goto(f"/stories/{second.pk}/")
    assert page.url.rstrip("/").rpartition("/")[2].startswith(f"{first.pk}-")
    page.goto(reverse("desk-log"))
    page.locator("tr", has_text="one and the same shelling").locator("text=Undo").click()
    page.wait_for_selector(".messagelist >> text=undone")
    after = shown(page)
    for name, value in before.items():
        assert after[name] == value, name
    assert faces() == rows_before
    page.goto("/log/")
    log = page.inner_text("tbody")
    assert "merge" in log
    assert "undo" in log
    assert not Override.objects.filter(lifted_at=None).exists()


def _counts(body: str) -> dict[str, Any]:
    """Return every count that a story's face gives."""
    text = json.dumps(json.loads(body))
    return {
        "counts": re.findall(r'"(?:origin|source|article)_count": (\d+)', text),
        "size": text.count('"url"'),
    }


def test_a_wrong_region_is_corrected_and_stays_so_over_full_re_runs(tab):
    now = clock.now()
    article = make_article(
        at=now - timedelta(hours=5), title="Shelling of Stepanakert kills two", text=SHELLING * 4
    )
    retagging.retag_all(now, since=now - timedelta(days=1))
    settle()
    story = Story.objects.get(memberships__article=article)
    page = tab()
    page.goto("/regions/nagorno-karabakh/")
    assert "Shelling of Stepanakert" in page.inner_text("main")
    page.goto(reverse("desk-story", args=[story.pk]))
    page.keyboard.press("t")
    form = page.locator("form", has_text="Regions, the main one first")
    for box in form.locator("input[name=slug]").all():
        box.fill("")
    form.locator("input[name=slug]").first.fill("sudan")
    form.locator("text=Set regions").click()
    page.wait_for_selector(".messagelist >> text=The tags are set")
    for _ in range(2):
        retagging.retag_all(clock.now(), since=now - timedelta(days=1))
        settle()
        page.goto("/regions/sudan/")
        assert "Shelling of Stepanakert" in page.inner_text("main")
        page.goto("/regions/nagorno-karabakh/")
        assert "Shelling of Stepanakert kills two" not in page.inner_text("main")


def test_a_cue_is_added_with_a_dry_run_and_applied(tab):
    now = clock.now()
    text = "The army said zorblax units shelled the besieged town and rebels fired rockets at soldiers. " * 3
    article = make_article(at=now - timedelta(hours=5), title="Zorblax units shell besieged town", text=text)
    retagging.retag_all(now, since=now - timedelta(days=1))
    settle()
    page = tab()
    page.goto(reverse("desk-topic", args=["sanctions"]))
    page.fill("textarea[name=sure]", "zorblax")
    page.fill("input[name=reason]", "a word of this war")
    page.click("text=Dry run over the last 30 days")
    page.wait_for_selector("text=Waiting")
    assert not LogEntry.objects.filter(act="change_cues").exists()
    edits.run(page.url.strip("/").rpartition("/")[2], now)
    page.wait_for_selector("text=would add 1 and remove 0")
    assert "Zorblax units shell besieged town" in page.inner_text(".two")
    page.click("text=Make the change")
    page.wait_for_selector("text=Waiting")
    edits.run(page.url.strip("/").rpartition("/")[2], clock.now())
    page.wait_for_selector("text=The change is made; 1 articles")
    settle()
    page.goto("/topics/sanctions/")
    assert "Zorblax units shell besieged town" in page.inner_text("main")
    assert article.topics.filter(topic__slug="sanctions").exists()
    page.goto(reverse("desk-topic", args=["sanctions"]))
    assert "a word of this war" in page.inner_text(".acts-done")


def test_a_dry_run_is_cancelled_while_it_waits(tab):
    page = tab()
    page.goto(reverse("desk-region", args=["sudan"]))
    page.fill("textarea[name=aliases]", "Zorblax")
    page.click("text=Dry run over the last 30 days")
    page.click("text=Cancel what has not been done")
    page.wait_for_selector("text=Cancelled before it began.")


def test_the_second_of_two_curators_is_told_and_nothing_is_half_done(desk, rows):
    first, second = rows["first"], rows["second"]
    one, other = desk(), desk()
    for page in (one, other):
        page.goto(reverse("desk-merge", args=[first.pk]) + f"?other={second.pk}")
        page.fill("input[name=reason]", "one event")
    for page in (one, other):
        page.click("button:has-text('Merge')")
    one.wait_for_selector(".messagelist >> text=one now")
    other.wait_for_selector(".messagelist >> text=has been merged into")
    assert "Last act: merge by curator" in other.inner_text(".messagelist")
    assert LogEntry.objects.filter(act="merge").count() == 1
    assert Membership.objects.filter(story=first).count() == 4


QUEUES = {
    "sources": ("y", lambda: Source.objects.filter(status="proposed").exists()),
    "ask": ("n", lambda: not Override.objects.filter(kind="relevance", lifted_at=None).exists()),
    "duplicates": ("n", lambda: not LogEntry.objects.filter(act="keep_apart").exists()),
    "weak": ("y", lambda: not LogEntry.objects.filter(after__queue="weak").exists()),
    "untagged": ("y", lambda: not LogEntry.objects.filter(after__queue="untagged").exists()),
    "contested": ("y", lambda: not LogEntry.objects.filter(after__queue="contested").exists()),
    "reports": ("y", lambda: ReaderReport.objects.filter(closed_at=None).count() == 2),
    "held": ("y", lambda: Work.objects.filter(stage="held").exists()),
}


def test_every_queue_is_worked_with_the_keyboard_alone(desk, rows):
    make_story([make_article(title="A story that nobody has tagged")])
    ReaderReport.objects.create(at=DAY, kind="wrong_place", story=rows["second"], text="It is Lachin.")
    Story.objects.update(last_at=clock.now(), first_at=clock.now())
    rows["first"].timeline_rows.update(report_at=clock.now())
    page = desk()
    for slug, (key, waits) in QUEUES.items():
        page.goto("/desk/")
        _tab_to(page, f"/desk/queues/{slug}/")
        page.keyboard.press("Enter")
        page.wait_for_selector(".item")
        assert waits(), slug
        page.keyboard.press(key)
        page.wait_for_selector(".messagelist .success")
        assert not waits(), slug
        if slug != "held":  # what is tried again is under way
            page.keyboard.press("u")
            page.wait_for_selector(".messagelist >> text=undone")
            assert waits() or slug in ("duplicates", "weak", "untagged", "contested"), slug
    assert LogEntry.objects.filter(act="undo").count() == len(QUEUES) - 1
    page.goto("/desk/")
    _tab_to(page, "/desk/queues/feeds/")
    page.keyboard.press("Enter")
    page.wait_for_selector(".item")
    page.keyboard.press("n")
    page.wait_for_selector(".messagelist >> text=switched off")
    assert not Feed.objects.get(pk=rows["feed"].pk).enabled


def _tab_to(page: Any, address: str) -> None:
    """Press Tab until the link is in focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == address:
            return
    raise AssertionError(f"{address} cannot be reached by Tab")


def test_a_story_is_put_right_with_keys(desk, rows):
    page = desk()
    page.goto(reverse("desk-story", args=[rows["first"].pk]))
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.name") == "on"
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement.name") == "on"
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.type("a hoax")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.wait_for_selector(".messagelist >> text=hidden from readers")
    page.keyboard.press("u")
    page.wait_for_selector(".messagelist >> text=undone")
    assert not Story.objects.get(pk=rows["first"].pk).hidden


def focus_of(page: Any) -> dict[str, Any]:
    """Return what has the focus, whether that is seen, and whether it lies within the window."""
    return page.evaluate(
        """() => { const a = document.activeElement, box = a.getBoundingClientRect(), look = getComputedStyle(a);
        return { tag: a.tagName, text: a.innerText || a.name || "", name: a.name || "",
                 seen: a.matches(":focus-visible") && look.outlineStyle !== "none",
                 within: box.bottom > 0 && box.top < innerHeight }; }"""
    )


def test_in_a_queue_the_focus_goes_to_the_next_item_and_is_always_seen(desk, rows):
    for name in ("Aaa first", "Bbb second", "Ccc third"):
        make_source(name.lower().replace(" ", "-"), name=name, status="proposed")
    page = desk()
    page.goto("/desk/")
    _tab_to(page, "/desk/queues/sources/")
    assert focus_of(page)["seen"]
    page.keyboard.press("Enter")
    page.wait_for_selector(".item")
    for title in ("Bbb second", "Ccc third"):
        page.keyboard.press("y")
        page.wait_for_selector(f".item h2:has-text('{title}')")
        at = focus_of(page)
        assert (at["tag"], at["text"], at["seen"], at["within"]) == ("H2", title, True, True)
    page.keyboard.press("r")
    assert focus_of(page)["name"] == "reason"
    page.keyboard.type("yes, n and u are letters here")
    assert focus_of(page)["name"] == "reason"
    page.keyboard.press("Tab")
    at = focus_of(page)
    assert (at["text"].startswith("Approve"), at["seen"]) == (True, True)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # reject, with the reason that was typed
    page.wait_for_selector(".messagelist >> text=reject")
    assert Source.objects.get(name="Ccc third").status_note == "yes, n and u are letters here"
    page.keyboard.press("u")
    page.wait_for_selector(".messagelist >> text=undone")
    assert Source.objects.get(name="Ccc third").status == "proposed"
    assert focus_of(page)["seen"]


def test_the_acts_on_a_story_are_done_in_a_queue_without_a_mouse(desk, rows):
    first, copy, two = rows["first"], Article.objects.get(copy_of=rows["one"]), rows["three"]
    page = desk()
    page.goto(reverse("desk-queue", args=["duplicates"]))
    page.keyboard.press("t")
    at = focus_of(page)
    assert (at["name"], at["seen"]) == ("slug", True)
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("?")
    assert page.is_visible(".keys p")
    page.keyboard.press("e")
    page.keyboard.type("09182023")
    page.keyboard.press("Enter")  # sets the date, and nothing else that the form could do
    page.wait_for_selector(".messagelist >> text=day of the event is set")
    assert Story.objects.get(pk=first.pk).happened_on.isoformat() == "2023-09-18"
    page.keyboard.press("u")
    page.wait_for_selector(".messagelist >> text=undone")
    page.goto(reverse("desk-queue", args=["duplicates"]))
    page.focus(f'input[name=article][value="{copy.pk}"]')
    page.keyboard.press("Space")
    page.keyboard.press("r")
    page.keyboard.type("its own text")
    page.keyboard.press("Enter")  # in the reason: no act by chance
    page.keyboard.press("Escape")
    assert page.url.endswith("/desk/queues/duplicates/")
    page.keyboard.press("o")
    page.wait_for_selector(".messagelist >> text=counts as an original")
    page.keyboard.press("u")
    page.wait_for_selector(".messagelist >> text=undone")
    page.goto(reverse("desk-queue", args=["duplicates"]))
    page.keyboard.press("m")
    page.wait_for_selector("text=redirects to")
    assert focus_of(page)["name"] == "reason"
    page.keyboard.type("one and the same")
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist >> text=one now")
    assert page.url.partition("?")[0].endswith("/desk/queues/duplicates/")
    assert focus_of(page)["seen"]
    page.keyboard.press("u")
    page.wait_for_selector(".messagelist >> text=undone")
    assert Membership.objects.get(article=two).story_id != first.pk


def test_a_slow_site_blocks_nobody_else(tab, web: FakeWeb):
    gate = threading.Event()

    def slow(asked: Any) -> Said:
        gate.wait(60)
        return Said(b"<html>", kind="text/html")

    web.answers["/slow"] = slow
    page = tab()
    page.goto(reverse("desk-source-add"))
    page.fill("input[name=address]", f"{web.base}/slow")
    page.evaluate("document.querySelector('form.bar').submit()")
    other = page.context.new_page()
    other.goto(reverse("desk-sources"))
    assert other.is_visible("text=Add a source")
    gate.set()
    page.wait_for_selector("[role=alert]")
