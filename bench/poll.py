"""What polling costs: 1,000 feeds of 30 items on one host, beside lemon24/reader and a bare poller.

    make bench-poll            all of it
    python -m bench.poll --rounds 3

Prints CPU seconds with PostgreSQL and Redis counted (of the product: its network worker with Celery). Needs the
workload server and the yardsticks of CORPORA_DIR/peers, and `reader` (requirements-dev.txt).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PORT = 8800  # the yardsticks know no other
FEEDS = 1000
TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass
class Cost:
    """CPU seconds, seconds on the clock, and the most memory of the worker in MB."""

    cpu: float
    wall: float
    memory: float = 0.0


def processes() -> dict[int, tuple[int, float, float, int]]:
    """Return pid → parent, own CPU seconds, those of its reaped children, resident bytes."""
    found = {}
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            words = Path(f"/proc/{int(name)}/stat").read_text()
            rest = words[words.rindex(")") + 2 :].split()
            own = (int(rest[11]) + int(rest[12])) / TICKS
            reaped = (int(rest[13]) + int(rest[14])) / TICKS
            found[int(name)] = (int(rest[1]), own, reaped, int(rest[21]) * PAGE)
    return found


def family(root: int, table: dict[int, Any]) -> list[int]:
    """Return a process and all its descendants."""
    members, queue = [], [root]
    while queue:
        pid = queue.pop()
        if pid in table:
            members.append(pid)
            queue += [each for each, facts in table.items() if facts[0] == pid]
    return members


def cpu_of(roots: list[int]) -> float:
    table = processes()
    return sum(table[pid][1] + table[pid][2] for root in roots for pid in family(root, table))


def memory_of(root: int) -> float:
    table = processes()
    return sum(table[pid][3] for pid in family(root, table)) / 1e6


def measured(roots: list[int], worker: int, act: Callable[[], object], is_done: Callable[[], bool]) -> Cost:
    """Return what `act` costs the processes until `is_done`."""
    before, began, most = cpu_of(roots), time.monotonic(), memory_of(worker)
    act()
    while not is_done():
        most = max(most, memory_of(worker))
        time.sleep(0.2)
        if time.monotonic() - began > 300:
            raise SystemExit("not done within five minutes")
    wall = time.monotonic() - began
    time.sleep(0.5)  # what is written after the last row counts too
    return Cost(cpu_of(roots) - before, wall, most)


@contextlib.contextmanager
def farm(peers: Path) -> Iterator[None]:
    """Run the workload server."""
    command = [
        sys.executable,
        str(peers / "feedfarm.py"),
        "serve",
        "--feeds",
        str(FEEDS),
        "--port",
        str(PORT),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            yield
        finally:
            server.kill()


def control(path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/ctl/{path}", timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


# --- the product -----------------------------------------------------------------------------------


class Product:
    """The product's own database, queue and network worker in a folder that is thrown away."""

    def __init__(self, folder: Path) -> None:
        os.environ.update(
            DATA_DIR=str(folder),
            FETCH_ALLOW="127.0.0.0/8",
            HOST_GAP="0",
            CONTACT="bench@example.org",
            DJANGO_SETTINGS_MODULE="newsroom.settings",
            LOG_LEVEL="WARNING",
        )
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("REDIS_URL", None)
        from newsroom import local

        self.servers = local.Servers(folder)
        self.servers.ensure(want_postgres=True, want_redis=True, who="bench")
        local.use(self.servers)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        command = [
            "-m",
            "celery",
            "-A",
            "newsroom",
            "worker",
            "-Q",
            "network",
            "--pool",
            "solo",
            "-n",
            "network@bench",
        ]
        self.worker = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL)
        time.sleep(6)
        table = processes()
        mine = family(os.getpid(), table)
        names = {pid: Path(f"/proc/{pid}/comm").read_text().strip() for pid in mine if pid in table}
        services = [pid for pid, name in names.items() if name.startswith(("postgres", "redis-server"))]
        tops = [pid for pid in services if table[pid][0] not in services]
        self.roots = [self.worker.pid, *tops]

    def subscribe(self, opml: bytes) -> None:
        from aggregator import clock
        from aggregator.models import Source
        from aggregator.services import opml as lists

        lists.import_opml(opml, clock.now(), approve=True)
        Source.objects.update(text_from="feed")

    def poll(self) -> Cost:
        from aggregator import clock
        from aggregator.models import Feed
        from aggregator.services import polling

        now = clock.now()

        def act() -> None:
            polling.poll_now(list(Feed.objects.values_list("pk", flat=True)), now)

        def is_done() -> bool:
            if self.worker.poll() is not None:
                raise SystemExit("the network worker ended")
            return not Feed.objects.exclude(last_polled_at__gte=now).exists()

        return measured(self.roots, self.worker.pid, act, is_done)

    def dsn(self) -> str:
        from django.db import connection

        values = connection.settings_dict
        return " ".join(
            f"{name}={value}"
            for name, value in (
                ("host", values["HOST"]),
                ("port", values["PORT"]),
                ("user", values["USER"]),
                ("password", values["PASSWORD"]),
            )
            if value
        )

    def close(self) -> None:
        from django.db import connections

        self.worker.terminate()
        self.worker.wait(30)
        connections.close_all()
        self.servers.close(wait_for_users=False)


