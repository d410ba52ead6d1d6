"""Curators' acts on stories: what they change, what the log says, and that undo brings all back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import CurationError
from aggregator.models import Article, DayCount, LogEntry, Membership, Override, Story, TimelineEntry
from aggregator.services import daycounts, placing
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.membership import merge_stories, move_article, split_story
from aggregator.services.curation.tagging import retag_story, set_event_date, set_speaker
from aggregator.services.curation.undo import undo
from aggregator.services.curation.visibility import hide_story, pin_story, withdraw_articles
from aggregator.services.locks import line_lock
from tests import factories

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NOW = factories.DAY + timedelta(days=1)


@pytest.fixture
def actor() -> Actor:
    return Actor(user=None, now=NOW, reason="the same event")


@pytest.fixture
def world() -> dict[str, Any]:
    """Two stories of two and one articles in a small vocabulary, placed by the real service."""
    root = factories.make_world()
    country = factories.make_region("azerbaijan", parent=root)
    area = factories.make_region("nagorno-karabakh", parent=country)
    topic, other_topic = factories.make_topic("battles"), factories.make_topic("diplomacy")
    a, b = (
        factories.make_article(at=factories.DAY + n * HOUR, regions=[area], topics=[topic]) for n in range(2)
    )
    c = factories.make_article(at=factories.DAY + 3 * HOUR, regions=[country], topics=[topic])
    first = factories.make_story([a, b], placed=False)
    second = factories.make_story([c], placed=False)
    place(first, second)
    return {
        "first": first, "second": second, "a": a, "b": b, "c": c,
        "country": country, "area": area, "root": root, "topic": topic, "other_topic": other_topic,
    }  # fmt: skip


def place(*stories: Story) -> None:
    with line_lock():
        placing.place_stories([story.pk for story in stories], NOW)


def faces() -> dict[str, Any]:
    """Everything that list pages and faces are made from."""
    names = (
        "region_id",
        "conflict_id",
        "topic_id",
        "story_id",
        "report_at",
        "event_on",
        "added_at",
        "is_key",
    )
    days = DayCount.objects.exclude(story_count=0)
    return {
        "rows": sorted(TimelineEntry.objects.values_list(*names), key=str),
        "days": sorted(
            days.values_list("region_id", "topic_id", "clock", "on", "story_count", "key_count"), key=str
        ),
        "stories": sorted(
            Story.objects.values_list(
                "pk", "slug", "headline", "origin_count", "source_count", "article_count", "happened_on"
            )
        ),
        "members": sorted(Membership.objects.values_list("story_id", "article_id")),
    }


def test_a_placed_story_stands_on_its_regions_their_ancestors_and_its_topic(world: dict[str, Any]) -> None:
    shown = TimelineEntry.objects.filter(story=world["first"]).values_list("region__slug", "topic__slug")
    assert set(shown) == {
        (region, topic)
        for region in ("world", "azerbaijan", "nagorno-karabakh")
        for topic in (None, "battles")
    }
    assert daycounts.recount() == 0


def test_a_merge_moves_the_articles_and_redirects_the_address(world: dict[str, Any], actor: Actor) -> None:
    merge_stories(actor, world["first"].pk, world["second"].pk)
    world["second"].refresh_from_db()
    world["first"].refresh_from_db()
    assert world["second"].retired_into_id == world["first"].pk
    assert world["first"].article_count == 3
    assert world["first"].origin_count == 3
    assert not TimelineEntry.objects.filter(story=world["second"]).exists()
    assert daycounts.recount() == 0


def test_undoing_a_merge_brings_back_addresses_counts_and_faces(world: dict[str, Any], actor: Actor) -> None:
    before = faces()
    entry = merge_stories(actor, world["first"].pk, world["second"].pk)
    assert faces() != before
    undo(actor, entry.pk)
    assert faces() == before
    assert list(LogEntry.objects.order_by("pk").values_list("act", flat=True)) == ["merge", "undo"]
    assert not Override.objects.filter(lifted_at__isnull=True).exists()


def test_what_goes_on_from_a_merged_story_goes_on_from_its_survivor(
    world: dict[str, Any], actor: Actor
) -> None:
    first, second = world["first"], world["second"]
    late = factories.make_article(at=factories.DAY + 30 * HOUR, regions=[world["area"]])
    third = factories.make_story([late])
    Story.objects.filter(pk=third.pk).update(earlier=second)
    Story.objects.filter(pk=first.pk).update(earlier=second)
    entry = merge_stories(actor, first.pk, second.pk)
    chain = dict(Story.objects.values_list("pk", "earlier_id"))
    assert chain == {first.pk: None, second.pk: None, third.pk: first.pk}
    undo(actor, entry.pk)
    assert Story.objects.get(pk=third.pk).earlier_id == second.pk


def test_an_article_that_joined_in_between_stays_with_the_survivor(
    world: dict[str, Any], actor: Actor
) -> None:
    entry = merge_stories(actor, world["first"].pk, world["second"].pk)
    late = factories.make_article(at=factories.DAY + 4 * HOUR, regions=[world["area"]])
    Membership.objects.create(story=world["first"], article=late, joined_at=NOW)
    place(world["first"])
    undo(actor, entry.pk)
    assert set(world["first"].memberships.values_list("article_id", flat=True)) == {
        world["a"].pk, world["b"].pk, late.pk,
    }  # fmt: skip
    assert list(world["second"].memberships.values_list("article_id", flat=True)) == [world["c"].pk]


@pytest.mark.parametrize("act", ["merge", "split", "move", "retag", "event_date", "speaker", "hide", "pin"])
def test_each_act_can_be_undone_once_and_leaves_faces_as_before(
    world: dict[str, Any], actor: Actor, act: str
) -> None:
    before = faces()
    entry = do(act, world, actor)
    undo(actor, entry.pk)
    members = faces()["members"]
    assert [row for row in faces()["rows"] if row] == before["rows"]
    assert members == before["members"]
    assert faces()["days"] == before["days"]
    with pytest.raises(CurationError, match="undone already"):
        undo(actor, entry.pk)


def do(act: str, world: dict[str, Any], actor: Actor) -> LogEntry:
    first, second = world["first"].pk, world["second"].pk
    match act:
        case "merge":
            return merge_stories(actor, first, second)
        case "split":
            return split_story(actor, first, [world["b"].pk])[0]
        case "move":
            return move_article(actor, world["b"].pk, second)
        case "retag":
            return retag_story(actor, first, "topics", ["diplomacy"])
        case "event_date":
            return set_event_date(actor, first, (factories.DAY - timedelta(days=2)).date())
        case "speaker":
            return set_speaker(actor, first, world["b"].pk)
        case "hide":
            return hide_story(actor, first)
        case _:
            return pin_story(actor, first, world["area"])


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        pytest.param("itself", "with itself", id="merge with itself"),
        pytest.param("retired", "has been merged into", id="merge with a retired story"),
        pytest.param("unknown", "There is no story", id="merge with nothing"),
        pytest.param("silent", "needs a reason", id="merge without a reason"),
        pytest.param("stale", "changed while you were looking", id="another curator was first"),
        pytest.param("all", "not none and not all", id="split all"),
        pytest.param("none", "not none and not all", id="split none"),
        pytest.param("stranger", "not in this story", id="split an article of another story"),
        pytest.param("future", "after the newest report", id="event date in the future"),
        pytest.param("slug", "no such entry", id="retag with an unknown slug"),
        pytest.param("topics", "at most 3 topics", id="retag with four topics"),
    ],
)
def test_an_act_that_cannot_be_done_says_why_and_changes_nothing(
    world: dict[str, Any], actor: Actor, case: str, sentence: str
) -> None:
    if case == "retired":
        merge_stories(actor, world["first"].pk, world["second"].pk)
    before, acts = faces(), LogEntry.objects.count()
    with pytest.raises(CurationError, match=sentence):
        do_badly(case, world, actor)
    assert faces() == before
    assert LogEntry.objects.count() == acts


def do_badly(case: str, world: dict[str, Any], actor: Actor) -> None:
    first, second = world["first"].pk, world["second"].pk
    match case:
        case "itself":
            merge_stories(actor, first, first)
        case "retired":
            merge_stories(actor, first, second)
        case "unknown":
            merge_stories(actor, first, 999_999)
        case "silent":
            merge_stories(Actor(None, NOW), first, second)
        case "stale":
            merge_stories(actor, first, second, seen=world["first"].version - 5)
        case "all":
            split_story(actor, first, [world["a"].pk, world["b"].pk])
        case "none":
            split_story(actor, first, [])
        case "stranger":
            split_story(actor, first, [world["c"].pk])
        case "future":
            set_event_date(actor, first, (factories.DAY + timedelta(days=9)).date())
        case "slug":
            retag_story(actor, first, "regions", ["atlantis"])
        case _:
            retag_story(actor, first, "topics", ["a", "b", "c", "d"])


def test_an_undo_names_what_is_in_the_way(world: dict[str, Any], actor: Actor) -> None:
    third = factories.make_story(placed=False)
    place(third)
    entry = merge_stories(actor, world["first"].pk, world["second"].pk)
    merge_stories(actor, third.pk, world["first"].pk)
    with pytest.raises(CurationError, match=f"merged into story {third.pk}"):
        undo(actor, entry.pk)


def test_a_curated_region_outvotes_what_joins_later(world: dict[str, Any], actor: Actor) -> None:
    retag_story(actor, world["second"].pk, "regions", ["nagorno-karabakh"])
    late = factories.make_article(at=factories.DAY + 4 * HOUR, regions=[world["root"]])
    Membership.objects.create(story=world["second"], article=late, joined_at=NOW)
    place(world["second"])
    slugs = world["second"].region_rows.values_list("region__slug", flat=True)
    assert list(slugs) == ["nagorno-karabakh"]


def test_a_withdrawn_article_leaves_a_tombstone_and_no_text(world: dict[str, Any], actor: Actor) -> None:
    withdraw_articles(actor, [world["b"].pk])
    article = Article.objects.select_related("body").get(pk=world["b"].pk)
    assert (article.title, article.extract, article.body.text) == ("", "", "")
    assert article.status == Article.Status.WITHDRAWN
    world["first"].refresh_from_db()
    assert world["first"].article_count == 1
    entry = LogEntry.objects.get(act="withdraw")
    assert entry.reason == "the same event"
    assert "text_sha256" in entry.before
