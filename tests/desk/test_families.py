"""Publishers and outlets: who counts as one is tried before it is changed, and undone whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aggregator.models import DayCount, LogEntry, Origin, Publisher, Source, Story, TimelineEntry
from aggregator.services import family_edits, placing, verifying
from aggregator.services import vocabulary_edits as edits
from aggregator.services.locks import line_lock
from tests import factories
from tests.desk.jobs import apply, dry_run, run, run_undo
from tests.factories import DAY
from tests.services.test_curation import faces

pytestmark = pytest.mark.django_db
NOW = DAY + timedelta(days=1)


def settle(*stories: Story) -> None:
    """Count and place stories as the line does."""
    with line_lock():
        placing.place_stories([story.pk for story in stories], NOW)


@pytest.fixture
def world(redis_url: str) -> dict[str, Any]:
    """Two outlets of two publishers that report one happening, and one that only the first has."""
    region = factories.make_region("sudan", parent=factories.make_world())
    one, two = (
        factories.make_source(slug, publisher=factories.make_publisher(f"{slug}-house"), name=slug.title())
        for slug in ("courier", "herald")
    )
    both = factories.make_story(
        [factories.make_article(each, regions=[region]) for each in (one, two)], placed=False
    )
    single = factories.make_story([factories.make_article(one, regions=[region])], placed=False)
    settle(both, single)
    for story in (both, single):
        story.refresh_from_db()
    return {"region": region, "one": one, "two": two, "both": both, "single": single}


def counts(story: Story) -> tuple[int, bool, set[tuple[int, bool, bool]], str]:
    """Return what a story counts, on its own and on every list, and its dots."""
    story.refresh_from_db()
    rows = TimelineEntry.objects.filter(story=story).values_list("origin_count", "is_key", "is_thin")
    return story.origin_count, story.is_key, set(rows), str(story.card["dots"])


def wrong_stories() -> list[Any]:
    """Return what is wrong with stories, lists and day totals."""
    names = ("story_counts", "story_tags", "timelines", "day_counts")
    return [one for one in verifying.verify(NOW) if one.ids and one.check in names]


def keys_of_day() -> int:
    return sum(DayCount.objects.filter(region__slug="sudan", topic=None).values_list("key_count", flat=True))


def test_two_outlets_put_into_one_family_are_one_origin_and_an_undo_gives_both_back(world, curator: Client):
    before, pages = counts(world["both"]), faces()
    assert before[:2] == (2, True)
    assert keys_of_day() == 2  # on both clocks
    job = dry_run("publisher", "herald-house", owner_group="courier-house")
    assert (job.state, job.effects["outlets"]) == ("done", 1), job.sentence
    assert {what: job.effects[what] for what in ("fewer", "not_key", "thin")} == {
        "fewer": 1,
        "not_key": 1,
        "thin": 1,
    }
    assert job.examples["fewer"] == [world["both"].pk]
    assert "moves 1 outlet" in job.sentence
    assert counts(world["both"]) == before
    assert Publisher.objects.get(slug="herald-house").owner_group == ""

    done = apply(job)
    assert done.state == "done", done.sentence
    assert counts(world["both"])[:3] == (1, False, {(1, False, True)})
    assert counts(world["single"])[:2] == (1, False)
    assert set(Origin.objects.values_list("independence_key", flat=True)) == {"family:courier-house"}
    assert keys_of_day() == 0
    assert wrong_stories() == []
    page = curator.get("/regions/sudan.json?thin=1")
    assert len(page.json()["items"]) == 2

    run_undo(curator)
    assert counts(world["both"]) == before
    assert faces() == pages
    assert keys_of_day() == 2
    assert wrong_stories() == []


def test_an_outlet_that_is_moved_to_another_publisher_counts_as_its_family(world):
    content = {"publisher": "courier-house"}
    job = dry_run("source", "herald", **content)
    assert (job.effects["outlets"], job.effects["fewer"], job.effects["thin"]) == (1, 1, 1)
    apply(job)
    assert Source.objects.get(slug="herald").publisher.slug == "courier-house"
    assert counts(world["both"])[:2] == (1, False)
    assert LogEntry.objects.get(act="change_family").before["publisher"] == "herald-house"


def test_state_control_changes_key_stories_and_cards(world):
    apply(dry_run("publisher", "courier-house", state_control=3))
    assert counts(world["both"])[:2] == (2, True)  # the other one is not controlled
    job = dry_run("source", "herald", state_control=3)
    assert (job.effects.get("fewer", 0), job.effects["not_key"]) == (0, 1)
    apply(job)
    assert counts(world["both"])[:2] == (2, False)
    assert not TimelineEntry.objects.filter(story=world["both"], is_key=True).exists()


def test_a_change_of_an_outlet_is_on_the_cards_of_all_its_stories(world):
    assert world["single"].card["first_source"]["kind"] == "national"
    apply(dry_run("source", "courier", kind="state-media", state_control=3))
    world["single"].refresh_from_db()
    assert world["single"].card["first_source"] | {"name": ""} == {
        "slug": "courier", "name": "", "kind": "state-media", "country": "GB", "state_control": 3,
    }  # fmt: skip
    assert TimelineEntry.objects.get(story=world["single"], region=world["region"]).source_kinds == [
        "state-media"
    ]


def test_an_outside_outlet_becomes_a_known_publishers_by_its_domain(world):
    article = world["two"].articles.get()
    outside = Origin.objects.create(
        kind="outside", key="outside:courier.example", independence_key="outside:courier.example", name="courier.example"
    )  # fmt: skip
    article.origin = outside
    article.save()
    settle(world["both"])
    job = dry_run("publisher", "courier-house", homepage_domains=["courier.example"])
    assert job.effects["fewer"] == 1
    apply(job)
    outside.refresh_from_db()
    assert (outside.independence_key, outside.publisher.slug) == ("family:courier-house", "courier-house")
    assert counts(world["both"])[0] == 1


def test_a_note_changes_no_story_and_runs_nothing(world):
    job = dry_run("publisher", "courier-house", owner_note="A trust.")
    assert (job.state, job.checked) == ("done", 0)
    assert "No story would count otherwise" in job.sentence
    apply(job)
    assert Publisher.objects.get(slug="courier-house").owner_note == "A trust."


def test_a_dry_run_looks_at_the_last_days_and_a_change_at_everything(world):
    old = factories.make_story(
        [factories.make_article(world[name], at=DAY - timedelta(days=90)) for name in ("one", "two")],
        placed=False,
    )
    settle(old)
    job = dry_run("publisher", "herald-house", owner_group="courier-house")
    assert job.effects["fewer"] == 1
    apply(job)
    assert counts(old)[:2] == (1, False)


def test_a_change_that_is_cancelled_keeps_stories_and_origins_in_step(world, monkeypatch):
    monkeypatch.setattr(family_edits, "STEP", 1)
    monkeypatch.setattr(edits, "SLICE_SECONDS", 0.0)
    older = factories.make_story(
        [factories.make_article(world[name]) for name in ("one", "two")], placed=False
    )
    settle(older)
    dry = dry_run("publisher", "herald-house", owner_group="courier-house")
    job = edits.start(edits.APPLY, dry.subject, dry.slug, dry.content, 0)
    edits.run(job.id, NOW)
    edits.cancel(job.id)
    job = run(job)
    assert job.state == "cancelled"
    assert "The change stays" in job.sentence
    assert Publisher.objects.get(slug="herald-house").owner_group == "courier-house"
    assert Origin.objects.filter(independence_key="family:herald-house").count() == 1
    assert wrong_stories() == []
    monkeypatch.undo()
    again = dry_run("publisher", "herald-house")  # made again, it goes through what is left
    assert again.effects["fewer"] == 1
    apply(again)
    assert not Origin.objects.filter(independence_key="family:herald-house").exists()
    assert wrong_stories() == []


@pytest.mark.parametrize(
    ("subject", "slug", "changed", "told"),
    [
        pytest.param("publisher", "courier-house", {"owner_group": "two words"}, "one word", id="a family of two words"),
        pytest.param("publisher", "courier-house", {"state_control": 4}, "from 0 to 3", id="too much control"),
        pytest.param("publisher", "courier-house", {"homepage_domains": ["x"]}, "no domain", id="no domain"),
        pytest.param("publisher", "courier-house", {"homepage_domains": ["taken.example"]}, "already", id="another's domain"),
        pytest.param("publisher", "courier-house", {"name": ""}, "Name", id="no name"),
        pytest.param("source", "courier", {"publisher": "nobody"}, "no publisher", id="an unknown publisher"),
        pytest.param("source", "courier", {"kind": ""}, "Kind", id="no kind"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_and_nothing_is_written(world, subject, slug, changed, told):
    factories.make_publisher("owner", homepage_domains=["taken.example"])
    before = edits.current(subject, slug)[1]
    for job in (dry_run(subject, slug, **changed), apply(dry_run(subject, slug, **changed))):
        assert job.state == "failed"
        assert told in job.sentence
    assert edits.current(subject, slug)[1] == before


def test_a_publisher_is_changed_by_its_page(world, curator: Client):
    form = {"name": "Herald House", "owner_group": "courier-house", "state_control": "0", "reason": "bought"}
    answer = curator.post(reverse("desk-publisher", args=["herald-house"]), form)
    job = edits.find_job(answer["Location"].rstrip("/").rsplit("/", 1)[-1])
    run(job)
    page = curator.get(answer["Location"]).content.decode()
    assert "moves 1 outlet" in page
    assert "1 story would become thinly covered" in page
    done = curator.post(reverse("desk-job-act", args=[job.id, "apply"]), {"reason": "bought"})
    run(edits.find_job(done["Location"].rstrip("/").rsplit("/", 1)[-1]))
    assert counts(world["both"])[0] == 1
    entry = LogEntry.objects.get(act="change_publisher")
    assert (entry.reason, entry.before["owner_group"], entry.after["owner_group"]) == (
        "bought",
        "",
        "courier-house",
    )
    listed = curator.get(reverse("desk-publishers") + "?q=courier-house").content.decode()
    assert "Herald House" in listed
    assert "Courier House" in listed


@pytest.mark.parametrize("rows", [1, 40])
def test_lists_and_pages_cost_the_same_for_any_number_of_rows(
    world, curator: Client, rows: int, django_assert_max_num_queries: Any
):
    publisher = world["one"].publisher
    for number in range(rows):
        factories.make_source(f"more-{number}", publisher=publisher)
        factories.make_publisher(f"other-{number}", owner_group=publisher.slug)
    for path in (
        reverse("desk-publishers"),
        reverse("desk-publisher", args=[publisher.slug]),
        reverse("desk-family", args=["courier"]),
    ):
        with django_assert_max_num_queries(9):
            assert curator.get(path).status_code == 200
