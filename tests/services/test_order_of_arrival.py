"""The same articles in any order of arrival end as the same stories, through the real services and rows.

They arrive shuffled, in batches of any size, with looks in between and workers that start afresh. Texts are
invented, and, where CORPORA_DIR is set, those of two days of recorded news.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from aggregator.models import Article, Membership, Override, Story, Work
from aggregator.pipeline.group import SPAN
from aggregator.services import grouping, placing, verifying
from aggregator.services.locks import line_lock
from aggregator.services.repairing import repair_stories
from bench.faults.state import agreement
from tests.factories import DAY, make_article, make_source
from tests.services.test_grouping import draft_of, link

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]
LEAST = 0.98  # adjusted Rand index of any two orders
STORY_CHECKS = {"retired", "hidden", "links", "story_counts", "story_tags", "timelines", "day_counts"}
STREAM = Path(os.environ.get("CORPORA_DIR", "")) / "data/stream/october2023.jsonl"
WHO = "soldiers villagers convoys gunmen rebels officials doctors prisoners pilots farmers miners judges".split()
WHAT = "attack seize shell bomb block free bury mourn flee rebuild question evacuate".split()
WHERE = "Belgorod Fasher Goma Odesa Derna Lachin Lere Gondar Khartoum Hodeidah Kidal Banjska".split()
THING = "depot market bridge hospital prison mine dam school port airfield mosque archive station".split()


@dataclass
class Outcome:
    """What an order of arrival leaves behind."""

    stories: dict[int, int] = field(default_factory=dict)
    moved_by_last_look: int = 0


def invented(count: int = 240) -> list[Article]:
    """Return reports of some seventy happenings that share places, things and people with each other."""
    dice = random.Random(7)
    sources = [make_source() for _ in range(12)]
    happenings = [
        [*dice.sample(WHERE, 1), *dice.sample(THING, 2), *dice.sample(WHO, 2), *dice.sample(WHAT, 2)]
        for _ in range(70)
    ]
    found: list[Article] = []
    for n in range(count):
        where, thing, other, who, others, does, also = happenings[int(dice.triangular(0, 70, 0))]
        words = [where, thing, who, does, *dice.sample([other, others, also, dice.choice(WHERE)], 2)]
        title = " ".join(dice.sample(words, len(words))).capitalize()
        text = f"{who} {does} {thing} in {where}, {others} say; {dice.choice(THING)} {dice.choice(WHAT)}."
        at = DAY + timedelta(minutes=dice.randrange(60 * 90))
        copied = dice.choice(found) if n % 15 == 14 else None
        if copied is not None:
            copied = copied.copy_of or copied
            at = copied.reported_at + timedelta(minutes=dice.randrange(10, 600))
        found.append(make_article(dice.choice(sources), title=title, text=text, at=at, copy_of=copied))
    return found


def recorded() -> list[Article]:
    """Return the news of 7 to 9 October 2023."""
    rows = [json.loads(line) for line in STREAM.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["date"] < "2023-10-10"]
    sources = {row["source"]: row["source"].replace(".", "-") for row in rows}
    sources = {name: make_source(slug) for name, slug in sources.items()}
    return [
        make_article(
            sources[row["source"]],
            title=row["title"],
            text=row["text"] or row["title"],
            at=datetime.fromisoformat(row["date"]),
        )
        for row in rows
    ]


def arrive(articles: list[Article], now: datetime, seed: int) -> Outcome:
    """Let articles arrive in an order of their own, with looks in between; return how they end."""
    dice = random.Random(seed)
    place = {a.pk: n for n, a in enumerate(dice.sample(articles, len(articles)))}
    waiting = sorted(articles, key=lambda a: max(place[a.pk], place.get(a.copy_of_id or 0, 0) + 0.5))
    seen: set[int] = set()
    grouping.forget()
    while waiting:
        batch, waiting = waiting[: (size := dice.randrange(10, 90))], waiting[size:]
        with line_lock():
            touched = grouping.group_batch([draft_of(a) for a in batch], now)
            placing.place_stories(touched, now)
        work_again(now)
        if dice.random() < 0.3:
            repair_stories(now)
            work_again(now)
        if dice.random() < 0.1:
            grouping.forget()  # the worker was killed: another one starts
        seen |= set(Membership.objects.values_list("story_id", flat=True))
    for _ in range(3):  # copies that a look sends through the queue may give the next one something to move
        repair_stories(now)
        work_again(now)
    outcome = Outcome(dict(Membership.objects.values_list("article_id", "story_id")))
    outcome.moved_by_last_look = repair_stories(now)
    grouping.forget()
    outcome.moved_by_last_look += repair_stories(now)
    check_rows(articles, seen | set(outcome.stories.values()), now)
    return outcome


def check_rows(articles: list[Article], seen: set[int], now: datetime) -> None:
    """Nobody is lost, every address ever shown leads to a live story with articles, counts are those of a recount."""
    originals = [a.pk for a in articles if not a.copy_of_id]
    assert Membership.objects.filter(article_id__in=originals).count() == len(originals)
    retired = dict(Story.objects.values_list("pk", "retired_into_id"))
    standing = set(Membership.objects.values_list("story_id", flat=True))
    for story in seen:
        steps = 0
        while (into := retired[story]) is not None and steps < 50:
            story, steps = into, steps + 1
        assert story in standing
    # A curator's link wins over a story's span.
    linked = Override.objects.filter(kind="must_link").values("article")
    free = Story.objects.filter(pk__in=standing).exclude(memberships__article__in=linked)
    assert all(s.last_at - s.first_at <= timedelta(seconds=SPAN) for s in free)
    wrong = {f.check: f.ids for f in verifying.verify(now) if f.ids and f.check in STORY_CHECKS}
    assert wrong == {}


def work_again(now: datetime) -> None:
    """Group what was sent through the rules again, as the line does."""
    while ids := list(Work.objects.order_by("pk").values_list("article_id", flat=True)):
        Work.objects.all().delete()
        again = Article.objects.filter(pk__in=ids).select_related("source__publisher", "body")
        with line_lock():
            placing.place_stories(grouping.group_batch([draft_of(a) for a in again], now), now)


@contextmanager
def forgotten_afterwards() -> Iterator[None]:
    """Take back everything that is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    grouping.forget()


