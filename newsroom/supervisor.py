"""One parent for everything that a single machine runs.

It owns the data folder, starts the embedded servers where no address is configured, prepares the
database, starts web, workers and timetable, starts again what dies, and takes all of it down on
INT, TERM or HUP. Killed outright, it takes its children along (newsroom/children.py).
"""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from newsroom import children, clocks, env, local

LOOK_SECONDS = 0.5
SAY_SECONDS = 5.0
STEADY_SECONDS = 60.0  # a child that ran this long is started again at once
MAX_PAUSE_SECONDS = 30.0
SERVER_PAUSE_SECONDS = 5.0
LOG_BYTES = 20_000_000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to stop."""


@dataclass
class Part:
    """One supervised process: how it starts, stops, and when it may start again."""

    name: str
    argv: Sequence[str]
    when_orphaned: int = signal.SIGKILL
    patience: float = 12.0
    child: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    again_at: float = field(default=0.0)


def web() -> Part:
    """Return the web server: WSGI with few blocking threads."""
    argv = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", settings.BIND, "--port", str(settings.PORT), "--workers", "1"),
        *("--blocking-threads", "4", "--backpressure", "64", "--respawn-failed-workers"),
        *("--workers-kill-timeout", "8", "--log-level", "warning", "newsroom.wsgi:application"),
    ]
    return Part("web", argv, when_orphaned=signal.SIGTERM)


def worker(queue: str) -> Part:
    """Return the Celery worker of one queue; rows are the queue, so that it may be killed at any time.

    The network worker runs its one task at a time in its own process: a pool's parent would cost 80 MB
    and do nothing, and what could crash or grow (parsing) has children of its own.
    """
    pool = ("--pool", "solo") if queue == "network" else ("--pool", "prefork")
    argv = [
        *(sys.executable, "-m", "celery", "-A", "newsroom", "worker", "-Q", queue, "-n", f"{queue}@%h"),
        *(*pool, "--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"),
        *("--loglevel", "INFO"),
    ]
    return Part(f"worker-{queue}", argv)


def beat() -> Part:
    """Return the timetable; it keeps no file, because a missed or doubled nudge does no harm."""
    scheduler = ["--scheduler", "celery.beat:Scheduler", "--pidfile=", "--loglevel", "WARNING"]
    return Part("beat", [sys.executable, "-m", "celery", "-A", "newsroom", "beat", *scheduler])


class Supervisor:
    """Runs the site until it is told to stop."""

    def __init__(self, *, say: Callable[[str], None], before: Sequence[Part] = ()) -> None:
        self.say = say
        self.before = list(before)  # parts that must run before the sources are loaded
        self.parts: list[Part] = []
        self.servers = local.Servers(settings.DATA_DIR)
        self.servers_again_at = 0.0
        self.clock: clocks.Running | None = None

    def run(self, prepare: Callable[[], None], ready: Callable[[], None], look: Callable[[], None]) -> None:
        """Start everything, call `look` now and then, and return once all is down again.

        `prepare` runs when the database answers, `ready` when the site does.
        """
        self._listen()
        try:
            self._open()
            prepare()
            for part in (web(), worker("network"), worker("cpu"), beat()):
                self._start(part)
            self._await_web()
            ready()
            self._watch(look)
        except Stopped:
            pass
        finally:
            self._close()

    def _listen(self) -> None:
        def stop(number: int, frame: object) -> None:
            raise Stopped

        for number in SIGNALS:
            signal.signal(number, stop)
        if env.text("MAKELEVEL"):  # started by make: end with it
            children.die_with_parent(signal.SIGTERM)
        self.watched_parent = [
            number
            for number in (signal.SIGINT, signal.SIGHUP)
            if env.text("MAKELEVEL") and not children.parent_gave_up(number)
        ]

    def _open(self) -> None:
        if not self.servers.own("run"):
            raise local.LocalError(
                f"{self.servers.owned_by()} already uses {settings.DATA_DIR}: "
                "stop it first, or set DATA_DIR and PORT for a second site"
            )
        self.servers.family_handles()  # waits for what an owner that was killed left behind, its web server too
        check_port(settings.BIND, settings.PORT)
        local.use(self.servers)
        self._start_clock()
        for part in self.before:
            self._start(part)
        self.servers.start(want_postgres=settings.EMBEDDED_POSTGRES, want_redis=settings.EMBEDDED_REDIS)

    def _start_clock(self) -> None:
        if settings.CLOCK and not settings.CLOCK.startswith("follow:"):
            file = settings.DATA_DIR / "clock.json"
            self.clock = clocks.Running(clocks.course(settings.CLOCK), settings.CLOCK, file)
            self.clock.drop_anchor()

    def _start(self, part: Part) -> None:
        with _log(part.name) as output:
            part.child = children.start(
                part.argv,
                when_orphaned=part.when_orphaned,
                environ=env.everything() | {"NEWSROOM_SUPERVISED": "1", "PYTHONUNBUFFERED": "1"},
                output=output,
                keep_open=self.servers.family_handles(),
            )
        part.started = time.monotonic()
        if part not in self.parts:
            self.parts.append(part)

    def _await_web(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            part = next(part for part in self.parts if part.name == "web")
            if part.child and part.child.poll() is not None:
                raise local.LocalError(f"the web server does not start; see {log_file('web')}")
            try:
                socket.create_connection((_reach(settings.BIND), settings.PORT), timeout=1).close()
                return
            except OSError:
                time.sleep(0.2)
        raise local.LocalError(f"the web server does not answer; see {log_file('web')}")

    def _watch(self, look: Callable[[], None]) -> None:
        said = 0.0
        while True:
            time.sleep(LOOK_SECONDS)
            for part in self.parts:
                self._mend(part)
            self._mend_servers()
            if any(children.parent_gave_up(number) for number in self.watched_parent):
                raise Stopped
            if time.monotonic() - said > SAY_SECONDS:
                said = time.monotonic()
                if self.clock:
                    self.clock.keep()
                look()

    def _mend(self, part: Part) -> None:
        """Start a part that ended again, after a pause that grows while it keeps ending."""
        if part.child is None:
            if time.monotonic() >= part.again_at:
                self._start(part)
            return
        code = part.child.poll()
        if code is None:
            return
        steady = time.monotonic() - part.started > STEADY_SECONDS
        part.pause = 0.0 if steady else min(MAX_PAUSE_SECONDS, part.pause * 2 or 1.0)
        part.again_at, part.child = time.monotonic() + part.pause, None
        how = f"signal {-code}" if code < 0 else f"code {code}"
        self.say(f"{part.name} ended ({how}) and is started again; see {log_file(part.name)}")

    def _mend_servers(self) -> None:
        for name in self.servers.drop_ended():
            self.say(f"{name} ended and is started again; see {settings.DATA_DIR}")
        if self._has_servers() or time.monotonic() < self.servers_again_at:
            return
        try:
            self.servers.start(want_postgres=settings.EMBEDDED_POSTGRES, want_redis=settings.EMBEDDED_REDIS)
        except (local.LocalError, psycopg.Error) as error:  # a full disk, say: it may be mended while we try
            self.say(f"{error}; tried again in {SERVER_PAUSE_SECONDS:g} seconds")
            self.servers_again_at = time.monotonic() + SERVER_PAUSE_SECONDS

    def _has_servers(self) -> bool:
        wanted = {"postgres": settings.EMBEDDED_POSTGRES, "redis": settings.EMBEDDED_REDIS}
        return all(getattr(self.servers, name) for name, is_wanted in wanted.items() if is_wanted)

    def _close(self) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if self.parts:
            self.say("stopping …")
        running = [part for part in reversed(self.parts) if part.child]
        for part in running:
            if part.child and part.child.poll() is None:
                part.child.terminate()
        for part in running:
            assert part.child is not None
            children.stop(part.child, patience=part.patience)
        if self.clock and self.clock.anchor:
            self.clock.keep()
        self.servers.close(wait_for_users=False)
        if self.parts:
            self.say("stopped")


def check_port(bind: str, port: int) -> None:
    """Raise LocalError when the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise local.LocalError(_port_sentence(bind, port, error)) from None


def _port_sentence(bind: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is already in use: stop what listens there, or set PORT to another"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights: set PORT to 1024 or more"
    return f"BIND={bind} cannot be listened on ({error.strerror}): set BIND to an address of this machine"


def log_file(name: str) -> Path:
    """Return where a part writes its log."""
    return Path(settings.DATA_DIR) / "logs" / f"{name}.log"


def _log(name: str) -> Any:
    file = log_file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > LOG_BYTES:
        file.replace(file.with_suffix(".log.1"))
    return file.open("ab")


def _reach(bind: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104
