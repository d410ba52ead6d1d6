"""The desk's vocabulary in a browser: a family is changed as a person does it, and every page of it is looked at."""

# ruff: noqa: F811
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from aggregator.models import Agency, LearnedLine, Story
from aggregator.services import family_rows, placing
from aggregator.services import vocabulary_edits as edits
from aggregator.services.locks import line_lock
from tests.browser.test_desk_pages import desk  # noqa: F401
from tests.desk.jobs import dry_run, run
from tests.factories import (
    DAY,
    make_article,
    make_publisher,
    make_region,
    make_source,
    make_story,
    make_world,
)

pytestmark = [pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SHOTS_DIR", "")
SLOGAN = "The Courier is printed on paper that was made from old Couriers."
TEXT = (
    "Shelling near the bridge killed three people, the governor said.\nResidents had been told to stay away.\n"
    f"The river had risen by a metre.\n{SLOGAN}"
)


@pytest.fixture
def rows(redis_url: str) -> dict[str, Any]:
    region = make_region("sudan", parent=make_world())
    one, two = (
        make_source(slug, name=slug.title(), publisher=make_publisher(f"{slug}-house", homepage_domains=[f"{slug}.example"]))
        for slug in ("courier", "herald")
    )  # fmt: skip
    articles = [make_article(each, regions=[region], title=f"Shelling at the bridge, says the {each.name}", text=TEXT)
        for each in (one, two)]  # fmt: skip
    story = make_story(articles, placed=False)
    with line_lock():
        placing.place_stories([story.pk], DAY)
    Agency.objects.create(
        slug="harbour-wire", name="Harbour Wire", forms=["Harbour Wire", "HW", "هاربر"], note="a test's"
    )
    Agency.objects.create(slug="old-wire", name="Old Wire", forms=["Old Wire"], active=False, state_control=3)
    line = LearnedLine.objects.create(source=one, line="Sign up for our letter from the harbour", line_hash=5,
        article_count=17, learned_at=DAY, example=articles[0])  # fmt: skip
    LearnedLine.objects.create(
        source=two, line="Mehr aus der Region", line_hash=6, learned_at=DAY, active=False, by_hand=True
    )
    family = dry_run("publisher", "herald-house", owner_group="courier-house", state_control=2)
    said = family_rows.line_slug("courier", SLOGAN)
    lines = run(
        edits.start(edits.DRY_RUN, "line", said, {"source": "courier", "line": SLOGAN, "active": True}, 0)
    )
    wire = dry_run("agency", "old-wire", active=True)
    return {"story": story, "line": line, "family": family, "lines": lines, "wire": wire}


def pages(rows: dict[str, Any]) -> dict[str, str]:
    return {
        "vocabulary": reverse("desk-vocabulary"),
        "publishers": reverse("desk-publishers"),
        "publisher": reverse("desk-publisher", args=["herald-house"]),
        "family": reverse("desk-family", args=["herald"]),
        "agencies": reverse("desk-agencies"),
        "agency": reverse("desk-agency", args=["harbour-wire"]),
        "boilerplate": reverse("desk-boilerplate"),
        "line": reverse("desk-boilerplate-line", args=[rows["line"].pk]),
        "job-family": reverse("desk-job", args=[rows["family"].id]),
        "job-line": reverse("desk-job", args=[rows["lines"].id]),
        "job-agency": reverse("desk-job", args=[rows["wire"].id]),
        "region": reverse("desk-region", args=["sudan"]),
    }


@pytest.mark.parametrize("width", [1440, 768])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_the_vocabulary_has_an_accessibility_violation(desk, rows, scheme: str, width: int):
    from axe_playwright_python.sync_playwright import Axe

    page = desk(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    found = {}
    for name, path in pages(rows).items():
        page.goto(path)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
        results = Axe().run(page).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        if results or wide:
            found[name] = [(v["id"], v["nodes"][0]["html"][:160]) for v in results] + [("wide", "")] * wide
    assert not found


def test_two_publishers_become_one_family_and_are_parted_again(desk, rows):
    story = rows["story"]
    assert Story.objects.get(pk=story.pk).origin_count == 2
    page = desk()
    page.goto(reverse("desk-publishers"))
    page.click("text=Herald House")
    page.fill("input[name=owner_group]", "courier-house")
    page.fill("input[name=reason]", "bought last year")
    page.click("text=Dry run over the last 30 days")
    run(edits.find_job(page.url.rstrip("/").rsplit("/", 1)[-1]))
    page.wait_for_selector("text=moves 1 outlet to another family")
    assert page.is_visible("text=1 story would become thinly covered")
    page.click("text=Make the change")
    page.wait_for_url("**/desk/jobs/**")
    run(edits.find_job(page.url.rstrip("/").rsplit("/", 1)[-1]))
    page.wait_for_selector("text=1 story was counted again")
    assert Story.objects.get(pk=story.pk).origin_count == 1
    page.goto(reverse("desk-publisher", args=["herald-house"]))
    assert page.is_visible("text=together with")
    assert page.is_visible("text=bought last year")
    page.keyboard.press("u")
    page.wait_for_selector(".messagelist")
    assert page.is_visible("text=(undone)")