def outcomes(articles: list[Article], orders: int) -> list[Outcome]:
    now, found = max(a.reported_at for a in articles) + timedelta(hours=1), []
    for seed in range(orders):
        with forgotten_afterwards():
            found.append(arrive(articles, now, seed))
    return found


def least_agreement(found: list[Outcome]) -> float:
    return min(agreement(a.stories, b.stories) for a, b in itertools.combinations(found, 2))


@pytest.mark.parametrize(
    ("texts", "orders"),
    [
        pytest.param(invented, 20, id="invented"),
        pytest.param(
            recorded,
            6,
            id="recorded",
            marks=pytest.mark.skipif(not STREAM.is_file(), reason="no CORPORA_DIR"),
        ),
    ],
)
def test_any_order_of_arrival_ends_as_the_same_stories(
    texts: Callable[[], list[Article]], orders: int
) -> None:
    found = outcomes(texts(), orders)
    sizes = [len(set(o.stories.values())) for o in found]
    print(f"least agreement {least_agreement(found):.4f}, stories {min(sizes)} to {max(sizes)}")
    assert least_agreement(found) >= LEAST
    assert [o.moved_by_last_look for o in found] == [0] * len(found)


def test_curators_links_hold_in_any_order() -> None:
    articles = invented(100)
    dice = random.Random(3)
    pairs = [dice.sample([a for a in articles if not a.copy_of_id], 2) for _ in range(8)]
    near = [p for p in pairs if abs(p[0].reported_at - p[1].reported_at) < timedelta(hours=40)]
    for n, (one, other) in enumerate(near):
        link(("must_link", "cannot_link")[n % 2], one, other)
    Override.objects.update(made_at=DAY - timedelta(days=1))
    found = outcomes(articles, 6)
    for outcome in found:
        for n, (one, other) in enumerate(near):
            assert (outcome.stories[one.pk] == outcome.stories[other.pk]) == (n % 2 == 0)
    assert least_agreement(found) >= LEAST


def test_a_first_start_that_reads_weeks_at_once_is_put_in_order_whole() -> None:
    articles = invented(120)
    last = DAY + timedelta(days=12)
    text = "Miners rebuild the airfield in Kidal, farmers say; bridge reopened."
    articles.append(make_article(articles[0].source, title="Airfield rebuilt", text=text, at=last))
    assert least_agreement(outcomes(articles, 4)) >= LEAST
