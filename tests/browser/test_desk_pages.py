"""The desk in a browser: pages in both lights, by keyboard alone, and the flows that a curator lives in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.urls import reverse

from aggregator.models import LogEntry, Membership, Poll, ReaderReport, Work
from aggregator.services import vocabulary_edits
from tests.desk.conftest import PASSWORD, make_person
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
from tests.services.test_curation import faces, place

pytestmark = [pytest.mark.django_db(transaction=True)]
PARTS = 3  # so that no test looks at too many pages
SHOTS = os.environ.get("SHOTS_DIR", "")


@pytest.fixture
def rows(redis_url):
    world = make_world()
    area = make_region(
        "nagorno-karabakh", parent=make_region("azerbaijan", parent=world), kind="contested-area"
    )
    topic = make_topic("shelling", data={"strong": ["shelling", "mortar fire"], "weak": ["shells"]})
    feed = make_feed(
        state="failing", state_sentence="The server says 404 (not found).", state_since=DAY, failures=9
    )
    make_feed()
    for n in range(6):
        Poll.objects.create(
            feed=feed, at=DAY, outcome="failed", code="status_404", status=404, duration_ms=80 + n
        )
    make_source("the-courier", status="proposed")
    one, two = (
        make_article(regions=[area], topics=[topic], title=f"Shelling kills three near Martakert, part {n}")
        for n in (1, 2)
    )
    three = make_article(regions=[area], topics=[topic], title="Shelling near Martakert kills three people")
    copy = make_article(copy_of=one, title="Shelling kills three near Martakert")
    first, second = make_story([one, two, copy], placed=False), make_story([three], placed=False)
    place(first, second)
    Membership.objects.filter(article=two).update(score=0.31)
    asked = make_article(
        title="A border dispute over fishing", relevance="ask", status="visible", relevance_score=0.4
    )
    make_conflict("karabakh", regions=[area])
    story = make_story([make_article(title="A story that nobody has tagged")])
    ReaderReport.objects.create(at=DAY, kind="wrong_place", story=story, text="It is not in Lachin.")
    job = vocabulary_edits.start("dry_run", "topic", "shelling", {"data": {"strong": ["mortar fire"]}}, 0)
    vocabulary_edits.run(job.id, DAY)
    held = make_article(title="An article that kept failing")
    Work.objects.create(
        article=held, stage="held", next_at=DAY, code="kept_failing", sentence="The worker stopped each time."
    )
    return {
        "first": first,
        "second": second,
        "feed": feed,
        "asked": asked,
        "topic": topic,
        "job": job,
        "one": one,
        "three": three,
    }


@pytest.fixture
def desk(visit, rows, settings):
    """Return a function that opens a tab with a curator signed in."""
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    make_person("curator")

    def open_tab(**options):
        page = visit(**({"viewport": {"width": 1440, "height": 900}} | options))
        page.goto("/desk/")
        page.fill("#id_username", "curator")
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_selector(".queues")
        return page

    return open_tab


def pages(rows) -> dict[str, str]:
    return {
        "index": "/desk/", "sources": reverse("desk-sources"), "add": reverse("desk-source-add"), "import": reverse("desk-source-import"),
        "source": reverse("desk-source", args=[rows["feed"].source_id]), "feeds": reverse("desk-feeds"),
        "feed": reverse("desk-feed", args=[rows["feed"].pk]), "stories": reverse("desk-stories"),
        "story": reverse("desk-story", args=[rows["first"].pk]), "diff": reverse("desk-diff", args=[rows["one"].pk, rows["three"].pk]),
        "merge": reverse("desk-merge", args=[rows["first"].pk]) + f"?other={rows['second'].pk}",
        "article": reverse("desk-article", args=[rows["one"].pk]), "duplicates": reverse("desk-queue", args=["duplicates"]),
        "ask": reverse("desk-queue", args=["ask"]), "weak": reverse("desk-queue", args=["weak"]), "log": reverse("desk-log"),
        "held": reverse("desk-queue", args=["held"]), "newsources": reverse("desk-queue", args=["sources"]),
        "overrides": reverse("desk-overrides"), "vocabulary": reverse("desk-vocabulary"), "topic": reverse("desk-topic", args=["shelling"]),
        "queue-feeds": reverse("desk-queue", args=["feeds"]), "queue-reports": reverse("desk-queue", args=["reports"]),
        "untagged": reverse("desk-queue", args=["untagged"]), "contested": reverse("desk-queue", args=["contested"]),
        "region": reverse("desk-region", args=["azerbaijan"]), "conflict": reverse("desk-conflict", args=["karabakh"]),
        "job": reverse("desk-job", args=[rows["job"].id]), "selector": reverse("desk-source-selector", args=[rows["feed"].source_id]),
        "forbidden": reverse("desk-sessions"), "nothing": reverse("desk-story", args=[99999]), "password": "/desk/password_change/",
        "line": reverse("desk-line"), "account": reverse("desk-account"), "rows": "/desk/aggregator/source/",
        "form": f"/desk/aggregator/source/{rows['feed'].source_id}/change/", "public-log": "/log/",
    }  # fmt: skip


def test_the_queues_fit_on_a_phone(desk, rows):
    page = desk(viewport={"width": 390, "height": 800})
    wide = []
    for name in ("index", "ask", "vocabulary"):
        page.goto(pages(rows)[name])
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(name)
    assert wide == []


@pytest.mark.parametrize("width", [1440, 768])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_of_the_desk_has_an_accessibility_violation(desk, rows, scheme: str, width: int, part: int):
    from axe_playwright_python.sync_playwright import Axe

    page = desk(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    found = {}
    for name, path in list(pages(rows).items())[part::PARTS]:
        page.goto(path)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
        results = Axe().run(page).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        if results or wide:
            found[name] = [
                (v["id"], v["nodes"][0]["html"][:160], v["nodes"][0].get("failureSummary", "")[:200])
                for v in results
            ] + [("wide",)] * wide
    assert not found


def test_two_stories_are_merged_looked_at_and_undone(desk, rows):
    before = faces()
    page = desk()
    page.goto(reverse("desk-queue", args=["duplicates"]))
    page.keyboard.press("m")
    page.wait_for_selector("text=redirects to")
    page.fill("input[name=reason]", "one and the same shelling")
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist >> text=one now")
    assert Membership.objects.filter(story=rows["first"]).count() == 4
    page.goto(reverse("desk-story", args=[rows["first"].pk]))
    page.keyboard.press("u")
    page.wait_for_selector(".messagelist >> text=undone")
    assert faces() == before
    page.goto("/log/")
    assert page.inner_text("tbody").count("merge") >= 1
    assert "one and the same shelling" in page.inner_text("tbody")


def test_a_queue_is_worked_by_keyboard_alone(desk, rows):
    page = desk()
    page.goto(reverse("desk-queue", args=["ask"]))
    page.keyboard.press("?")
    assert page.is_visible(".keys p")
    page.keyboard.press("n")
    page.wait_for_selector(".messagelist >> text=not relevant")
    assert page.is_visible("text=Nothing waits here.")
    rows["asked"].refresh_from_db()
    assert rows["asked"].relevance == "out"
    page.goto(reverse("desk-queue", args=["held"]))
    page.keyboard.press("y")
    page.wait_for_selector(".messagelist >> text=tried again")
    assert not Work.objects.filter(stage="held").exists()


def test_members_are_ticked_and_split_off_by_key(desk, rows):
    page = desk()
    page.goto(reverse("desk-story", args=[rows["first"].pk]))
    page.check(f'input[name=article][value="{rows["one"].pk}"]')
    page.keyboard.press("s")
    page.wait_for_selector(".messagelist >> text=story of their own")
    assert Membership.objects.get(article=rows["one"]).story_id != rows["first"].pk
    assert LogEntry.objects.filter(act="split").count() == 1


def test_poll_now_shows_the_answer_when_it_comes(desk, rows):
    page = desk()
    page.goto(reverse("desk-feed", args=[rows["feed"].pk]))
    page.click("text=Poll now")
    page.wait_for_selector("text=Waiting for the answer")
    Poll.objects.create(feed=rows["feed"], at=DAY, outcome="new", item_count=9, new_count=4, status=200)
    page.wait_for_selector("text=4 new of 9 items")


def test_a_second_factor_is_set_up_and_then_asked_for(desk, rows, visit):
    from django_otp.oath import totp
    from django_otp.plugins.otp_totp.models import TOTPDevice

    page = desk()
    page.goto(reverse("desk-account"))
    page.click("text=Set it up")
    page.wait_for_selector(".qr")
    device = TOTPDevice.objects.get()
    page.fill("input[name=code]", f"{totp(device.bin_key):06d}")
    page.click("text=Turn it on")
    page.wait_for_selector("text=Spare codes")
    spare = page.inner_text(".codes li:first-child")
    other = visit()
    other.goto("/desk/")
    other.fill("#id_username", "curator")
    other.fill("#id_password", PASSWORD)
    other.press("#id_password", "Enter")
    other.wait_for_selector(".errornote")
    other.fill("#id_password", PASSWORD)
    other.fill("#id_otp_token", spare)
    other.press("#id_otp_token", "Enter")
    other.wait_for_selector(".queues")
