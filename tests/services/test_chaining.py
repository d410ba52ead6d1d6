"""Stories of a backlog get their forerunners, a portion a look, and keep those that memory no longer holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Max
from django.test.utils import CaptureQueriesContext

from aggregator.models import Story
from aggregator.services import chaining, grouping
from aggregator.services.repairing import repair_stories
from tests.factories import DAY
from tests.services.test_grouping import DEPOT, MARKET, report, settle, story_of

pytestmark = pytest.mark.django_db
HOURS = (0, 73, 146, 219)  # a story each: none is longer than its span
NOW = DAY + timedelta(hours=300)


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


def chain() -> list[int | None]:
    """Return the forerunner of each story, in the order in which they began."""
    return list(Story.objects.live().order_by("first_at").values_list("earlier_id", flat=True))


def backlog(*hours: float, words: tuple[str, str] = DEPOT) -> list[int | None]:
    """Settle one happening's reports in the order given; return their stories in the order of the reports."""
    articles = {at: report(words, at) for at in hours}
    for article in articles.values():
        settle(article)
    return [story_of(articles[at]) for at in sorted(articles)]


@pytest.mark.parametrize("hours", [HOURS, HOURS[::-1], (146, 0, 219, 73)])
def test_weeks_that_are_read_at_once_are_chained_in_one_look(hours: tuple[float, ...]) -> None:
    stories = backlog(*hours)
    assert len(set(stories)) == 4
    repair_stories(NOW)
    assert chain() == [None, *stories[:-1]]


def test_a_backlog_that_is_longer_than_a_portion_goes_on_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chaining, "PORTION", 1)
    monkeypatch.setattr(chaining, "_later", lambda *_: [])
    stories = backlog(*HOURS)
    tied = []
    for _ in range(5):
        repair_stories(NOW)
        tied.append(sum(earlier is not None for earlier in chain()))
    assert tied == [1, 1, 2, 3, 3], "the newest first, then the oldest on; the first has no forerunner"
    assert chain() == [None, *stories[:-1]]


def test_a_forerunner_that_is_found_later_ties_what_was_looked_at_before() -> None:
    first, last = backlog(0, 146)
    repair_stories(NOW)
    assert chain() == [None, first]
    settle(between := report(DEPOT, 73))
    repair_stories(NOW)
    assert chain() == [None, first, story_of(between)]
    assert Story.objects.get(pk=last).earlier_id == story_of(between)


def test_an_old_story_keeps_a_forerunner_that_is_no_longer_in_memory() -> None:
    first, second = backlog(0, 73)
    repair_stories(NOW)
    settle(report(MARKET, 24 * 15))
    newest = Story.objects.aggregate(n=Max("changed_no"))["n"]
    Story.objects.filter(pk=second).update(changed_no=newest + 1)
    grouping.forget()
    assert first not in grouping.synced_shelf().index.stories
    repair_stories(DAY + timedelta(days=15))
    assert Story.objects.get(pk=second).earlier_id == first


def test_a_look_asks_as_much_for_many_stories_as_for_few_and_a_second_one_writes_nothing() -> None:
    newest = DAY + timedelta(hours=220)
    asked = []
    for words, ties in ((DEPOT, 3), (MARKET, 6)):
        backlog(*HOURS, words=words)
        Story.objects.update(earlier=None)
        grouping.synced_shelf()
        looked = chaining.Looked()
        with CaptureQueriesContext(connection) as said:
            assert chaining.chain_stories(newest, looked) == ties
        asked.append(len(said))
        assert chaining.chain_stories(newest, looked) == 0
    assert asked[0] == asked[1]
