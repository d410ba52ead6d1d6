"""PostgreSQL and Redis for one machine, when no address is configured.

The servers belong to the process that holds the owner lock of the data folder: `run`, or a
command that found nobody running. Other commands attach to the running servers. A command that
owns the servers waits for those that attached before it stops them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from newsroom import embedded

DATABASE = "newsroom"
# What a demo or replay must not take from the real site's settings.
NOTHING_ELSE = dict.fromkeys(
    ("DATABASE_URL", "REDIS_URL", "SITE_URL", "STATIC_ROOT", "SECRET_KEY", "PROXY", "MAIL_HOST"), ""
)
FAMILY_PATIENCE = 90.0  # seconds for the servers of a killed owner to write down and end
SOCKET_PATH_LIMIT = 90  # bytes, of the 107 that the kernel allows, for folder and file name


class LocalError(Exception):
    """The local servers cannot be used; the sentence says what to do."""


def socket_dir(data_dir: Path) -> Path:
    """Return the folder for sockets: in the data folder, or in /tmp when that path is too long."""
    inside = data_dir / "run"
    if len(os.fsencode(inside)) + len("/.s.PGSQL.5432") <= SOCKET_PATH_LIMIT:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path("/tmp") / f"newsroom-{os.getuid()}-{name}"  # noqa: S108 (its owner and mode are checked)


def database_settings(data_dir: Path) -> dict[str, Any]:
    """Return Django's settings for the embedded database; nothing is started here."""
    host = str(socket_dir(data_dir))
    return {"NAME": DATABASE, "USER": DATABASE, "PASSWORD": "", "HOST": host, "PORT": "", "OPTIONS": {}}


def redis_url(data_dir: Path) -> str:
    """Return the address of the embedded Redis; nothing is started here."""
    return f"unix://{quote(str(socket_dir(data_dir) / 'redis.sock'))}?db=0"


class Lock:
    """An advisory lock on a file, gone with the process."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, *, shared: bool = False, wait: bool = False) -> bool:
        """Return whether the lock is ours now."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self.handle, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write(self, words: str) -> None:
        """Say who holds the lock."""
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, words.encode(), 0)

    def read(self) -> str:
        """Return what the holder wrote."""
        return os.pread(self.handle, 200, 0).decode(errors="replace").strip()

    def close(self) -> None:
        """Let go."""
        os.close(self.handle)


class Servers:
    """The embedded servers of one data folder: owned, attached to, or not needed yet."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir, self.durable = data_dir, durable
        self.postgres: embedded.Server | None = None
        self.redis: embedded.Server | None = None
        self.owner: Lock | None = None
        self.users: Lock | None = None
        self.family: Lock | None = None

    def ensure(self, *, want_postgres: bool, want_redis: bool, who: str) -> None:
        """Attach to running servers, or own and start them."""
        self._folders()
        self.users = self.users or Lock(self.data_dir / "users.lock")
        self.users.take(shared=True, wait=True)
        if not self.own(who):
            return self._await_sockets(want_postgres, want_redis)
        self.start(want_postgres=want_postgres, want_redis=want_redis)
        return None

    def own(self, who: str) -> bool:
        """Return whether this process owns the data folder from now on."""
        if self.owner:
            return True
        self._folders()
        lock = Lock(self.data_dir / "owner.lock")
        if not lock.take():
            lock.close()
            return False
        lock.write(f"{who} (process {os.getpid()})")
        self.owner = lock
        return True

    def owned_by(self) -> str:
        """Return what the owner says about itself, e.g. 'run (process 12)'."""
        lock = Lock(self.data_dir / "owner.lock")
        try:
            return lock.read() or "another process"
        finally:
            lock.close()

    def start(self, *, want_postgres: bool, want_redis: bool) -> None:
        """Start what is wanted and not yet running; only for the owner."""
        keep = self.family_handles()
        sockets = socket_dir(self.data_dir)
        try:
            if want_postgres and not self.postgres:
                self.postgres = embedded.start_postgres(
                    self.data_dir, sockets, DATABASE, durable=self.durable, keep=keep
                )
            if want_redis and not self.redis:
                self.redis = embedded.start_redis(self.data_dir, sockets, durable=self.durable, keep=keep)
        except embedded.ServerError as error:
            raise LocalError(str(error)) from None

    def family_handles(self) -> tuple[int, ...]:
        """Return what a child must keep open to count as family."""
        self._await_family()
        assert self.family is not None
        return (self.family.handle,)

    def drop_ended(self) -> list[str]:
        """Forget servers that ended by themselves and return their names."""
        ended = [
            name
            for name in ("postgres", "redis")
            if (server := getattr(self, name)) and server.child.poll() is not None
        ]
        for name in ended:
            setattr(self, name, None)
        return ended

    def close(self, *, wait_for_users: bool = True) -> None:
        """Stop the servers that we own, when nobody uses them any more."""
        if self.users:
            self.users.close()
            self.users = None
        if not self.owner:
            return
        users = Lock(self.data_dir / "users.lock")
        if wait_for_users:
            users.take(wait=True)  # held until the servers are down: who comes now starts its own
        for server in (self.redis, self.postgres):
            if server:
                server.stop()
        self.redis = self.postgres = None
        self.owner.close()
        self.owner = None
        users.close()

    def _folders(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            _private(socket_dir(self.data_dir))
            probe = self.data_dir / ".writable"
            probe.write_bytes(b"newsroom\n" * 512)
            probe.unlink()
        except OSError as error:
            raise LocalError(
                f"the data folder {self.data_dir} cannot be written ({error.strerror}): "
                "make room or rights, or set DATA_DIR to another folder"
            ) from None

    def _await_family(self) -> None:
        """Wait until the servers of an owner that was killed have ended."""
        if self.family:
            return
        lock = Lock(self.data_dir / "family.lock")
        until = time.monotonic() + FAMILY_PATIENCE
        while not lock.take():
            if time.monotonic() > until:
                raise LocalError(f"processes of an earlier run still use {self.data_dir}: end them first")
            time.sleep(0.1)
        lock.take(shared=True)
        self.family = lock

    def _await_sockets(self, want_postgres: bool, want_redis: bool) -> None:
        sockets = socket_dir(self.data_dir)
        wanted = [sockets / ".s.PGSQL.5432"] * want_postgres + [sockets / "redis.sock"] * want_redis
        for file in wanted:
            if not embedded.await_file(file):
                raise LocalError(
                    f"{self.owned_by()} holds {self.data_dir} but its servers do not answer; "
                    "stop it and try again"
                )


def _private(folder: Path) -> None:
    """Make a folder that only this user may enter; refuse one that another user made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise LocalError(f"{folder} belongs to another user: run this as that user, or set DATA_DIR")
    folder.chmod(0o700)


_servers: Servers | None = None
_may_start = False


def allow_starting() -> None:
    """Let this process start servers at its first connection; called by manage.py only."""
    global _may_start
    _may_start = True


def on_connect(data_dir: Path, *, want_postgres: bool, want_redis: bool, who: str) -> None:
    """Make the servers available before a connection is opened; cheap when they are."""
    global _servers
    if not _may_start or _servers is not None or not (want_postgres or want_redis):
        return
    _servers = Servers(data_dir)
    _servers.ensure(want_postgres=want_postgres, want_redis=want_redis, who=who)


def use(servers: Servers) -> None:
    """Take servers that the caller manages as this process's own."""
    global _servers
    _servers = servers


def close() -> None:
    """Stop what this process started."""
    global _servers
    if _servers is not None:
        _servers.close()
        _servers = None
