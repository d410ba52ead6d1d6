"""Days, gaps, peaks, dots and trends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from aggregator.pipeline import timeline
from aggregator.pipeline.timeline import Dots, Gap

DAY = date(2023, 9, 19)


@pytest.mark.parametrize(
    ("days_between", "gap"),
    [
        pytest.param(1, None, id="the next day"),
        pytest.param(2, None, id="one empty day is not worth a row"),
        pytest.param(3, Gap(DAY - timedelta(days=2), DAY - timedelta(days=1)), id="two empty days"),
    ],
)
def test_gaps_are_told_from_two_empty_days_on(days_between, gap):
    assert timeline.gap_between(DAY, DAY - timedelta(days=days_between)) == gap


def test_items_stand_under_their_days_and_months():
    on = [DAY, DAY, DAY - timedelta(days=1), date(2023, 8, 3), date(2022, 12, 31)]
    days = timeline.by_day(on, lambda day: day)
    assert [(day.on, len(day.items)) for day in days] == [(DAY, 2), (on[2], 1), (on[3], 1), (on[4], 1)]
    assert [bool(day.gap) for day in days] == [False, True, True, False]
    months = timeline.by_month(days)
    assert [(month.first.month, month.new_year) for month in months] == [(9, True), (8, False), (12, True)]
    assert timeline.by_day([], lambda day: day) == ()


@pytest.mark.parametrize(
    ("origins", "copies", "dots"),
    [
        pytest.param(1, 0, Dots(1, 0, 0), id="one"),
        pytest.param(5, 9, Dots(5, 7, 2), id="copies give way"),
        pytest.param(40, 3, Dots(12, 0, 31), id="more origins than room"),
        pytest.param(0, 0, Dots(0, 0, 0), id="none"),
    ],
)
def test_dots_are_at_most_twelve(origins, copies, dots):
    assert timeline.dots(origins, copies) == dots


@pytest.mark.parametrize(
    ("now", "before", "trend"),
    [
        pytest.param(31, 4, "up", id="rise"),
        pytest.param(2, 0, "same", id="too few to tell"),
        pytest.param(12, 10, "same", id="within noise"),
        pytest.param(0, 3, "down", id="fall"),
    ],
)
def test_a_trend_needs_a_clear_change(now, before, trend):
    assert timeline.trend(now, before) == trend


def test_one_story_in_ten_is_large_and_none_below_four_origins():
    assert timeline.large_from([1, 2, 3]) == timeline.MIN_LARGE_ORIGINS
    counts = [9, 8, 7, 6, *[5] * 46]
    assert sum(count >= timeline.large_from(counts) for count in counts) == 4
    assert timeline.large_from([]) == timeline.MIN_LARGE_ORIGINS


def test_a_strip_has_a_bar_for_each_day_and_marks_its_peaks():
    bars = timeline.density({DAY: 31, DAY - timedelta(days=1): 2}, DAY - timedelta(days=29), DAY)
    assert len(bars) == 30
    assert [bar.on for bar in bars if bar.peak] == [DAY]
    assert bars[-1].share == 1.0
    assert not any(bar.peak for bar in timeline.density({}, DAY, DAY))
