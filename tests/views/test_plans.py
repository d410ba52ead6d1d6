"""At thirty thousand articles every query of every page still runs on an index."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aggregator.models import Region, Source, Story
from aggregator.services import loading, sample_rows

ARTICLES = 30_000
BIG = (
    "aggregator_article", "aggregator_story", "aggregator_timelineentry", "aggregator_daycount",
    "aggregator_membership", "aggregator_articleregion", "aggregator_articletopic", "aggregator_revision",
    "aggregator_articlebody", "aggregator_searchrow", "aggregator_origin",
)  # fmt: skip


@pytest.fixture
def archive(db) -> Iterator[str]:
    """Many rows, and the slug of the busiest country."""
    with connection.cursor() as cursor:
        # As the embedded server is set, and as a server on solid-state disks should be.
        cursor.execute("SET work_mem = '16MB'; SET random_page_cost = 1.1; SET effective_cache_size = '1GB'")
    loading.load_vocabulary(datetime(2023, 9, 1, tzinfo=UTC))
    Source.objects.update(status="approved")
    sample_rows.make_rows(ARTICLES, until=datetime(2023, 9, 20, tzinfo=UTC), days=60)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    rows = Region.objects.filter(kind="country", story_rows__isnull=False)
    yield rows.order_by("-last_story_at").values_list("slug", flat=True)[0]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_page_reads_a_large_table_from_end_to_end(client, archive: str):
    story = Story.objects.live().order_by("-article_count").first()
    assert story is not None
    first = client.get(f"/regions/{archive}/").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    addresses = [
        "/", "/regions/", f"/regions/{archive}/", f"/regions/{archive}/?key=1", f"/regions/{archive}/?thin=1",
        f"/regions/{archive}/?topic=battles", f"/regions/{archive}/?language=ru", "/regions/world/",
        f"/regions/{archive}/?from=2023-08-01&to=2023-08-20", "/topics/battles/", "/topics/battles/?order=report",
        f"/topics/battles/?region={archive}", "/conflicts/", "/conflicts/nagorno-karabakh/", "/topics/",
        story.get_absolute_url(), story.speaker.get_absolute_url(), story.speaker.source.get_absolute_url(),
        "/feed.atom", f"/regions/{archive}.atom", *([older[1].replace("&amp;", "&")] if older else []),
    ]  # fmt: skip
    slow = {address: bad for address in addresses if (bad := _whole_reads(client, address))}
    assert slow == {}


def _whole_reads(client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200, address
    found = []
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + query["sql"])
            plan = json.loads(json.dumps(cursor.fetchone()[0]))[0]["Plan"]
        found += [f"{node} in {query['sql'][:300]}" for node in _sequential(plan)]
    return found


def _sequential(node: dict) -> list[str]:
    own = [node["Relation Name"]] if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG else []
    return own + [name for child in node.get("Plans", []) for name in _sequential(child)]
