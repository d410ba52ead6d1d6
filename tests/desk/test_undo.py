"""Undo: everything comes back as it was, or the curator is told which act is in the way."""

# ruff: noqa: F811
from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from aggregator.errors import CurationError
from aggregator.models import Article, Feed, LogEntry, Membership, Override, Pin, ReaderReport, Story
from aggregator.services import feed_care, queues, sourcing
from aggregator.services.curation import membership, tagging, undo, verdicts, visibility
from aggregator.services.curation.acts import Actor
from tests.desk.conftest import make_person
from tests.factories import DAY, make_article, make_feed, make_source, make_story
from tests.services.test_curation import faces, world  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def who() -> Actor:
    return Actor(make_person("curator"), DAY + timedelta(days=2), "because")


def in_force() -> list[tuple[Any, ...]]:
    """Every word of a curator that holds."""
    rows = Override.objects.filter(lifted_at__isnull=True)
    return sorted(rows.values_list("article_id", "kind", "other_id", "value"), key=str)


def test_an_undone_retag_brings_back_the_word_that_it_replaced(who: Actor, world: dict[str, Any]):
    story = world["first"]
    tagging.retag_story(who, story.pk, "regions", ["azerbaijan"])
    before = faces(), in_force()
    second = tagging.retag_story(who, story.pk, "regions", ["nagorno-karabakh"])
    undo.undo(who, second.pk)
    assert (faces(), in_force()) == before


def test_an_older_act_waits_until_the_newer_is_undone(who: Actor, world: dict[str, Any]):
    story, untouched = world["first"], faces()
    first = tagging.retag_story(who, story.pk, "regions", ["azerbaijan"])
    second = tagging.retag_story(who, story.pk, "regions", ["nagorno-karabakh"])
    before = faces(), in_force()
    with pytest.raises(CurationError, match=rf"Act {second.pk} came after it"):
        undo.undo(who, first.pk)
    assert (faces(), in_force()) == before
    undo.undo(who, second.pk)
    undo.undo(who, first.pk)
    assert faces() == untouched
    assert in_force() == []


def test_acts_on_different_things_do_not_stand_in_each_others_way(who: Actor, world: dict[str, Any]):
    story = world["first"]
    regions = tagging.retag_story(who, story.pk, "regions", ["azerbaijan"])
    tagging.retag_story(who, story.pk, "topics", ["diplomacy"])
    undo.undo(who, regions.pk)
    assert {row[1] for row in in_force()} == {"topics"}


@pytest.mark.parametrize("act", ["date", "speaker"])
def test_a_second_word_is_undone_to_the_first(who: Actor, world: dict[str, Any], act: str):
    story, a, b = world["first"], world["a"], world["b"]
    do = {
        "date": lambda n: tagging.set_event_date(who, story.pk, date(2020, 1, n)),
        "speaker": lambda n: tagging.set_speaker(who, story.pk, (a, b)[n - 1].pk),
    }[act]
    do(2)
    before = faces(), in_force()
    undo.undo(who, do(1).pk)
    assert (faces(), in_force()) == before


def test_a_lift_is_undone_unless_a_newer_word_stands(who: Actor, world: dict[str, Any]):
    story = world["second"]
    tagging.retag_story(who, story.pk, "regions", ["nagorno-karabakh"])
    before = in_force()
    lifted = verdicts.lift_override(who, Override.objects.get().pk)
    undo.undo(who, lifted.pk)
    assert in_force() == before
    again = verdicts.lift_override(who, Override.objects.get().pk)
    tagging.retag_story(who, story.pk, "regions", ["azerbaijan"])
    with pytest.raises(CurationError, match="came after it"):
        undo.undo(who, again.pk)


def test_a_retag_whose_word_was_lifted_names_the_lift(who: Actor, world: dict[str, Any]):
    retag = tagging.retag_story(who, world["second"].pk, "regions", ["nagorno-karabakh"])
    lift = verdicts.lift_override(who, Override.objects.get().pk)
    with pytest.raises(CurationError, match=f"Act {lift.pk} "):
        undo.undo(who, retag.pk)


