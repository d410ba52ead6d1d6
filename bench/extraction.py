"""Extraction against plain trafilatura in one run: time a page, and answers for the scorers.

`python -m bench.extraction PAGES.jsonl OURS.jsonl PLAIN.jsonl`; the pages are those of
tools/pages_to_jsonl.py, the answers go to tools/score_extraction.py and tools/score_meta.py.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import trafilatura

from aggregator.pipeline import extract

NOW = datetime.now(UTC)


def main() -> None:
    """Write both answers, page by page in turn, and print the times in milliseconds of processor time."""
    pages, ours, plain = sys.argv[1:4]
    spent: dict[str, list[float]] = {"ours": [], "plain": []}
    with open(pages, encoding="utf-8") as rows, open(ours, "w") as first, open(plain, "w") as second:
        for line in rows:
            row = json.loads(line)
            row["body"] = base64.b64decode(row["html_b64"])
            for name, read, out in (("ours", _ours, first), ("plain", _plain, second)):
                answer, ms = _timed(read, row)
                spent[name].append(ms)
                out.write(json.dumps({"id": row["id"], **answer}, ensure_ascii=False) + "\n")
    print(json.dumps({name: _summary(values) for name, values in spent.items()}))


def _timed(
    read: Callable[[dict[str, Any]], dict[str, Any]], row: dict[str, Any]
) -> tuple[dict[str, Any], float]:
    started = time.process_time()
    answer = read(row)
    return answer, 1000 * (time.process_time() - started)


def _ours(row: dict[str, Any]) -> dict[str, Any]:
    found = extract.extract_page(row["body"], url=row["url"] or "", charset=row["charset"], now=NOW)
    return {
        "title": found.title,
        "text": found.text,
        "published_at": found.published_local,
        "author": found.author,
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    found = trafilatura.bare_extraction(
        row["body"], url=row["url"], include_comments=False, with_metadata=True
    )
    if not found:
        return {}
    document: Any = found
    return {
        "title": document.title,
        "text": document.text,
        "published_at": document.date,
        "author": document.author,
    }


def _summary(values: list[float]) -> dict[str, float]:
    values = sorted(values)
    places = {"median_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "most_ms": 0.99999}
    return {name: round(values[int(len(values) * place)], 1) for name, place in places.items()}


if __name__ == "__main__":
    main()
