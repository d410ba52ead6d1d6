"""Cues: longest first, vetoes, weak and sure ones, and stems that a curator can foresee."""

from __future__ import annotations

import pytest

from aggregator.pipeline.cues import CueBook, TopicRule, bad_cue, shown, weigh
from aggregator.pipeline.stems import TOKEN, guess_language, tokens_of, words_of

RULE = TopicRule(
    "civilian-harm",
    strong=("massacre", "US strikes", "cease-fire"),
    weak=("wounded", "death toll"),
    negative=("massacre at the box office",),
    by_language={"ru": ("мирные жители",), "ar": ("قصف",)},
)


def hits(text, *, language="en", in_conflict=False, rule=RULE):
    found = CueBook([rule]).find(words_of(text, language), "title", language)
    return [hit.cue for hit in weigh(found, in_conflict=in_conflict).hits]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Massacres in the north", ["massacre"], id="plural"),
        pytest.param("the town's massacre’s victims", ["massacre"], id="possessive"),
        pytest.param("Massacre at the box office", [], id="the longer negative cue consumes and vetoes"),
        pytest.param("Massacre, a massacre at the box office", [], id="a veto holds for the whole field"),
        pytest.param("U.S. strikes Iran", ["US strikes"], id="dotted acronym"),
        pytest.param("let us strike a deal", [], id="an acronym is not the word"),
        pytest.param("US STRIKES ON TOWN", [], id="in capitals case says nothing"),
        pytest.param("cease fire now", ["cease-fire"], id="hyphen or space"),
        pytest.param("massacred", [], id="stems are light"),
        pytest.param("three wounded", [], id="a weak cue alone"),
        pytest.param("wounded as death toll rises", ["wounded", "death toll"], id="two weak cues"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_cues_of_a_text(text, found):
    assert hits(text) == found


def test_a_weak_cue_counts_in_a_listed_conflict():
    assert hits("three wounded", in_conflict=True) == ["wounded"]


def test_other_languages_use_their_own_cues_and_case_endings():
    assert hits("погибли мирных жителей", language="ru") == ["мирные жители"]
    assert hits("والقصف مستمر", language="ar") == ["قصف"]
    assert hits("massacre", language="ru") == []


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        pytest.param("a mas\u00adsacre", "en", ["massacre"], id="soft hyphen"),
        pytest.param("a massa\u200bcre", "en", ["massacre"], id="space of no width"),
        pytest.param("\u200fقَصْف\u200f", "ar", ["قصف"], id="vowels and marks of direction"),
        pytest.param("قـــصف", "ar", ["قصف"], id="a stretched word"),
        pytest.param(
            "a me\u0301ssacre of ma\u0301ssacres", "en", ["massacre"], id="accents beside their letters"
        ),
        pytest.param("m\u0301" * 60, "en", [], id="marks on every letter"),
    ],
)
def test_signs_that_nobody_sees_do_not_part_a_word(text, language, found):
    assert hits(text, language=language) == found


def test_a_sure_cue_counts_as_strong_and_is_told_apart():
    rule = TopicRule("t", sure=("zorblax",))
    evidence = weigh(CueBook([rule]).find(words_of("Zorblax war", "fr"), "title", "fr"), in_conflict=False)
    assert evidence.count("t", "title_strong") == 1
    assert evidence.count("t", "sure") == 1


def test_offsets_point_at_the_words():
    text = "«Вчера» a massacre"
    found = CueBook([RULE]).find(words_of(text, "en"), "title", "en")
    cues = shown(found, ["civilian-harm"], {"title": (text, 0)})["civilian-harm"]
    assert [text[cue.start :] for cue in cues] == ["massacre"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("U.S. TROOPS AND A MASSACRE", id="capitals with initials"),
        pytest.param("İSTANBUL'DA A MASSACRE", id="a capital that is two small letters"),
        pytest.param("a so\u00adcalled MASSACRE", id="unseen signs"),
    ],
)
def test_offsets_point_at_the_words_of_odd_texts(text):
    found = CueBook([RULE]).find(words_of(text, "en"), "title", "en")
    (cue,) = shown(found, ["civilian-harm"], {"title": (text, 7)})["civilian-harm"]
    assert text[cue.start - 7 :].upper() == "MASSACRE"


