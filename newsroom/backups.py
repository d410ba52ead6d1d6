"""Backups of the database in PostgreSQL's own custom format, by PostgreSQL's own programs."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from newsroom import embedded, env, local


def write(file: Path | None, now: datetime) -> Path:
    """Write a backup and return where it is; it appears under its name only when it is whole."""
    connection.ensure_connection()
    file = file or Path(settings.DATA_DIR) / "backups" / f"newsroom-{now:%Y%m%d-%H%M%S}.dump"
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        _call("pg_dump", "--format=custom", "--no-owner", "--no-acl", "--file", str(unfinished))
        unfinished.chmod(0o600)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file


def read(file: Path) -> None:
    """Read a backup into an empty database, all or nothing."""
    if not file.is_file():
        raise local.LocalError(f"there is no backup {file}")
    if connection.introspection.table_names():
        raise local.LocalError(
            "the database is not empty: stop the site and move the data folder's postgres away, "
            "or set DATABASE_URL to an empty database"
        )
    connection.close()
    _call("pg_restore", "--no-owner", "--no-acl", "--single-transaction", "--exit-on-error", str(file))


def _call(program: str, *options: str) -> None:
    where = settings.DATABASES["default"]
    names = {"host": "HOST", "port": "PORT", "username": "USER"}
    address = [f"--{option}={where[name]}" for option, name in names.items() if where.get(name)]
    done = subprocess.run(
        [_program(program), *address, f"--dbname={where['NAME']}", "--no-password", *options],
        env=env.everything() | ({"PGPASSWORD": where["PASSWORD"]} if where.get("PASSWORD") else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise local.LocalError(f"{program} failed: {last}")


def _program(name: str) -> str:
    """Return the embedded program for the embedded server, the system's otherwise."""
    found = shutil.which(name)
    if found and not settings.EMBEDDED_POSTGRES:
        return found
    try:
        return str(embedded.programs() / name)
    except embedded.ServerError as error:
        raise local.LocalError(f"{name} is not on the PATH ({error})") from None