# --- the others ------------------------------------------------------------------------------------


def run(command: list[str], services: list[int]) -> Cost:
    """Return what a command costs, with what it makes services do."""
    before, began = cpu_of(services), time.monotonic()
    used = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    own = after.children_user + after.children_system - used.children_user - used.children_system
    return Cost(own + cpu_of(services) - before, time.monotonic() - began)


def reader(peers: Path, folder: Path) -> Callable[[], Cost]:
    command = [sys.executable, str(peers / "reader_poll.py"), str(folder / "reader.sqlite"), "8", str(FEEDS)]
    return lambda: run(command, [])


def bare(peers: Path, product: Product) -> Callable[[], Cost]:
    dsn = f"{product.dsn()} dbname=ref"
    command = [sys.executable, str(peers / "ref_poll.py"), "--dsn", dsn]
    subprocess.run([*command, "--init"], check=True)
    return lambda: run(command, product.roots[1:])


# --- the run ---------------------------------------------------------------------------------------


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=3, help="re-polls of which the median counts")
    options = words.parse_args()
    peers = Path(os.environ.get("CORPORA_DIR", ROOT.parent / "shared")) / "peers"
    if not (peers / "feedfarm.py").is_file():
        raise SystemExit(f"no workload server in {peers} (set CORPORA_DIR)")
    folder = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    opml = subprocess.run(
        [sys.executable, str(peers / "feedfarm.py"), "opml", "--feeds", str(FEEDS), "--port", str(PORT)],
        check=True,
        capture_output=True,
    ).stdout
    product = Product(folder)
    try:
        with farm(peers):
            compare(
                product, {"reader": reader(peers, folder), "bare": bare(peers, product)}, opml, options.rounds
            )
    finally:
        product.close()
        shutil.rmtree(folder, ignore_errors=True)


def compare(product: Product, others: dict[str, Callable[[], Cost]], opml: bytes, rounds: int) -> None:
    product.subscribe(opml)
    polls = {"newsroom": product.poll, **others}
    costs: dict[str, dict[str, Cost]] = {name: {} for name in polls}
    for name, poll in polls.items():
        costs[name]["first poll"] = poll()
    for name, poll in polls.items():
        costs[name]["all unchanged"] = middle([poll() for _ in range(rounds)])
    changed: dict[str, list[Cost]] = {name: [] for name in polls}
    for _ in range(rounds):
        control("tick?pct=10&new=3")
        for name, poll in polls.items():
            changed[name].append(poll())
    for name, found in changed.items():
        costs[name]["10 % changed"] = middle(found)
    show(costs)


def middle(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.cpu)[len(costs) // 2]


def show(costs: dict[str, dict[str, Cost]]) -> None:
    print(
        f"{'CPU seconds':16}" + "".join(f"{name:>12}" for name in costs) + f"{'× reader':>12}{'× bare':>12}"
    )
    for step in costs["newsroom"]:
        mine, peer, least = (costs[name][step].cpu for name in ("newsroom", "reader", "bare"))
        figures = "".join(f"{each[step].cpu:12.2f}" for each in costs.values())
        print(f"{step:16}{figures}{mine / peer:12.2f}{mine / least:12.2f}")
    print(
        f"most memory of the network worker and its children: {max(c.memory for c in costs['newsroom'].values()):.0f} MB"
    )
    print(
        json.dumps({name: {step: vars(cost) for step, cost in each.items()} for name, each in costs.items()})
    )


if __name__ == "__main__":
    main()
