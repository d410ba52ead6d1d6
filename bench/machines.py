"""`python -m bench.machines`: workers on several hosts against one PostgreSQL and one Redis.

Network namespaces stand in for hosts: each has an address, a host name and a data folder of its own and reaches the
others by a bridge alone; DATABASE_URL, REDIS_URL and SECRET_KEY are all they share. Each host's processes together get
--cores of a core, so that two cores can be more than one machine. The replay corpus is read once; then 1, 2 and 4
hosts settle the same backlog, and at last one of two is cut off in the middle. Needs root, `ip`, cgroups and Debian's
PostgreSQL and Redis; needs CORPORA_DIR.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
NET = "10.91.77"
HUB = f"{NET}.1"
PG_PORT, REDIS_PORT, REPLAY_PORT = 25432, 26379, 28765
SERVERS = "nrhub"  # the group of the servers' processes
CGROUPS = Path("/sys/fs/cgroup/cpu")  # version 1; of version 2 the root
if not CGROUPS.is_dir():
    CGROUPS = CGROUPS.parent  # where `cpu` has to stand in cgroup.subtree_control
PYTHON = sys.executable


class Lab:
    """A bridge with PostgreSQL, Redis and the replay server on it, and hosts that come and go."""

    def __init__(self, folder: Path, cores: float) -> None:
        self.folder, self.cores = folder, cores
        self.servers: list[subprocess.Popen[bytes]] = []
        self.hosts: dict[str, list[subprocess.Popen[bytes]]] = {}

    def open(self) -> None:
        """Make the bridge and start the servers."""
        allow(SERVERS, None)
        sh("ip", "link", "add", "nrbr", "type", "bridge")
        sh("ip", "addr", "add", f"{HUB}/24", "dev", "nrbr")
        sh("ip", "link", "set", "nrbr", "up")
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        cluster = self.folder / "pg"
        cluster.mkdir()
        shutil.chown(cluster, "postgres", "postgres")
        self.folder.chmod(0o755)
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        sh(
            *drop,
            f"{programs}/initdb",
            "-D",
            f"{cluster}/d",
            "-U",
            "newsroom",
            "--auth=trust",
            "--locale=C.UTF-8",
        )
        with (cluster / "d/pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NET}.0/24 trust\n")
        options = {"listen_addresses": HUB, "port": str(PG_PORT), "unix_socket_directories": str(cluster)}
        options |= {"max_connections": "60", "random_page_cost": "1.1", "jit": "off"}
        told = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._serve(*drop, f"{programs}/postgres", "-D", f"{cluster}/d", *told)
        redis = [
            "redis-server",
            "--bind",
            HUB,
            "--port",
            str(REDIS_PORT),
            "--save",
            "",
            "--protected-mode",
            "no",
        ]
        self._serve(*redis, "--dir", str(self.folder))
        replay = str(Path(os.environ.get("CORPORA_DIR", ROOT.parent / "shared")) / "replay/serve.py")
        self._serve(PYTHON, replay, "--host", HUB, "--port", str(REPLAY_PORT), "--manual-clock")
        for _ in range(150):
            time.sleep(0.2)
            try:
                self.session("postgres").close()
                break
            except psycopg.OperationalError:
                continue
        with self.session("postgres") as session:
            session.execute("CREATE DATABASE filled")

    def _serve(self, *argv: str) -> None:
        log = (self.folder / f"{Path(argv[1] if argv[0] == PYTHON else argv[0]).name}.log").open("ab")
        inside = ["sh", "-c", f'echo $$ > {CGROUPS / SERVERS / "cgroup.procs"} && exec "$@"', "sh", *argv]
        child = subprocess.Popen(inside, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        self.servers.append(child)

    def session(self, name: str) -> psycopg.Connection[Any]:
        """Open a session with a database of the lab."""
        return psycopg.connect(host=HUB, port=PG_PORT, user="newsroom", dbname=name, autocommit=True)

    def environ(self, host: str, database: str) -> dict[str, str]:
        """Return what a host knows: its own folder, and the three addresses."""
        own = self.folder / host
        own.mkdir(exist_ok=True)
        base = f"http://{HUB}:{REPLAY_PORT}"
        return {
            "PATH": f"{Path(PYTHON).parent}:{os.environ['PATH']}",
            "DATA_DIR": str(own),
            "DATABASE_URL": f"postgresql://newsroom@{HUB}:{PG_PORT}/{database}",
            "REDIS_URL": f"redis://{HUB}:{REDIS_PORT}/0",
            "SECRET_KEY": "one-key-for-all-hosts-of-the-lab-000000",
            "CLOCK": f"follow:{base}",
            "SOURCES": f"{base}/__replay/opml?kind=stream,paged",
            "FETCH_ALLOW": f"{NET}.0/24",
            "HOST_GAP": "0",
            "CONTACT": "bench@localhost",
            "LOG_LEVEL": "INFO",
        }

    def add_host(self, number: int) -> str:
        """Make a host with a link to the bridge and a share of a core."""
        host = f"nrh{number}"
        sh("ip", "netns", "add", host)
        sh("ip", "link", "add", f"v{host}", "type", "veth", "peer", "name", "eth0", "netns", host)
        sh("ip", "link", "set", f"v{host}", "master", "nrbr", "up")
        inside = ["ip", "-n", host]
        sh(*inside, "addr", "add", f"{NET}.{10 + number}/24", "dev", "eth0")
        sh(*inside, "link", "set", "eth0", "up")
        sh(*inside, "link", "set", "lo", "up")
        allow(host, self.cores)
        self.hosts[host] = []
        return host

    def cpu_seconds(self, host: str) -> float:
        """Return the processor time of a host's living processes."""
        ticks = 0
        for pid in (CGROUPS / host / "cgroup.procs").read_text().split():
            with suppress(OSError):  # one that ends at this moment
                facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(facts[11]) + int(facts[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def run(self, host: str, database: str, *argv: str) -> subprocess.Popen[bytes]:
        """Start a process on a host."""
        group, log = CGROUPS / host / "cgroup.procs", (self.folder / f"{host}.log").open("ab")
        shell = f'echo $$ > {group} && hostname {host} && exec "$@"'
        inside = ["nsenter", f"--net=/run/netns/{host}", "unshare", "--uts", "sh", "-c", shell, "sh", *argv]
        environ = self.environ(host, database)
        child = subprocess.Popen(
            inside, env=environ, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        self.hosts[host].append(child)
        return child

    def cut_off(self, host: str) -> None:
        """Pull the plug of a host: its processes go on and reach nobody."""
        sh("ip", "link", "set", f"v{host}", "down")

    def drop_host(self, host: str) -> None:
        """End a host's processes and take it away."""
        for child in self.hosts.pop(host):
            stop(child)
        for pid in (CGROUPS / host / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        sh("ip", "netns", "del", host)
        subprocess.run(["ip", "link", "del", f"v{host}"], capture_output=True)
        clear(host)

    def close(self) -> None:
        """Take everything down."""
        for host in list(self.hosts):
            self.drop_host(host)
        for child in self.servers:
            stop(child)
        subprocess.run(["ip", "link", "del", "nrbr"], capture_output=True)
        clear(SERVERS)


def allow(host: str, cores: float | None) -> None:
    """Give a host's processes a share of the cores, None for all; they get it on a crowded machine, too."""
    group = CGROUPS / host
    group.mkdir(exist_ok=True)
    weight, most = (
        (group / "cpu.shares", "20480")
        if (group / "cpu.shares").exists()
        else (group / "cpu.weight", "10000")
    )
    weight.write_text(most)
    quota = None if cores is None else int(cores * 100_000)
    if (file := group / "cpu.cfs_quota_us").exists():
        (group / "cpu.cfs_period_us").write_text("100000")
        file.write_text(str(-1 if quota is None else quota))
    else:
        (group / "cpu.max").write_text(f"{'max' if quota is None else quota} 100000")


def clear(host: str) -> None:
    """Take a group away once the last of its processes is gone."""
    for _ in range(100):
        with suppress(OSError):
            (CGROUPS / host).rmdir()
            return
        time.sleep(0.2)


def sh(*argv: str) -> None:
    """Run a command that has to work."""
    subprocess.run(argv, check=True, capture_output=True)


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a process and its session."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


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
