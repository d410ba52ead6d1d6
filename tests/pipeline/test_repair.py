"""Deciding again in the order of reports: the same stories whatever the order of arrival, and a curator's word holds."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.pipeline import repair
from aggregator.pipeline.features import Features, read_features
from aggregator.pipeline.group import StoryIndex
from aggregator.pipeline.repair import Standing, name_groups, regroup

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)
DEPOT = "Drone strike sets fuel depot in Belgorod ablaze"
AGAIN = "Belgorod fuel depot ablaze after drone strike"
MARKET = "Shell hits market in El Fasher"


def features(title: str, hours: float = 0, outlet: str = "one.example") -> Features:
    return read_features(
        title, f"{title}, people there say.", at=NOON + timedelta(hours=hours), outlet=outlet
    )


def groups(*standing: Standing, **links: dict[int, set[int]]) -> dict[int, int]:
    return {article: place.group for article, place in regroup(standing, **links).items()}


def both(one: int, other: int) -> dict[int, set[int]]:
    return {one: {other}, other: {one}}


def test_two_threads_of_one_happening_are_one_and_another_happening_is_not() -> None:
    found = groups(
        Standing(1, features(DEPOT), 1),
        Standing(2, features(AGAIN, 1), 2),
        Standing(3, features(MARKET, 2), 1),
    )
    assert found[1] == found[2] != found[3]


def test_what_stands_in_any_order_is_decided_in_the_order_of_reports() -> None:
    dice = random.Random(4)
    words = (
        "drone depot fuel market shell bridge convoy prison mine river dam hospital school bus port".split()
    )
    towns = "Belgorod Fasher Goma Odesa Derna Lachin".split()
    rows = [
        Standing(n, features(f"{dice.choice(towns)} {' '.join(dice.sample(words, 4))}", dice.randrange(60)))
        for n in range(120)
    ]
    wanted = groups(*rows)
    for _ in range(5):
        dice.shuffle(rows)
        assert groups(*rows) == wanted
    assert 5 < len(set(wanted.values())) < 60


def test_an_article_of_old_stays_with_its_story_and_new_ones_join_it() -> None:
    found = groups(
        Standing(1, features(DEPOT), 5, fixed=True),
        Standing(2, features(MARKET, 1), 5, fixed=True),
        Standing(3, features(AGAIN, 2), None),
    )
    assert found[1] == found[2] == found[3]


def test_curators_links_hold_and_apart_wins() -> None:
    rows = [Standing(1, features(DEPOT)), Standing(2, features(AGAIN, 1)), Standing(3, features(MARKET, 2))]
    assert len(set(groups(*rows, cannot=both(1, 2)).values())) == 3
    tied = groups(*rows, must=both(1, 3))
    assert tied[1] == tied[2] == tied[3]
    apart = groups(*rows, must=both(1, 3), cannot=both(2, 3))
    assert apart[1] == apart[3] != apart[2]


def test_stories_that_an_article_finds_alike_become_one_unless_they_are_kept_apart() -> None:
    told = (AGAIN, "Fuel depot in Belgorod set ablaze by drone strike", DEPOT)
    rows = [Standing(n, features(title, n / 10), n) for n, title in enumerate(told)]
    rows[0], rows[1] = (Standing(r.article, r.features, r.story, fixed=True) for r in rows[:2])
    assert len(set(groups(*rows).values())) == 1
    assert len(set(groups(*rows, cannot=both(0, 1)).values())) == 2


def test_a_story_keeps_its_number_where_most_of_it_stays() -> None:
    rows = [Standing(n, features(DEPOT, n), story) for n, story in enumerate((7, 7, 8, 8, 8))]
    assert name_groups({0: 1, 1: 1, 2: 1, 3: 2, 4: 2}, rows) == {1: 7, 2: 8}
    assert name_groups(dict.fromkeys(range(5), 1), rows) == {1: 8}
    by_hand = [replace(rows[0], shaped=True), *rows[1:]]
    assert name_groups(dict.fromkeys(range(5), 1), by_hand) == {1: 7}
    assert name_groups({0: 1, 2: 1}, rows) == {1: 7}  # as many of each: the earlier report decides


def test_a_look_that_begins_late_says_the_same_as_one_from_the_start() -> None:
    dice = random.Random(5)
    words = (
        "drone depot fuel market shell bridge convoy prison mine river dam hospital school bus port".split()
    )
    rows = [Standing(n, features(" ".join(dice.sample(words, 5)), dice.randrange(90))) for n in range(150)]
    whole = regroup(rows)
    assert any(place.unites is not None for place in whole.values())
    for hours in (10, 40, 80):
        since = (NOON + timedelta(hours=hours)).timestamp()
        stands = [
            replace(r, story=p.group, fixed=r.order[0] < since, thread=p.thread, unites=p.unites)
            for r in rows
            for p in [whole[r.article]]
        ]
        again = regroup(stands)
        assert {a: (p.group, p.thread) for a, p in again.items()} == {
            a: (p.group, p.thread) for a, p in whole.items()
        }


@pytest.mark.parametrize("hours", [73, 24 * 20])
def test_no_story_grows_beyond_its_span(hours: float) -> None:
    found = groups(Standing(1, features(DEPOT)), Standing(2, features(AGAIN, hours)))
    assert found[1] != found[2]


def test_two_stories_are_one_only_within_the_span() -> None:
    index = StoryIndex()
    index.add(1, 1, features(DEPOT))
    index.add(2, 2, features(AGAIN, 1))
    index.add(3, 3, features(AGAIN, 80))
    assert repair.are_one(index, 1, 2)
    assert not repair.are_one(index, 1, 3)
