"""A copy that comes when the story of its text has closed: it stands in the next one, and a reprint in none."""

from __future__ import annotations

import random
from typing import Any

import pytest

from aggregator.models import Article, Membership, Override, Story
from aggregator.services import grouping
from aggregator.services.repairing import repair_stories
from aggregator.services.seating import STORY_SPAN
from tests.services.test_grouping import DEPOT, DEPOT_AGAIN, MARKET, link, report, story_of
from tests.services.test_order_of_arrival import forgotten_afterwards
from tests.services.test_stand_ins import NOW, as_sets, held, leader_in, say, settle, settle_queue, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


def copy_of(original: Article, hours: float, **fields: Any) -> Article:
    return report(DEPOT, hours, copy_of=original, copy_kind="republished", origin=original.origin, **fields)


def closed() -> tuple[Article, Article]:
    """Return the first report of a story and one that came in its last hours."""
    first, last = report(DEPOT), report(DEPOT_AGAIN, 70)
    settle(first, last)
    assert story_of(first) == story_of(last)
    return first, last


def test_a_copy_that_comes_hours_after_the_story_of_its_text_closed_opens_the_one_that_goes_on() -> None:
    first, last = closed()
    settle(late := copy_of(last, 74), beside := copy_of(last, 76))
    story = Story.objects.get(pk=story_of(late))
    assert story.pk != story_of(first) and story_of(beside) == story.pk
    assert (story.origin_count, story.article_count) == (1, 2), "two copies, and the origin of their text"
    assert Membership.objects.get(article=late).reason["late_for"] == last.pk
    settle(own := report(DEPOT_AGAIN, 80))
    assert story_of(own) == story.pk, "a copy's words find what goes on, as an original's do"
    repair_stories(NOW)
    story.refresh_from_db()
    assert story.earlier_id == story_of(first) and story.origin_count == 2
    assert repair_stories(NOW) == 0 and settle_queue() == 0 and wrong() == {}


def test_a_worker_that_starts_afresh_holds_latecomers_as_the_one_before() -> None:
    _, last = closed()
    settle(late := copy_of(last, 74))
    assert held(late) == story_of(late)
    grouping.forget()
    assert held(late) == story_of(late) and leader_in(story_of(late)) == [late.pk]


def test_a_latecomer_that_is_settled_again_stays_and_so_does_its_story() -> None:
    _, last = closed()
    settle(late := copy_of(last, 74))
    before = (story_of(late), Membership.objects.get(article=late).reason)
    settle(late)
    settle(last)
    assert settle_queue() <= 1
    assert (story_of(late), Membership.objects.get(article=late).reason) == before
    assert held(late) == before[0] and wrong() == {}


@pytest.mark.parametrize(
    ("hours", "of_copy", "stands"),
    [
        pytest.param(71, 1.0, True, id="all of the text, within three days"),
        pytest.param(74, 1.0, False, id="all of the text, later: a reprint"),
        pytest.param(74, 0.9, False, id="nearly all of it"),
        pytest.param(74, 0.5, True, id="half of it is its own"),
    ],
)
def test_more_than_three_days_later_only_what_has_words_of_its_own_stands_in_a_story(
    hours: float, of_copy: float, stands: bool
) -> None:
    """The story began an hour before the text: it has no room from 72 hours after that on."""
    settle(report(DEPOT_AGAIN, -2), original := report(DEPOT))
    settle(copy := copy_of(original, hours, copy_reason={"code": "same_text", "of_copy": of_copy}))
    assert (story_of(copy) is not None) is stands
    assert story_of(copy) != story_of(original) and wrong() == {}


def test_a_latecomer_goes_to_its_text_when_that_comes_to_a_story_with_room() -> None:
    one, two, stray = report(DEPOT), report(DEPOT_AGAIN, 1), report(MARKET, 60)
    settle(one, two)
    link("must_link", stray, one)
    copy = report(MARKET, 100, copy_of=stray)
    settle(stray, copy)
    Override.objects.all().delete()
    assert story_of(copy) not in (None, story_of(stray))
    repair_stories(NOW)
    settle_queue()
    assert story_of(copy) == story_of(stray) != story_of(one)
    assert held(copy) is None and leader_in(story_of(copy)) == [stray.pk] and wrong() == {}


def test_what_turns_out_to_be_a_late_copy_stays_in_the_story_that_it_opened() -> None:
    first, last = closed()
    settle(later := report(DEPOT, 76))
    story = story_of(later)
    assert story != story_of(first)
    say(later, copy_of=last, copy_kind="republished", origin=last.origin)
    assert story_of(later) == story == held(later)
    assert Membership.objects.get(article=later).reason["late_for"] == last.pk and wrong() == {}
    say(last, relevance="out")
    assert story_of(later) == story == held(later) and wrong() == {}


def test_a_copy_that_has_no_room_when_two_stories_become_one_is_grouped_by_its_own_words() -> None:
    early, original = report(DEPOT_AGAIN, 0), report(DEPOT, 10)
    link("cannot_link", early, original)
    settle(early, original)
    settle(copy := copy_of(original, 75))
    Override.objects.all().delete()
    assert story_of(copy) == story_of(original) != story_of(early)
    repair_stories(NOW)
    settle_queue()
    assert story_of(early) == story_of(original) != story_of(copy)
    assert held(copy) == story_of(copy) is not None
    spans = Story.objects.live().values_list("first_at", "last_at")
    assert all(last - first <= STORY_SPAN for first, last in spans) and wrong() == {}


def test_any_order_of_arrival_ends_as_the_same_stories() -> None:
    dice = random.Random(5)
    seen = []
    for turn in range(5):
        with forgotten_afterwards():
            first, last = report(DEPOT), report(DEPOT_AGAIN, 70)
            copies = [copy_of(last, hours) for hours in (71, 74, 76, 90)]
            cast = [first, last, *copies, report(DEPOT_AGAIN, 95), report(MARKET, 75)]
            order = list(cast) if turn == 0 else dice.sample(cast, len(cast))
            for start in range(0, len(order), 3):
                settle(*order[start : start + 3])
                settle_queue()
            for _ in range(2):
                repair_stories(NOW)
                settle_queue()
            assert repair_stories(NOW) == 0 and wrong() == {}
            assert all(story_of(article) for article in cast)
            number = {article.pk: n for n, article in enumerate(cast)} | {-1: -1}
            seen.append({frozenset(number[pk] for pk in group) for group in as_sets(cast)})
    assert all(one == seen[0] for one in seen)


def test_an_early_report_that_is_found_late_goes_before_a_copy_that_then_has_no_room() -> None:
    original = report(DEPOT, 10)
    settle(original)
    settle(copy := copy_of(original, 75))
    assert story_of(copy) == story_of(original)
    settle(early := report(DEPOT_AGAIN, 0))
    settle_queue()
    assert story_of(early) == story_of(original) not in (None, story_of(copy))
    assert held(copy) == story_of(copy) is not None
    spans = Story.objects.live().values_list("first_at", "last_at")
    assert all(last - first <= STORY_SPAN for first, last in spans) and wrong() == {}
