"""What kind of text it is shows in headline, address and lead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aggregator.pipeline import forms
from aggregator.pipeline.classify_rules import form_rule
from aggregator.pipeline.form_acts import act_book
from aggregator.pipeline.letters import needed_letters

VOCABULARY = json.loads(
    (Path(forms.__file__).resolve().parents[1] / "vocabulary/forms.json").read_text("utf-8")
)
ROWS = VOCABULARY["forms"]


@pytest.fixture(scope="module")
def book():
    return forms.FormBook(map(form_rule, ROWS), act_book(VOCABULARY["acts"]))


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("Army retakes town near Goma", "report"),
        ("Ukraine war live: drones hit Kyiv", "live-blog"),
        ("Sudan war - live updates", "live-blog"),
        ("Live-stream horror haunts family of captive", "report"),
        ("Russia-Ukraine war: List of key events, day 591", "situation-report"),
        ("Flash Update No. 12: displacement in Darfur", "situation-report"),
        ("Thursday Briefing: a truce in sight", "newsletter"),
        ("Joint statement of the foreign ministers", "official-statement"),
        ("What is M23, and why is it fighting?", "explainer"),
        ("Why does the corridor matter?", "explainer"),
        ("Analysis: a ceasefire without winners", "analysis"),
        ("The truce held. What comes next?", "analysis"),
        ("Opinion: peace needs more than words", "opinion"),
        ("The war that nobody wants to end | Jane Doe", "opinion"),
        ("Fact check: old photo does not show the blast", "fact-check"),
        ("Old footage of 2020 war miscaptioned as new attack, fact-check finds", "fact-check"),
        ("Visual investigation: who fired on the convoy", "investigation"),
        ("Three years on: the 44-day war that redrew the map", "anniversary"),
        ("Karabakh: three years after the 2020 war, families still wait", "anniversary"),
        ("Azerbaijan marks anniversary of the 2020 war", "anniversary"),
        ("Rescued boy dies five years after cave ordeal", "report"),
        ("Correction: number of dead in market blast", "correction"),
    ],
)
def test_a_headline_shows_its_form(book, title, form):
    assert book.find(title, "", "", "en")[0] == form


@pytest.mark.parametrize(
    ("language", "title", "form"),
    [
        ("fr", "En direct : les combats reprennent à Goma", "live-blog"),
        ("de", "Liveticker: Angriff auf Kiew", "live-blog"),
        ("ru", "Сводка Минобороны за сутки", "situation-report"),
        ("uk", "Роковини Голодомору", "anniversary"),
        ("ar", "تحليل: ماذا بعد الهدنة", "analysis"),
        ("es", "Opinión: la paz que no llega", "opinion"),
        ("fa", "سالگرد جنگ", "anniversary"),
        ("he", "תחקיר: מי ירה", "investigation"),
        ("tr", "Canlı anlatım: Gazze", "live-blog"),
    ],
)
def test_other_languages_have_their_own_signs(book, language, title, form):
    assert book.find(title, "", "", language)[0] == form


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://example.org/world/live/2023/oct/07/attack", "live-blog"),
        ("https://example.org/opinion/2023/10/8/a-title", "opinion"),
        ("https://example.org/news?next=/opinion/", "report"),
        ("not an address", "report"),
        ("https://[broken", "report"),
    ],
)
def test_the_address_shows_the_form_but_not_its_query(book, url, form):
    assert book.find("A title", "", url, "en")[0] == form


def test_the_reason_names_the_words(book):
    form, reason = book.find("Analysis: a truce", "", "", "en")
    assert form == "analysis"
    assert reason.code == "form_pattern"
    assert reason.evidence["field"] == "headline"
    assert "Analysis" in reason.evidence["words"]


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        pytest.param(r"\blive\b", ("live",), id="a word"),
        pytest.param(r"fact[- ]?checks?", ("check",), id="the longest run"),
        pytest.param(r"(?:opinion|essay)s?\b", ("opinion", "essay"), id="alternatives"),
        pytest.param(r"(?:opinion|\d+)", (), id="an alternative without letters"),
        pytest.param(r"(?:why)?.", (), id="what may be absent"),
        pytest.param(r"(?:ab)+", ("ab",), id="what is there at least once"),
        pytest.param(r"DİREKT", ("direkt",), id="letters of any case"),
        pytest.param(r"writes (?-i:[A-Z])", ("writes ",), id="a group with flags"),
        pytest.param(r"in pictures(?=:)", ("in pictures",), id="what only looks ahead"),
        pytest.param(r"(?!why )(?<=x)how", ("how",), id="what must not be there"),
        pytest.param(r"[]a]live[^]]", ("live",), id="a bracket in a set"),
        pytest.param(r"(?:live){0}ab(?:cde){2,}", ("cde",), id="counted repetitions"),
        pytest.param(r"q\.a\.", ("q.a.",), id="escaped signs"),
        pytest.param(r"^\s*[|]\s*\w+$", ("|",), id="a single sign"),
        pytest.param(r"\w+\s[-–:]", ("-", "–", ":"), id="a set of signs"),
        pytest.param(r"a\s[!-/]", (), id="a range is not read"),
        pytest.param(r"\x41bcd", (), id="a code is not read"),
        pytest.param(r"(?i)live", (), id="flags of the whole are not read"),
        pytest.param(r"(?P<a>ab)(?P=a)", (), id="a group again is not read"),
    ],
)
def test_the_letters_that_a_match_must_hold(pattern, letters):
    assert needed_letters([pattern]) == letters


def test_the_first_look_never_hides_a_form(book):
    """Each sign is tried on what the others' cases of this file match: look and search must agree."""
    marks = [m for test in (test_a_headline_shows_its_form, test_other_languages_have_their_own_signs)
             for m in test.pytestmark[0].args[1]]  # fmt: skip
    titles = [mark[-2] for mark in marks]
    checked = 0
    for language in ("en", "fr", "de", "ru", "uk", "ar", "es", "fa", "he", "tr", "pl"):
        signs = book._for(language)
        for title in (*titles, *(t.upper() for t in titles)):
            tried = signs.to_try({"headline": title, "lead": title, "url": title})
            for sign in signs.signs:
                if sign.pattern.search(title):
                    assert sign in tried, (sign.slug, title)
                    checked += 1
    assert checked > 300


def test_languages_without_patterns_share_those_of_english():
    book = forms.FormBook(map(form_rule, ROWS))
    assert {book.find("Opinion: no to war", "", "", language)[0] for language in ("aa", "zz", "", "en")} == {
        "opinion"
    }
    assert len(book._compiled) == 1


def test_every_pattern_of_the_vocabulary_can_be_used():
    languages = [p for r in ROWS for own in r["by_language"].values() for p in own]
    patterns = languages + [p for r in ROWS for p in (*r["headline"], *r["lead"], *r["url"])]
    assert len(patterns) > 150
    assert [p for p in patterns if forms.bad_pattern(p)] == []
