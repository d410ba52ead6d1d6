"""The API: the pages' lists as JSON, by cursor, for everyone; the examples of its docs run."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from aggregator.services import indexing
from tests.factories import DAY, make_article, make_story
from tests.views.conftest import Land
from tests.views.test_lists import ids

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits(redis_url):
    return redis_url


@pytest.fixture
def told(land: Land) -> Land:
    for n in range(3):
        article = make_article(at=DAY - timedelta(hours=n), title=f"Shelling {n}")
        make_story([article], regions=[land.karabakh], topics=[land.shelling], conflicts=[land.conflict])
    while indexing.index_due():
        pass
    return land


def test_the_examples_of_the_docs_run(client, told: Land):
    text = (Path(settings.BASE_DIR) / "docs/api.md").read_text()
    examples = re.findall(r"^GET (\S+)$", text, re.MULTILINE)
    assert len(examples) >= 6
    for address in examples:
        response = client.get(address)
        assert response.status_code == 200, address
        assert response["Access-Control-Allow-Origin"] == "*"
        assert not response.cookies


def test_a_list_of_the_api_is_the_list_of_the_page(client, told: Land):
    shown = ids(client.get("/regions/armenia/"))
    found = client.get("/api/v1/regions/armenia/stories").json()
    assert [item["id"] for item in found["items"]] == shown
    assert found["next"] is None
    story = client.get(f"/api/v1/stories/{shown[0]}").json()
    assert [member["title"] for member in story["members"]] == ["Shelling 0"]
    assert client.get(f"/api/v1/articles/{story['members'][0]['id']}").json()["title"] == "Shelling 0"


def test_cursors_lead_through_the_whole_list(client, told: Land, monkeypatch):
    monkeypatch.setattr("aggregator.services.timelines.read.__kwdefaults__", {"size": 2})
    first = client.get("/api/v1/topics/shelling/stories").json()
    rest = client.get("/api/v1/topics/shelling/stories", {"cursor": first["next"]}).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("/api/v1/regions/nowhere/stories", 404, id="no region"),
        pytest.param("/api/v1/planets/mars/stories", 404, id="no kind"),
        pytest.param("/api/v1/regions/armenia/stories?cursor=garbage", 400, id="garbage cursor"),
        pytest.param("/api/v1/regions/armenia/stories?from=2023-13-01", 400, id="no date"),
        pytest.param("/api/v1/stories/999999", 404, id="no story"),
        pytest.param("/api/v1/regions/%00/stories", 404, id="no slug"),
        pytest.param("/api/v1/stories/first", 400, id="no number"),
        pytest.param("/api/v1/search", 400, id="no query"),
        pytest.param("/api/v1/search?q=-x", 400, id="only exclusion"),
    ],
)
def test_what_cannot_be_given_is_told(client, land: Land, address, status):
    response = client.get(address)
    assert response.status_code == status
    detail = response.json()["detail"]
    assert isinstance(detail, str)
    assert detail.endswith(".")
    assert response["Access-Control-Allow-Origin"] == "*"


def test_a_story_that_was_merged_leads_to_the_other(client, land: Land):
    other = make_story()
    merged = make_story(retired_into=other, placed=False)
    response = client.get(f"/api/v1/stories/{merged.pk}")
    assert (response.status_code, response["Location"]) == (301, f"/api/v1/stories/{other.pk}")


def test_a_hasty_sender_is_slowed_down(client, land: Land):
    statuses = {client.get("/api/v1/topics").status_code for _ in range(121)}
    assert statuses == {200, 429}


def test_the_document_for_programs_names_every_operation(client, land: Land):
    document = client.get("/api/v1/openapi.json").json()
    assert "/api/v1/stories/{pk}" in document["paths"]
    assert client.get("/api/").status_code == 200
