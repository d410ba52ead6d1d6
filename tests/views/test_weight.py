"""What a page weighs over the wire, all in: an old phone on a bad line should have it in a breath."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from aggregator.services import indexing
from tests.factories import DAY, make_article, make_feed, make_source, make_story
from tests.views.conftest import Land

PAGE, CSS, JS = 100_000, 15_000, 10_000  # bytes, compressed
STATIC = settings.BASE_DIR / "static"


def packed(path: Path) -> int:
    """Return the bytes of a file as gzip sends them; brotli, which browsers get, is smaller."""
    return len(gzip.compress(path.read_bytes(), mtime=0))


def test_styles_and_scripts_keep_within_their_bounds():
    assert sum(packed(path) for path in (STATIC / "css").glob("*.css")) <= CSS
    assert sum(packed(path) for path in (STATIC / "js").glob("*.js")) <= JS


@pytest.fixture
def crowded(land: Land) -> Land:
    """A full page of stories with long headlines and extracts, and one story of many articles."""
    make_feed(make_source("alpha"))
    for n in range(60):
        words = f"{n * 7919 % 1009} people left the town number {n}, and {n * 104729 % 997} stayed behind, said office {n}. "
        articles = [
            make_article(
                title=(words * 2)[:160],
                extract=(words * 5)[:300],
                text=words * 8 + " shelling",
                at=DAY - timedelta(hours=2 * n, minutes=m),
                regions=[land.karabakh],
                topics=[land.shelling],
            )
            for m in range(40 if n == 0 else 3)
        ]
        make_story(articles, regions=[land.karabakh], topics=[land.shelling], conflicts=[land.conflict])
    while indexing.index_due():
        pass
    return land


@pytest.mark.django_db
def test_a_crowded_page_keeps_within_its_bound_with_all_that_it_loads(client, crowded: Land):
    first = client.get("/regions/armenia/").content.decode()
    assert first.count('<article class="story') == 50
    story = re.search(r'href="(/stories/[^"#]+)"', first)
    assert story is not None
    addresses = ("/", "/regions/armenia/", "/topics/shelling/", "/conflicts/nagorno-karabakh/")
    for address in (*addresses, story[1], "/search/?q=shelling", "/regions/", "/sources/alpha/"):
        response = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert response["Content-Encoding"] == "gzip", address
        text = gzip.decompress(response.content).decode()
        assert sum([len(response.content), *map(packed, loaded_by(text))]) <= PAGE, address


def loaded_by(text: str) -> set[Path]:
    """Return the files that a page loads by itself, each once."""
    found = re.findall(
        r'(?:<link rel="(?:stylesheet|icon)"[^>]*href|<script[^>]*src|<ima?ge?[^>]*(?:href|src))="([^"]+)"',
        text,
    )
    assert not [address for address in found if not address.startswith("/static/")]
    files = {finders.find(address.removeprefix("/static/")) for address in found}
    assert files
    assert None not in files
    return {Path(str(file)) for file in files}
