"""Timelines: what they show, in which order, under which filters, and what they cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from aggregator.models import Pin
from aggregator.services import changes, timelines
from aggregator.services import kept as kept_things
from aggregator.services.curation import visibility
from aggregator.services.curation.acts import Actor
from aggregator.templatetags import cards, parts
from newsroom.front_cache import FrontCache
from tests.factories import DAY, make_article, make_feed, make_origin, make_region, make_source, make_story
from tests.views.conftest import Land

pytestmark = pytest.mark.django_db


def ids(response) -> list[int]:
    return [int(number) for number in re.findall(r'data-id="(\d+)"', response.content.decode())]


def two_origins(at=DAY, **fields):
    return [make_article(at=at, **fields), make_article(at=at + timedelta(minutes=30), **fields)]


def test_a_region_page_shows_what_is_also_listed_under_it(client, land: Land):
    story = make_story(regions=[land.karabakh])
    for slug in ("nagorno-karabakh", "azerbaijan", "armenia", "south-caucasus", "world"):
        assert ids(client.get(f"/regions/{slug}/")) == [story.pk], slug


def test_a_macro_region_counts_each_story_once(client, land: Land):
    story = make_story(regions=[land.armenia, land.azerbaijan, land.karabakh])
    response = client.get("/regions/south-caucasus/")
    assert ids(response) == [story.pk]
    assert "1 story</span>" in response.content.decode()


def test_a_story_with_one_origin_is_visible_labelled_and_found_under_thin_coverage(client, land: Land):
    thin = make_story(regions=[land.armenia])
    confirmed = make_story(two_origins(), regions=[land.armenia])
    page = client.get("/regions/armenia/")
    assert set(ids(page)) == {thin.pk, confirmed.pk}
    assert page.content.decode().count("one origin so far") == 1
    assert ids(client.get("/regions/armenia/?thin=1")) == [thin.pk]
    assert ids(client.get("/regions/armenia/?key=1")) == [confirmed.pk]


@pytest.fixture
def busy(land: Land) -> Land:
    for hours in range(12):
        make_story(
            two_origins(DAY - timedelta(hours=9 * hours), language="ru" if hours % 3 else "en"),
            regions=[land.karabakh],
            topics=[land.shelling] if hours % 2 else [land.talks],
            conflicts=[land.conflict],
        )
    return land


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("/regions/armenia/", id="region"),
        pytest.param("/regions/armenia/?topic=shelling", id="region and topic"),
        pytest.param("/regions/armenia/?language=ru", id="language"),
        pytest.param("/regions/armenia/?kind=national&key=1", id="kind and key"),
        pytest.param("/regions/armenia/?from=2023-09-17&to=2023-09-18", id="dates"),
        pytest.param("/regions/armenia/?asof=2023-09-17", id="as of"),
        pytest.param("/regions/armenia/?conflict=nagorno-karabakh", id="region and conflict"),
        pytest.param("/topics/shelling/", id="topic"),
        pytest.param("/topics/shelling/?region=armenia", id="topic and region"),
        pytest.param("/topics/shelling/?order=report", id="topic by report"),
        pytest.param("/conflicts/nagorno-karabakh/", id="conflict"),
        pytest.param("/conflicts/nagorno-karabakh/?topic=peace-talks&region=armenia", id="all three"),
    ],
)
def test_every_list_gives_the_same_ids_on_the_page_and_in_each_face(client, busy: Land, address):
    pinned = make_story(two_origins(DAY - timedelta(days=1)), regions=[busy.karabakh], topics=[busy.shelling])
    Pin.objects.create(region=busy.armenia, story=pinned, pinned_at=DAY)
    path, _, query = address.partition("?")
    shown = ids(client.get(address))
    assert shown
    face = path.rstrip("/")
    atom = client.get(f"{face}.atom?{query}").content.decode()
    assert [int(n) for n in re.findall(r"<id>[^<]*/stories/(\d+)/</id>", atom)] == shown
    assert [
        item["_newsroom"]["number"] for item in client.get(f"{face}.json?{query}").json()["items"]
    ] == shown
    rows = client.get(f"{face}.csv?{query}").content.decode().splitlines()[1:]
    assert [int(row.split(",")[0]) for row in rows] == shown
    assert [one["id"] for one in client.get(f"{face}.geojson?{query}").json()["features"]] == shown


def test_pages_lead_to_each_other_both_ways_without_a_gap_or_a_double(client, land: Land, monkeypatch):
    monkeypatch.setattr("aggregator.services.timelines.read.__kwdefaults__", {"size": 4})
    made = [make_story(at=DAY - timedelta(minutes=n // 2), regions=[land.armenia]).pk for n in range(10)]
    address, seen, trail = "/regions/armenia/", [], []
    while address:
        page = client.get(address)
        trail.append((address, ids(page)))
        seen += ids(page)
        older = re.search(r'rel="next" href="([^"]+)"', page.content.decode())
        address = older[1].replace("&amp;", "&") if older else ""
    assert sorted(seen) == sorted(made)
    assert len(trail) == 3
    back = re.search(r'rel="prev" href="([^"]+)"', client.get(trail[2][0]).content.decode())
    assert back is not None
    assert ids(client.get(back[1].replace("&amp;", "&"))) == trail[1][1]


@pytest.mark.parametrize("stories", [1, 40])
@pytest.mark.parametrize(
    "address",
    ["/regions/armenia/", "/topics/shelling/", "/conflicts/nagorno-karabakh/", "/", "/regions/armenia.atom"],
)
def test_a_page_costs_the_same_for_any_number_of_stories(client, land: Land, stories, address, settings):
    for n in range(stories):
        make_story(
            two_origins(DAY - timedelta(hours=n)),
            regions=[land.karabakh],
            topics=[land.shelling, land.talks],
            conflicts=[land.conflict],
        )
    settings.LOOK_SECONDS = 60.0  # a page in a minute asks what has changed
    client.get(address)
    kept = _queries(client, address)
    timelines.forget()
    kept_things.forget_changes()
    parts.forget()
    cards.forget()
    assert (len(_queries(client, address)), len(kept)) == COST[address]


def _queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    text = " ".join(query["sql"] for query in queries).upper()
    assert " OFFSET " not in text
    assert "COUNT(" not in text
    return [query["sql"] for query in queries]


COST = {  # queries of a page never asked for before, and with its cards and what stands beside it kept
    "/regions/armenia/": (3, 0),
    "/topics/shelling/": (5, 0),
    "/conflicts/nagorno-karabakh/": (6, 0),
    "/": (10, 1),
    "/regions/armenia.atom": (2, 0),
}


def test_who_reports_is_told_of_stories_placed_before_their_cards_named_outlets(client, land: Land):
    story = make_story(two_origins(DAY), regions=[land.karabakh])
    told = client.get("/regions/armenia/").content
    assert b"Who reports these stories" in told
    del story.card["outlets"]
    story.save(update_fields=["card"])
    for forget in (timelines.forget, kept_things.forget, parts.forget):
        forget()
    assert client.get("/regions/armenia/").content == told


def test_an_event_older_than_its_report_stands_on_its_own_day_with_the_day_of_the_report(client, land: Land):
    late = make_story(
        at=DAY + timedelta(days=2), happened_on=DAY.date(), regions=[land.armenia], topics=[land.shelling]
    )
    topic = client.get("/topics/shelling/").content.decode()
    assert 'id="d2023-09-19"' in topic
    assert 'reported <time datetime="2023-09-21">21 Sep 2023</time>' in topic
    region = client.get("/regions/armenia/").content.decode()
    assert 'id="d2023-09-21"' in region
    assert 'about <time datetime="2023-09-19">19 Sep 2023</time>' in region
    assert late.pk in ids(client.get("/topics/shelling/?order=report"))


def test_empty_days_are_told_as_a_gap(client, land: Land):
    for days in (0, 5):
        make_story(at=DAY - timedelta(days=days), regions=[land.armenia])
    assert "no reports for 4 days, 15 Sep to 18 Sep" in client.get("/regions/armenia/").content.decode()


@pytest.mark.parametrize(
    ("feeds", "query", "sentence"),
    [
        pytest.param([], "", "has not approved any feed", id="no feed"),
        pytest.param(["new"], "", "has not been read yet", id="not polled"),
        pytest.param(["failing"], "", "could not be read", id="all failing"),
        pytest.param(["ok"], "?key=1", "No story matches these filters", id="nothing matched"),
        pytest.param(["ok"], "", "No story here yet", id="nothing yet"),
    ],
)
def test_an_empty_list_says_why(client, land: Land, feeds, query, sentence):
    for state in feeds:
        make_feed(state=state)
    sentence = sentence.replace("has not approved", "have not approved")
    assert sentence in client.get(f"/regions/armenia/{query}").content.decode()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("/regions/armenia/?from=2023-09-20&to=2023-09-01", id="dates reversed"),
        pytest.param("/regions/armenia/?from=20230x", id="no date"),
        pytest.param("/regions/armenia/?from=0001-01-01", id="absurd date"),
        pytest.param("/regions/armenia/?before=garbage", id="garbage cursor"),
        pytest.param("/regions/armenia/?before=r-99999999999999999-1", id="cursor before all time"),
        pytest.param("/topics/shelling/?before=r1695124800000000-4", id="cursor of another order"),
        pytest.param("/regions/armenia/?topic=%3Cscript%3E", id="no slug"),
        pytest.param("/regions/armenia/?order=sideways", id="no order"),
    ],
)
def test_what_cannot_be_read_is_answered_400_with_one_sentence(client, land: Land, address):
    response = client.get(address)
    assert response.status_code == 400
    assert "<script>" not in response.content.decode().split("</head>")[1]


def test_an_unknown_slug_is_404_with_suggestions_and_a_retired_one_redirects(client, land: Land):
    from aggregator.models import SlugRedirect

    SlugRedirect.objects.create(kind="region", slug="karabakh", target_slug="nagorno-karabakh")
    near = client.get("/regions/nagorno-karabach/")
    assert near.status_code == 404
    assert "/regions/nagorno-karabakh/" in near.content.decode()
    moved = client.get("/regions/karabakh.atom?key=1")
    assert (moved.status_code, moved["Location"]) == (301, "/regions/nagorno-karabakh.atom?key=1")


def test_empty_parameters_of_a_form_leave_the_address(client, land: Land):
    response = client.get("/regions/armenia/?topic=&kind=&key=1&from=")
    assert (response.status_code, response["Location"]) == (302, "/regions/armenia/?key=1")


def test_anonymous_pages_set_no_cookie_and_answer_304(client, land: Land):
    make_story(regions=[land.armenia])
    for address in ("/", "/regions/armenia/", "/regions/armenia.atom", "/search/?q=report", "/following/"):
        response = client.get(address)
        assert not response.cookies, address
        assert "Cookie" not in response.get("Vary", ""), address
        assert "public" in response["Cache-Control"]
        again = client.get(address, headers={"If-None-Match": response["ETag"]})
        assert again.status_code == 304, address


def test_the_canonical_of_region_and_topic_is_the_regions_address(client, land: Land):
    make_story(regions=[land.armenia], topics=[land.shelling])
    text = client.get("/topics/shelling/?region=armenia").content.decode()
    assert re.search(r'rel="canonical" href="[^"]*/regions/armenia/\?topic=shelling', text)


def test_opinion_stands_beside_the_timeline_and_outside_its_count(client, land: Land):
    make_article(title="Why it will not end", form="opinion", regions=[land.karabakh])
    story = make_story(regions=[land.karabakh])
    page = client.get("/regions/armenia/")
    assert ids(page) == [story.pk]
    assert "Why it will not end" in page.content.decode()


def test_state_media_are_labelled_where_they_were_first(client, land: Land):
    make_story([make_article(make_source(kind="state-media", state_control=3))], regions=[land.armenia])
    assert "state media" in client.get("/regions/armenia/").content.decode()


def test_copies_are_open_dots_and_never_more_than_twelve(client, land: Land):
    original = make_article()
    agency = make_article(origin=make_origin(agency="reuters"))
    copies = [make_article(copy_of=original, at=DAY + timedelta(minutes=n)) for n in range(20)]
    make_story([original, agency, *copies], regions=[land.armenia])
    text = client.get("/regions/armenia/").content.decode().split("<main")[1].split("</main>")[0]
    assert text.count('<i class="o">') == 2
    assert text.count('<i class="c">') == 10
    assert "+10" in text


def test_pages_in_french_keep_the_language_in_their_links(client, land: Land):
    make_region("mali", parent=land.world)
    text = client.get("/fr/regions/armenia/").content.decode()
    assert '<html lang="fr">' in text
    assert 'href="/fr/topics/"' in text
    assert 'href="/regions/armenia/"' in text


def test_a_conflict_is_named_on_the_pages_of_its_areas_and_what_holds_them(client, land: Land):
    from tests.factories import make_conflict

    make_conflict(
        "border-war", name="Border war", regions=[land.armenia], data={"areas": [land.karabakh.slug]}
    )
    for slug in ("nagorno-karabakh", "azerbaijan", "armenia", "south-caucasus"):
        assert "/conflicts/border-war/" in client.get(f"/regions/{slug}/").content.decode(), slug
    text = client.get("/conflicts/border-war/").content.decode()
    assert 'href="/regions/nagorno-karabakh/"' in text


@pytest.mark.django_db(transaction=True)
def test_a_curators_act_is_seen_by_the_next_request(land: Land, settings):
    settings.LOOK_SECONDS = 60.0  # what has changed is not asked for again by itself
    gone, kept = (make_story(regions=[land.armenia], topics=[land.shelling]) for _ in range(2))
    site = FrontCache(get_wsgi_application(), changes.newest_or_none, 60)
    addresses = ("/", "/regions/armenia/", "/topics/shelling/", "/regions/armenia.atom")
    asked = {address: _asked(site, address) for address in addresses}
    assert all(str(gone.pk) in text for text in asked.values())
    visibility.hide_story(Actor(None, DAY, "a mistake"), gone.pk)
    for address in addresses:
        text = _asked(site, address)
        assert f"/{gone.pk}" not in text.replace(f"/{kept.pk}", ""), address
        assert f"/{kept.pk}" in text, address


def _asked(site: FrontCache, address: str) -> str:
    environ = RequestFactory().get(address, headers={"host": "localhost"}).environ
    return b"".join(site(environ, lambda status, headers: None)).decode()