@pytest.mark.parametrize("cue", ["", "of", "!?", "x" * 90, "one two three four five six seven eight nine"])
def test_a_cue_that_matches_too_much_or_nothing_is_refused(cue):
    assert bad_cue(cue)


@pytest.mark.parametrize("cue", ["war", "US", "peace talks", "عقوبات"])
def test_ordinary_cues_are_taken(cue):
    assert not bad_cue(cue)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Войска перешли в наступление", "ru"),
        ("На сході України тривають бої", "uk"),
        ("قصف مدفعي على المدينة", "ar"),
        ("حمله پهپادی به پایگاه", "fa"),
        ("ירי רקטות לעבר העיר", "he"),
        ("Le président de la France est dans la ville", "fr"),
        ("Gobierno y guerrilla acuerdan en una ciudad de los Andes", "es"),
        ("Der Angriff auf die Stadt ist nicht vorbei", "de"),
        ("Ordu saldırı için sınıra asker gönderdi", "tr"),
        ("Wojna w Izraelu, sytuacja się pogarsza", "pl"),
        ("Army retakes town", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text_is_guessed(text, language):
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('Troops shell Kyiv\'s 3 bridges, snake_case and "quoted" x-rays', id="plain"),
        pytest.param("The U.S. and the U.N.'s D.R.C. mission. A. Smith", id="initials"),
        pytest.param("L’armée d’Haïti, İstanbul, naïve café’s, _tail_", id="accents and curly quotes"),
        pytest.param("Україна об'єднана, חוק רמב\"ם, می\u200cروم", id="other scripts"),
        pytest.param("'' \"\" _ . …", id="no word at all"),
        pytest.param("U.S. forces in Türkiye’s south", id="initials beside accents"),
    ],
)
def test_the_short_ways_find_the_same_tokens(text):
    assert tokens_of(text) == TOKEN.findall(text)


def test_the_place_of_each_cue_counts_the_words_before_it():
    rule = TopicRule("air", strong=("air raid", "drones", "raid siren"))
    words = words_of("drones then an air raid siren and drones", "en")
    found = CueBook([rule]).find(words, "lead", "en")
    assert [(hit.cue, hit.position) for hit in found] == [("drones", 0), ("air raid", 3), ("drones", 7)]


SIGNALS = (
    TopicRule(
        "harm", strong=("festival massacre", "market raid"), weak=("raid siren",), negative=("massacre film",)
    ),
    TopicRule("+", strong=("massacre", "raid siren", "siren", "war")),
    TopicRule("-", strong=("festival", "war film")),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            "festival massacre", [("harm", 0), ("+", 1)], id="a topic's cue leaves it the shorter word"
        ),
        pytest.param("market raid siren", [("harm", 0), ("+", 1)], id="also where they only overlap"),
        pytest.param("raid siren", [("harm", 0), ("+", 0)], id="words of the same length, once"),
        pytest.param("festival opens", [("-", 0)], id="a word against"),
        pytest.param("festival massacre film", [("harm", 0)], id="a negative cue takes it"),
        pytest.param("a war film", [("-", 1)], id="a longer word against takes it"),
    ],
)
def test_a_word_that_speaks_for_relevance_is_not_hidden_by_a_topic(text, found):
    hits = CueBook(SIGNALS).find(words_of(text, "en"), "title", "en")
    assert [(hit.topic, hit.position) for hit in hits] == found


def test_languages_of_which_nothing_is_known_share_what_is_compiled():
    """A feed may name any two letters as its language, and a worker lives for months."""
    rule = TopicRule("t", strong=("US", "massacre"), sure=("zorblax",), by_language={"ru": ("удар",)})
    book = CueBook([rule])
    for language in ("aa", "ab", "zz", ""):
        found = book.find(words_of("US zorblax massacres удары", language), "title", language)
        assert [hit.cue for hit in found] == ["US", "zorblax"]
    assert len(book._compiled) == 1
    assert [hit.cue for hit in book.find(words_of("удары", "ru"), "title", "ru")] == ["удар"]
