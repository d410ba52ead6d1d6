"""Every page below /desk/, as the URLconf has them: no violation, nothing too wide, no script that fails."""

# ruff: noqa: F811
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aggregator.models import Publisher, Source
from aggregator.services.loading import load_vocabulary
from aggregator.services.queues import QUEUES
from tests.desk.conftest import PASSWORD, make_person, people  # noqa: F401
from tests.desk.test_access import addresses
from tests.desk.test_access import rows as one_of_each  # noqa: F401
from tests.factories import DAY

pytestmark = [pytest.mark.django_db(transaction=True)]
PARTS = 4  # so that no test looks at too many pages
NO_PAGE = (".opml", ".csv", ".json", "/jsi18n/", "/autocomplete/", "/logout/")  # downloads and data


@pytest.fixture
def tab(visit: Any, settings: Any) -> Callable[..., Any]:
    """Return a function that opens a tab with a person of a role signed in."""
    from django.contrib.auth.models import User

    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]

    def open_tab(role: str, **options: Any) -> Any:
        if not User.objects.filter(username=role).exists():
            make_person(role)
        page = visit(**({"viewport": {"width": 1440, "height": 900}} | options))
        page.goto("/desk/")
        page.fill("#id_username", role)
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_selector(".queues")
        return page

    return open_tab


def faults_of(page: Any) -> list[Any]:
    """Return what axe finds on the page, and whether it is wider than the window."""
    from axe_playwright_python.sync_playwright import Axe

    found = [
        (each["id"], each["nodes"][0]["html"][:160], each["nodes"][0].get("failureSummary", "")[:200])
        for each in Axe().run(page).response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    return found + [("wide", "", "")] * wide


def walk(page: Any, paths: list[str]) -> dict[str, list[Any]]:
    faults, seen = {}, set()
    for path in paths:
        page.goto(path)
        if page.url in seen:  # an act without a page of its own led somewhere else
            continue
        seen.add(page.url)
        if found := faults_of(page):
            faults[path] = found
    return faults


@pytest.mark.parametrize(("scheme", "width"), [("light", 768), ("dark", 1440)])
@pytest.mark.parametrize("part", range(PARTS))
def test_no_address_of_the_urlconf_leads_to_a_page_with_a_violation(
    tab, one_of_each, scheme: str, width: int, part: int
):
    paths = [path for path in addresses(one_of_each).values() if not path.partition("?")[0].endswith(NO_PAGE)]
    assert len(paths) > 60
    page = tab("superuser", color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    assert walk(page, paths[part::PARTS]) == {}


def test_an_empty_desk_has_no_violation_and_says_so(tab):
    page = tab("admin", viewport={"width": 768, "height": 900}, bypass_csp=True)
    paths = [f"/desk/queues/{queue.slug}/" for queue in QUEUES]
    for name in ("sources", "feeds", "stories", "overrides", "log", "line", "vocabulary"):
        paths.append(f"/desk/{name}/")
    assert walk(page, ["/desk/", *paths]) == {}
    page.goto("/desk/")
    assert page.is_visible("text=Nothing waits in any queue.")
    for path, sentence in (
        ("/desk/queues/ask/", "Nothing waits here."),
        ("/desk/sources/", "No outlet is known yet"),
        ("/desk/stories/", "There is no story yet"),
        ("/desk/overrides/", "No curator has overruled the machine yet."),
        ("/desk/feeds/", "No feed is like this."),
        ("/desk/log/", "Nothing is logged yet."),
    ):
        page.goto(path)
        assert page.is_visible(f"text={sentence}"), path


def test_the_door_has_no_violation_with_and_without_a_mistake(visit: Any, settings: Any):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    page = visit(viewport={"width": 768, "height": 900}, bypass_csp=True)
    page.goto("/desk/")
    assert faults_of(page) == []
    page.fill("#id_username", "nobody")
    page.fill("#id_password", "wrong")
    page.press("#id_password", "Enter")
    page.wait_for_selector(".errornote")
    assert faults_of(page) == []


def test_a_form_of_rows_works_under_its_own_policy(tab):
    """The stock admin's scripts need what trusted types forbid; with them blocked no family could be chosen."""
    Publisher.objects.create(slug="zorblax-media", name="Zorblax Media")
    page = tab("superuser")
    page.goto("/desk/aggregator/source/add/")
    page.fill("#id_name", "The Courier")
    page.fill("#id_slug", "the-courier")
    page.click(".select2-selection")
    page.keyboard.type("zorbl")
    page.click(".select2-results__option >> text=Zorblax Media")
    page.click("input[name=_save]")
    page.wait_for_selector(".messagelist .success")
    assert Source.objects.get(slug="the-courier").publisher.slug == "zorblax-media"
    page.goto("/desk/auth/user/")
    page.click(".field-username >> text=superuser")
    page.wait_for_selector(".selector-chosen")
    page.select_option("#id_groups_from", label="curator")
    page.click("#id_groups_add")
    page.click("input[name=_save]")
    page.wait_for_selector(".messagelist .success")
    from django.contrib.auth.models import User

    assert list(User.objects.get(username="superuser").groups.values_list("name", flat=True)) == ["curator"]


def test_a_list_is_tried_looked_at_and_added_by_hand(tab):
    load_vocabulary(DAY, sources=False)
    lines = "".join(
        f'<outline text="Outlet {n}" xmlUrl="{url}"/>'
        for n, url in enumerate(
            [
                "https://a.example/feed",
                "https://b.example/feed",
                "https://a.example/feed",
                "javascript:alert(1)",
            ]
        )
    )
    page = tab("curator")
    page.click(".desk-nav >> text=Sources")
    page.click("text=Import a list")
    body = f'<opml version="2.0"><body>{lines}</body></opml>'.encode()
    page.set_input_files("input[type=file]", {"name": "a.opml", "mimeType": "text/xml", "buffer": body})
    page.click("text=Try it")
    page.wait_for_selector("text=2 new")
    kinds = [cell.inner_text() for cell in page.locator("tbody tr td:first-child").all()]
    assert kinds == ["new", "new", "broken", "doubled"]
    assert not Source.objects.exists()
    page.click("text=Add the 2 new feeds")
    page.wait_for_selector(".messagelist >> text=2 feeds of 2 new sources added")
    page.click(".tabs >> text=proposed 2")
    page.check("[data-tick]")
    assert "(2)" in page.inner_text("[data-ticked]")
    page.select_option("select[name=act]", "approve")
    page.click("text=Change their status")
    page.wait_for_selector(".messagelist >> text=2 sources changed")
    assert Source.objects.filter(status="approved").count() == 2
