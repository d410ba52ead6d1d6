"""Page → text by stated rules; dates with distrust; stubs; hostile pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from aggregator.pipeline import extract, page_dates
from aggregator.pipeline.types import Entry
from tests.pipeline.texts import LEAD, OTHER, PARAGRAPHS, REPORT

NOW = datetime(2023, 9, 20, 12, tzinfo=UTC)
URL = "https://outlet.example/2023/09/19/market"


def page(
    *, body: str = REPORT, head: str = "", title: str = "Shelling hits market", after: str = ""
) -> bytes:
    text = "".join(f"<p>{line}</p>" for line in body.split("\n"))
    return (
        f"<html lang='en'><head><title>{title} | Outlet</title>{head}</head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>{title}</h1>{text}</article>{after}</body></html>"
    ).encode()


def json_ld(**fields) -> str:
    return f"<script type='application/ld+json'>{json.dumps({'@type': 'NewsArticle', **fields})}</script>"


def read(body: bytes, **options):
    return extract.extract_page(body, **({"url": URL, "now": NOW} | options))


def entry(**fields) -> Entry:
    return Entry(**({"guid": "1", "url": URL, "title": "Shelling hits market"} | fields))


def test_a_page_gives_text_title_language_and_extract():
    found = read(page())
    assert found.title == "Shelling hits market"
    assert found.text.split("\n") == list(PARAGRAPHS)
    assert (found.language, found.kind, found.method) == ("en", "text", "trafilatura")
    assert found.extract.startswith("Shelling hit the market")
    assert len(found.extract) <= 300


def test_an_article_body_stands_in_where_the_page_shows_less():
    body = json_ld(headline="Shelling hits market", articleBody=f"{REPORT}\n{OTHER}")
    found = read(page(body=LEAD, head=body))
    assert OTHER.split("\n")[-1] in found.text


def test_lines_after_the_end_of_the_article_body_are_no_part_of_it():
    extra = (
        "Our shop now sells calendars with pictures of the coast, and every order helps the desk to go on."
    )
    found = read(page(body=f"{REPORT}\n{extra}", head=json_ld(headline="x", articleBody=REPORT)))
    assert extra not in found.text
    assert extra in [removed.line for removed in found.removed]


def test_the_next_report_on_the_same_page_is_another():
    more = (
        "<article><h1>Herds move early</h1>"
        + "".join(f"<p>{line}</p>" for line in OTHER.split("\n"))
        + "</article>"
    )
    assert "Farmers" not in read(page(after=more)).text


def test_a_curators_selector_wins_and_a_wrong_one_does_no_harm():
    body = page(after=f"<div class='story'>{OTHER}</div>")
    assert read(body, selector="div.story").method == "selector"
    assert read(body, selector="div..[").text == read(body).text
    assert read(body, selector="//div[@class='story']").text.startswith("Farmers")


def test_the_feeds_content_is_the_last_resort():
    found = read(b"<html><body></body></html>", entry=entry(content=REPORT))
    assert (found.method, found.text) == ("feed", REPORT)


@pytest.mark.parametrize(
    ("said", "kind", "day"),
    [
        pytest.param(
            json_ld(headline="x", datePublished="2023-09-19T08:00:00+04:00"), "json_ld", 19, id="JSON-LD"
        ),
        pytest.param(
            "<meta property='article:published_time' content='2023-09-18T10:00Z'>", "meta", 18, id="meta"
        ),
        pytest.param("", "url", 19, id="the address"),
        pytest.param(json_ld(headline="x", datePublished="2099-01-01"), "url", 19, id="2099 is no date"),
        pytest.param(json_ld(headline="x", datePublished="1970-01-01"), "url", 19, id="1970 is no date"),
        pytest.param(json_ld(headline="x", datePublished="soon"), "url", 19, id="words are no date"),
        pytest.param(
            json_ld(headline="x", datePublished="2023-09-20T20:00Z"),
            "clamped",
            20,
            id="this evening is clamped",
        ),
    ],
)
def test_a_date_is_taken_from_the_first_witness_that_can_be_true(said, kind, day):
    found = read(page(head=said))
    assert (found.published_kind, found.published_at.day) == (kind, day)
    assert found.published_at <= NOW


def test_a_page_dated_anew_keeps_the_feeds_date():
    feed_at = datetime(2023, 9, 15, 9, tzinfo=UTC)
    found = read(
        page(head=json_ld(headline="x", datePublished="2023-09-19T08:00Z")),
        entry=entry(published_at=feed_at, published_kind="feed"),
    )
    assert (found.published_at, found.published_kind) == (feed_at, "feed")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "x",
        "2023",
        "99999999999999",
        "2023-13-45",
        "0000-00-00",
        "1e999",
        "\u0663\u0664",
        "T" * 5000,
        "12:00",
        "-1",
    ],
)
def test_odd_dates_are_no_dates_or_moments(words):
    found = page_dates.read_moment(words)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize(
    "notice",
    [
        pytest.param("Subscribe now to continue reading. Already a subscriber? Log in.", id="paywall"),
        pytest.param(
            "We value your privacy. Accept cookies to go on, or manage your consent here.", id="consent wall"
        ),
        pytest.param("Please enable JavaScript and check that you are not a robot.", id="robot check"),
        pytest.param("Jetzt abonnieren und weiterlesen. Bitte anmelden.", id="German paywall"),
    ],
)
def test_a_notice_in_the_place_of_the_text_is_a_stub(notice):
    assert read(page(body=notice)).kind in {"stub", "empty"}


def test_a_short_text_of_a_page_that_is_not_free_is_a_stub():
    assert read(page(body=LEAD, head=json_ld(headline="x", isAccessibleForFree="False"))).kind == "stub"
    assert read(page(body=LEAD)).kind == "text"


def test_the_words_of_robots_and_of_syndication_are_kept():
    head = "<meta name='robots' content='max-snippet:0, nosnippet'><meta name='original-source' content='https://first.example/a'>"
    found = read(page(head=head))
    assert found.noindex == ("nosnippet",)
    assert found.original_url == "https://first.example/a"


def test_a_language_that_the_script_denies_is_not_believed():
    russian = "\n".join(
        ["Обстрел рынка во вторник утром унёс жизни трёх человек, сообщили в мэрии города."] * 4
    )
    assert read(page(body=russian)).language == "ru"


@pytest.mark.parametrize(
    ("body", "charset", "word"),
    [
        pytest.param(
            "<html><body><article><p>Война и мир</p></article></body></html>".encode("cp1251"),
            "windows-1251",
            "Война",
            id="served charset",
        ),
        pytest.param(
            "<meta charset='cp1251'><p>Война и мир</p>".encode("cp1251"),
            None,
            "Война",
            id="stated in the page",
        ),
        pytest.param(
            "<p>Война и мир</p>".encode(), "iso-8859-1", "Война", id="valid UTF-8 whatever is claimed"
        ),
        pytest.param(
            "<p>Caf\u00e9</p>".encode("latin-1"), "no-such-charset", "Caf\u00e9", id="unknown charset"
        ),
        pytest.param("<p>war</p>".encode("utf-16"), None, "war", id="UTF-16"),
    ],
)
def test_a_page_is_decoded_by_what_it_is(body, charset, word):
    assert word in extract.decode(body, charset)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\x00\x00", id="zeros"),
        pytest.param(b"<!-- only a comment -->", id="a comment"),
        pytest.param(b"<html>", id="open"),
        pytest.param(b"\xff\xfe\x00\xd8", id="a lone surrogate"),
        pytest.param(b"<p>&#xd800;&#0;&#x110000;</p>", id="impossible characters"),
        pytest.param(
            b"<script type='application/ld+json'>" + b"[" * 50_000 + b"</script><p>x</p>", id="deep JSON"
        ),
        pytest.param(
            b'<script type=\'application/ld+json\'>{"@type": 5, "author": [[[null]]]}</script>',
            id="odd types",
        ),
        pytest.param(b"<div>" * 5000 + b"text", id="deep markup"),
        pytest.param(b"%PDF-1.4 \x80\x81\x82", id="not a page"),
        pytest.param(b"<table>" + b"<tr><td>1" * 3000, id="a big table"),
    ],
)
def test_no_page_raises(body):
    found = read(body)
    assert found.kind in {"text", "stub", "empty"}
    assert "\x00" not in found.text + found.title
