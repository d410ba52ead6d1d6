"""A running happening that outlets tell in one sentence for days: a chain of stories, and every report in one."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest

from aggregator.models import Article, Story
from aggregator.services import grouping, settling
from aggregator.services.repairing import repair_stories
from aggregator.services.seating import STORY_SPAN
from tests.factories import DAY, make_source
from tests.test_line import put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded_vocabulary")]
HOUR = timedelta(hours=1)
END = DAY + 241 * HOUR


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


def besieged(order: str) -> None:
    """Put a siege under way: three outlets send the same sentence every six hours, with the hour and the toll of the moment.

    `order` is that in which they are read: as told, the newest first (as feeds have it), one outlet after the other.
    """
    sources = [make_source(f"monitor-{n}", text_from="feed") for n in range(3)]
    sent = [(n, k) for n in range(40) for k in range(3)]
    if order != "as told":
        sent = sent[::-1] if order == "the newest first" else sorted(sent, key=lambda one: one[1])
    for n, k in sent:
        source = sources[k]
        dead, at = 40 + n, DAY + (6 * n + k) * HOUR
        title = f"Siege of El Fasher: shelling continues, {dead} killed"
        text = (
            "Shelling of El Fasher continued as the siege of the Darfur city went on, doctors said at "
            f"{at:%H}:00; {dead} people were killed by artillery of the paramilitary RSF."
        )
        put(source, title, text, at=at, path=f"siege-{n}")


def settle_and_look() -> None:
    while settling.settle_due(END):
        pass
    for _ in range(2):
        repair_stories(END)
        while settling.settle_due(END):
            pass


def chain() -> list[Story]:
    """Return the stories in the order in which they began, and hold them to be whole: no longer than a span, tied."""
    stories = list(Story.objects.live().filter(article_count__gt=0).order_by("first_at"))
    assert all(story.last_at - story.first_at <= STORY_SPAN for story in stories)
    assert [story.earlier_id for story in stories] == [None, *(story.pk for story in stories[:-1])]
    return stories


def texts() -> dict[int, list[timedelta]]:
    """Return of each text when it was told, in time since the first report of all."""
    told: dict[int, list[timedelta]] = defaultdict(list)
    for pk, text, at in Article.objects.values_list("pk", "copy_of_id", "reported_at"):
        told[text or pk].append(at - DAY)
    return told


@pytest.mark.parametrize("order", ["as told", "the newest first", "outlet by outlet"])
def test_a_siege_of_ten_days_is_a_chain_of_stories_and_every_report_stands_in_one(order: str) -> None:
    besieged(order)
    settle_and_look()
    articles = Article.objects.filter(relevance="in", status="visible")
    assert articles.count() == 120
    assert not articles.filter(membership=None).exists()
    stories = chain()
    assert 4 <= len(stories) <= 6 and sum(story.article_count for story in stories) == 120
    assert all(max(told) - min(told) < timedelta(hours=24) for told in texts().values())


def test_daily_losses_by_two_agencies_are_a_text_a_day_in_a_chain_of_stories() -> None:
    agencies = [make_source(f"agency-{n}", text_from="feed") for n in range(2)]
    for day in range(6):
        men, at = 850 + 37 * day, DAY + 24 * day * HOUR
        title = f"Army lost {men} soldiers in Kherson region over the past day, General Staff says"
        text = (
            f"Over the past day the army lost {men} soldiers, {men // 60} tanks, {men // 30} armoured vehicles and "
            f"{men // 25} artillery systems in fighting in Kherson region, the General Staff said in its morning report "
            f"on the war. Since the invasion began its losses come to about {270_000 + 900 * day} men."
        )
        for n, agency in enumerate(agencies):
            put(agency, title, text, at=at + n * HOUR, path=f"losses-{day}")
    settle_and_look()
    assert sorted(sorted(told) for told in texts().values()) == [
        [24 * day * HOUR, (24 * day + 1) * HOUR] for day in range(6)
    ]
    assert not Article.objects.filter(relevance="in", membership=None).exists()
    assert len(chain()) == 2


def test_an_updated_toll_is_a_copy_the_same_day_and_the_same_text_two_days_later_too() -> None:
    title, text = (
        "Shelling of El Fasher kills {0}",
        (
            "Artillery of the paramilitary RSF shelled a market in El Fasher in the morning, doctors of the city said; {0} "
            "people were killed and many wounded."
        ),
    )
    first, second, third = (make_source(f"daily-{n}", text_from="feed") for n in range(3))
    told = put(first, title.format(7), text.format(7), path="first")
    update = put(second, title.format(11), text.format(11), at=DAY + 5 * HOUR, path="update")
    reprint = put(third, title.format(7), text.format(7), at=DAY + 49 * HOUR, path="reprint")
    settle_and_look()
    for copy in (update, reprint):
        copy.refresh_from_db()
        assert copy.copy_of_id == told.pk
    assert {story.article_count for story in chain()} == {3}


def test_headlines_without_numbers_or_texts_are_reports_of_their_own() -> None:
    sources = [make_source(f"wire-{n}", text_from="feed") for n in range(2)]
    for day in range(5):
        for n, source in enumerate(sources):
            put(
                source,
                "Shelling continues in El Fasher",
                "",
                at=DAY + (24 * day + n) * HOUR,
                path=f"day-{day}",
            )
    settle_and_look()
    assert not Article.objects.exclude(copy_of=None).exists()
    assert not Article.objects.filter(relevance="in", membership=None).exists()
    assert len(chain()) == 2
