"""Hosts out of network namespaces: a bridge with PostgreSQL, Redis and the replay server, links, and shares of the cores."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import subprocess
import sys
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