def test_hide_pin_and_their_undo_do_not_repeat(who: Actor, world: dict[str, Any]):
    story, before = world["first"], faces()
    hide = visibility.hide_story(who, story.pk)
    with pytest.raises(CurationError, match="hidden already"):
        visibility.hide_story(who, story.pk)
    undo.undo(who, hide.pk)
    assert faces() == before
    pin = visibility.pin_story(who, story.pk, world["area"])
    unpin = visibility.unpin_story(who, Pin.objects.get().pk)
    with pytest.raises(CurationError, match="Undo that first"):
        undo.undo(who, pin.pk)
    undo.undo(who, unpin.pk)
    assert Pin.objects.get().region == world["area"]


def test_the_story_of_an_undone_hide_must_still_be_there(who: Actor, world: dict[str, Any]):
    hide = visibility.hide_story(who, world["second"].pk)
    membership.merge_stories(who, world["first"].pk, world["second"].pk)
    with pytest.raises(CurationError, match="has been merged into"):
        undo.undo(who, hide.pk)


def test_a_story_comes_back_to_the_queue_that_it_left(who: Actor):
    story = make_story()
    entry = queues.review(who, "untagged", story.pk)
    assert queues.find_queue("untagged").look(who.now, 0).items == ()
    undo.undo(who, entry.pk)
    assert [item.pk for item in queues.find_queue("untagged").look(who.now, 0).items] == [story.pk]


def test_a_closed_report_is_opened_again(who: Actor):
    report = ReaderReport.objects.create(at=DAY, kind="other", story=make_story(), text="No!")
    entry = queues.close_report(who, report.pk, "done")
    undo.undo(who, entry.pk)
    report.refresh_from_db()
    assert report.closed_at is None


def test_what_was_done_to_a_feed_or_a_selector_is_undone(who: Actor):
    feed = make_feed(make_source())
    old = feed.url
    feed_care.switch(who, feed.pk, on=False)
    with pytest.raises(CurationError, match="off already"):
        feed_care.switch(who, feed.pk, on=False)
    feed_care.change_address(who, feed.pk, "https://new.example/feed")
    sourcing.keep_selector(who, feed.source_id, "#text")
    for act in ("feed_off", "feed_address", "selector"):
        undo.undo(who, LogEntry.objects.get(act=act).pk)
    feed.refresh_from_db()
    assert (feed.enabled, feed.url) == (True, old)
    assert Feed.objects.select_related("source").get(pk=feed.pk).source.extraction_selector == ""


def test_an_address_does_not_go_back_to_one_that_another_feed_has(who: Actor):
    feed = make_feed(make_source())
    old = feed.url
    feed_care.change_address(who, feed.pk, "https://new.example/feed")
    other = make_feed(make_source())
    feed_care.change_address(who, other.pk, old)
    with pytest.raises(CurationError, match="Another feed"):
        undo.undo(who, LogEntry.objects.get(act="feed_address", target_id=feed.pk).pk)


ACTS_OF_A_STORY = [
    ("split", {"article": "a"}),
    ("move", {"article": "a", "to": "second"}),
    ("speaker", {"article": "b"}),
    ("date", {"on": "2020-01-02"}),
    ("retag", {"kind": "regions", "slug": "azerbaijan"}),
    ("pin", {"on": "region:azerbaijan"}),
    ("hide", {"reason": "spam"}),
    ("apart", {"other": "second"}),
]


@pytest.mark.parametrize(("name", "form"), ACTS_OF_A_STORY, ids=[name for name, _ in ACTS_OF_A_STORY])
def test_every_act_on_a_story_that_changed_meanwhile_is_told_and_does_nothing(
    curator: Client, world: dict[str, Any], said, name: str, form: dict[str, str]
):
    seen = Story.objects.get(pk=world["first"].pk).version
    other = Actor(User.objects.get(username="admin"), DAY + timedelta(days=2), "the other was faster")
    tagging.set_event_date(other, world["first"].pk, date(2020, 1, 1))
    before, acts = (faces(), in_force(), Pin.objects.count()), LogEntry.objects.count()
    given = {key: world[value].pk if value in world else value for key, value in form.items()}
    answer = curator.post(
        reverse("desk-story-act", args=[world["first"].pk, name]), given | {"seen": seen}, follow=True
    )
    assert "changed while you were looking" in said(answer)[0]
    assert "event date by admin at 12:00 (the other was faster)" in said(answer)[0]
    assert ((faces(), in_force(), Pin.objects.count()), LogEntry.objects.count()) == (before, acts)


