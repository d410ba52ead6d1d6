from __future__ import annotations

import pytest

from aggregator.errors import ParseError
from aggregator.pipeline.opml import Outline, read_opml, write_opml


def opml(body: str) -> bytes:
    return f'<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def test_what_a_list_says_about_a_feed_is_read() -> None:
    feeds, problems = read_opml(
        opml(
            '<outline text="Africa"><outline text="Wire - Mali" xmlUrl="https://e.org/f" htmlUrl="https://e.org/" '
            'country="ml" kind="national" stateControl="3" language="FR" publisher="wire" region="mali sahel"/></outline>'
        )
    )
    assert problems == []
    assert feeds[0] == Outline(
        "Wire - Mali", "https://e.org/f", "https://e.org/", ("Africa",), "fr", "ML", "national", 3, "wire", "", "",
        ("mali", "sahel"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"<opml><body>", "not well-formed", id="cut"),
        pytest.param(b"<html><body/></html>", "not OPML", id="web page"),
        pytest.param(b"<opml/>", "no list", id="no body"),
        pytest.param(b"x" * 20_000_001, "larger than 20 MB", id="20 MB"),
        pytest.param(
            b"<?xml version='1.0' encoding='utf-8'?><opml><body a='\xff'/></opml>",
            "not well-formed",
            id="encoding",
        ),
        pytest.param(b"<?xml version='1.0' encoding='x-none'?><opml/>", "well-formed", id="unknown encoding"),
        pytest.param(opml("<outline text='a'>" * 1000 + "</outline>" * 1000), "", id="nested"),
        pytest.param(
            b'<!DOCTYPE o [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml><body><outline text="&b;"/></body></opml>',
            "entities",
            id="entity bomb",
        ),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_in_one_sentence(document: bytes, words: str) -> None:
    with pytest.raises(ParseError) as caught:
        read_opml(document)
    assert words in caught.value.sentence


def test_addresses_that_are_none_are_left_out_and_told() -> None:
    feeds, problems = read_opml(opml('<outline xmlUrl="javascript:x"/><outline xmlUrl="https://e.org/f"/>'))
    assert (len(feeds), len(problems)) == (1, 1)


def test_a_list_reads_back_what_it_wrote() -> None:
    outline = Outline("Wire & co", "https://e.org/f?a=1&b=2", "https://e.org/", language="fr", source="Wire")
    found, _ = read_opml(write_opml("Sources", [outline]))
    assert (found[0].title, found[0].url, found[0].source) == (outline.title, outline.url, "Wire")
