"""A worker that is cut off loses its lease; another takes the work over; what the first one brings later is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from aggregator.models import Article, Feed, Host, Membership, Revision, Work
from aggregator.services import grouping, hosts, jumps, polling, settling
from tests import factories
from tests.test_line import OPERATION, put

pytestmark = pytest.mark.django_db
DAY = datetime(2023, 9, 19, 12, tzinfo=UTC)
NOW = DAY + timedelta(days=1)
YEARS = timedelta(days=4000)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    grouping.forget()
    yield
    grouping.forget()


def let_run_out(table: str) -> None:
    with connection.cursor() as cursor:
        past = "clock_timestamp() - interval '1 second'"
        cursor.execute(f"UPDATE {table} SET lease_until = {past} WHERE lease_until IS NOT NULL")


@pytest.fixture
def waiting(loaded_vocabulary: None) -> list[int]:
    """Three articles that wait for the rules."""
    outlets = [factories.make_source(slug, text_from="feed") for slug in ("tattler", "courier", "herald")]
    return [
        put(outlet, f"Operation in Karabakh, report {n}", OPERATION, at=DAY + timedelta(hours=n)).pk
        for n, outlet in enumerate(outlets)
    ]


def test_work_of_a_cut_off_worker_is_taken_over_and_what_it_brings_late_is_left_out(
    waiting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, taken_over = settling.judge, []

    def slowly(work: Any, now: datetime) -> Any:
        """The first worker is cut off here; its lease runs out and a second one does everything."""
        drafts = judge(work, now)
        if not taken_over:
            taken_over.append(True)
            let_run_out("aggregator_work")
            while settling.settle_due(now):
                pass
        return drafts

    monkeypatch.setattr(settling, "judge", slowly)
    assert settling.settle_due(NOW)
    assert not Work.objects.exists()
    assert Article.objects.filter(status="visible").count() == 3
    assert Membership.objects.count() == len({m.article_id for m in Membership.objects.all()}) == 3
    assert Revision.objects.count() == 3
    assert Article.objects.exclude(copy_of=None).count() == 2


def test_a_batch_that_died_is_retried_a_row_at_a_time(waiting: list[int]) -> None:
    assert len(settling._claim(NOW, limit=50, attempts="= 0")) == 3  # and its worker dies
    assert not settling.settle_due(NOW)  # its lease still runs
    let_run_out("aggregator_work")
    assert settling.settle_due(NOW)
    assert Work.objects.count() == 2


def test_workers_that_die_by_chance_use_up_no_single_rows_attempts(waiting: list[int]) -> None:
    settling._claim(NOW, limit=50, attempts="= 0")
    for _ in range(2 * len(waiting)):  # each time another worker dies with the row it took
        let_run_out("aggregator_work")
        assert len(settling._claim(NOW, limit=1, attempts="> 0")) == 1
    assert set(Work.objects.values_list("attempts", flat=True)) == {3}
    let_run_out("aggregator_work")
    while settling.settle_due(NOW):
        pass
    assert Article.objects.filter(status="visible").count() == 3


_RERUN = "".join(
    f"SET LOCAL enable_{name} = off; "
    for name in (
        "hashjoin",
        "mergejoin",
        "hashagg",
        "sort",
        "incremental_sort",
        "material",
        "indexscan",
        "bitmapscan",
    )
)


@pytest.mark.parametrize("plan", ["", _RERUN])
def test_no_plan_claims_more_than_the_limit(waiting: list[int], plan: str) -> None:
    """A subquery with SKIP LOCKED that is run again for each row takes another row each time."""
    for n in range(3):
        Host.objects.create(key=f"{n}.example.org:443", due_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute(plan or "SELECT 1")
    assert len(settling._claim(NOW, limit=1, attempts="= 0")) == 1
    assert len(settling._claim(NOW, limit=1, attempts="= 0")) == 1
    assert len(hosts.claim(NOW, limit=1, token=hosts.new_token())) == 1


def test_a_host_of_a_cut_off_worker_is_taken_over_and_not_given_back_by_it() -> None:
    host = Host.objects.create(key="e.org:443", due_at=NOW)
    first, second = hosts.new_token(), hosts.new_token()
    assert [one.id for one in hosts.claim(NOW, limit=5, token=first)] == [host.pk]
    assert hosts.claim(NOW, limit=5, token=second) == []
    let_run_out("aggregator_host")
    assert [one.id for one in hosts.claim(NOW, limit=5, token=second)] == [host.pk]
    hosts.release([hosts.Left(host.pk, 1.0, 0.0)], NOW, token=first)  # the first one comes back
    host.refresh_from_db()
    assert host.lease_token == second
    hosts.release([hosts.Left(host.pk, 1.0, 0.0)], NOW, token=second)
    host.refresh_from_db()
    assert host.lease_until is None


def test_a_clock_that_was_years_ahead_holds_nothing_for_years(waiting: list[int]) -> None:
    feed = factories.make_feed(next_poll_at=NOW + YEARS)
    far = datetime.now(UTC) + YEARS
    host = Host.objects.create(key="e.org:443", lease_until=far, free_at=far, hold_until=NOW + YEARS)
    Feed.objects.filter(pk=feed.pk).update(host=host)
    Work.objects.update(next_at=NOW + YEARS, lease_until=far)
    polling.mend(NOW)
    feed.refresh_from_db()
    host.refresh_from_db()
    assert feed.next_poll_at == host.due_at == NOW
    assert (host.lease_until, host.free_at, host.hold_until) == (None, None, None)
    assert settling.settle_due(NOW)
    assert not Work.objects.exists()


def test_waits_that_rules_give_stay() -> None:
    soon = NOW + timedelta(days=1)
    host = Host.objects.create(
        key="e.org:443", hold_until=soon, free_at=datetime.now(UTC) + timedelta(minutes=5)
    )
    Feed.objects.filter(pk=factories.make_feed(next_poll_at=soon).pk).update(host=host)
    assert jumps.mend(NOW) == 0


def test_a_clock_that_jumped_back_delays_and_loses_nothing(waiting: list[int]) -> None:
    while settling.settle_due(NOW - timedelta(days=3)):
        pass
    assert Work.objects.count() == 3  # due later than it is now
    while settling.settle_due(NOW):
        pass
    assert Article.objects.filter(status="visible").count() == 3
