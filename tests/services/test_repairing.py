"""A second look merges and splits, keeps addresses, and leaves alone what a curator said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.models import Article, LogEntry, Membership, Override, Story
from aggregator.services import grouping
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.undo import undo
from aggregator.services.repairing import repair_stories
from tests.factories import DAY
from tests.services.test_grouping import DEPOT, DEPOT_AGAIN, MARKET, link, report, settle, story_of

pytestmark = pytest.mark.django_db
NOW = DAY + timedelta(hours=6)


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


def part(one: Article, other: Article) -> None:
    """Settle two articles into stories of their own, as if little had been known on arrival."""
    Override.objects.create(kind="cannot_link", article=one, other=other, made_at=DAY)
    settle(one, other)
    Override.objects.all().delete()
    assert story_of(one) != story_of(other)


def test_two_threads_of_one_happening_are_merged_into_the_older_and_logged() -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    part(one, two)
    stays, goes = story_of(one), story_of(two)
    assert repair_stories(NOW) == 1
    assert story_of(two) == stays
    assert Story.objects.get(pk=goes).retired_into_id == stays
    entry = LogEntry.objects.get(act="merge")
    assert entry.role == "machine" and entry.reason and entry.after["retired"] == goes
    assert Story.objects.get(pk=stays).article_count == 2
    assert repair_stories(NOW) == 0


def test_stories_of_different_happenings_stay_apart() -> None:
    settle(report(DEPOT), report(MARKET, 1))
    assert repair_stories(NOW) == 0


def test_a_curators_cannot_link_keeps_two_stories_apart() -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    link("cannot_link", two, one)
    settle(one, two)
    assert repair_stories(NOW) == 0
    assert story_of(one) != story_of(two)


def test_a_member_that_does_not_belong_leaves_with_its_copy() -> None:
    one, two, stray = report(DEPOT), report(DEPOT_AGAIN, 1), report(MARKET, 2)
    settle(one, two)
    link("must_link", stray, one)
    copy = report(MARKET, 3, copy_of=stray)
    settle(stray, copy)
    Override.objects.all().delete()
    assert repair_stories(NOW) == 1
    assert story_of(stray) == story_of(copy) != story_of(one)
    assert story_of(two) == story_of(one)
    assert LogEntry.objects.get().act == "split"


def test_a_curators_must_link_keeps_a_member_in() -> None:
    one, stray = report(DEPOT), report(MARKET, 2)
    link("must_link", stray, one)
    settle(one, stray)
    assert repair_stories(NOW) == 0
    assert story_of(stray) == story_of(one)


def test_a_merge_that_a_curator_took_back_is_not_made_again() -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    part(one, two)
    assert repair_stories(NOW) == 1
    undo(Actor(None, NOW, "two fires"), LogEntry.objects.get(act="merge").pk)
    assert story_of(one) != story_of(two)
    assert repair_stories(NOW) == 0


def test_stories_older_than_two_days_are_left_alone() -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    part(one, two)
    assert repair_stories(DAY + timedelta(hours=60)) == 0


def test_a_running_happening_reads_as_a_chain() -> None:
    one, next_one = report(DEPOT), report(DEPOT, 73)
    settle(one, next_one)
    repair_stories(DAY + timedelta(hours=80))
    assert Story.objects.get(pk=story_of(next_one)).earlier_id == story_of(one)
    assert Membership.objects.count() == 2
