"""At thirty thousand articles every query of every page runs on an index and sorts no large set.

Plans at a million articles are kept as text in tests/plans (`python -m bench.plans`).
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from aggregator.models import Source
from aggregator.services import indexing, loading, sample_rows, subjects
from aggregator.templatetags import parts
from bench import plans

ARTICLES = 30_000


@pytest.fixture
def archive(db) -> None:
    """Many rows, as the embedded server is set, and as a server on solid-state disks should be."""
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '16MB'; SET random_page_cost = 1.1; SET effective_cache_size = '1GB'")
    loading.load_vocabulary(datetime(2023, 9, 1, tzinfo=UTC))
    Source.objects.update(status="approved")
    sample_rows.make_rows(ARTICLES, until=datetime(2023, 9, 20, tzinfo=UTC), days=60)
    while indexing.index_due():
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_page_reads_a_large_table_from_end_to_end_or_sorts_a_large_set(client, archive: None):
    wrong = {}
    for name, address in plans.addresses().items():
        if name.startswith("search"):
            continue  # bounded by rows read, whatever the plan: tests/services/test_finding.py
        subjects.forget()
        parts.forget()  # what stands beside a list is asked for too
        if found := [fault for sql in plans.queries_of(client, address) for fault in plans.faults(sql)]:
            wrong[name] = found
    assert wrong == {}
