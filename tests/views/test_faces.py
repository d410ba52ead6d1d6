"""Faces as feed readers take them."""

from __future__ import annotations

import struct
from datetime import timedelta

import pytest
from lxml import etree

from tests.factories import DAY, make_article, make_feed, make_source, make_story
from tests.views.conftest import Land

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def told(land: Land, settings, live_server) -> Land:
    settings.SITE_URL = live_server.url
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
    for n in range(3):
        article = make_article(
            at=DAY - timedelta(hours=n), title=f"Story <{n}> & \x07more", regions=[land.armenia]
        )
        make_story([article], regions=[land.armenia], topics=[land.shelling])
    return land


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", ["atom", "json"])
def test_a_real_feed_reader_subscribes(told: Land, live_server, ending):
    from reader import make_reader

    with make_reader(":memory:") as reader:
        reader.add_feed(f"{live_server.url}/regions/armenia.{ending}")
        reader.update_feeds()
        entries = list(reader.get_entries(sort="recent"))
        assert {entry.title for entry in entries} == {
            f"Story <{n}> & more" for n in range(3)
        } or ending == "json"
        assert len(entries) == 3
        assert next(iter(reader.get_feeds())).title.startswith("Armenia")


@pytest.mark.django_db
def test_atom_has_what_the_standard_asks_for(client, told: Land):
    root = etree.fromstring(client.get("/regions/armenia.atom?key=0").content)
    for parent in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{name}")) == 1
    assert [link.get("rel") for link in root.findall(f"{ATOM}link")] == ["self", "alternate"]
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(set(ids)) == 3


@pytest.mark.django_db
def test_json_feed_has_what_the_standard_asks_for(client, told: Land):
    response = client.get("/regions/armenia.json")
    assert response["Content-Type"].startswith("application/feed+json")
    feed = response.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    for item in feed["items"]:
        assert {"id", "url", "title", "content_text", "date_published"} <= item.keys()
        assert isinstance(item["id"], str)


@pytest.mark.django_db
def test_a_cell_that_a_spreadsheet_would_run_is_quoted(client, land: Land):
    make_story([make_article(title="=HYPERLINK(1)")], regions=[land.armenia])
    assert "'=HYPERLINK(1)" in client.get("/regions/armenia.csv").content.decode()


@pytest.mark.django_db
def test_the_outlets_of_a_region_come_as_opml(client, land: Land):
    make_feed(make_source("hetq", home_regions=["armenia"]), url="https://hetq.example/rss")
    make_feed(make_source("far", home_regions=["mali"]))
    root = etree.fromstring(client.get("/regions/south-caucasus.opml").content)
    assert root.xpath("//outline/@xmlUrl") == ["https://hetq.example/rss"]


@pytest.mark.django_db
def test_a_story_has_a_picture_for_previews(client, land: Land):
    story = make_story(regions=[land.armenia])
    image = client.get(f"/stories/{story.pk}.png").content
    assert struct.unpack(">II", image[16:24]) == (1200, 630)
    assert f"/stories/{story.pk}.png" in client.get(story.get_absolute_url()).content.decode()
