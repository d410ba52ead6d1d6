"""Lists of rows at the desk: paged by key, never counted, in any order that columns give."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aggregator.admin.keyset import KeysetList, Uncounted
from aggregator.admin.site import desk
from aggregator.models import Conflict, LearnedLine
from tests.factories import DAY, make_conflict, make_feed, make_source

pytestmark = pytest.mark.django_db
SOURCES = "/desk/aggregator/source/"


def walk(client: Client, path: str) -> list[list[int]]:
    """Return the rows of every page, following "next page" to the end."""
    pages, path_now = [], path
    while path_now:
        cl: Any = client.get(path_now).context["cl"]
        pages.append([row.pk for row in cl.result_list])
        path_now = path.partition("?")[0] + cl.next_url if cl.next_url else ""
        assert len(pages) < 20
    return pages


@pytest.fixture
def three_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for admin in desk._registry.values():
        monkeypatch.setattr(admin, "list_per_page", 3)


@pytest.mark.parametrize("order", ["", "?o=0", "?o=-0", "?o=5.-0", "?o=-4", "?o=1.2", "?o=99.x"])
def test_every_row_is_met_once_on_the_way_through_the_pages(people, three_a_page, order: str):
    made = [make_source(name=f"Outlet {n % 3}", status=("approved", "paused")[n % 2]).pk for n in range(8)]
    pages = walk(people["superuser"], SOURCES + order)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert sorted(pk for page in pages for pk in page) == sorted(made)


@pytest.mark.parametrize("order", ["?o=3", "?o=-3"])
def test_rows_without_a_value_are_met_too(people, three_a_page, order: str):
    for n in range(7):
        make_conflict(f"war-{n}")
    Conflict.objects.update(started_on=None)
    Conflict.objects.filter(slug__in=["war-1", "war-4"]).update(started_on=date(2020, 1, 1))
    pages = walk(people["superuser"], "/desk/aggregator/conflict/" + order)
    met = [pk for page in pages for pk in page]
    assert len(met) == len(set(met)) == Conflict.objects.count()
    with_date = [Conflict.objects.get(pk=pk).started_on is not None for pk in met]
    assert with_date == sorted(with_date, reverse=order == "?o=3")


def test_filters_and_words_stay_on_the_next_page(people, three_a_page):
    made = [make_source(name=f"The Courier {n}", status="paused").pk for n in range(5)]
    make_source(name="The Courier of another status")
    pages = walk(people["superuser"], SOURCES + "?q=courier&status__exact=paused")
    assert sorted(pk for page in pages for pk in page) == sorted(made)


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "4444", "all", "\x00"])
def test_a_page_that_is_not_there_is_the_first(people, page: str):
    source = make_source()
    cl = people["superuser"].get(SOURCES, {"p": page, "all": ""}).context["cl"]
    assert [row.pk for row in cl.result_list] == [source.pk]


def test_no_list_of_rows_counts_or_skips(people):
    make_feed()
    LearnedLine.objects.create(source=make_source(), line="Subscribe!", line_hash=1, learned_at=DAY)
    for model, admin in desk._registry.items():
        assert isinstance(admin, Uncounted), model
        path = f"/desk/{model._meta.app_label}/{model._meta.model_name}/"
        with CaptureQueriesContext(connection) as asked:
            page = people["superuser"].get(path, {"_facets": "True"})
        assert isinstance(page.context["cl"], KeysetList)
        told = [each["sql"] for each in asked if re.search(r"COUNT\(|OFFSET", each["sql"])]
        assert told == [], path


def test_completing_a_name_counts_only_so_far(people, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aggregator.admin.keyset.MOST_COMPLETED", 4)
    for n in range(9):
        make_source(name=f"Outlet {n}")
    form = {"app_label": "aggregator", "model_name": "source", "field_name": "publisher", "term": ""}
    with CaptureQueriesContext(connection) as asked:
        answer = people["superuser"].get("/desk/autocomplete/", form).json()
    assert len(answer["results"]) == 4
    assert not any("COUNT(" in each["sql"] for each in asked)


def test_an_empty_list_says_so(people):
    assert "None is like this." in people["superuser"].get(SOURCES, {"q": "zorblax"}).content.decode()


def test_what_no_role_allows_is_told_on_a_page_that_leads_back(people):
    source = make_source()
    response = people["superuser"].get(f"{SOURCES}{source.pk}/delete/")
    assert response.status_code == 403
    page = response.content.decode()
    assert "Rows of the desk are never deleted" in page
    assert '<a href="/desk/">' in page


def test_the_door_bears_the_name_of_the_site(client: Client, settings):
    settings.SITE_NAME = "The Zorblax Desk"
    page = client.get("/desk/login/").content.decode()
    assert "The Zorblax Desk" in page.partition("</a>")[0]
