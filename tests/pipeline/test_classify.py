"""Relevance, topics, form and conflicts of a text, and what bad input comes to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from aggregator.pipeline import classify as classify_module
from aggregator.pipeline.classify import classify, pick
from aggregator.pipeline.classify_rules import rules_from
from aggregator.pipeline.linear import load_model
from aggregator.pipeline.locate import locate
from aggregator.pipeline.types import Classified, Located, RegionScore

VOCABULARY = Path(classify_module.__file__).resolve().parents[1] / "vocabulary"


def packaged(name):
    return json.loads((VOCABULARY / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def rules():
    return rules_from(packaged("topics"), packaged("forms"), packaged("conflicts"))


@pytest.fixture
def judge(rules, gazetteer):
    def judge_text(title, text="", *, language="", **more) -> Classified:
        located = locate(title, text, gazetteer=gazetteer, home_region=None, language=language)
        return classify(title, text, language=language, located=located, rules=rules, **more)

    return judge_text


def topics_of(found):
    return [topic.topic for topic in found.topics]


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Festival massacre leaves dozens dead", "civilian-harm"),
        ("Rebels and army agree ceasefire after talks in Juba", "ceasefires-and-peace-talks"),
        ("Soldiers seize power and detain the president in overnight coup", "coups-and-power-struggles"),
        ("Car bomb kills eleven near ministry in Mogadishu", "mines-and-explosives"),
        ("EU adopts new sanctions package against Russia", "sanctions"),
        ("Police fire tear gas at protesters in the capital", "protests-and-riots"),
        ("Prosecutor at the ICC seeks war crimes warrant", "war-crimes-and-accountability"),
        ("Hundreds of thousands flee fighting in Darfur", "displacement"),
        ("Two journalists killed in southern Lebanon strike", "press-and-aid-worker-safety"),
        ("UN peacekeepers leave Mali after a decade", "peacekeeping"),
    ],
)
def test_a_report_of_the_conflict_is_in_and_gets_its_topic(judge, title, topic):
    found = judge(title)
    assert found.relevance == "in"
    assert topic in topics_of(found)


@pytest.mark.parametrize(
    "title",
    [
        "KIA recalls thousands of cars over brakes",
        "Georgia rally draws thousands of Trump supporters",
        "Striker's late winner sinks champions in title clash",
        "Airline strike grounds flights across Europe",
        "Stocks rally as chipmakers capture gains",
        "Real Madrid gana la liga",
        "Сборная выиграла матч чемпионата",
    ],
)
def test_what_only_sounds_like_war_is_not_in(judge, title):
    assert judge(title).relevance != "in"


@pytest.mark.parametrize(
    ("language", "title", "topic"),
    [
        ("fr", "Frappes israéliennes sur Gaza : des civils tués", "air-and-drone-strikes"),
        ("ru", "Ракетный удар по Харькову: погибли мирные жители", "shelling-and-missiles"),
        ("uk", "Ракетний удар по Одесі, загинули цивільні", "civilian-harm"),
        ("ar", "غارات إسرائيلية على غزة تقتل مدنيين", "air-and-drone-strikes"),
        ("es", "Gobierno y guerrilla acuerdan alto el fuego en Colombia", "ceasefires-and-peace-talks"),
        ("fa", "حمله موشکی به پایگاه نظامی در عراق", "shelling-and-missiles"),
        ("he", "ירי רקטות מרצועת עזה לעבר ישראל", "shelling-and-missiles"),
        ("tr", "İsrail Gazze'ye hava saldırısı düzenledi", "air-and-drone-strikes"),
        ("de", "Drohnenangriff auf Kiew: Zivilisten getötet", "air-and-drone-strikes"),
        ("pl", "Zakładnicy Hamasu w Strefie Gazy", "prisoners-and-hostages"),
    ],
)
@pytest.mark.parametrize("told", [True, False], ids=["language told", "language guessed"])
def test_other_languages_are_read_by_their_cues(judge, language, title, topic, told):
    found = judge(title, language=language if told else "")
    assert found.relevance == "in"
    assert topic in topics_of(found)


@pytest.mark.parametrize(
    ("title", "conflict"),
    [
        ("Azerbaijan launches military operation in Nagorno-Karabakh", "nagorno-karabakh"),
        ("RSF drone strike hits hospital in El Fasher", "sudan"),
        ("Israeli air strikes kill dozens in Gaza Strip", "israel-gaza"),
        ("Russian drone attack on Odesa port damages grain silos", "russia-ukraine-war"),
        ("Houthi missile attack forces tanker off Red Sea route", "red-sea-crisis"),
        ("M23 rebels seize control of Bukavu airport", "eastern-drc"),
        ("Survivors of October 7 attack in Israel speak of militants' assault", "israel-gaza"),
        ("Kremlin says Ukraine fired drones at Moscow overnight", "russia-ukraine-war"),
        ("IDF says soldier killed in rocket attack on Israel", "israel-gaza"),
        ("Russian army says nine dead as missile hits barracks in Russia", "russia-ukraine-war"),
        ("Russian troops advance on a town in eastern Ukraine", "russia-ukraine-war"),
    ],
)
def test_an_article_joins_its_conflict(judge, title, conflict, rules):
    if conflict not in {rule.slug for rule in rules.conflicts.rules}:
        conflict = next(r.slug for r in rules.conflicts.rules if "eastern-drc" in r.areas)
    found = judge(title)
    assert conflict in [slug for slug, _ in found.conflicts]
    assert all(reason.code.startswith("conflict_") and reason.evidence for _, reason in found.conflicts)


@pytest.mark.parametrize(
    ("title", "conflict"),
    [
        ("Houthi court in Sanaa sentences aid worker to prison", "red-sea-crisis"),
        ("Drone hits oil field in the Kurdistan Region of Iraq", "iran-israel-us"),
        ("M23 rebels seize control of Goma airport", "drc-ituri-adf"),
        ("Army kills rebels in clash on October 7 in Colombia", "israel-gaza"),
        ("Gunmen attack train on Blue Line in Mexico City, police say", "israel-lebanon"),
        ("Kremlin says Russian troops in Nagorno-Karabakh stay as Azerbaijan attacks", "russia-ukraine-war"),
        ("Kremlin welcomes ceasefire that Russia brokered in Azerbaijan", "russia-ukraine-war"),
    ],
)
def test_an_article_stays_out_of_a_conflict_that_only_lies_near(judge, title, conflict):
    assert conflict not in [slug for slug, _ in judge(title).conflicts]


def test_a_short_text_without_a_headline_has_one_topic(judge):
    text = "Shelling and air strikes killed twelve civilians in Kharkiv, and rebels took hostages, officials said."
    assert len(judge("", text).topics) == 1
    assert len(judge(text).topics) > 1


def test_an_article_dated_before_a_conflict_never_joins_it(judge):
    title = "Israeli air strikes kill dozens in Gaza Strip"
    assert "israel-gaza" not in [s for s, _ in judge(title, reported_on=date(2014, 7, 20)).conflicts]
    assert "israel-gaza" in [s for s, _ in judge(title, reported_on=date(2023, 10, 20)).conflicts]


def test_at_most_three_topics_best_first_with_their_cues(judge):
    text = "Shelling and air strikes killed civilians; hostages were freed under a ceasefire; refugees flee."
    found = judge("Airstrikes, shelling and hostages: civilians flee as ceasefire fails", text)
    assert 1 <= len(found.topics) <= 3
    cues = [cue for topic in found.topics for cue in topic.cues]
    assert cues
    assert all(cue.start >= 0 and cue.field in ("title", "lead", "text") for cue in cues)


def test_a_cue_is_shown_at_its_place_in_the_text(judge):
    title = "Aid groups warn: humanitarian corridor to Gaza closed"
    cue = next(c for t in judge(title).topics for c in t.cues if c.cue == "humanitarian corridor")
    assert title[cue.start :].startswith("humanitarian corridor")


def test_the_curators_word_for_a_source_makes_everything_relevant(judge):
    found = judge("Stocks rally as chipmakers capture gains", everything_relevant=True)
    assert found.relevance == "in"
    assert found.relevance_reason.code == "relevance_source"
    assert found.relevance_score < 0.5  # the score stays honest


def test_a_sure_cue_gives_its_topic_whatever_the_model_says(gazetteer):
    topics = packaged("topics")
    next(t for t in topics["topics"] if t["slug"] == "sanctions")["data"]["sure"] = ["zorblax"]
    rules = rules_from(topics, packaged("forms"), packaged("conflicts"))
    located = locate("Zorblax war in Gaza", "", gazetteer=gazetteer, home_region=None, language="en")
    found = classify("Zorblax war in Gaza", "", located=located, rules=rules)
    assert "sanctions" in topics_of(found)


def test_a_topic_that_the_model_does_not_know_is_found_by_its_cues(gazetteer):
    topics = packaged("topics")
    topics["topics"].append({"slug": "moon-war", "name": "Moon war", "data": {"strong": ["lunar offensive"]}})
    rules = rules_from(topics, packaged("forms"), packaged("conflicts"))
    title = "Army opens lunar offensive against rebels"
    found = classify(title, "", located=Located(), rules=rules)
    assert "moon-war" in topics_of(found)


ONE_WORD = ("Gaza", "War", "x", "战争", "الحرب")


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("   ", "\n\n", id="blanks"),
        pytest.param("\x00\u202e\ufeff", "\u200b", id="controls only"),
        pytest.param("!!! ??? ...", "", id="no word"),
        pytest.param("🔥🔥🔥", "💥", id="pictures"),
        pytest.param("\ud800", "\udfff", id="lone surrogates"),
    ],
)
def test_a_text_without_words_is_out_with_score_nought(judge, title, text):
    found = judge(title, text)
    assert (found.relevance, found.relevance_score, found.topics, found.conflicts) == ("out", 0.0, (), ())
    assert found.form == "report"


@pytest.mark.parametrize("word", ONE_WORD)
def test_one_word_is_never_shown_unasked_and_gets_no_topic_without_a_cue(judge, word):
    found = judge(word)
    assert found.relevance in ("ask", "out")
    assert all(topic.cues for topic in found.topics)


def test_a_megabyte_reads_like_its_opening(judge):
    opening = "Shelling killed three civilians in Kherson, the governor said. " * 24
    short, long = (
        judge("Shelling kills three in Kherson", opening),
        judge("Shelling kills three in Kherson", opening + "football results " * 60_000),
    )
    assert topics_of(short) == topics_of(long)
    assert long.relevance == "in"


def test_a_headline_of_a_megabyte_is_read_to_its_limit(judge):
    assert judge("war " * 250_000).relevance in ("in", "ask", "out")


@pytest.mark.parametrize(
    ("piece", "relevance"),
    [
        pytest.param("a", "out", id="one letter"),
        pytest.param("massacre", "out", id="one cue without a space"),
        pytest.param("recipe ", "out", id="one word against"),
        pytest.param("massacre ", "in", id="one cue"),
        pytest.param("a\u0301\u0316", "out", id="marks on every letter"),
        pytest.param("\u0316\u0301", "out", id="marks alone"),
        pytest.param("\u200b", "out", id="spaces of no width"),
        pytest.param("\"'", "out", id="quotes"),
        pytest.param("a@", "out", id="a mail address without end"),
        pytest.param("İ", "out", id="a capital that is two small letters"),
        pytest.param("\ufdfa", "out", id="a sign that is many words"),
    ],
)
def test_a_megabyte_of_one_thing_is_judged_by_its_opening(judge, piece, relevance):
    whole = piece * (1_000_000 // len(piece))
    found = judge(whole, whole)
    assert found.relevance == relevance
    start = piece * (4_000 // len(piece))  # more than what is read of headline and text
    assert found == judge(start, start)


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("tr", "İsrail Gazze'ye hava saldırısı düzenledi"),
        ("ru", "Ракетный удар по Харькову: погибли мирные жители"),
        ("fr", "Frappes israéliennes sur Gaza : des civils tués"),
    ],
)
def test_capitals_read_like_small_letters_in_other_languages(judge, language, title):
    capitals = title.replace("i", "İ").upper() if language == "tr" else title.upper()
    plain, loud = judge(title, language=language), judge(capitals, language=language)
    assert loud.relevance == plain.relevance == "in"
    assert topics_of(loud) == topics_of(plain)


def test_place_names_alone_are_not_news_of_a_topic(judge):
    found = judge("Gaza Kyiv Khartoum Goma Donetsk", "Aleppo Sanaa Tripoli Kabul Mosul " * 50)
    assert not [t for t in found.topics if t.cues and t.rule == "cue"]


def test_mixed_scripts_and_directions_keep_offsets_inside_the_text(judge):
    title = "غارة على Gaza: airstrike kills 12 — удар по больнице"
    for topic in judge(title).topics:
        assert all(0 <= cue.start < len(title) for cue in topic.cues if cue.field == "title")


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("New recipe at https://example.org/airstrike-war-crimes-hostages", id="in an address"),
        pytest.param("Thanks @ceasefire_massacre and @airstrikes for the concert", id="in a handle"),
    ],
)
def test_names_inside_addresses_and_handles_are_no_cues(judge, title):
    found = judge(title)
    assert not [cue for topic in found.topics for cue in topic.cues]
    assert found.relevance != "in"


def test_a_headline_in_capitals_reads_like_one_in_small_letters(judge):
    plain = judge("Air strikes kill dozens in Gaza as ceasefire talks stall")
    loud = judge("AIR STRIKES KILL DOZENS IN GAZA AS CEASEFIRE TALKS STALL")
    assert loud.relevance == plain.relevance == "in"
    assert set(topics_of(loud)) & set(topics_of(plain))


def test_a_hostile_pattern_in_the_vocabulary_is_left_out_and_does_not_hang():
    forms = {"forms": [{"slug": "evil", "headline": ["(a+)+$", "(((", "x{1,3}{4,5}"]}]}
    rules = rules_from(packaged("topics"), forms, packaged("conflicts"))
    assert classify("a" * 300 + "!", "", located=Located(), rules=rules).form == "report"


def test_odd_rows_of_the_vocabulary_are_tolerated():
    rules = rules_from(
        {"topics": [{"slug": "bare"}]}, {}, {"conflicts": [{"slug": "c", "started_on": "soon"}]}
    )
    located = Located(regions=(RegionScore("nowhere", 1.0, True),), focus="nowhere")
    assert classify("War in nowhere", "", located=located, rules=rules).relevance in ("in", "ask", "out")


def test_the_model_card_says_where_it_comes_from():
    card = load_model().card
    assert card["made_on"]
    assert card["data"]["stream"]
    assert 0 < card["relevance"]["ask"] < card["relevance"]["in"] < 1
    assert len(card["topic_slugs"]) == 30


@pytest.mark.parametrize(
    ("scores", "relevance", "topics"),
    [
        pytest.param({"battles": 0.3}, "in", ["battles"], id="what belongs has its likeliest topic"),
        pytest.param({"battles": 0.3}, "ask", [], id="what is in doubt has none that is in doubt too"),
        pytest.param({"battles": 0.5}, "ask", ["battles"], id="what is in doubt has a clear one"),
        pytest.param({"battles": 0.05}, "in", [], id="a guess out of nothing is none"),
        pytest.param(
            {"battles": 0.9, "sanctions": 0.4}, "in", ["battles"], id="a further one must be likely"
        ),
        pytest.param({"battles": 0.9, "sanctions": 0.5}, "ask", ["battles", "sanctions"], id="two that are"),
        pytest.param({}, "in", [], id="nothing found"),
    ],
)
def test_how_many_topics_an_article_gets(scores, relevance, topics):
    card = {"topics": {"first": 0.1, "first_asked": 0.4, "further": 0.45, "main": {}}}
    assert pick(scores, card, relevance=relevance) == topics
