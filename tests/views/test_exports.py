"""What leaves the site in other forms: frames of other sites, citations, calendars, the home screen."""

from __future__ import annotations

import re

import pytest

from aggregator.models import SlugRedirect
from tests.factories import make_article, make_story
from tests.views.conftest import Land

pytestmark = pytest.mark.django_db


def test_an_embed_may_be_framed_and_does_nothing_else(client, land: Land):
    stories = [make_story(regions=[land.armenia], topics=[land.shelling]) for _ in range(12)]
    answer = client.get("/embed/region/armenia/?topic=shelling")
    text = answer.content.decode()
    assert len(re.findall(r'href="/stories/\d+-', text)) == 10
    assert "<script" not in text
    assert "X-Frame-Options" not in answer
    policy = answer["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert not answer.cookies
    assert "public" in answer["Cache-Control"]
    assert "frame-ancestors 'none'" in client.get("/regions/armenia/")["Content-Security-Policy"]
    assert stories[0].pk


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("/embed/region/nowhere/", 404, id="no such region"),
        pytest.param("/embed/desk/armenia/", 404, id="no such kind"),
        pytest.param("/embed/region/armenia/?from=yesterday", 400, id="no date"),
        pytest.param("/embed/region/old/", 301, id="retired"),
        pytest.param("/embed/topic/peace-talks/", 200, id="empty"),
    ],
)
def test_an_embed_answers_what_cannot_be_shown(client, land: Land, address, status):
    SlugRedirect.objects.create(kind="region", slug="old", target_slug="armenia")
    answer = client.get(address)
    assert answer.status_code == status
    assert status != 301 or answer["Location"] == "/embed/region/armenia/"


def test_a_story_is_cited_in_both_forms_and_a_retired_one_leads_on(client, land: Land):
    story = make_story([make_article(title="50 % of {them}")], regions=[land.armenia])
    bib, ris = client.get(f"/stories/{story.pk}.bib"), client.get(f"/stories/{story.pk}.ris")
    assert r"50 \% of \{them\}" in bib.content.decode()
    assert f"/stories/{story.pk}/" in bib.content.decode()
    assert "TI  - 50 % of {them}" in ris.content.decode()
    retired = make_story(retired_into=story, placed=False)
    assert client.get(f"/stories/{retired.pk}.bib")["Location"] == f"/stories/{story.pk}.bib"
    assert client.get("/stories/999999.ris").status_code == 404


def test_a_calendar_lists_the_stories_of_the_page(client, land: Land):
    shown = [make_story(regions=[land.armenia], topics=[land.shelling]).pk for _ in range(3)]
    answer = client.get("/topics/shelling.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    assert sorted(int(n) for n in re.findall(r"UID:\S+/stories/(\d+)/", answer.content.decode())) == shown


def test_a_list_has_a_preview_that_names_it(client, land: Land):
    text = client.get("/regions/armenia/?topic=shelling").content.decode()
    assert '<meta property="og:title" content="Armenia: Shelling">' in text
    assert 'property="og:url" content="http://localhost:8000/regions/armenia/?topic=shelling"' in text


def test_a_browser_hears_how_the_site_stands_on_a_home_screen(client, land: Land):
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    assert answer.json()["start_url"] == "/"
    assert 'rel="manifest" href="/manifest.webmanifest"' in client.get("/").content.decode()
