"""A slug that is renamed keeps its old address: pages, faces, filters, API and frames lead to the new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aggregator.models import Conflict, LogEntry, Origin, Publisher, Region, SlugRedirect, Source, Story, Work
from aggregator.services import grouping, placing, settling, slugs, verifying
from aggregator.services import vocabulary_edits as edits
from aggregator.services.loading import load_vocabulary
from aggregator.services.locks import line_lock
from tests import factories
from tests.desk.jobs import NOW, apply, dry_run, run, run_undo
from tests.test_line import DAY, OPERATION, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(redis_url: str) -> dict[str, Any]:
    region = factories.make_region("sudan", parent=factories.make_world())
    topic = factories.make_topic("shelling", data={"strong": ["shelling"]})
    conflict = factories.make_conflict("sudan-war", regions=[region])
    source = factories.make_source("courier", publisher=factories.make_publisher("courier-house"))
    article = factories.make_article(
        source, regions=[region], topics=[topic], conflicts=[{"slug": "sudan-war", "reason": {}}]
    )
    story = factories.make_story([article], placed=False)
    with line_lock():
        placing.place_stories([story.pk], NOW)
    return {"region": region, "topic": topic, "conflict": conflict, "source": source, "story": story}


OLD = {"region": "sudan", "topic": "shelling", "conflict": "sudan-war", "source": "courier"}


@pytest.mark.parametrize("kind", sorted(OLD))
def test_the_old_address_leads_to_the_new_one(rows, client: Client, kind: str):
    old, new = OLD[kind], f"{OLD[kind]}-renamed"
    assert client.get(f"/{kind}s/{old}/").status_code == 200
    job = dry_run(kind, old, slug=new)
    assert (job.state, job.added, job.removed) == ("done", [], []), job.sentence
    assert client.get(f"/{kind}s/{old}/").status_code == 200  # nothing is renamed yet
    assert apply(job).state == "done"
    for ending in ("/", ".atom", ".json", ".csv", "/?key=1", ".atom?key=1"):
        answer = client.get(f"/{kind}s/{old}{ending}")
        assert (answer.status_code, answer.headers.get("Location")) == (301, f"/{kind}s/{new}{ending}")
        assert client.get(answer["Location"]).status_code == 200
    french = client.get(f"/fr/{kind}s/{old}/")
    assert (french.status_code, french["Location"]) == (301, f"/fr/{kind}s/{new}/")
    assert SlugRedirect.objects.get(kind=kind, slug=old).target_slug == new


@pytest.mark.parametrize("kind", ["region", "topic", "conflict"])
def test_the_old_slug_leads_on_in_the_api_in_frames_and_in_filters(rows, client: Client, kind: str):
    old, new = OLD[kind], f"{OLD[kind]}-renamed"
    before = client.get(f"/api/v1/{kind}s/{old}/stories").json()
    assert len(before["items"]) == 1
    apply(dry_run(kind, old, slug=new))
    answer = client.get(f"/api/v1/{kind}s/{old}/stories?key=")
    assert answer.status_code == 301
    assert answer["Access-Control-Allow-Origin"] == "*"
    after = client.get(answer["Location"]).json()
    assert [item["id"] for item in after["items"]] == [item["id"] for item in before["items"]]
    assert after["items"][0][f"{kind}s"][0]["slug"] == new
    frame = client.get(f"/embed/{kind}/{old}/?key=1")
    assert (frame.status_code, frame["Location"]) == (301, f"/embed/{kind}/{new}/?key=1")
    others = {"region": "topic", "topic": "region", "conflict": ""}
    if other := others[kind]:
        page = client.get(f"/{other}s/{OLD[other]}/?{kind}={old}")
        assert (page.status_code, page["Location"]) == (301, f"/{other}s/{OLD[other]}/?{kind}={new}")
        asked = client.get(f"/api/v1/{other}s/{OLD[other]}/stories?{kind}={old}")
        assert (asked.status_code, f"{kind}={new}" in asked["Location"]) == (301, True)


@pytest.mark.parametrize("kind", sorted(OLD))
def test_cards_have_the_new_slug_and_an_undo_gives_the_old_one_back(rows, curator: Client, kind: str):
    old, new = OLD[kind], f"{OLD[kind]}-renamed"
    apply(dry_run(kind, old, slug=new))
    card = str(Story.objects.get().card)
    assert f"'{new}'" in card
    assert f"'{old}'" not in card
    run_undo(curator)
    assert f"'{new}'" not in str(Story.objects.get().card)
    assert curator.get(f"/{kind}s/{old}/").status_code == 200
    answer = curator.get(f"/{kind}s/{new}/")
    assert (answer.status_code, answer["Location"]) == (301, f"/{kind}s/{old}/")


def test_a_publisher_keeps_its_family_and_its_desk_page(rows, curator: Client):
    before = set(Origin.objects.values_list("independence_key", flat=True))
    form = {"slug": "courier-trust", "name": "Courier House", "state_control": "0"}
    answer = curator.post(reverse("desk-publisher", args=["courier-house"]), form)
    apply(run(edits.find_job(answer["Location"].rstrip("/").rsplit("/", 1)[-1])))
    row = Publisher.objects.get(slug="courier-trust")
    assert row.family == "courier-house"
    assert set(Origin.objects.values_list("independence_key", flat=True)) == before
    assert curator.get(reverse("desk-publisher", args=["courier-house"])).status_code == 200
    run_undo(curator)
    row.refresh_from_db()
    assert (row.slug, row.owner_group) == ("courier-house", "")


def test_renaming_in_a_row_and_back_leaves_no_ring(rows, client: Client):
    for slug in ("sudan-two", "sudan-three", "sudan"):
        apply(dry_run("region", Region.objects.get(pk=rows["region"].pk).slug, slug=slug))
    assert client.get("/regions/sudan/").status_code == 200
    for slug in ("sudan-two", "sudan-three"):
        assert client.get(f"/regions/{slug}/")["Location"] == "/regions/sudan/"


@pytest.mark.parametrize(
    ("kind", "slug", "wanted", "told"),
    [
        pytest.param("region", "sudan", "world", "already", id="taken"),
        pytest.param("region", "sudan", "Süd Sudan", "small letters", id="no slug"),
        pytest.param("region", "world", "earth", "cannot be changed", id="the root"),
        pytest.param("source", "courier", "gone", "whose address it was", id="another's past"),
    ],
)
def test_what_cannot_be_a_slug_is_told(rows, kind: str, slug: str, wanted: str, told: str):
    factories.make_source("stays")
    SlugRedirect.objects.create(kind="source", slug="gone", target_slug="stays")
    job = dry_run(kind, slug, slug=wanted)
    assert (job.state, told in job.sentence) == ("failed", True), job.sentence
    assert not LogEntry.objects.exists()


def test_what_names_a_region_names_it_anew(rows):
    child = factories.make_region("darfur", parent=rows["region"])
    other = factories.make_region("border", also_in=[rows["region"]])
    Source.objects.update(home_regions=["sudan"])
    Conflict.objects.update(data={"areas": ["sudan"], "waters": []})
    apply(dry_run("region", "sudan", slug="the-sudan"))
    other.refresh_from_db()
    assert other.also_in == ["the-sudan"]
    assert Source.objects.get(slug="courier").home_regions == ["the-sudan"]
    assert Conflict.objects.get().data["areas"] == ["the-sudan"]
    assert Region.objects.get(pk=child.pk).parent.slug == "the-sudan"


def test_the_rules_know_a_renamed_region_topic_and_conflict(redis_url: str, client: Client):
    grouping.forget()
    load_vocabulary(DAY, sources=False)
    house = factories.make_publisher("courier-house", homepage_domains=["courier.example"])
    source = factories.make_source(
        "courier", publisher=house, text_from="feed", homepage="https://www.courier.example/", home_regions=["azerbaijan"]
    )  # fmt: skip
    title = "Azerbaijan launches military operation in Nagorno-Karabakh"
    one = put(source, title, OPERATION, at=DAY)
    while settling.settle_due(NOW):
        pass
    names = {"region": "nagorno-karabakh", "conflict": "armenia-azerbaijan", "topic": ""}
    story = Story.objects.get(memberships__article=one)
    names["topic"] = story.topic_rows.select_related("topic").first().topic.slug

    def tags() -> dict[str, set[int]]:
        return {
            "region": set(story.region_rows.values_list("region_id", flat=True)),
            "topic": set(story.topic_rows.values_list("topic_id", flat=True)),
            "conflict": set(story.conflict_rows.values_list("conflict_id", flat=True)),
        }

    before = tags()
    assert all(before.values())
    for kind, slug in names.items():
        apply(dry_run(kind, slug, slug=f"{slug}-renamed"))
    apply(dry_run("region", "azerbaijan", slug="azerbaijan-renamed"))
    assert slugs.current("region", "azerbaijan") == "azerbaijan-renamed"
    assert tags() == before
    Work.objects.create(article=one, stage="settle", next_at=DAY, why="retag", reported_at=DAY)
    two = put(source, f"{title} again", OPERATION.replace("midday", "noon"), at=DAY + timedelta(hours=2))
    while settling.settle_due(NOW):
        pass
    assert tags() == before
    assert Story.objects.get(memberships__article=two).pk == story.pk
    page = client.get("/regions/nagorno-karabakh/", follow=True)
    assert page.redirect_chain == [("/regions/nagorno-karabakh-renamed/", 301)]
    assert title in page.content.decode()
    again = load_vocabulary(DAY, sources=False)
    assert not again.created
    found = {one.check: one.ids for one in verifying.verify(NOW) if one.ids}
    assert not {"story_tags", "timelines", "day_counts"} & set(found)


@pytest.mark.parametrize("kind", ["region", "topic", "conflict"])
def test_a_search_with_a_retired_filter_leads_to_the_slug_of_now(rows, client: Client, kind: str):
    assert apply(dry_run(kind, OLD[kind], slug=f"{OLD[kind]}-renamed")).state == "done"
    for address in ("/search/", "/search.atom"):
        answer = client.get(f"{address}?q=nowhere&{kind}={OLD[kind]}")
        assert (answer.status_code, answer["Location"]) == (
            301,
            f"{address}?q=nowhere&{kind}={OLD[kind]}-renamed",
        )
