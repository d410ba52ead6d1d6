"""Agencies are rows: a form is tried before it is looked for, and what it changes runs again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from aggregator.models import Agency, Article, FingerprintRow, LogEntry, Origin, Override, Source, Story, Work
from aggregator.services import grouping, settling, vocabulary
from aggregator.services import vocabulary_edits as edits
from aggregator.services.loading import add_agency, load_vocabulary
from newsroom.samplewire import AGENCY_ROW
from tests import factories
from tests.desk.jobs import NOW, apply, dry_run, run, run_undo
from tests.test_line import DAY, OPERATION, put

pytestmark = pytest.mark.django_db
OTHER = """The harbour of Port Sudan was closed on Tuesday after drones were seen over the docks, the port authority said.

Two ships that had been loading grain left for the open sea, and a third was told to wait outside the port.

Residents said that they heard three explosions shortly before dawn and saw smoke over the fuel depot."""


@pytest.fixture(autouse=True)
def loaded(loaded_vocabulary: None, redis_url: str) -> None:
    grouping.forget()  # the stories of another test


def outlet(slug: str) -> Source:
    house = factories.make_publisher(f"{slug}-house", homepage_domains=[f"{slug}.example"])
    return factories.make_source(
        slug, publisher=house, text_from="feed", homepage=f"https://www.{slug}.example/"
    )


def settle() -> None:
    while settling.settle_due(NOW):
        pass


@pytest.fixture
def carried() -> list[Article]:
    """One text of an agency that nobody knows yet in two outlets, and one outlet's own report of the same."""
    wire = f"BAKU (Harbour Wire) - {OPERATION}"
    title = "Azerbaijan launches military operation in Nagorno-Karabakh"
    first = put(outlet("courier"), title, wire, at=DAY - timedelta(hours=2))
    second = put(outlet("herald"), title, wire, at=DAY - timedelta(hours=1))
    own = put(
        outlet("gazette"), "Port Sudan closed after drones over its docks", OTHER, at=DAY - timedelta(hours=1)
    )
    settle()
    return [Article.objects.get(pk=each.pk) for each in (first, second, own)]


def new_agency() -> Agency:
    return Agency.objects.create(slug="harbour-wire", name="Harbour Wire")


def keys(articles: list[Article]) -> list[str]:
    rows = Article.objects.select_related("origin").in_bulk([each.pk for each in articles])
    return [rows[each.pk].origin.independence_key for each in articles]


def test_the_packaged_agencies_are_rows_and_none_is_invented():
    assert Agency.objects.count() == 86
    assert not Agency.objects.filter(slug="meridian-wire").exists()
    assert Agency.objects.get(slug="petra").personal == ["Petra"]
    assert vocabulary.current_rules().agencies.named("AFP").slug == "afp"


def test_a_demo_adds_the_agency_of_its_wire_through_the_same_rows():
    assert add_agency(AGENCY_ROW)
    assert not add_agency(AGENCY_ROW)
    assert vocabulary.current_rules().agencies.named("Meridian Wire").slug == "meridian-wire"
    again = load_vocabulary(DAY, sources=False)
    assert not again.changed


def test_a_form_is_tried_then_looked_for_and_taken_back(carried, curator: Client):
    new_agency()
    before = keys(carried)
    assert before == ["family:courier-house", "family:courier-house", "family:gazette-house"]
    job = dry_run("agency", "harbour-wire", forms=["Harbour Wire"])
    assert (job.state, sorted(job.added), job.checked) == ("done", sorted(a.pk for a in carried[:2]), 3), (
        job.sentence
    )
    assert keys(carried) == before
    assert vocabulary.current_rules().agencies.named("Harbour Wire") is None

    apply(job)
    assert set(Work.objects.values_list("why", flat=True)) == {"retag"}
    settle()
    assert keys(carried) == ["agency:harbour-wire", "agency:harbour-wire", "family:gazette-house"]
    assert Article.objects.get(pk=carried[1].pk).copy_of_id == carried[0].pk
    story = Story.objects.get(memberships__article=carried[0])
    assert story.card["agencies"] == ["Harbour Wire"]

    run_undo(curator)
    settle()
    assert keys(carried) == before
    story.refresh_from_db()
    assert story.card["agencies"] == []


def test_a_dry_run_says_which_stories_would_count_otherwise():
    new_agency()
    # Two outlets' own words for one agency's report: they are no copies of each other, and yet one origin.
    texts = (
        f"BAKU (Harbour Wire) - {OPERATION}",
        "Shells fell on Stepanakert, people there said.\n(Harbour Wire)",
    )
    rows = [factories.make_article(outlet(name), text=text) for name, text in zip("ab", texts, strict=True)]
    story = factories.make_story(rows)
    assert (story.origin_count, story.is_key) == (2, True)
    job = dry_run("agency", "harbour-wire", forms=["Harbour Wire"])
    assert {what: job.effects[what] for what in ("fewer", "thin", "not_key")} == {
        "fewer": 1,
        "thin": 1,
        "not_key": 1,
    }
    assert job.examples["fewer"] == [story.pk]
    assert "1 would count fewer origins" in job.sentence
    assert Origin.objects.filter(kind="agency").count() == 0


