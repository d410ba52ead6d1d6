"""`python -m bench.machines`: workers on several hosts against one PostgreSQL and one Redis.

Network namespaces stand in for hosts: each has an address, a host name and a data folder of its own and reaches the
others by a bridge alone; DATABASE_URL, REDIS_URL and SECRET_KEY are all they share. Each host's processes together get
--cores of a core, so that two cores can be more than one machine. The replay corpus is read once; then 1, 2 and 4
hosts settle the same backlog, and at last one of two is cut off in the middle. Needs root, `ip`, cgroups and Debian's
PostgreSQL and Redis; needs CORPORA_DIR.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.machines_lab import HUB, NET, PYTHON, REDIS_PORT, Lab, allow, sh

WORKER = (PYTHON, "-m", "celery", "-A", "newsroom", "worker", "-Q", "cpu", "--pool", "solo", "--without-gossip",
          "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")  # fmt: skip
BEAT = (
    PYTHON,
    "-m",
    "celery",
    "-A",
    "newsroom",
    "beat",
    "--scheduler",
    "celery.beat:Scheduler",
    "--pidfile=",
)
WAITING = "SELECT count(*) FROM aggregator_work WHERE stage = 'settle'"
LEASED = "SELECT count(*) FROM aggregator_work WHERE stage = 'settle' AND lease_until > clock_timestamp()"


def one(session: psycopg.Connection[Any], statement: str) -> int:
    """Return the number that a question has for an answer."""
    found = session.execute(statement.encode()).fetchone()
    return int(found[0]) if found else 0


def fill(lab: Lab, seconds: float) -> int:
    """Read every feed, and pages for some minutes, and settle nothing: the backlog that all runs get.

    The replay server is one host here, which is asked one thing at a time; pages that still wait then are
    left, and their articles get the text of the feed.
    """
    host = lab.add_host(0)
    allow(host, None)
    for words in (["prepare"], ["poll", "--seconds", str(seconds)]):
        if lab.run(host, "filled", PYTHON, "manage.py", *words).wait() and words == ["prepare"]:
            raise SystemExit(f"the backlog cannot be made; see {lab.folder}/{host}.log")
    lab.drop_host(host)
    with lab.session("filled") as session:
        session.execute("UPDATE aggregator_work SET stage = 'settle', attempts = 0 WHERE stage = 'page'")
        return one(session, WAITING)


def settle(lab: Lab, hosts: int, seconds: float) -> dict[str, Any]:
    """Return how many articles so many hosts settle a minute, from the first batch that ends once all have begun to the last."""
    database = fresh(lab, f"run{hosts}")
    names = [lab.add_host(number + 1) for number in range(hosts)]
    for name in names:
        lab.run(name, database, *WORKER, "-n", f"cpu@{name}")
    lab.run(names[0], database, *BEAT)
    with lab.session(database) as session:
        began = await_start(session, hosts)
        ends = ends_of_batches(lab, session, names, seconds)
    for name in names:
        lab.drop_host(name)
    if len(ends) < 2:
        raise SystemExit(f"{len(ends)} batches ended in {seconds:.0f} s; two are needed (see --seconds)")
    (first, then, used), (last, now, used_last) = ends[0], ends[-1]
    return {
        "hosts": hosts,
        "until all work": round(began),
        "articles": first - last,
        "articles a minute": round((first - last) / (now - then) * 60, 1),
        "cores used": round((used_last - used) / (now - then), 2),
        "CPU ms an article": round((used_last - used) / (first - last) * 1000, 1),
    }


def ends_of_batches(
    lab: Lab, session: psycopg.Connection[Any], names: list[str], seconds: float
) -> list[tuple[int, float, float]]:
    """Return, for each batch that ends: the articles left, the time, and the processor time of all hosts."""
    ends: list[tuple[int, float, float]] = []
    until, left = time.monotonic() + seconds, one(session, WAITING)
    while time.monotonic() < until and left:
        time.sleep(0.1)
        if (now := one(session, WAITING)) != left:
            left = now
            ends.append((left, time.monotonic(), sum(map(lab.cpu_seconds, names))))
    return ends


def fresh(lab: Lab, name: str) -> str:
    """Return a database that is a copy of the filled one; the queue is emptied."""
    with lab.session("postgres") as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        session.execute(f"CREATE DATABASE {name} TEMPLATE filled".encode())
    sh("redis-cli", "-h", HUB, "-p", str(REDIS_PORT), "flushall")
    return name


def await_start(session: psycopg.Connection[Any], hosts: int) -> float:
    """Wait until as many batches are leased as there are hosts."""
    began = time.monotonic()
    while one(session, LEASED.replace("count(*)", "count(DISTINCT lease_until)")) < hosts:
        if time.monotonic() - began > 600:
            raise SystemExit("not all hosts take work")
        time.sleep(0.5)
    return time.monotonic() - began


def cut(lab: Lab) -> dict[str, Any]:
    """Cut off one of two hosts while it holds work; return when the other had taken it over, and what came of it."""
    database = fresh(lab, "cut")
    names = [lab.add_host(number + 1) for number in range(2)]
    for name in names:
        lab.run(name, database, *WORKER, "-n", f"cpu@{name}")
        allow(name, None)
    lab.run(names[1], database, *BEAT)
    with lab.session(database) as session:
        total = one(session, "SELECT count(*) FROM aggregator_article")
        await_start(session, 2)
        lab.cut_off(names[0])
        began = time.monotonic()
        while one(session, WAITING) and time.monotonic() - began < 1800:
            time.sleep(1)
        took = time.monotonic() - began
        visible = one(session, "SELECT count(*) FROM aggregator_article WHERE settled_at IS NOT NULL")
        left = one(session, "SELECT count(*) FROM aggregator_work")
        sessions = one(session, f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{NET}.11'")
    checked = lab.run(names[1], database, PYTHON, "manage.py", "verify").wait()
    for name in names:
        lab.drop_host(name)
    return {"cut off": True, "seconds until all was settled": round(took), "articles": total, "settled": visible,
            "left": left, "sessions of the lost host": sessions, "verify": "ok" if checked == 0 else "WRONG"}  # fmt: skip


def main() -> None:
    """Run everything and print one line of JSON a run."""
    parser = argparse.ArgumentParser(prog="python -m bench.machines", description=__doc__)
    parser.add_argument("--cores", type=float, default=0.25, help="of a core, for each host")
    parser.add_argument("--seconds", type=float, default=120, help="for each number of hosts")
    parser.add_argument("--pages", type=float, default=300, help="seconds for which pages are read")
    parser.add_argument("--hosts", type=int, nargs="*", default=[1, 2, 4])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsroom-machines-") as folder:
        lab = Lab(Path(folder), asked.cores)
        try:
            lab.open()
            print(json.dumps({"backlog": fill(lab, asked.pages), "cores a host": asked.cores}), flush=True)
            for hosts in asked.hosts:
                print(json.dumps(settle(lab, hosts, asked.seconds)), flush=True)
            print(json.dumps(cut(lab)), flush=True)
        finally:
            lab.close()


if __name__ == "__main__":
    main()
