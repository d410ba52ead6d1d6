from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.fetch.isolate import Child
from aggregator.pipeline.entries import to_json
from aggregator.pipeline.hubs import Hub
from aggregator.pipeline.parse import MAX_ITEMS, parse_feed
from tests.fakeweb import item, rss

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="uk"><title>Wire</title>
<link rel="hub" href="https://hub.example/"/><entry><id>tag:e.org,2023:1</id><title type="html">A &amp;lt;b&amp;gt; x</title>
<link href="/news/1"/><published>2023-09-19T10:00:00+03:00</published><author><name>Reporter</name></author>
<content type="html">&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</content></entry></feed>"""
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Wire",
    "language": "fr-FR",
    "items": [
        {
            "id": 7,
            "url": "https://e.org/7",
            "title": "Sept",
            "content_text": "1 < 2",
            "authors": [{"name": "A"}],
        },
        {
            "id": "x",
            "url": "javascript:alert(1)",
            "date_published": "2023-09-19T10:00:00Z",
            "tags": ["War", 3],
        },
        "no item",
    ],
}


def test_a_plain_feed_takes_the_quick_way() -> None:
    parsed = parse_feed(rss(item(1), item(2)), url="https://outlet.example/feed")
    entry = parsed.entries[0]
    assert (parsed.parser, parsed.language, len(parsed.entries)) == ("fast", "en", 2)
    assert entry.url == "https://outlet.example/news/1"
    assert entry.published_at == datetime(2023, 9, 19, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"source": "Another outlet"}, id="source"),
        pytest.param({"dc:date": "2023-09-19"}, id="Dublin Core"),
        pytest.param({"enclosure": ""}, id="enclosure"),
    ],
)
def test_both_ways_read_the_same(odd: dict[str, str]) -> None:
    quick = parse_feed(rss(item(1)), url="https://e.org/feed").entries[0]
    slow = parse_feed(rss(item(1, **odd)), url="https://e.org/feed")
    assert slow.parser == "feedparser"
    for name in ("guid", "url", "title", "summary", "published_at", "language"):
        assert getattr(slow.entries[0], name) == getattr(quick, name)


def test_atom_is_read() -> None:
    parsed = parse_feed(ATOM.encode(), url="https://e.org/feed")
    entry = parsed.entries[0]
    assert (entry.url, entry.author, entry.language) == ("https://e.org/news/1", "Reporter", "uk")
    assert entry.content == "One.\nTwo."
    assert entry.published_at == datetime(2023, 9, 19, 7, tzinfo=UTC)
    assert parsed.hub == Hub("https://hub.example/", "https://e.org/feed")


def test_json_feed_is_read() -> None:
    first, second = parse_feed(json.dumps(JSON_FEED).encode()).entries
    assert (first.guid, first.content, first.author, first.language) == ("7", "1 < 2", "A", "fr")
    assert (second.url, second.categories) == ("", ("War",))


def test_what_a_feed_asks_for_is_read() -> None:
    extra = "<ttl>45</ttl><skipHours><hour>3</hour><hour>4</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    parsed = parse_feed(rss(item(1), extra=extra))
    assert (parsed.ttl_minutes, parsed.skip_hours, parsed.skip_days) == (45, (3, 4), ("Sunday",))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"", "empty_answer", id="nothing"),
        pytest.param(b" \n\0", "empty_answer", id="blanks"),
        pytest.param(b"<!doctype html><html><body>Sign in</body></html>", "not_a_feed", id="web page"),
        pytest.param(b'{"error": "no"}', "not_a_feed", id="other JSON"),
        pytest.param(b"{" * 5000, "not_a_feed", id="broken JSON"),
        pytest.param(bytes(range(256)) * 40, "not_a_feed", id="bytes"),
    ],
)
def test_what_is_no_feed_is_said(body: bytes, code: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_feed(body)
    assert caught.value.code == code


def test_a_feed_without_items_is_a_feed() -> None:
    assert parse_feed(rss()).entries == ()


def test_the_last_item_of_a_cut_document_is_left_out() -> None:
    parsed = parse_feed(rss(item(1), item(2), item(3))[:-90])
    assert (len(parsed.entries), parsed.is_cut) == (2, True)


def test_links_are_http_and_texts_are_text() -> None:
    hostile = item(
        1,
        link="javascript:alert(1)",
        guid="data:text/html,x",
        title="&lt;img src=x onerror=alert(1)&gt;Hi",
        description="&lt;svg&gt;&lt;a xlink:href='javascript:x'&gt;t&lt;/a&gt;&lt;/svg&gt;text",
    )
    entry = parse_feed(rss(hostile), url="https://e.org/").entries[0]
    assert (entry.url, entry.title, entry.summary) == ("", "Hi", "text")


def test_a_very_long_document_is_read_in_part_and_says_so() -> None:
    parsed = parse_feed(rss(*({"title": f"Item number {n}", "guid": str(n)} for n in range(MAX_ITEMS + 500))))
    assert len(parsed.entries) == MAX_ITEMS
    assert parsed.entries[-1].guid == str(MAX_ITEMS + 499)
    assert parsed.note_facts == {"all": 5500, "some": 5000}


def test_an_entry_is_kept_as_plain_json() -> None:
    entry = parse_feed(ATOM.encode(), url="https://e.org/feed").entries[0]
    values = json.loads(json.dumps(to_json(entry)))
    assert entry.published_at and values["published_at"] == entry.published_at.isoformat()
    assert (values["guid"], values["url"], values["title"]) == (entry.guid, entry.url, entry.title)
    assert "content" not in to_json(replace(entry, content=""))


PIECES = st.sampled_from(
    [b"<rss version='2.0'>", b"<channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"&lt;b&gt;",
     b"<![CDATA[", b"]]>", b"<!--", b"<author>", b"a@b.c", b"javascript:x", b"<pubDate>Mon, 02 Oct 2023", b"\0", b"\xff",
     b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"<content type='html'>", b"&#x0;", b"&#xD800;",
     b"<?xml version='1.0' encoding='utf-16'?>", b"<guid>", b"</rss>", b"{", b'"items"', b"<a href='http://[::1'>"]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=40).map(b"".join))
@settings(max_examples=400, deadline=None)
def test_no_document_breaks_the_reader_or_passes_anything_unsafe(body: bytes) -> None:
    try:
        parsed = parse_feed(body, url="https://e.org/feed")
    except ParseError:
        return
    for entry in parsed.entries:
        assert entry.url == "" or entry.url.startswith(("http://", "https://"))
        json.dumps(to_json(entry)).encode("utf-8")
        assert "\0" not in entry.title + entry.summary + entry.content + entry.guid + entry.author


@pytest.mark.corpora
@pytest.mark.slow
def test_odd_feeds_of_other_projects_bring_at_least_what_feedparser_reads(corpora_dir: Path) -> None:
    folder = corpora_dir / "badfeeds"
    child, fewer = Child(), []
    with zipfile.ZipFile(folder / "feeds.zip") as archive:
        for line in (folder / "manifest.jsonl").read_text().splitlines():
            facts = json.loads(line)
            try:
                found = len(child.run(parse_feed, archive.read(facts["file"]), url="https://e.org/f").entries)
            except ParseError as error:
                assert error.code in {"not_a_feed", "empty_answer"}, facts["file"]
                found = 0
            if found < (facts["feedparser"]["entries"] or 0):
                fewer.append(facts["file"])
    child.close()
    # Cut in the middle of its last item, which is left out on purpose.
    assert fewer == ["kagisearch__fastfeedparser/tests__integration__osm-pl.xml"]
