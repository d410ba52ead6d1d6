"""Lines that an outlet repeats are learned from what it sent, and only those."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.models import LearnedLine
from aggregator.services import learning
from tests.factories import DAY, make_article, make_source

LINE = "The Harbour Post is made by its readers in nine towns along the northern coast."


def send(source, count: int, line: str = LINE, **fields) -> None:
    for number in range(count):
        text = f"Report {number} says that {number * 7} things happened in quarter {number}.\nMore of {number}.\n{line}"
        make_article(source, at=DAY + timedelta(minutes=number), text=text, **fields)


def learned() -> list[str]:
    return list(LearnedLine.objects.values_list("line", flat=True))


@pytest.mark.parametrize(("count", "lines"), [(2, []), (3, [LINE])])
def test_a_line_is_learned_from_the_third_article_on(db, count, lines):
    send(make_source(), count)
    learning.learn_lines(DAY + timedelta(minutes=90))
    assert learned() == lines


def test_learning_twice_changes_nothing(db):
    send(make_source(), 4)
    assert learning.learn_lines(DAY + timedelta(minutes=90)) == 1
    assert learning.learn_lines(DAY + timedelta(minutes=90)) == 0


def test_a_line_that_different_outlets_send_once_each_is_not_learned(db):
    for _ in range(4):
        send(make_source(), 1)
    learning.learn_lines(DAY + timedelta(minutes=90))
    assert learned() == []


def test_a_line_in_few_of_many_articles_is_not_learned(db):
    source = make_source()
    send(source, 3)
    for number in range(30):
        make_article(
            source,
            at=DAY + timedelta(minutes=number),
            text=f"Another report, the {number}th.\nIt ends so: {number}.",
        )
    learning.learn_lines(DAY + timedelta(minutes=90))
    assert learned() == []


def test_copies_of_one_text_teach_nothing(db):
    source = make_source()
    original = make_article(source, text=f"One report.\n{LINE}")
    for number in range(4):
        make_article(
            source, at=DAY + timedelta(minutes=number), text=f"One report.\n{LINE}", copy_of=original
        )
    learning.learn_lines(DAY + timedelta(minutes=90))
    assert learned() == []


def test_only_outlets_of_the_newest_articles_are_looked_for(db, monkeypatch):
    send(make_source(), 3, "The Old Ferry is read on both banks of the river since the bridge was built.")
    send(make_source(), 3)
    monkeypatch.setattr(learning, "NEWEST", 3)
    assert learning.learn_lines(DAY + timedelta(minutes=90)) == 1
    assert learned() == [LINE]
