"""Where an act of a headline counts against the sign of a form, and where not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.pipeline import forms
from aggregator.pipeline.classify_rules import form_rule
from aggregator.pipeline.form_acts import ActBook, ActWords, act_book

VOCABULARY = json.loads(
    (Path(forms.__file__).resolve().parents[1] / "vocabulary/forms.json").read_text("utf-8")
)


@pytest.fixture(scope="module")
def book() -> forms.FormBook:
    return forms.FormBook(map(form_rule, VOCABULARY["forms"]), act_book(VOCABULARY["acts"]))


def test_a_lead_that_looks_back_gives_way_to_an_act_of_the_headline(book: forms.FormBook) -> None:
    lead = "Twenty years ago today the town was taken. It was hit again at dawn."
    assert book.find("Town recalls its fall", lead, "", "en")[0] == "anniversary"
    assert book.find("Drones strike town, at least three killed", lead, "", "en")[0] == "report"


def test_the_address_of_a_form_never_gives_way(book: forms.FormBook) -> None:
    url = "https://example.org/world/live/2023/oct/07/attack"
    assert book.find("Anniversary parade bombed, 25 killed", "", url, "en")[0] == "live-blog"


@pytest.mark.parametrize(
    ("headline", "sign", "tells"),
    [
        pytest.param("Jubilee. Rocks fell", "Jubilee", True, id="in a clause of its own"),
        pytest.param("Rocks fell on jubilee", "jubilee", True, id="before the sign"),
        pytest.param("Jubilee of rocks fell", "Jubilee", False, id="owned by the sign"),
        pytest.param("Jubilee, town that fell", "Jubilee", False, id="only told of"),
        pytest.param("Jubilee, rocks fell in 1990", "Jubilee", False, id="with a year of old"),
        pytest.param("Rocks befell town: jubilee", "jubilee", False, id="the end of another word"),
        pytest.param("Jubilee", "Jubilee", False, id="no act"),
    ],
)
def test_where_an_act_counts(headline: str, sign: str, tells: bool) -> None:
    acts = ActBook({"en": ActWords(tells=("fell",), told_of=("that",), owned=(r"of\b.*",))})
    start = headline.index(sign)
    span = (start, start + len(sign))
    assert acts.tells(headline, span, "en") is tells
    assert acts.tells(headline, span, "xx") is False


def test_every_pattern_of_acts_can_be_used() -> None:
    patterns = [p for own in VOCABULARY["acts"].values() for listed in own.values() for p in listed]
    weak = [p for row in VOCABULARY["forms"] for own in row.get("weak", {}).values() for p in own]
    assert len(patterns) > 80
    assert len(weak) > 20
    assert [p for p in (*patterns, *weak) if forms.bad_pattern(p)] == []