def test_a_curators_word_about_an_article_holds(carried):
    new_agency()
    Override.objects.create(kind="is_original", article=carried[1], made_at=DAY)
    Override.objects.create(kind="topics", article=carried[1], value={"slugs": ["sanctions"]}, made_at=DAY)
    apply(dry_run("agency", "harbour-wire", forms=["Harbour Wire"]))
    settle()
    article = Article.objects.get(pk=carried[1].pk)
    assert article.copy_of_id is None
    assert [row.topic.slug for row in article.topics.select_related("topic")] == ["sanctions"]


def test_an_agency_that_is_switched_off_is_not_found_any_more():
    wire = put(outlet("courier"), "Azerbaijan launches operation", f"BAKU (AFP) - {OPERATION}", at=DAY)
    copy = put(outlet("herald"), "Azerbaijan launches operation", OPERATION, at=DAY + timedelta(hours=1))
    settle()
    assert keys([wire, copy]) == ["agency:afp", "agency:afp"]
    job = dry_run("agency", "afp", active=False)
    assert (job.removed, job.added) == ([wire.pk], [])
    apply(job)
    settle()
    assert keys([wire, copy]) == ["family:courier-house"] * 2


def test_a_form_that_is_a_persons_name_is_no_credit_in_a_byline():
    one = put(outlet("courier"), "Azerbaijan launches operation", OPERATION, author="Antara", at=DAY)
    two = put(outlet("herald"), "Port Sudan closed", OTHER, author="Petra", at=DAY)
    settle()
    assert keys([one, two]) == ["family:courier-house", "family:herald-house"]
    job = dry_run("agency", "antara", personal=[])
    assert job.added == [one.pk]


def test_the_state_control_of_an_agency_counts_for_its_stories():
    tass = put(outlet("courier"), "Azerbaijan launches operation", f"BAKU (TASS) - {OPERATION}", at=DAY)
    settle()
    assert Origin.objects.get(key="agency:tass").state_control == 3
    assert keys([tass]) == ["agency:tass"]
    job = dry_run("agency", "tass", state_control=0)
    assert job.state == "done"
    apply(job)
    assert Origin.objects.get(key="agency:tass").state_control == 0


def test_what_a_page_said_beside_its_text_outlives_a_new_run():
    article = put(outlet("courier"), "Azerbaijan launches operation", OPERATION, at=DAY)
    settle()
    said = {
        "kind": "outlet",
        "name": "tattler.example",
        "url": "https://tattler.example/a",
        "how": "canonical",
    }
    FingerprintRow.objects.filter(article=article).update(credits=[said])
    Work.objects.create(article=article, stage="settle", next_at=DAY, why="retag", reported_at=DAY)
    settle()
    assert keys([article]) == ["outside:tattler.example"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"forms": ["Reuters"]}, "Reuters's already", id="another's form"),
        pytest.param({"domains": ["www.reuters.com"]}, "Reuters's already", id="another's site"),
        pytest.param({"forms": ["!"]}, "no form", id="a mark"),
        pytest.param(
            {"forms": ["Harbour"], "personal": ["Haven"]}, "not among the forms", id="no form of it"
        ),
        pytest.param({"domains": ["no domain"]}, "no domain", id="no domain"),
        pytest.param({"state_control": -1}, "from 0 to 3", id="no number"),
        pytest.param({"name": ""}, "Name", id="no name"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_written(changed, told):
    new_agency()
    job = dry_run("agency", "harbour-wire", **changed)
    assert job.state == "failed"
    assert told in job.sentence
    assert Agency.objects.get(slug="harbour-wire").forms == []


def test_an_agency_is_added_and_given_its_forms_at_the_desk(curator: Client):
    answer = curator.post(
        "/desk/aggregator/agency/add/", {"name": "Harbour Wire", "slug": "harbour-wire", "note": ""}
    )
    page = reverse("desk-agency", args=["harbour-wire"])
    assert answer["Location"] == page
    form = {
        "name": "Harbour Wire",
        "forms": "Harbour Wire\nHW",
        "domains": "hw.example",
        "state_control": "0",
        "active": "1",
    }
    answer = curator.post(page, form)
    job = run(edits.find_job(answer["Location"].rstrip("/").rsplit("/", 1)[-1]))
    assert job.content["forms"] == ["Harbour Wire", "HW"]
    assert "Would be credited to it" in curator.get(answer["Location"]).content.decode()
    apply(job)
    assert "Harbour Wire · " in curator.get(reverse("desk-agencies")).content.decode().replace(
        "<bdi>", ""
    ).replace("</bdi>", "")
    assert LogEntry.objects.filter(target_type="agency").count() == 2