def test_a_merge_is_refused_when_the_other_story_changed(curator: Client, world: dict[str, Any], said):
    first, second = (Story.objects.get(pk=world[name].pk) for name in ("first", "second"))
    tagging.set_event_date(Actor(None, DAY + timedelta(days=2)), second.pk, date(2020, 1, 1))
    form = {"other": second.pk, "seen": first.version, "seen_other": second.version, "reason": "one"}
    answer = curator.post(reverse("desk-merge", args=[first.pk]), form, follow=True)
    assert "changed while you were looking" in said(answer)[0]
    assert not Story.objects.filter(retired_into__isnull=False).exists()


def test_an_article_that_joined_meanwhile_is_named(curator: Client, world: dict[str, Any], said):
    story = Story.objects.get(pk=world["first"].pk)
    joined = make_article(title="A third report")
    Membership.objects.create(story=story, article=joined, joined_at=DAY + timedelta(days=9))
    Story.objects.filter(pk=story.pk).update(version=story.version + 1)
    form = {"on": "2020-01-02", "seen": story.version}
    told = said(curator.post(reverse("desk-story-act", args=[story.pk, "date"]), form, follow=True))
    assert "A third report" in told[0]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_act_at_the_same_moment_one_acts_and_the_other_is_told(world: dict[str, Any]):
    first, second = world["first"], world["second"]
    seen = Story.objects.get(pk=first.pk).version, Story.objects.get(pk=second.pk).version
    who = Actor(make_person("curator"), DAY + timedelta(days=2), "one event")
    told = _at_once(
        lambda: membership.merge_stories(who, first.pk, second.pk, seen=seen[0], seen_other=seen[1]),
        lambda: membership.split_story(who, first.pk, [world["a"].pk], seen=seen[0]),
        lambda: membership.merge_stories(who, second.pk, first.pk, seen=seen[1], seen_other=seen[0]),
        lambda: visibility.hide_story(who, first.pk, seen=seen[0]),
    )
    assert LogEntry.objects.count() == 1
    assert told.count("") == 1
    assert set(told) - {""} <= {"story_changed", "story_retired"}
    entry = LogEntry.objects.get()
    assert Override.objects.exclude(log_entry=entry).count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_undo_at_the_same_moment_one_undoes_and_the_other_is_told(world: dict[str, Any]):
    before = faces()
    who = Actor(make_person("curator"), DAY + timedelta(days=2), "one event")
    entry = membership.merge_stories(who, world["first"].pk, world["second"].pk)
    told = _at_once(*[lambda: undo.undo(who, entry.pk)] * 3)
    assert sorted(told) == ["", "undone_already", "undone_already"]
    assert faces() == before


def _at_once(*acts: Any) -> list[str]:
    """Run acts in threads of their own that start together; return the code of each one's error, '' for none."""
    gate, told = threading.Barrier(len(acts)), [""] * len(acts)

    def run(n: int) -> None:
        gate.wait()
        try:
            acts[n]()
        except CurationError as error:
            told[n] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_a_relevance_verdict_is_undone_only_while_it_stands(who: Actor, redis_url: str):
    article = make_article(relevance="ask")
    first = verdicts.set_relevance(who, article.pk, "in")
    second = verdicts.set_relevance(who, article.pk, "out")
    with pytest.raises(CurationError, match=f"Act {second.pk} "):
        undo.undo(who, first.pk)
    undo.undo(who, second.pk)
    assert Article.objects.get(pk=article.pk).relevance == "in"
    undo.undo(who, first.pk)
    assert Article.objects.get(pk=article.pk).relevance == "ask"
    assert in_force() == []


def test_a_merge_of_the_machine_that_a_curator_undid_is_not_done_again(who: Actor, world: dict[str, Any]):
    before = faces()
    entry = membership.merge_stories(Actor(None, who.now, "alike"), world["first"].pk, world["second"].pk)
    Override.objects.all().delete()  # the machine leaves no word of its own
    undone = undo.undo(who, entry.pk)
    assert faces() == before
    row = Override.objects.get(lifted_at=None)
    assert (row.kind, row.article, row.other, row.log_entry) == (
        "cannot_link",
        world["c"],
        world["a"],
        undone,
    )


def test_an_entry_without_what_an_undo_needs_is_told(who: Actor, world: dict[str, Any]):
    entry = LogEntry.objects.create(at=DAY, act="merge", target_type="story", target_id=world["first"].pk)
    with pytest.raises(CurationError, match="does not hold enough"):
        undo.undo(who, entry.pk)
