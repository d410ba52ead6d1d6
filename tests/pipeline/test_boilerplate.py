"""What is no part of the report goes, with its reason; what is stays."""

from __future__ import annotations

import pytest

from aggregator.pipeline.boilerplate import learnable_lines, line_hash, remove_cues, remove_learned
from aggregator.pipeline.types import ArticleText
from tests.pipeline.texts import OTHER, REPORT

TABLOID = (
    "We\u2019ll be bringing you the latest updates and pictures on this breaking news story as we get them.",
    "For the latest news and breaking news visit: https://www.tabloid.example/",
    "Stay up to date with all the headlines, pictures and video on the stories that matter.",
    "Follow our social media accounts on facebook.com/Tabloid and @Tabloid",
    "We use your sign-up to send what you agreed to. It may include adverts from others. You can unsubscribe at any time. More info",
    "Source: Read Full Article",
)


def test_a_tabloids_promotion_goes_even_when_its_outlet_sent_one_article():
    cleaned = remove_cues("\n\n".join((REPORT, *TABLOID)))
    assert cleaned.text == REPORT
    assert {removed.position for removed in cleaned.removed} == {"end"}
    assert cleaned.removed[-1].line == "Source: Read Full Article"
    assert "tabloid.example" in " ".join(removed.line for removed in cleaned.removed)


@pytest.mark.parametrize(
    "line",
    [
        "Sign up for our newsletter and get the day's news in your inbox.",
        "Subscribe to our channel",
        "Follow us on Twitter and Facebook.",
        "Copyright 2023 The Agency. All rights reserved.",
        "This material may not be published, broadcast or rewritten.",
        "(Reporting by A. B.; Editing by C. D.)",
        "The post Shelling hits market appeared first on outlet.example.",
        "READ MORE: Ceasefire talks resume | Market reopens",
        "This story has not been edited by our staff and comes from a syndicated feed.",
        "Suivez-nous sur Telegram",
        "Síguenos en Instagram",
        "Читайте также: Переговоры возобновились",
        "Подписывайтесь на наш канал в Telegram",
        "تابعونا على تويتر",
        "Lesen Sie auch: Gespräche gehen weiter",
        "Quelle: Hafenpost",
    ],
)
def test_a_line_of_promotion_or_credit_goes_in_many_languages(line):
    cleaned = remove_cues(f"{REPORT}\n{line}")
    assert cleaned.text == REPORT
    assert [removed.line for removed in cleaned.removed] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Thousands signed up to fight in the first week, the ministry said.",
        "The source of the fire is unknown.",
        "He said the two sides would share the article of the treaty with journalists.",
        "\u201cFollow us and nobody will be hurt,\u201d the gunmen told the villagers, according to a survivor.",
        "Subscribers to the state pension will not be paid in October, the governor announced on television.",
    ],
)
def test_a_sentence_of_the_report_stays(line):
    assert remove_cues(f"{REPORT}\n{line}").text == f"{REPORT}\n{line}"


def test_the_last_sentences_of_a_text_without_paragraphs_go_too():
    flat = REPORT.replace("\n", " ")
    cleaned = remove_cues(f"{flat} Follow us on Google News. Got a tip? Email the desk.")
    assert cleaned.text == flat


def test_a_pointer_between_paragraphs_goes():
    first, rest = REPORT.split("\n", 1)
    cleaned = remove_cues(f"{first}\nRead more: Who holds the harbour?\n{rest}")
    assert cleaned.text == REPORT
    assert cleaned.removed[0].position == "middle"


@pytest.mark.parametrize("text", ["", " ", "\n\n", "Follow us on Facebook.", "More info", "Source: Reuters"])
def test_a_text_is_never_emptied(text):
    assert remove_cues(text).text == text


def test_a_long_text_is_read_in_bounded_time():
    assert remove_cues("Follow us. " * 200_000).text
    assert remove_cues("a" * 2_000_000).text
    assert remove_cues("\n".join(["word"] * 300_000)).text


def test_learned_lines_go_and_the_full_text_stays():
    line = "The Harbour Post is made by its readers and friends in nine towns along the coast."
    whole = f"{REPORT}\n{line}"
    cleaned = remove_learned(ArticleText("A title", whole, full_text=whole), {line_hash(line)})
    assert cleaned.text == REPORT
    assert cleaned.full_text == whole
    assert [(one.rule, one.position) for one in cleaned.removed] == [("learned_line", "end")]


def test_an_article_of_learned_lines_only_stays_whole():
    article = ArticleText("A title", "The same line as always.", full_text="The same line as always.")
    assert remove_learned(article, {line_hash("The same line as always.")}) == article


def test_a_line_is_known_in_every_spelling():
    assert line_hash("Don\u2019t miss it!") == line_hash("don't MISS it")


def test_a_long_paragraph_inside_a_text_is_not_learned():
    text = "\n".join([*REPORT.split("\n"), *OTHER.split("\n")])
    assert REPORT.split("\n")[3] not in learnable_lines(text).values()
    assert OTHER.split("\n")[-1] in learnable_lines(text).values()
