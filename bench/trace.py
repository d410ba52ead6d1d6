"""Tracing: ARI and pair figures on labelled copies, and articles a second with N articles stored.

`python -m bench.trace` measures quality; `python -m bench.trace 10000 1000000` also speed in
batches of 50 with so many articles stored: articles a second of processor time, that of
PostgreSQL's process included, which a busy machine changes less than the time on the clock.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.setting_up import corpora, set_up

SETS = ("real_dev", "variants_dev")
A_DAY = 1370  # articles stored for each day back from the newest: a million are two years
BANDS_SQL = """
INSERT INTO aggregator_band (month, key, article_id)
SELECT (extract(year FROM row.reported_on) - 1970) * 12 + extract(month FROM row.reported_on) - 1,
       (random() * 9e18)::bigint, row.article_id
FROM aggregator_fingerprintrow AS row, generate_series(0, 63) AS band
"""
ROWS_SQL = """
INSERT INTO aggregator_fingerprintrow (article_id, reported_on, shingles, quoted, numbers, words, text_hash,
    title_hash, credits)
SELECT id, date '2025-12-31' - (row_number() OVER (ORDER BY id) / %s)::integer, '{}', '{}', '{}', 300,
    (random() * 9e18)::bigint, 0, '[]'
FROM aggregator_article WHERE source_id = %s
"""


def main() -> None:
    """Print one JSON line a measurement."""
    set_up()
    for name in SETS:
        print(json.dumps({"set": name, **quality(name)}), flush=True)
    for stored in map(int, sys.argv[1:]):
        print(json.dumps({"stored": stored, **speed(stored)}), flush=True)


def _rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(corpora() / "data" / "dedup" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _scorer() -> ModuleType:
    path: Path = corpora() / "tools" / "score_clusters.py"
    spec = importlib.util.spec_from_file_location("score_clusters", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quality(name: str) -> dict[str, Any]:
    """Return ARI and pair figures of one labelled set, by the stage as `evaluate` runs it."""
    from aggregator.services.evaluation import trace
    from newsroom.management.commands.evaluate import scratch_database

    rows = _rows(name)
    with scratch_database():
        trace.load()
        answers = {answer["id"]: answer["cluster"] for answer in trace.evaluate(rows)}
    found: dict[str, Any] = _scorer().score({row["id"]: row["cluster"] for row in rows}, answers)
    return {key: found[key] for key in ("ari", "pair_p", "pair_r", "clusters_gold", "clusters_pred")}


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far, in seconds, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speed(stored: int) -> dict[str, float]:
    """Return articles a second, from text to stored origin, with `stored` others, A_DAY a day."""
    from django.db import connection

    from aggregator.models import Publisher, Source
    from newsroom.management.commands.evaluate import scratch_database

    rows = _rows("real_dev")
    with scratch_database():
        house = Publisher.objects.create(slug="filler", name="Filler")
        source = Source.objects.create(slug="filler", name="Filler", publisher=house)
        with connection.cursor() as cursor:
            cursor.execute(*_filling(source, stored))
            cursor.execute(ROWS_SQL, [A_DAY, source.pk])
            # The index is made after the rows: a million articles have 64 million bands.
            cursor.execute("ALTER TABLE aggregator_band DROP CONSTRAINT aggregator_band_pkey")
            cursor.execute(BANDS_SQL)
            cursor.execute("ALTER TABLE aggregator_band ADD PRIMARY KEY (month, key, article_id)")
            cursor.execute("VACUUM ANALYZE aggregator_band")
            cursor.execute("ANALYZE")
            cursor.execute("CHECKPOINT")
            cursor.execute("SELECT pg_backend_pid()")
            [backend] = cursor.fetchone()
        before = processor_seconds(backend)
        seconds, processor = _trace(rows)
        database = processor_seconds(backend) - before
    return {
        "articles_per_cpu_second": round(len(rows) / (processor + database), 1),
        "python_cpu_ms": round(1000 * processor / len(rows), 2),
        "postgres_cpu_ms": round(1000 * database / len(rows), 2),
        "articles_per_second": round(len(rows) / seconds, 1),
    }


def _filling(source: Any, stored: int) -> tuple[str, list[int]]:
    """Return the statement that copies one article of `source` `stored` times."""
    from aggregator.models import Article
    from aggregator.services.evaluation.trace import FOUND_AT

    first = Article.objects.create(source=source, url="", url_hash=0, found_at=FOUND_AT, reported_at=FOUND_AT)
    kept = [
        str(field.column) for field in Article._meta.concrete_fields if field.column not in ("id", "url_hash")
    ]
    names = ", ".join(kept)
    sql = f"""
        INSERT INTO aggregator_article (url_hash, {names})
        SELECT n, {names} FROM aggregator_article, generate_series(1, %s) AS n WHERE id = %s
    """
    return sql, [stored, first.pk]


def _trace(rows: list[dict[str, Any]]) -> tuple[float, float]:
    from aggregator.pipeline.fingerprint import fingerprint
    from aggregator.services import tracing
    from aggregator.services.evaluation import trace
    from aggregator.services.locks import line_lock

    articles = trace._articles(
        [{**row, "source": "measured", "date": None} for row in rows]
    )  # all just found
    drafts = [trace._draft(article, row) for article, row in zip(articles, rows, strict=True)]
    wall, processor = time.perf_counter(), time.process_time()
    for start in range(0, len(drafts), trace.BATCH):
        batch = drafts[start : start + trace.BATCH]
        for draft in batch:
            draft.fingerprint = fingerprint(draft.text.title, draft.text.text)
        with line_lock():
            tracing.trace_batch(batch, trace.FOUND_AT)
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main()
