from __future__ import annotations

import json

import pytest

from aggregator.pipeline.hubs import Hub, named_by, named_in
from aggregator.pipeline.parse import parse_feed

URL = "https://e.org/feed"


@pytest.mark.parametrize(
    ("head", "hub"),
    [
        pytest.param('<atom:link rel="hub" href="https://h.org/"/>', Hub("https://h.org/", URL), id="RSS"),
        pytest.param(
            "<link href='https://h.org/?a=1&amp;b=2' rel='hub' /><link rel=\"self\" href='https://E.org/Feed#x'/>",
            Hub("https://h.org/?a=1&b=2", "https://E.org/Feed#x"),
            id="Atom, with its own name as it is written",
        ),
        pytest.param('<atom:link rel="hub self" href="/hub"/>', Hub("https://e.org/hub", URL), id="relative"),
        pytest.param('<atom:link rel="hub" href="javascript:x"/>', None, id="no web address"),
        pytest.param(
            '<atom:link rel="self" href="https://e.org/"/><link>https://e.org/</link>', None, id="none"
        ),
        pytest.param('<item><atom:link rel="hub" href="https://h.org/"/></item>', None, id="of an item"),
    ],
)
def test_the_hub_that_a_head_names(head: str, hub: Hub | None) -> None:
    assert named_in(f"<rss><channel><title>x</title>{head}<item></item></channel></rss>".encode(), URL) == hub


@pytest.mark.parametrize(
    ("header", "hub"),
    [
        (
            '<https://h.org/>; rel="hub", <https://e.org/a>; rel="self"',
            Hub("https://h.org/", "https://e.org/a"),
        ),
        ("<https://h.org/>;rel=hub", Hub("https://h.org/", URL)),
        ('<https://e.org/a>; rel="self"', None),
        ("", None),
        ("<" * 9000, None),
    ],
    ids=["both", "unquoted", "no hub", "empty", "hostile"],
)
def test_the_hub_that_a_header_names(header: str, hub: Hub | None) -> None:
    assert named_by(header, URL) == hub


def test_the_hub_of_a_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [],
        "feed_url": "https://e.org/f.json",
        "hubs": [{"type": "rssCloud", "url": "https://no.org/"}, {"type": "WebSub", "url": "https://h.org/"}],
    }
    assert parse_feed(json.dumps(feed).encode(), url=URL).hub == Hub("https://h.org/", "https://e.org/f.json")
