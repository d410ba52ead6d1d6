"""Backups of the database in PostgreSQL's own custom format, by PostgreSQL's own programs.

A backup is tried before it counts: it is read into a scratch database beside the real one, where the rows of
each table are counted against those of the moment at which it was taken.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from newsroom import embedded, env, local

_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename
"""


@dataclass(frozen=True)
class Written:
    """A backup: where it is, and how many rows each table had at its moment."""

    file: Path
    rows: dict[str, int]


def write(file: Path | None, now: datetime) -> Written:
    """Write a backup and return where it is; it appears under its name only when it is whole.

    Rows are counted in the very snapshot that is dumped, while the site goes on.
    """
    connection.ensure_connection()
    file = file or Path(settings.DATA_DIR) / "backups" / f"newsroom-{now:%Y%m%d-%H%M%S}.dump"
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        with _snapshot() as (cursor, name):
            options = ("--format=custom", "--no-owner", "--no-acl", f"--snapshot={name}")
            _call("pg_dump", _address(), *options, "--file", str(unfinished))
            rows = _count(cursor)
        unfinished.chmod(0o600)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return Written(file, rows)


def check(written: Written) -> str:
    """Read a backup into a scratch database and recount; return what `verify` says of it.

    Raises LocalError when a table has other rows than at the backup's moment, or a promise is broken in it.
    """
    with _scratch() as scratch:
        _restore(written.file, scratch)
        with psycopg.connect(**_reach(scratch)) as session:
            found = _count(session.cursor())
        differing = sorted(name for name, count in written.rows.items() if found.get(name) != count)
        if differing or found.keys() != written.rows.keys():
            raise local.LocalError(
                f"the backup {written.file} is not whole: other rows in {', '.join(differing) or 'its tables'}"
            )
        done = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "verify"],
            env=env.everything() | {"DATABASE_URL": _url(scratch)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    if done.returncode:
        said = wrong[0] if wrong else (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise local.LocalError(f"what the backup {written.file} holds is not in order: {said}")
    return f"{len(found)} tables, {sum(found.values()):,} rows"


def read(file: Path) -> None:
    """Read a backup into an empty database, all or nothing."""
    if not file.is_file():
        raise local.LocalError(f"there is no backup {file}")
    if connection.introspection.table_names():
        raise local.LocalError(
            "the database is not empty: stop the site and move the data folder's postgres away, "
            "or set DATABASE_URL to an empty database"
        )
    _restore(file, settings.DATABASES["default"]["NAME"])


def _restore(file: Path, name: str) -> None:
    options = ("--no-owner", "--no-acl", "--single-transaction", "--exit-on-error")
    _call("pg_restore", _address(name), *options, str(file))


@contextmanager
def _snapshot() -> Iterator[tuple[Any, str]]:
    """Open a transaction that sees one moment, and name that moment for others."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # it waits for the dump
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor, cursor.fetchone()[0]


def _count(cursor: Any) -> dict[str, int]:
    """Return the rows of each table."""
    cursor.execute(_TABLES)
    tables = [name for (name,) in cursor.fetchall()]
    counted = {}
    for name in tables:
        cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608  # named by the catalogue
        counted[name] = int(cursor.fetchone()[0])
    return counted


@contextmanager
def _scratch() -> Iterator[str]:
    """Make a database beside the real one, and drop it afterwards."""
    name = f"{settings.DATABASES['default']['NAME']}_check"
    try:
        with psycopg.connect(**_reach("postgres"), autocommit=True) as session:
            session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            session.execute(f'CREATE DATABASE "{name}"'.encode())
            try:
                yield name
            finally:
                session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise local.LocalError(
            f"the backup is written but cannot be tried ({reason}): "
            "give the database's user the right CREATEDB, or take it with --unchecked"
        ) from None


def _reach(name: str) -> dict[str, Any]:
    """Return how libpq reaches a database beside the real one."""
    where = settings.DATABASES["default"]
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {option: where[key] for option, key in names.items() if where.get(key)}
    return {**where["OPTIONS"], **given, "dbname": name}


def _url(name: str) -> str:
    """Return the same as an address for DATABASE_URL."""
    options = {key: value for key, value in _reach(name).items() if key != "dbname"}
    return f"postgresql:///{quote(name)}?{urlencode(options, quote_via=quote)}"


def _address(name: str = "") -> str:
    """Return the same as an option of PostgreSQL's programs; the password goes by the environment."""
    reach = _reach(name or settings.DATABASES["default"]["NAME"])
    reach.pop("password", None)
    return f"--dbname={make_conninfo(**reach)}"


def _call(program: str, address: str, *options: str) -> None:
    where, path = settings.DATABASES["default"], _program(program)
    done = subprocess.run(
        [path, address, "--no-password", *options],
        env=env.everything() | ({"PGPASSWORD": where["PASSWORD"]} if where.get("PASSWORD") else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise local.LocalError(f"{program} failed: {last}")


def _program(name: str) -> str:
    """Return the program of the oldest release that knows the server's: the system's or the embedded one."""
    server = connection.get_database_version()[0]
    known = {_major(path): path for path in reversed(_programs(name))}
    fit = sorted(major for major in known if major >= server)
    if not fit:
        found = ", ".join(f"PostgreSQL {major}" for major in sorted(known)) or "none"
        raise local.LocalError(
            f"{name} of PostgreSQL {server} or newer is needed on the PATH (found: {found})"
        )
    return known[fit[0]]


def _programs(name: str) -> list[str]:
    found = [path for path in [shutil.which(name)] if path]
    try:
        return [*found, str(embedded.programs() / name)]
    except embedded.ServerError:
        return found


def _major(path: str) -> int:
    """Return 15 for "pg_dump (PostgreSQL) 15.9 (Debian 15.9-1)"."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0
