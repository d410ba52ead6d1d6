"""A second look merges and splits, keeps addresses, and leaves alone what a curator said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from aggregator.models import Article, LogEntry, Membership, Override, Story
from aggregator.services import grouping, moving, regrouping, repairing
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.membership import split_story
from aggregator.services.curation.undo import undo
from aggregator.services.curation.verdicts import keep_apart
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


def test_members_of_a_story_that_a_curator_split_stay_where_the_split_left_them() -> None:
    one, two, three = report(DEPOT), report(DEPOT_AGAIN, 1), report(DEPOT, 2)
    settle(one, two, three)
    split_story(Actor(None, NOW, "another depot"), story_of(one) or 0, [one.pk])
    late = report(DEPOT_AGAIN, 3)
    settle(late)
    repair_stories(NOW)
    assert story_of(one) != story_of(two) == story_of(three)
    assert story_of(late) in (story_of(one), story_of(two))


def test_a_look_is_not_written_over_an_act_that_came_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    part(one, two)
    decide = regrouping.plan

    def slowly(*asked: Any) -> regrouping.Plan:
        found = decide(*asked)
        keep_apart(Actor(None, NOW, "two fires"), story_of(one) or 0, story_of(two) or 0)
        return found

    monkeypatch.setattr(regrouping, "plan", slowly)
    assert repair_stories(NOW) == 0
    assert story_of(one) != story_of(two)


def test_who_is_killed_between_two_portions_leaves_whole_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [
        (report((f"{DEPOT[0]} {n}", DEPOT[1])), report((f"{DEPOT_AGAIN[0]} {n}", DEPOT_AGAIN[1]), 1))
        for n in ("Kharkiv", "Goma", "Derna")
    ]
    one, two = report(MARKET), report((f"{MARKET[0]} again", MARKET[1]), 1)
    for first, second in [*pairs, (one, two)]:
        part(first, second)
    write, done = moving.write, []

    def once(*asked: Any) -> tuple[set[int], int]:
        if done:
            raise KeyboardInterrupt
        done.append(True)
        return write(*asked)

    monkeypatch.setattr(repairing, "PORTION", 1)
    monkeypatch.setattr(moving, "write", once)
    with pytest.raises(KeyboardInterrupt):
        repair_stories(NOW)
    monkeypatch.undo()
    stories = Story.objects.filter(pk__in=Membership.objects.values("story_id"))
    assert all(s.article_count == s.memberships.count() for s in stories)
    grouping.forget()
    repair_stories(NOW)
    assert story_of(one) == story_of(two)
    assert repair_stories(NOW) == 0


def test_an_article_that_moved_to_a_story_of_a_higher_number_stays_in_memory() -> None:
    one, other = report(DEPOT), report(MARKET, 1)
    settle(one, other)
    low, high = sorted((story_of(one) or 0, story_of(other) or 0))
    Membership.objects.filter(story_id=low).update(story_id=high)
    Story.objects.update(changed_no=F("changed_no") + 100)
    shelf = grouping.synced_shelf()
    assert shelf.index.members_of(high) == {one.pk, other.pk}


def test_a_look_reads_recent_rows_by_index_and_never_the_archive() -> None:
    """A fresh worker's look and the one after news: what has no index of its own is asked by id, the rest by index.

    (A million rows make a scan of what a few dozen let pass: see docs/quality-stories.md for the plans there.)
    """
    part(one := report(DEPOT), two := report(DEPOT_AGAIN, 1))
    grouping.forget()
    said: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith("SELECT") and "advisory" not in sql:
            said.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        assert repair_stories(NOW) == 1
        settle(report(MARKET, 2))
        repair_stories(NOW)
    assert story_of(one) == story_of(two)
    for column, by in (
        ('"joined_at" >=', '"article_id" IN ('),
        ('WHERE ("aggregator_story"."hidden" AND', '"id" IN ('),
    ):
        asked = [sql for sql, _ in said if column in sql]
        assert asked and all(by in sql for sql in asked)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, params in said:
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            for table in ("story", "membership", "article", "groupfeatures", "logentry"):
                assert f"Seq Scan on aggregator_{table}" not in plan, f"{sql}\n{plan}"
