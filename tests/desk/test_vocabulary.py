"""The vocabulary is tried before it is changed; a change is logged, can be cancelled, and is undone whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from aggregator.models import (
    Article,
    Conflict,
    LogEntry,
    Override,
    Region,
    RegionLink,
    Story,
    TimelineEntry,
    Topic,
    Work,
)
from aggregator.services import desk_jobs, retagging, settling
from aggregator.services import vocabulary_edits as edits
from aggregator.services.loading import load_vocabulary
from tests import factories
from tests.factories import DAY

pytestmark = pytest.mark.django_db
NOW = DAY + timedelta(days=1)
TEXT = "The army said zorblax units shelled the besieged town and rebels fired rockets at soldiers."


@pytest.fixture(autouse=True)
def vocabulary(redis_url: str) -> None:
    load_vocabulary(DAY, sources=False)


@pytest.fixture
def articles() -> list[Article]:
    source = factories.make_source()
    titles = "Zorblax units shell besieged town", "Army and rebels fight over town", "Cup final"
    made = []
    for number, title in enumerate(titles):
        article = factories.make_article(source=source, title=title, language="en", at=DAY, relevance="in")
        article.body.text = TEXT if number == 0 else title
        article.body.save()
        made.append(article)
    return made


def run(job: edits.Job) -> edits.Job:
    """Do a job to its end."""
    for _ in range(200):
        if edits.find_job(job.id).state not in edits.OPEN:
            break
        edits.run(job.id, NOW)
    return edits.find_job(job.id)


def try_it(subject: str, slug: str, **changed: Any) -> edits.Job:
    _, content = edits.current(subject, slug)
    data = {**content["data"], **changed.pop("data", {})}
    return run(edits.start(edits.DRY_RUN, subject, slug, {**content, "data": data, **changed}, 0))


def make_it(job: edits.Job) -> edits.Job:
    return run(edits.start(edits.APPLY, job.subject, job.slug, job.content, 0, reason="a new word"))


def test_a_dry_run_of_cues_says_what_would_change_and_writes_nothing(articles):
    job = try_it("topic", "sanctions", data={"sure": ["zorblax"]})
    assert (job.added, job.removed, job.checked) == ([articles[0].pk], [], 3)
    assert job.sentence.startswith("This change would add 1 and remove 0 of the last 30 days")
    assert "zorblax" not in str(Topic.objects.get(slug="sanctions").data)
    assert not Work.objects.exists()
    assert not LogEntry.objects.filter(act="change_cues").exists()


def test_a_change_is_logged_and_only_what_it_touches_runs_again(articles):
    before = Topic.objects.get(slug="sanctions").data
    make_it(try_it("topic", "sanctions", data={"sure": ["zorblax"]}))
    entry = LogEntry.objects.get(act="change_cues")
    assert entry.before == {"slug": "sanctions", "data": before}
    assert entry.after["data"]["sure"] == ["zorblax"]
    assert entry.reason == "a new word"
    assert list(Work.objects.filter(why="retag").values_list("article_id", flat=True)) == [articles[0].pk]


@pytest.mark.parametrize("kind", ["topics", "regions"])
def test_an_article_with_a_curators_word_of_this_kind_is_left_out(articles, kind: str):
    Override.objects.create(kind=kind, article=articles[0], value={"slugs": ["battles"]}, made_at=DAY)
    job = try_it("topic", "sanctions", data={"sure": ["zorblax"]})
    assert len(job.added) == (0 if kind == "topics" else 1)


def test_older_articles_are_left_out(articles):
    Article.objects.update(reported_at=NOW - timedelta(days=31))
    assert try_it("topic", "sanctions", data={"sure": ["zorblax"]}).checked == 0


def test_articles_are_looked_at_in_steps_each_once(articles, monkeypatch):
    monkeypatch.setattr(edits, "STEP", 2)
    monkeypatch.setattr(edits, "SLICE_SECONDS", 0.0)
    job = edits.start(edits.DRY_RUN, "topic", "sanctions", {"data": {"sure": ["zorblax"]}}, 0)
    edits.run(job.id, NOW)
    assert edits.find_job(job.id).state == "running"
    job = run(job)
    assert (job.state, job.checked, job.percent) == ("done", 3, 100)
    assert job.added == [articles[0].pk]


def test_a_region_gets_a_name_that_is_looked_for(articles):
    job = try_it("region", "sudan", data={"aliases": ["Zorblax"]})
    assert job.added == [articles[0].pk]
    assert "Zorblax" not in str(Region.objects.get(slug="sudan").data)
    make_it(job)
    assert Region.objects.get(slug="sudan").data["aliases"] == ["Zorblax"]
    while settling.settle_due(NOW):
        pass
    story = Story.objects.get(memberships__article=articles[0])
    assert "sudan" in story.region_rows.values_list("region__slug", flat=True)


def test_a_conflict_gets_a_party_and_articles_that_name_it(articles):
    article = articles[0]
    article.title, article.body.text = "Zorblax Brigade shells Khartoum in Sudan", "Zorblax Brigade. " + TEXT
    article.save()
    article.body.save()
    # Without its own areas and usual names this conflict is found by what is given here alone.
    _, content = edits.current("conflict", "armenia-azerbaijan")
    party = {"name": "Zorblax Brigade", "side": "a", "kind": "armed group", "aliases": [], "position": 0}
    job = try_it("conflict", "armenia-azerbaijan", regions=["sudan"], parties=[party, *content["parties"]])
    assert job.state == "done", job.sentence
    assert job.added == [article.pk]
    make_it(job)
    row = Conflict.objects.get(slug="armenia-azerbaijan")
    assert row.parties.filter(name="Zorblax Brigade").exists()
    assert [region.slug for region in row.regions.all()] == ["sudan"]


def test_a_moved_region_brings_its_stories_to_the_pages_above_it():
    region, above = Region.objects.get(slug="sudan"), Region.objects.get(slug="south-caucasus")
    article = factories.make_article(regions=[region], at=DAY)
    story = factories.make_story([article], regions=[region])
    rows = TimelineEntry.objects.filter(story=story, region=above)
    assert not rows.exists()
    job = make_it(try_it("region", "sudan", also_in=["south-caucasus"]))
    assert job.state == "done", job.sentence
    assert RegionLink.objects.filter(region=region, ancestor=above).exists()
    assert rows.exists()
    undone = reverse("desk-undo", args=[LogEntry.objects.get(act="change_region").pk])
    client = Client()
    user = User.objects.create_superuser("boss", password="a long enough word")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.post(undone)
    assert not RegionLink.objects.filter(region=region, ancestor=above).exists()


@pytest.mark.parametrize(
    ("subject", "slug", "changed", "told"),
    [
        pytest.param("region", "south-caucasus", {"parent": "azerbaijan"}, "lie in itself", id="a ring"),
        pytest.param("region", "sudan", {"also_in": ["sudan"]}, "lie in itself", id="in itself"),
        pytest.param("region", "sudan", {"parent": None}, "in which region", id="nowhere"),
        pytest.param("region", "sudan", {"parent": "atlantis"}, "no region 'atlantis'", id="in an unknown one"),
        pytest.param("region", "sudan", {"name": ""}, "Name", id="no name"),
        pytest.param("region", "sudan", {"data": {"aliases": ["!"]}}, "no name to look for", id="a mark"),
        pytest.param("conflict", "armenia-azerbaijan", {"regions": ["x"]}, "no region 'x'", id="unknown country"),
        pytest.param("conflict", "armenia-azerbaijan", {"started_on": "then"}, "2023-09-19", id="no day"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_and_nothing_is_written(subject, slug, changed, told):
    _, before = edits.current(subject, slug)
    for kind in (edits.DRY_RUN, edits.APPLY):
        data = {**before["data"], **changed.get("data", {})}
        job = run(edits.start(kind, subject, slug, {**before, **changed, "data": data}, 0))
        assert job.state == "failed"
        assert told in job.sentence
    assert edits.current(subject, slug)[1] == before
    assert not LogEntry.objects.filter(act__startswith="change").exists()


def test_a_dry_run_is_cancelled_while_it_runs(articles, monkeypatch):
    monkeypatch.setattr(edits, "STEP", 1)
    monkeypatch.setattr(edits, "SLICE_SECONDS", 0.0)
    job = edits.start(edits.DRY_RUN, "topic", "sanctions", {"data": {"sure": ["zorblax"]}}, 0)
    edits.run(job.id, NOW)
    edits.cancel(job.id)
    job = run(job)
    assert (job.state, job.checked) == ("cancelled", 1)
    assert "Cancelled after 1 of 3" in job.sentence


def test_a_change_that_is_cancelled_while_it_runs_takes_back_what_waits(articles, monkeypatch):
    dry = try_it("topic", "sanctions", data={"sure": ["zorblax"]})
    compare = edits._compare

    def one_step_then_cancel(job, now):
        compare(job, now)
        assert Work.objects.filter(why="retag").count() == 1
        edits.cancel(job.id)

    monkeypatch.setattr(edits, "_compare", one_step_then_cancel)
    job = make_it(dry)
    assert job.state == "cancelled"
    assert "1 articles were not run again" in job.sentence
    assert not Work.objects.exists()
    assert Topic.objects.get(slug="sanctions").data["sure"] == ["zorblax"]


def test_a_job_that_was_cancelled_before_it_began_does_nothing():
    job = edits.start(edits.APPLY, "topic", "sanctions", {"data": {"sure": ["zorblax"]}}, 0)
    edits.cancel(job.id)
    run(job)
    assert "zorblax" not in str(Topic.objects.get(slug="sanctions").data)


def test_a_worker_that_died_after_the_change_makes_it_once(articles):
    dry = try_it("topic", "sanctions", data={"sure": ["zorblax"]})
    job = edits.start(edits.APPLY, "topic", "sanctions", dry.content, 0)
    kept = edits.find_job(job.id)
    kept.before = dry.before
    edits._change(edits.Actor(None, NOW), kept)
    desk_jobs.keep(kept)  # as it was kept before the change was committed
    run(job)
    assert LogEntry.objects.filter(act="change_cues").count() == 1
    assert Work.objects.filter(why="retag").count() == 1


def test_a_step_prolongs_the_hold_of_the_worker_that_has_the_job(db, monkeypatch):
    held = []
    monkeypatch.setattr(desk_jobs.cache, "touch", lambda key, timeout: held.append((key, timeout)))
    job = edits.start(edits.DRY_RUN, "topic", "sanctions", {}, 0)
    assert desk_jobs.take(job)
    assert not desk_jobs.take(job)
    desk_jobs.keep(job)
    assert held[-1] == (f"desk-job-taken:{job.id}", desk_jobs.TAKEN_SECONDS)
    desk_jobs.give_back(job)


def test_a_lost_nudge_is_made_good_by_the_page(curator: Client, monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr(desk_jobs.nudge, "desk_job", sent.append)
    job = edits.start(edits.DRY_RUN, "topic", "sanctions", {"data": {}}, 0)
    curator.get(reverse("desk-job-state", args=[job.id]))
    assert sent == [job.id]
    desk_jobs.cache.delete(desk_jobs._key(job.id, "beat"))
    curator.get(reverse("desk-job-state", args=[job.id]))
    assert sent == [job.id] * 2


def test_a_change_is_undone_and_its_articles_run_again(curator: Client, articles):
    before = Topic.objects.get(slug="sanctions").data
    make_it(try_it("topic", "sanctions", data={"sure": ["zorblax"]}))
    Work.objects.all().delete()
    started: list[edits.Job] = []
    start = edits.start

    def note(*args: Any, **options: Any) -> edits.Job:
        started.append(start(*args, **options))
        return started[-1]

    edits.start = note
    try:
        curator.post(reverse("desk-undo", args=[LogEntry.objects.get(act="change_cues").pk]))
    finally:
        edits.start = start
    assert Topic.objects.get(slug="sanctions").data == before
    assert run(started[0]).removed == [articles[0].pk]
    assert Work.objects.filter(why="retag").count() == 1


def test_an_older_change_waits_until_the_newer_is_undone(curator: Client, said):
    for word in ("zorblax", "glorbs"):
        make_it(try_it("topic", "sanctions", data={"sure": [word]}))
    older, newer = LogEntry.objects.filter(act="change_cues").order_by("pk")
    answer = curator.post(reverse("desk-undo", args=[older.pk]), follow=True)
    assert "came after it" in said(answer)[0]
    for entry in (newer, older):
        curator.post(reverse("desk-undo", args=[entry.pk]))
    assert (
        "sure" not in Topic.objects.get(slug="sanctions").data
        or not Topic.objects.get(slug="sanctions").data["sure"]
    )


@pytest.mark.parametrize("subject", ["topic", "region", "conflict"])
def test_a_form_that_changes_nothing_changes_nothing(curator: Client, subject: str):
    slug = {"topic": "shelling", "region": "nagorno-karabakh", "conflict": "nagorno-karabakh"}[subject]
    slug = Topic.objects.first().slug if subject == "topic" else slug  # type: ignore[union-attr]
    _, before = edits.current(subject, slug)
    page = curator.get(reverse(f"desk-{subject}", args=[slug]))
    context = page.context
    form = dict(context["lists"]) | dict(context["names"])
    plain = {
        k: " ".join(v) if isinstance(v, list) else v or ""
        for k, v in before.items()
        if k not in ("data", "parties")
    }
    form |= plain | {"by_language": context["by_language"], "parties": context["parties"]}
    answer = curator.post(reverse(f"desk-{subject}", args=[slug]), form)
    job = edits.find_job(answer["Location"].strip("/").split("/")[-1])
    assert job.content == before
    assert "Goes" not in curator.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("by_language", ["{", "[]", "3", "null"])
@pytest.mark.parametrize("subject", ["topic", "region"])
def test_languages_that_are_none_are_told(curator: Client, said, subject: str, by_language: str):
    slug = "sanctions" if subject == "topic" else "sudan"
    form = {"by_language": by_language, "name": "x", "parent": "world"}
    answer = curator.post(reverse(f"desk-{subject}", args=[slug]), form, follow=True)
    assert "JSON" in said(answer)[0]


def test_the_rules_of_a_dry_run_are_not_kept(articles):
    from aggregator.services.vocabulary import current_rules

    before = current_rules().version
    try_it("region", "sudan", data={"aliases": ["Zorblax"]})
    assert current_rules().version == before
    assert retagging.count_recent(DAY - timedelta(days=1)) == 3
