"""How PostgreSQL answers the queries of every page: plans as text, and what in them would grow with the archive.

`DATA_DIR=… python -m bench.plans tests/plans` writes a file a page, from a filled database (`bench.scale_fill`).
`tests/views/test_plans.py` asks the same questions of a smaller one and fails on what `faults` finds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BIG = frozenset(
    f"aggregator_{name}" for name in (
        "article", "articlebody", "articleregion", "articletopic", "daycount", "fingerprintrow", "item", "membership",
        "origin", "revision", "searchrow", "story", "storyconflict", "storyregion", "storytopic", "timelineentry",
    )
)  # fmt: skip
MANY = 5000  # rows; a sort of more than these is no page's work


def queries_of(client: Any, address: str) -> list[str]:
    """Return the SELECTs that a page asks, values in place. Raises AssertionError when it does not answer 200."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        status = client.get(address).status_code
    assert status == 200, f"{address}: {status}"
    return [query["sql"] for query in queries if query["sql"].lstrip().startswith(("SELECT", "WITH"))]


def faults(sql: str) -> list[str]:
    """Return what is wrong with the plan of a query: whole reads of large tables, sorts of large sets."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), [])
        plan = cursor.fetchone()[0][0]["Plan"]
    return [f"{fault} in {sql[:300]}" for fault in _faults(plan)]


def _faults(node: dict[str, Any], *, bounded: bool = False) -> Iterator[str]:
    """Yield what is wrong with a node and below; `bounded`: a limit above ends its reading."""
    kind, below = node["Node Type"], node.get("Plans", [])
    if kind == "Seq Scan" and node["Relation Name"] in BIG and not bounded:
        yield f"whole read of {node['Relation Name']}"
    if kind == "Sort" and below and below[0]["Plan Rows"] > MANY and BIG & set(_tables(node)):
        yield f"sort of {below[0]['Plan Rows']} rows"
    for child in below:
        yield from _faults(
            child, bounded=kind == "Limit" or (bounded and kind in ("Nested Loop", "Subquery Scan"))
        )


def _tables(node: dict[str, Any]) -> Iterator[str]:
    if "Relation Name" in node:
        yield node["Relation Name"]
    for child in node.get("Plans", []):
        yield from _tables(child)


def text_of(sql: str) -> str:
    """Return a query and what PostgreSQL did for it, rows included, times not: those are the machine's."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) " + sql.replace("%", "%%"), []
        )
        lines = [line for (line,) in cursor.fetchall()]
    short = re.sub(r"SELECT .*? FROM ", "SELECT … FROM ", sql, count=1, flags=re.DOTALL)
    words = "\n".join([re.sub(r"\s+", " ", short)[:600], *(f"    {line}" for line in lines), ""])
    return re.sub(r"(?:'?\d+'?, ?){8,}'?\d+'?", "…", words)  # long lists of ids


def addresses() -> dict[str, str]:
    """Return name → address of every kind of page, of the busiest region, topic and conflict there are."""
    from django.db.models import Sum

    from aggregator.models import DayCount, Story

    def busiest(field: str, **where: Any) -> str:
        rows = DayCount.objects.filter(clock="report", **where).values_list(f"{field}__slug")
        return str(rows.annotate(total=Sum("story_count")).order_by("-total")[0][0])

    region = busiest("region", region__kind="country", topic=None)
    topic = busiest("topic", region__slug=region, topic__isnull=False)
    story = (
        Story.objects.live().filter(article_count__gte=4).order_by("-pk").select_related("speaker__source")[0]
    )
    assert story.speaker is not None
    at = int(story.first_at.timestamp() * 1e6)
    plain = {
        "front": "/", "regions": "/regions/", "region": f"/regions/{region}/", "world": "/regions/world/",
        "region-key": f"/regions/{region}/?key=1", "region-thin": f"/regions/{region}/?thin=1",
        "region-topic": f"/regions/{region}/?topic={topic}", "region-language": f"/regions/{region}/?language=ru",
        "region-days": f"/regions/{region}/?to={story.first_at:%Y-%m-%d}", "region-deep": f"/regions/{region}/?before=r{at}-1",
        "region-up": f"/regions/{region}/?after=r{at - 10**12}-1", "topics": "/topics/", "topic": f"/topics/{topic}/",
        "topic-report": f"/topics/{topic}/?order=report", "topic-region": f"/topics/{topic}/?region={region}",
        "conflicts": "/conflicts/", "story": story.get_absolute_url(), "article": story.speaker.get_absolute_url(),
        "source": story.speaker.source.get_absolute_url(), "sources": "/sources/", "log": "/log/", "status": "/status/",
        "front-atom": "/feed.atom", "region-atom": f"/regions/{region}.atom", "search": "/search/?q=police+killed",
        "search-common": "/search/?q=said", "search-region": f"/search/?q=police&region={region}",
        "search-topic": f"/search/?q=police&topic={topic}", "search-language": "/search/?q=police&language=ru",
        "search-mix": f"/search/?q=police&region={region}&topic={topic}&language=en&from={story.first_at:%Y}-01-01",
        "api-stories": f"/api/v1/regions/{region}/stories", "api-story": f"/api/v1/stories/{story.pk}",
    }  # fmt: skip
    if DayCount.objects.filter(conflict__isnull=False).exists():
        conflict = busiest("conflict", conflict__isnull=False, topic=None)
        plain |= {
            "conflict": f"/conflicts/{conflict}/",
            "region-conflict": f"/regions/{region}/?conflict={conflict}",
        }
    return plain


def main() -> None:
    """Write a file a page into the given folder; print what would grow."""
    from bench.setting_up import set_up

    set_up()
    from django.conf import settings
    from django.test import Client

    from newsroom import staticfiles

    settings.ALLOWED_HOSTS.append("testserver")
    staticfiles.collect(Path(settings.STATIC_ROOT))
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, address in addresses().items():
        asked = queries_of(Client(), address)
        (folder / f"{name}.txt").write_text("\n".join([address, "", *map(text_of, asked)]), "utf-8")
        for fault in (fault for sql in asked for fault in faults(sql)):
            print(f"{name}: {fault}", flush=True)


if __name__ == "__main__":
    main()
