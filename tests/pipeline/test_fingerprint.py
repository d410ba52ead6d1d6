"""A fingerprint is the same for every spelling of one text, and bounded for any input."""

from __future__ import annotations

import pytest

from aggregator.pipeline.fingerprint import BANDS, MIN_WORDS, SKETCH, fingerprint
from aggregator.pipeline.trace import overlap
from tests.pipeline.texts import CHINESE, OTHER, REPORT


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(REPORT.upper(), id="capitals"),
        pytest.param(REPORT.replace("'", "\u2019"), id="curly apostrophes"),
        pytest.param(REPORT.replace("'", "&#8217;"), id="entities"),
        pytest.param(REPORT.replace("'", "\u00e2\u20ac\u2122"), id="bytes decoded twice"),
        pytest.param(REPORT.replace("\n", " "), id="no paragraphs"),
        pytest.param(f"<p>{REPORT}</p>".replace("\n", "</p><p>"), id="markup"),
        pytest.param(REPORT.replace("market", "mar\u00adket"), id="soft hyphens"),
        pytest.param(
            REPORT.replace("Tuesday", "Tuesday https://example.org/x?y=1"), id="an address between words"
        ),
    ],
)
def test_a_text_has_one_fingerprint_in_every_spelling(spelling):
    assert fingerprint("", spelling).text_hash == fingerprint("", REPORT).text_hash
    assert fingerprint("", spelling).bands == fingerprint("", REPORT).bands


@pytest.mark.parametrize("text", ["", "word", "\x00", "\ud800 lone", "... !!! ???", "a b c d e f g"])
def test_a_text_too_short_to_say_whose_it_is_has_no_bands(text):
    found = fingerprint("", text)
    assert found.words < MIN_WORDS
    assert (found.bands, found.shingles) == ((), ())


def test_five_megabytes_of_text_give_a_bounded_fingerprint():
    found = fingerprint("", " ".join(f"word{number}" for number in range(500_000)))
    assert len(found.shingles) == SKETCH
    assert len(found.bands) == BANDS


def test_texts_without_spaces_are_compared_by_characters():
    half = CHINESE[: len(CHINESE) * 2 // 3]
    found = overlap(fingerprint("", CHINESE), fingerprint("", half))
    assert found.of_second > 0.9
    assert 0.5 < found.of_first < 0.8


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "Обстрел рынка в порту во вторник утром унёс жизни трёх человек, сообщили в мэрии города.",
            id="ru",
        ),
        pytest.param(
            "قتل ثلاثة أشخاص في قصف سوق المرفأ القديم صباح الثلاثاء بحسب مكتب رئيس البلدية في المدينة",
            id="ar",
        ),
        pytest.param(
            "पुराने बंदरगाह के बाज़ार पर मंगलवार सुबह गोलाबारी में तीन लोग मारे गए महापौर कार्यालय ने कहा", id="hi"
        ),
        pytest.param("การยิงถล่มตลาดท่าเรือเก่าเมื่อเช้าวันอังคารทำให้มีผู้เสียชีวิตสามคน", id="th"),
    ],
)
def test_any_script_that_has_words_can_be_traced(text):
    assert len(fingerprint("", text).bands) == BANDS
    assert overlap(fingerprint("", text), fingerprint("", text)).containment == 1.0


def test_two_reports_share_nothing():
    assert overlap(fingerprint("", REPORT), fingerprint("", OTHER)).shared == 0


def test_hashes_fit_a_signed_bigint():
    found = fingerprint("A title", REPORT)
    values = (*found.shingles, *found.bands, *found.quoted, found.text_hash, found.title_hash)
    assert all(-(2**63) <= value < 2**63 for value in values)
