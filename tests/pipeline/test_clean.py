from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.pipeline.clean import extract_of, one_line, to_text

TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<",
                ">",
                "&lt;",
                "&gt;",
                "&amp;",
                "<script>",
                "</p>",
                "<p",
                "<!--",
                "-->",
                "<img src=x onerror=y>",
                "\0",
            ]
        ),
        st.text(max_size=12),
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        pytest.param("Plain words", "Plain words", id="plain"),
        pytest.param("A &amp; B", "A & B", id="entity"),
        pytest.param("A <b>bold</b> word", "A bold word", id="tags"),
        pytest.param("1 < 2 and 3 > 2", "1 < 2 and 3 > 2", id="signs that are no tags"),
        pytest.param("<img src=x onerror=alert(1)>Headline", "Headline", id="image"),
        pytest.param("&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)", id="escaped tag"),
        pytest.param("two\n\n lines", "two lines", id="line breaks"),
        pytest.param("evil\u202etxt\u0000", "eviltxt", id="hidden characters"),
    ],
)
def test_a_title_is_one_line_of_text(markup: str, line: str) -> None:
    assert one_line(markup) == line


def test_paragraphs_stay_apart() -> None:
    assert to_text("<p>One<br>two</p>\n<p>three\nfour</p><script>x</script>") == "One\ntwo\nthree four"


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<!--" * 100_000, id="open comments"),
        pytest.param("<div>" * 80_000, id="deep nesting"),
        pytest.param("<" * 200_000 + "a>" * 100_000, id="tags inside tags"),
        pytest.param("&lt;" * 100_000, id="escaped signs"),
        pytest.param("<a " * 100_000 + ">" * 100_000, id="attributes"),
    ],
)
def test_hostile_markup_ends_as_text(markup: str) -> None:
    assert TAG.search(to_text(markup)) is None


@given(MARKUP)
@settings(max_examples=300, deadline=None)
def test_no_text_looks_like_a_tag_or_hides_anything(markup: str) -> None:
    for words in (to_text(markup), one_line(markup)):
        assert TAG.search(words) is None
        assert HIDDEN.search(words) is None
        words.encode("utf-8")


def test_an_extract_ends_with_a_sentence() -> None:
    text = "One sentence that is long enough to stay. " * 12
    assert extract_of(text).endswith("stay.")
    assert len(extract_of("word " * 200)) <= 300
