"""What claiming, reading what is due and giving back cost a feed, with 1,000 and with 50,000 feeds due.

    make bench BENCH=claim ARGS="--rounds 9"

CPU seconds of this process and of PostgreSQL for 1,000 feeds, the median of the rounds: each feed on a host of its
own, and a thousand feeds on each host. Rounds take turns, and rows are vacuumed between them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import datetime
from typing import Any

from bench.setting_up import empty_site

FEW, MANY = 1_000, 50_000
SHAPES = {"a feed on each host": 1, "a thousand on each host": 1_000}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=9)
    options = words.parse_args()
    with empty_site():
        compare(options.rounds)


def compare(rounds: int) -> None:
    from aggregator import clock

    now = clock.now()
    for shape, each in SHAPES.items():
        costs: dict[int, list[float]] = {FEW: [], MANY: []}
        for _ in range(rounds):
            for size, found in costs.items():
                found.append(measured(size, each, now))
        few, many = (statistics.median(costs[size]) for size in (FEW, MANY))
        print(
            f"{shape}: {few:.4f} s for 1,000 of {FEW:,} due, {many:.4f} s for 1,000 of {MANY:,} due, "
            f"ratio {many / few:.2f}"
        )


def measured(size: int, each: int, now: datetime) -> float:
    """Return the CPU seconds of claiming and giving back, for 1,000 feeds, while `size` are due."""
    from aggregator.services import claiming, hosts

    fill(size, each, now)
    wanted, found = 1_000, 0
    before = spent()
    while found < wanted:
        claimed = hosts.claim(now, limit=200, token=1)
        visits, _ = claiming.due_at(claimed, now, feeds_each=15 if each == 1 else 1_000, pages_each=15)
        found += sum(len(visit.jobs) for visit in visits)
        hosts.release([hosts.Left(visit.host_id, 60.0, 0.0) for visit in visits], now, token=1)
    return (spent() - before) * 1_000 / found


def spent() -> float:
    """Return CPU seconds of this process and of the database's process that serves it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    # Nanoseconds on the processor: /proc/PID/stat counts in hundredths of a second only.
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9 + time.process_time()


def fill(size: int, each: int, now: datetime) -> None:
    """Make feeds that are all due, `each` on a host, and nothing else."""
    from django.db import connection

    from aggregator.models import Feed, Host, Source
    from aggregator.services.writing import insert_rows

    source = Source.objects.first() or new_source()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE aggregator_feed, aggregator_host CASCADE")
    keys = [f"h{number}.example:443" for number in range(max(1, size // each))]
    insert_rows(Host, {"key": keys, "due_at": [now] * len(keys)})
    ids = dict(Host.objects.values_list("key", "id"))
    hosts = [keys[number // each] for number in range(size)]
    insert_rows(
        Feed,
        {
            "source_id": [source.pk] * size,
            "host_id": [ids[key] for key in hosts],
            "url": [f"https://{key}/{number}" for number, key in enumerate(hosts)],
            "url_hash": list(range(size)),
            "next_poll_at": [now] * size,
        },
    )
    with connection.cursor() as cursor:
        for table in ("host", "feed"):
            cursor.execute(f"VACUUM ANALYZE aggregator_{table}")


def new_source() -> Any:
    from aggregator.models import Publisher, Source

    publisher = Publisher.objects.create(name="Bench", slug="bench")
    return Source.objects.create(
        publisher=publisher,
        name="Bench",
        slug="bench",
        homepage="https://bench.example/",
        status="approved",
    )


if __name__ == "__main__":
    main()
