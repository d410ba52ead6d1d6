"""A whole site that follows the replay server, its processes by role, and its database from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import redis

from newsroom import env, local, replays

PATIENCE = 1800.0  # seconds for a step to drain, restarts included
RESTART_SECONDS = 2.0
ROLES = {  # how a process is known by its arguments
    "web": ("granian",),
    "worker-network": ("-Q network",),
    "worker-cpu": ("-Q cpu",),
    "beat": ("celery", "beat"),
    "parser": ("aggregator.fetch.child",),
    "postgres": ("postgres -D",),
    "backend": ("postgres: newsroom newsroom",),
    "redis": ("redis-server",),
}
LEASED = {  # whose death leaves which leases behind
    "aggregator_host": {"supervisor", "worker-network", "postgres", "backend", "redis"},
    "aggregator_work": {"supervisor", "worker-cpu", "postgres", "backend"},
}
_BUSY = """
SELECT EXISTS (SELECT FROM aggregator_host WHERE lease_until > clock_timestamp()
               OR (due_at <= %(now)s AND (hold_until IS NULL OR hold_until <= %(now)s)))
    OR EXISTS (SELECT FROM aggregator_work WHERE stage <> 'held' AND next_at <= %(now)s)
    OR EXISTS (SELECT FROM aggregator_article WHERE next_look_at <= %(now)s AND status = 'visible')
"""


class SkewedClock:
    """The site's clock: the replay server's, wrong by `by`. The world goes on as it was: feeds say what they said."""

    def __init__(self, site: Site) -> None:
        clock = self
        self.by = timedelta()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"virtual_now": (site.now + clock.by).isoformat()}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        site.replay.environ["CLOCK"] = f"follow:http://127.0.0.1:{self.server.server_port}"


class Site:
    """`manage.py run` on a data folder of its own, fed by the replay server; a killed supervisor is started again."""

    def __init__(self, folder: Path, port: int, *, server_port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "replay-port").write_text(str(server_port))  # both runs read the same addresses
        env.give({"REPLAY_DATA_DIR": str(folder)})
        self.folder = folder
        self.replay = replays.open_replay(print, port)
        self.replay.environ |= {"LOG_LEVEL": "WARNING"}
        self.now, self.end = self.replay.clock()

    def start(self) -> None:
        """Start the site and wait until it is ready."""
        self.replay.start_site()

    def close(self) -> None:
        """Take everything down."""
        self.replay.close()

    def advance(self, step: timedelta) -> None:
        """Move the virtual clock, and with it what feeds say."""
        self.now, self.end = self.replay.clock(step)

    # --- processes --------------------------------------------------------------------------------

    def processes(self) -> dict[str, list[int]]:
        """Return the site's processes by role."""
        assert self.replay.site is not None
        table = dict(_processes())
        found: dict[str, list[int]] = {"supervisor": [self.replay.site.pid]}
        for pid, (_, argv) in table.items():
            if not _descends(pid, self.replay.site.pid, table):
                continue
            role = next((name for name, words in ROLES.items() if all(w in argv for w in words)), None)
            if role:
                found.setdefault(role, []).append(pid)
        return found

    def kill(self, role: str, pid: int) -> None:
        """Kill a process outright; what its lease held back is free at once instead of minutes later."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.mend()
        for table, roles in LEASED.items():
            if role in roles:
                self.expire(table)

    def mend(self) -> None:
        """Start the supervisor again when it has ended, as systemd would: after a pause, more than once."""
        assert self.replay.site is not None
        time.sleep(0.2)
        for _ in range(12):
            if self.replay.site.poll() is None:
                return
            time.sleep(RESTART_SECONDS)
            with suppress(local.LocalError):
                self.start()
        raise SystemExit("the site does not come up again")

    # --- rows -------------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a session with the site's database; waits while it restarts."""
        host = local.database_settings(self.folder)["HOST"]
        until = time.monotonic() + 120
        while True:
            try:
                session = psycopg.connect(host=host, user="newsroom", dbname="newsroom", autocommit=True)
                break
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                self.mend()
                time.sleep(0.3)
        with session:
            yield session

    def ask(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """Return the rows of a question, asked again when the database restarts meanwhile."""
        while True:
            try:
                with self.session() as session:
                    cursor = session.execute(statement.encode(), values)
                    return cursor.fetchall() if cursor.description else []
            except (psycopg.OperationalError, psycopg.InterfaceError):
                time.sleep(0.3)

    def expire(self, table: str) -> None:
        """Let all leases of a table run out: what waiting for minutes would do."""
        past = "clock_timestamp() - interval '1 second'"
        self.ask(f"UPDATE {table} SET lease_until = {past} WHERE lease_until > clock_timestamp()")

    def is_busy(self) -> bool:
        """Return whether something is due or under way at the virtual time."""
        return bool(self.ask(_BUSY, {"now": self.now})[0][0])

    def look_at_stories(self) -> None:
        """Look at the stories once more, as the timetable does every ten minutes: the last may be older than the end."""
        self.python("from aggregator import tasks; tasks.repair_stories()")

    def python(self, code: str) -> None:
        """Run a piece of Python inside the site."""
        argv = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
        subprocess.run(argv, env=env.everything() | self.replay.environ, check=True)

    def broker(self) -> redis.Redis:
        """Return a client of the site's queue."""
        return redis.Redis(unix_socket_path=str(local.socket_dir(self.folder) / "redis.sock"))

    def drain(self, moment: datetime | None = None) -> None:
        """Wait until nothing is due, seen twice."""
        until, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 2:
            if time.monotonic() > until:
                raise SystemExit(f"the line does not become empty at {moment or self.now}")
            self.mend()
            quiet = 0 if self.is_busy() else quiet + 1
            time.sleep(1.0)


def _processes() -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield pid, parent and arguments of every process."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            argv = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        yield int(folder.name), (parent, argv)


def _descends(pid: int, ancestor: int, table: dict[int, tuple[int, str]]) -> bool:
    pid = table[pid][0]
    while pid and pid != ancestor:
        pid = table.get(pid, (0, ""))[0]
    return pid == ancestor
