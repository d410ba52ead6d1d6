"""Logs hold facts from a fixed list and nothing else."""

from __future__ import annotations

import json
import logging
import re

from newsroom.logging import FIELDS, Json, Lines
from tests.newsroom.running import ROOT


def record(**facts: object) -> logging.LogRecord:
    made = logging.LogRecord("aggregator", logging.INFO, __file__, 1, "poll_failed", None, None)
    made.__dict__.update(facts)
    return made


def test_a_line_holds_the_event_and_its_facts() -> None:
    assert Lines().format(record(feed=7, code="timeout")).endswith("info poll_failed feed=7 code=timeout")


def test_a_collector_gets_one_object_a_line() -> None:
    shown = json.loads(Json().format(record(feed=7)))
    assert (shown["event"], shown["level"], shown["feed"]) == ("poll_failed", "info", 7)


def test_what_is_not_on_the_list_is_dropped() -> None:
    shown = Json().format(record(text="a paragraph", address="reader@example.org"))
    assert "paragraph" not in shown
    assert "reader@" not in shown


def test_every_fact_that_the_code_logs_is_on_the_list() -> None:
    used = {
        name
        for file in (ROOT / "aggregator").rglob("*.py")
        for facts in re.findall(r"extra=\{([^}]*)\}", file.read_text())
        for name in re.findall(r'"([a-z_]+)":', facts)
    }
    assert used - set(FIELDS) == set()
