from __future__ import annotations

import pytest

from aggregator.pipeline.urls import bare_url, canonical_url, host_key, url_hash


@pytest.mark.parametrize(
    ("url", "base", "canonical"),
    [
        pytest.param(
            "HTTP://WWW.Example.ORG:80/a", "", "http://www.example.org/a", id="case and default port"
        ),
        pytest.param("https://e.org", "", "https://e.org/", id="empty path"),
        pytest.param(
            "https://e.org/a?utm_source=x&id=3&fbclid=9#top", "", "https://e.org/a?id=3", id="tracking"
        ),
        pytest.param("https://e.org/a?ref=rss", "", "https://e.org/a", id="a ref that only says feed"),
        pytest.param("https://e.org/a?ref=42", "", "https://e.org/a?ref=42", id="a ref that says more"),
        pytest.param("/news/1", "https://e.org/feed", "https://e.org/news/1", id="relative"),
        pytest.param("//e.org/a", "https://x.org/", "https://e.org/a", id="without scheme"),
        pytest.param("https://user:pw@e.org/a", "", "https://e.org/a", id="user dropped"),
        pytest.param(
            "https://müller.example/ü", "", "https://xn--mller-kva.example/%C3%BC", id="other alphabets"
        ),
        pytest.param("https://e.org/a b", "", "https://e.org/a%20b", id="blank in the path"),
        pytest.param("https://e.org/a\u202eb\x00", "", "https://e.org/ab", id="hidden characters"),
        pytest.param("javascript:alert(1)", "https://e.org/", "", id="javascript"),
        pytest.param("java\tscript:alert(1)", "https://e.org/", "", id="javascript with a tab"),
        pytest.param("data:text/html,x", "", "", id="data"),
        pytest.param("file:///etc/passwd", "", "", id="file"),
        pytest.param("http://[::1", "", "", id="broken literal"),
        pytest.param("http://e.org:99999/", "", "", id="no such port"),
        pytest.param("", "", "", id="nothing"),
        pytest.param("https://e.org/" + "a" * 3000, "", "", id="too long"),
    ],
)
def test_an_article_has_one_address(url: str, base: str, canonical: str) -> None:
    assert canonical_url(url, base) == canonical


@pytest.mark.parametrize(
    "other",
    ["http://e.org/a", "https://www.e.org/a/", "https://e.org/a?utm_medium=rss", "HTTPS://E.org/a#c"],
)
def test_spellings_of_one_address_have_one_hash(other: str) -> None:
    assert url_hash(other) == url_hash("https://e.org/a")


def test_other_addresses_have_other_hashes() -> None:
    assert len({url_hash(f"https://e.org/?id={number}") for number in range(500)}) == 500


def test_hosts_are_told_apart_by_port() -> None:
    assert host_key("http://e.org/") == "e.org:80"
    assert host_key("https://e.org/") == "e.org:443"
    assert host_key("http://e.org:8080/") == "e.org:8080"
    assert bare_url("mailto:x@y") == ""
