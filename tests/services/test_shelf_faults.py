"""A session with the database that breaks leaves nothing in memory that is in no row, and nothing unread."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from aggregator.models import Membership, Story
from aggregator.services import grouping, story_shelf
from tests.services.test_grouping import DEPOT, DEPOT_AGAIN, MARKET, report, settle, story_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


def broken(*_asked: Any) -> Any:
    raise OperationalError("the connection is lost")


def test_a_batch_that_breaks_while_it_is_written_is_grouped_again_as_if_for_the_first_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    with monkeypatch.context() as broke:
        broke.setattr(grouping._Batch, "write", broken)
        with pytest.raises(OperationalError):
            settle(one, two)
    assert not Membership.objects.exists()
    settle(two, one)
    assert story_of(one) == story_of(two)
    assert Story.objects.filter(pk=story_of(one), article_count=2).exists()


def test_a_first_reading_that_breaks_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    settle(one := report(DEPOT))
    grouping.forget()
    with monkeypatch.context() as broke:
        broke.setattr(story_shelf, "read_features_of", broken)
        with pytest.raises(OperationalError):
            grouping.warm_up()
    settle(two := report(DEPOT_AGAIN, 1))
    assert story_of(one) == story_of(two)


def test_a_day_of_the_archive_whose_reading_breaks_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    settle(one := report(DEPOT))
    settle(report(MARKET, 24 * 60))
    grouping.forget()
    grouping.warm_up()
    late = report(DEPOT_AGAIN, 1)
    with monkeypatch.context() as broke:
        broke.setattr(story_shelf, "read_features_of", broken)
        with pytest.raises(OperationalError):
            settle(late)
    settle(late)
    assert story_of(late) == story_of(one)


def test_what_changes_after_the_first_reading_and_before_the_lock_is_seen() -> None:
    settle(one := report(DEPOT), other := report(MARKET, 1))
    grouping.forget()
    grouping.warm_up()
    Membership.objects.filter(article=other).update(story_id=story_of(one))
    Story.objects.update(changed_no=F("changed_no") + 100)
    assert grouping.synced_shelf().index.members_of(story_of(one) or 0) == {one.pk, other.pk}


def test_what_was_read_before_the_lock_is_not_read_under_it() -> None:
    settle(report(DEPOT), report(MARKET, 1))
    grouping.forget()
    late = report(DEPOT_AGAIN, 2)
    with CaptureQueriesContext(connection) as said:
        grouping.warm_up()
    assert any('"last_at" >=' in query["sql"] for query in said)
    with CaptureQueriesContext(connection) as said:
        settle(late)
    assert not any('"last_at" >=' in query["sql"] for query in said)


def test_days_of_the_archive_are_forgotten_when_they_hold_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_shelf, "OLD_ARTICLES", 0)
    a_month = 30 * 24 * 60
    settle(old := report(DEPOT))
    settle(report(MARKET, a_month))
    grouping.forget()
    grouping.warm_up()
    settle(late := report(DEPOT_AGAIN, 1))
    assert story_of(late) == story_of(old)
    held = grouping.synced_shelf().index
    assert held.members_of(story_of(old) or 0) == {old.pk, late.pk}
    settle(report(MARKET, a_month + 10))
    assert not held.members_of(story_of(old) or 0)
    settle(later := report(DEPOT_AGAIN, 2))
    assert story_of(later) == story_of(old), "what was forgotten is read again"
