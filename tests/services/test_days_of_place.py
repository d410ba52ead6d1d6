"""The day it happened is a day of the place: what an outlet calls Monday is Monday there."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from aggregator.errors import CurationError
from aggregator.models import Article, Source, Story, Work
from aggregator.pipeline.types import ArticleText
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.tagging import set_event_date
from aggregator.services.judging import judge
from aggregator.services.zones import time_zone_of
from tests.factories import make_article, make_source
from tests.services.test_grouping import report, settle, story_of

pytestmark = pytest.mark.django_db
SUNDAY = datetime(2023, 9, 24, 23, 30, tzinfo=UTC)  # Monday, 8:30, in Tokyo
MONDAY = date(2023, 9, 25)


def judged(source: Source, title: str) -> Article:
    article = make_article(source, title=title, at=SUNDAY, found_at=SUNDAY)
    work = Work.objects.create(article=article, stage=Work.Stage.SETTLE, next_at=SUNDAY, why="new")
    text = ArticleText(title=title, text=title, language="en", published_at=SUNDAY, published_kind="feed")
    (draft,) = judge([(work, text)], SUNDAY)
    return draft.article


@pytest.mark.parametrize(
    ("fields", "day", "precision"),
    [
        pytest.param({"country": "JP"}, MONDAY, "day", id="an outlet whose row tells a country only"),
        pytest.param({"country": "RU"}, MONDAY, "day", id="a country of several zones"),
        # where it is still Sunday, Monday is six days back: no day that a report of now would name so
        pytest.param({"country": "JP", "time_zone": "America/New_York"}, SUNDAY.date(), "reported", id="its own zone wins"),
        pytest.param({"country": ""}, SUNDAY.date(), "reported", id="nothing known: UTC"),
    ],
)  # fmt: skip
def test_a_weekday_is_read_in_the_zone_of_the_outlet(
    loaded_vocabulary: None, fields: dict[str, Any], day: date, precision: str
) -> None:
    article = judged(make_source("far", **fields), "Missiles hit the port of Odesa on Monday, officials say")
    assert (article.happened_on, article.happened_precision) == (day, precision)


def test_a_story_stands_on_the_day_of_the_place_though_utc_is_a_day_behind() -> None:
    words = ("Missiles hit the port of Odesa on Monday", "Missiles hit the port of Odesa early on Monday.")
    one = make_article(
        make_source("tokyo", country="JP"), title=words[0], text=words[1], at=SUNDAY, happened_on=MONDAY
    )
    settle(one)
    story = Story.objects.get(pk=story_of(one))
    assert (story.happened_on, story.happened_precision) == (MONDAY, "day")


def test_a_curator_may_set_the_day_of_the_place_and_none_after_it() -> None:
    one = make_article(make_source("tokyo", country="JP"), title="Missiles hit the port of Odesa", at=SUNDAY)
    settle(one)
    story, actor = story_of(one), Actor(None, SUNDAY, "It was Monday there.")
    assert story is not None
    set_event_date(actor, story, MONDAY)
    assert Story.objects.get(pk=story).happened_on == MONDAY
    with pytest.raises(CurationError, match="after the newest report"):
        set_event_date(actor, story, date(2023, 9, 26))


def test_a_day_after_the_newest_report_is_never_the_storys() -> None:
    one = report(
        ("Missiles hit the port of Odesa", "Missiles hit the port of Odesa."), happened_on=date(2030, 1, 1)
    )
    settle(one)
    story = Story.objects.get(pk=story_of(one))
    assert (story.happened_on, story.happened_precision) == (one.reported_at.date(), "reported")


@pytest.mark.parametrize(
    ("country", "zone"), [("JP", "Asia/Tokyo"), ("UA", "Europe/Kiev"), ("", ""), ("ZZ", "")]
)
def test_a_countrys_newsrooms_keep_one_zone(country: str, zone: str) -> None:
    assert time_zone_of(country) == zone
