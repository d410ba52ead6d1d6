"""A look that moves much is written in portions: whole stories after each, and who is killed in between is finished by the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from aggregator.models import Article, GroupFeatures, LogEntry, Membership, Override, Story
from aggregator.pipeline.repair import Place
from aggregator.services import grouping, moving, placing, regrouping, repairing, verifying
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.undo import undo
from aggregator.services.locks import line_lock
from aggregator.services.regrouping import Step, Way
from aggregator.services.repairing import repair_stories
from tests.factories import DAY
from tests.services.test_grouping import link, report, settle, story_of
from tests.services.test_order_of_arrival import STORY_CHECKS

pytestmark = pytest.mark.django_db
NOW = DAY + timedelta(hours=6)
HAPPENINGS = [
    f"{who} {does} {thing} in {where}"
    for who, does, thing, where in (
        ("Rebels", "storm", "cobalt mine", "Kolwezi"),
        ("Gunmen", "ambush", "grain convoy", "Gao"),
        ("Drones", "hit", "oil refinery", "Saratov"),
        ("Soldiers", "blow up", "railway bridge", "Shashemene"),
        ("Pirates", "board", "chemical tanker", "Bosaso"),
        ("Militia", "besiege", "maternity hospital", "Nyala"),
        ("Settlers", "burn", "olive press", "Huwara"),
        ("Jets", "bomb", "wedding hall", "Saada"),
        ("Raiders", "steal", "cattle herds", "Kapoeta"),
        ("Prisoners", "seize", "central prison", "Guayaquil"),
    )
]


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


@pytest.fixture
def ring() -> list[list[Article]]:
    """Ten stories of three reports each, looked at; then the last of each is put into the next story, as if by mistake."""
    groups = []
    for n, words in enumerate(HAPPENINGS):
        told = (f"{words} at dawn", f"Officials: {words}", f"{words}, witnesses say")
        groups.append([report((title, f"{words}."), n / 60 + k / 7) for k, title in enumerate(told)])
    settle(*(article for group in groups for article in group))
    repair_stories(NOW)
    assert len({story_of(a) for group in groups for a in group}) == len(groups)
    shuffle(groups)
    return groups


def shuffle(groups: list[list[Article]]) -> None:
    stories = [story_of(group[0]) for group in groups]
    for group, into in zip(groups, [*stories[1:], stories[0]], strict=True):
        Membership.objects.filter(article=group[2]).update(story_id=into)
    with line_lock():
        placing.place_stories([story or 0 for story in stories], NOW)


def is_right(groups: list[list[Article]]) -> bool:
    return all(len({story_of(a) for a in group}) == 1 for group in groups)


def wrong(now: Any = NOW) -> dict[str, tuple[int, ...]]:
    return {f.check: f.ids for f in verifying.verify(now) if f.ids and f.check in STORY_CHECKS}


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[list[Step]], None]) -> list[list[Step]]:
    """Let `act` happen before each portion; return the portions as they are taken."""
    take, taken = regrouping.take, list[list[Step]]()

    def taking(steps: deque[Step], size: int) -> list[Step]:
        act(portion := take(steps, size))
        taken.append(portion)
        return portion

    monkeypatch.setattr(repairing, "PORTION", 4)
    monkeypatch.setattr(regrouping, "take", taking)
    return taken


def test_a_chain_of_stories_is_written_in_portions_and_each_leaves_whole_stories(
    ring: list[list[Article]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stories, found = {story_of(group[0]) for group in ring}, []

    def look(_portion: list[Step]) -> None:
        empty = Story.objects.filter(pk__in=stories, article_count=0).count()
        found.append((wrong(), Membership.objects.count(), empty, is_right(ring)))

    taken = between(monkeypatch, look)
    repair_stories(NOW)
    assert all(len({end for step in portion for end in step.ends}) <= 4 for portion in taken)
    assert len(taken) > 4
    assert found == [({}, 30, 0, False)] * (len(taken) - 1) + [({}, 30, 0, True)]
    assert {story_of(group[0]) for group in ring} == stories
    assert LogEntry.objects.filter(act="move").count() == len(ring)
    assert repair_stories(NOW) == 0


def test_the_line_goes_on_between_portions_and_what_changed_meanwhile_waits_for_the_next_look(
    ring: list[list[Article]], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [report((f"{HAPPENINGS[n]}, residents say", f"{HAPPENINGS[n]}."), 1 + n / 60) for n in (0, 9)]

    def arrive(_portion: list[Step]) -> None:
        if late and story_of(late[-1]) is None:
            settle(*late)

    between(monkeypatch, arrive)
    repair_stories(NOW)
    assert not is_right(ring) and not wrong()
    monkeypatch.undo()
    repair_stories(NOW)
    assert is_right([[*ring[0], late[0]], *ring[1:9], [*ring[9], late[1]]])
    assert not wrong()


@pytest.mark.parametrize("hours", [6, 90], ids=["within two days", "what arrived long ago"])
def test_a_look_that_was_killed_between_two_portions_is_finished_by_another_process(
    ring: list[list[Article]], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    now, portions = DAY + timedelta(hours=hours), []

    def die(portion: list[Step]) -> None:
        portions.append(portion)
        if len(portions) == 3:
            raise KeyboardInterrupt

    between(monkeypatch, die)
    with pytest.raises(KeyboardInterrupt):
        repair_stories(now)
    monkeypatch.undo()
    assert not is_right(ring) and not wrong(now)
    grouping.forget()
    repair_stories(now)
    assert is_right(ring) and not wrong(now)
    assert repair_stories(now) == 0


def test_a_look_that_was_killed_inside_a_portion_leaves_nothing_of_it(
    ring: list[list[Article]], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, calls = placing.place_stories, []

    def dying(stories: Any, now: Any) -> None:
        calls.append(stories)
        if len(calls) == 2:
            raise KeyboardInterrupt
        place(stories, now)

    monkeypatch.setattr(repairing, "PORTION", 4)
    monkeypatch.setattr(placing, "place_stories", dying)
    with pytest.raises(KeyboardInterrupt):
        repair_stories(NOW)
    monkeypatch.undo()
    assert not is_right(ring) and not wrong()
    grouping.forget()
    repair_stories(NOW)
    assert is_right(ring) and not wrong()


def test_what_was_written_in_portions_can_be_undone_act_by_act(
    ring: list[list[Article]], monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, lambda _portion: None)
    repair_stories(NOW)
    entry = LogEntry.objects.filter(act="move").order_by("pk").first()
    assert entry is not None
    (moved,) = entry.after["articles"]
    undo(Actor(None, NOW, "it did belong there"), entry.pk)
    assert Membership.objects.get(article_id=moved).story_id == entry.after["from"]
    assert not wrong()


def test_a_portion_costs_as_many_statements_as_a_single_move(ring: list[list[Article]]) -> None:
    def write(count: int) -> int:
        ways = [
            Way(story_of(group[2]) or 0, ("story", story_of(group[0]) or 0), places={group[2].pk: PLACE})
            for group in ring[:count]
        ]
        grouping.forget()
        with line_lock(), CaptureQueriesContext(connection) as said:
            moving.write([Step([way]) for way in ways], {}, set(), NOW)
        return len(said)

    one = write(1)
    shuffle(ring)
    assert write(9) <= one + 2


PLACE = Place(1, 0.9, {"rule": "model"}, 1)


def ways(*ends: tuple[int, str, int, int]) -> list[Way]:
    return [Way(leaves, (kind, to), places={article: PLACE}) for leaves, kind, to, article in ends]


def test_all_that_leaves_a_story_which_ends_goes_in_one_step() -> None:
    given = [Way(1, ("story", n), empties=True, places={n: PLACE}) for n in (2, 3)]
    (step,) = regrouping._steps([*given], {2: 1, 3: 1}, {})
    assert step.articles == {2, 3} and step.ends == {("story", n) for n in (1, 2, 3)}


def test_who_may_not_meet_goes_together_when_one_comes_to_where_the_other_still_is() -> None:
    given, stands = ways((1, "story", 2, 11), (2, "story", 3, 12)), {11: 1, 12: 2}
    assert len(regrouping._steps(given, stands, {})) == 2
    assert len(regrouping._steps(given, stands, {11: {12}, 12: {11}})) == 1


def test_steps_that_share_stories_are_written_one_after_another() -> None:
    given = [Step([way]) for way in ways((1, "story", 2, 11), (5, "new", 6, 15), (3, "story", 2, 13))]
    assert [step.articles for step in regrouping._in_turn(given)] == [{11}, {13}, {15}]


def test_a_step_that_is_larger_than_a_portion_is_taken_by_itself() -> None:
    large, small = Step(ways((1, "story", 2, 11), (3, "story", 4, 12))), Step(ways((1, "story", 2, 13)))
    steps = deque([large, small])
    assert [regrouping.take(steps, 2) for _ in range(3)] == [[large], [small], []]


def test_articles_that_stand_otherwise_than_a_look_said_are_unfinished(ring: list[list[Article]]) -> None:
    grouping.forget()
    shelf = grouping.synced_shelf()
    standing = repairing._with_threads(repairing._held(shelf))
    assert set(regrouping.unfinished(standing)) == {a.pk for group in ring for a in group}
    repair_stories(NOW)
    standing = repairing._with_threads(repairing._held(grouping.synced_shelf()))
    assert not regrouping.unfinished(standing)
    GroupFeatures.objects.update(thread=None)
    Story.objects.update(changed_no=F("changed_no") + 1)
    assert not regrouping.unfinished(repairing._with_threads(standing))


def test_a_story_that_is_parted_in_two_portions_opens_one_new_story(
    ring: list[list[Article]], monkeypatch: pytest.MonkeyPatch
) -> None:
    repair_stories(NOW)
    other = [
        report((f"Strike halts port of Mombasa{tail}", "Dockers in Mombasa strike."), 2)
        for tail in ("", ", day one")
    ]
    for n, article in enumerate(other):
        link("must_link", article, ring[n][0])
        settle(article)
    Override.objects.all().delete()
    between(monkeypatch, lambda _portion: None)
    monkeypatch.setattr(repairing, "PORTION", 1)
    repair_stories(NOW)
    assert story_of(other[0]) == story_of(other[1])
    assert is_right(ring) and not wrong()
    assert LogEntry.objects.filter(act="split").count() == 2
