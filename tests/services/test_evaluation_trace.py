"""The doors of measuring take any row, and answer in order with the line's own verdicts."""

from __future__ import annotations

import base64

import pytest

from aggregator.services.evaluation import extraction, trace
from tests.pipeline.texts import OTHER, REPORT, changed


def test_rows_are_traced_in_order_and_named(db):
    rows = [
        {"id": "a", "title": "One", "text": REPORT, "date": "2023-09-19", "source": "x"},
        {"id": "b", "title": "Two", "text": OTHER, "date": None, "source": "y"},
        {"id": "c", "title": "Three", "text": changed(REPORT), "date": "2023-09-20", "source": "z"},
    ]
    answers = list(trace.evaluate(rows))
    assert [answer["id"] for answer in answers] == ["a", "b", "c"]
    assert [answer["kind"] for answer in answers] == ["original", "original", "republished"]
    assert [answer["original"] for answer in answers] == [None, None, "a"]
    assert answers[0]["cluster"] == answers[2]["cluster"] != answers[1]["cluster"]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({}, id="nothing"),
        pytest.param(
            {"id": None, "text": None, "title": None, "date": None, "url": None, "source": None}, id="nulls"
        ),
        pytest.param({"id": 3, "text": ["x"], "title": 5, "date": 7, "url": {}}, id="odd types"),
        pytest.param(
            {"id": 4, "text": "\ud800\x00", "title": "\x00", "source": "\ud800"}, id="impossible characters"
        ),
        pytest.param({"id": 5, "text": "word", "date": "2099-01-01"}, id="the future"),
        pytest.param({"id": 6, "text": "word", "date": "1970-01-01"}, id="a clock at zero"),
    ],
)
def test_any_row_gets_an_answer(db, row):
    (answer,) = trace.evaluate([row])
    assert (answer["id"], answer["kind"]) == (row.get("id"), "original")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"id": 1, "html_b64": "%%%", "url": 5, "charset": 3},
        {"id": 2, "html_b64": None, "url": None, "charset": None},
    ],
)
def test_any_page_gets_an_answer(row):
    (answer,) = extraction.evaluate([row])
    assert (answer["id"], answer["text"]) == (row.get("id"), "")


def test_a_page_is_read_as_on_the_line():
    body = base64.b64encode(
        f"<html><body><article><h1>One</h1><p>{REPORT}</p></article></body></html>".encode()
    ).decode()
    (answer,) = extraction.evaluate(
        [{"id": 1, "html_b64": body, "url": "https://x.example/", "charset": None}]
    )
    assert answer["title"] == "One"
    assert "Shelling hit the market" in answer["text"]
