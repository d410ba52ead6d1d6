"""What changed between two versions, and when to look for the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.pipeline.revisions import (
    MOST_KEPT,
    Piece,
    next_look_at,
    passages_changed,
    surplus,
    text_diff,
    word_diff,
)
from tests.pipeline.texts import PARAGRAPHS, REPORT

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("after_hours", "at_hours"),
    [
        pytest.param(0, 1, id="a new one in an hour"),
        pytest.param(1, 6, id="then after six"),
        pytest.param(5, 6, id="a late look does not move the next"),
        pytest.param(6, 24, id="then after a day"),
        pytest.param(30, 72, id="then after three days"),
        pytest.param(72, None, id="then never again"),
    ],
)
def test_young_articles_are_looked_at_again(after_hours, at_hours):
    wanted = None if at_hours is None else NOON + HOUR * at_hours
    assert next_look_at(NOON, NOON + HOUR * after_hours) == wanted


@pytest.mark.parametrize(
    ("after", "count"),
    [
        pytest.param(REPORT, 0, id="nothing"),
        pytest.param(REPORT.replace("\n", "\n\n  "), 0, id="only white space"),
        pytest.param(REPORT.replace("three", "four"), 1, id="a word"),
        pytest.param("\n".join(PARAGRAPHS[:-2]), 2, id="two cut"),
        pytest.param(f"{REPORT}\nMore.", 1, id="one added"),
        pytest.param("", len(PARAGRAPHS), id="all gone"),
    ],
)
def test_changed_passages_are_counted_once_each(after, count):
    assert passages_changed(REPORT, after) == count


def test_a_headlines_words_are_kept_cut_and_added():
    pieces = word_diff("Three killed in market", "Four killed in harbour market")
    assert pieces == (
        Piece("cut", "Three"),
        Piece("added", "Four"),
        Piece("same", "killed in"),
        Piece("added", "harbour"),
        Piece("same", "market"),
    )


def test_a_text_is_compared_by_passages_then_by_words():
    rows = text_diff(REPORT, REPORT.replace("three people", "four people"))
    assert len(rows) == len(PARAGRAPHS)
    assert [piece.kind for piece in rows[0]] == ["same", "cut", "added", "same"]
    assert all(row[0].kind == "same" for row in rows[1:])


@pytest.mark.parametrize(
    "text", ["", "word " * 100_000, "\n".join(f"line {n}" for n in range(50_000)), "\n" * 100_000]
)
def test_any_two_texts_can_be_compared(text):
    assert text_diff(text, REPORT)
    assert passages_changed(REPORT, text) > 0


@pytest.mark.parametrize("count", [1, MOST_KEPT, MOST_KEPT + 1, 300])
def test_the_first_and_the_newest_version_are_always_kept(count):
    numbers = range(1, count + 1)
    kept = [number for number in numbers if number not in surplus(numbers)]
    assert len(kept) == min(count, MOST_KEPT)
    assert (kept[0], kept[-1]) == (1, count)
