"""Faces as feed readers take them."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from django.contrib.auth.models import User
from lxml import etree

from aggregator.models import ReaderAccount, Story
from aggregator.services import following, indexing
from tests.factories import DAY, make_article, make_feed, make_source, make_story
from tests.views.conftest import Land

ATOM = "{http://www.w3.org/2005/Atom}"


# Titles that XML cannot hold as they are, in several scripts, and one without a language.
TITLES = ("Story <0> & \x07more", "Обстрел города ]]> ", "تقارير عن قصف", "", "W" * 400)


@pytest.fixture
def told(land: Land, settings, live_server) -> Land:
    settings.SITE_URL = live_server.url
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
    make_feed(source := make_source("alpha", home_regions=["armenia"]))
    for n, title in enumerate(TITLES):
        article = make_article(
            source,
            at=DAY - timedelta(hours=n),
            title=title,
            text=f"{title} shelling",
            language=("en", "ru", "ar", "", "zh-Hans")[n],
            regions=[land.karabakh],
            topics=[land.shelling],
        )
        make_story([article], regions=[land.karabakh], topics=[land.shelling], conflicts=[land.conflict])
    while indexing.index_due():
        pass
    reader = User.objects.create_user("anna")
    following.follow(reader, "/regions/armenia/", DAY)
    ReaderAccount.objects.create(user=reader, feed_token="t" * 43)
    return land


def lists_of(land: Land) -> list[str]:
    """The address of every list that has faces, without its ending."""
    story = Story.objects.order_by("pk").first()
    assert story is not None
    return [
        "/feed", "/regions/armenia", "/topics/shelling", "/conflicts/nagorno-karabakh", f"/stories/{story.pk}",
        "/sources/alpha", "/search.{}?q=shelling", "/regions/armenia.{}?key=1", f"/following/{'t' * 43}",
        "/fr/regions/armenia",
    ]  # fmt: skip


def face(base: str, ending: str) -> str:
    return base.format(ending) if "{}" in base else f"{base}.{ending}"


READ_BY_ALL = ("/regions/armenia", "/topics/shelling", "/search.{}?q=shelling", "/feed")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", ["atom", "json"])
def test_reader_subscribes(told: Land, live_server, ending):
    from reader import make_reader

    with make_reader(":memory:") as reader:
        for base in READ_BY_ALL:
            address = f"{live_server.url}{face(base, ending)}"
            reader.add_feed(address)
            reader.update_feeds()
            entries = list(reader.get_entries(feed=address, sort="recent"))
            assert len(entries) == len(TITLES), base
            assert all(entry.link.startswith(live_server.url) for entry in entries)
            assert reader.get_feed(address).last_exception is None
        titles = {entry.title for entry in reader.get_entries()}
        assert "Обстрел города ]]>" in {title.strip() for title in titles if title}
        again = list(reader.update_feeds_iter())
        assert [one.value.new for one in again if one.value] in ([0] * len(READ_BY_ALL), [])


@pytest.mark.django_db(transaction=True)
def test_newsboat_subscribes(told: Land, live_server, tmp_path):
    program = shutil.which("newsboat")
    if not program:
        sentence = "no newsboat on this machine (Debian package newsboat)"
        pytest.fail(sentence) if os.environ.get("CI") == "true" else pytest.skip(sentence)
    environment = os.environ | {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    for n, base in enumerate(READ_BY_ALL):  # a cache each: newsboat keeps an id that two lists share in one
        urls, cache = tmp_path / f"urls-{n}", tmp_path / f"cache-{n}.db"
        urls.write_text(f"{live_server.url}{face(base, 'atom')}\n")
        command = [program, "-q", "-u", urls, "-c", cache, "-C", tmp_path / "config", "-x", "reload"]
        for _ in range(2):  # a second reading adds nothing
            subprocess.run(command, check=True, timeout=60, env=environment)
        with sqlite3.connect(cache) as kept:
            rows = kept.execute("SELECT guid, title, url FROM rss_item").fetchall()
        assert len(rows) == len(TITLES), base
        assert "تقارير عن قصف" in {title for _, title, _ in rows}
        assert all(url.startswith(live_server.url) for _, _, url in rows)


@pytest.mark.django_db
def test_every_atom_feed_is_valid_by_the_schema_of_the_standard(client, told: Land):
    schema = etree.RelaxNG(etree.parse(Path(__file__).parents[1] / "data" / "atom.rng"))
    for base in lists_of(told):
        root = etree.fromstring(client.get(face(base, "atom")).content)
        assert schema.validate(root), f"{base}: {schema.error_log}"
        entries = root.findall(f"{ATOM}entry")
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(set(ids)) == len(ids)
        # What the schema's own Schematron rules ask besides.
        assert root.find(f"{ATOM}author/{ATOM}name") is not None
        assert [link.get("rel") for link in root.findall(f"{ATOM}link")][:2] == ["self", "alternate"]
        assert all(entry.find(f"{ATOM}link[@rel='alternate']") is not None for entry in entries)
        stamps = [one.text for one in root.iter(f"{ATOM}updated", f"{ATOM}published")]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp or "") for stamp in stamps)


@pytest.mark.django_db
def test_every_json_feed_is_valid_by_its_standard(client, told: Land):
    schema = json.loads((Path(__file__).parents[1] / "data" / "jsonfeed.schema.json").read_text())
    check = jsonschema.Draft202012Validator(schema)
    for base in lists_of(told):
        response = client.get(face(base, "json"))
        assert response["Content-Type"].startswith("application/feed+json")
        assert [error.message for error in check.iter_errors(response.json())] == [], base
        assert response.json().get("next_url") != response.json()["feed_url"]


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
