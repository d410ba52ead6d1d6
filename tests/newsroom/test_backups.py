"""A backup counts when it was restored and recounted; an upgrade from an earlier release loses nothing."""

from __future__ import annotations

import lzma
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from newsroom import backups
from tests.newsroom.running import ROOT, environment, manage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EARLIER = ROOT / "tests/data/upgrade/migration-0003.sql.xz"


class Database:
    """A database of this test's own beside the one of the tests, and commands that use it."""

    def __init__(self, folder: Path, name: str) -> None:
        where = settings.DATABASES["default"]
        self.reach = {"host": where["HOST"], "user": where["USER"], "dbname": name}
        self.reach |= {"port": where["PORT"]} if where["PORT"] else {}
        self.reach |= {"password": where["PASSWORD"]} if where["PASSWORD"] else {}
        query = "&".join(f"{key}={value}" for key, value in self.reach.items() if key != "dbname")
        address = {"DATABASE_URL": f"postgresql:///{name}?{query}", "REDIS_URL": str(settings.REDIS_URL)}
        self.environ = environment(folder, **address)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(**self.reach) as session:
            return session.execute(statement.encode()).fetchall()

    def tell(self, statement: str) -> None:
        with psycopg.connect(**self.reach, autocommit=True) as session:
            session.execute(statement.encode())

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return manage(self.environ, *words, timeout=600)


@pytest.fixture
def database(db: None, _redis: None, tmp_path: Path, worker_id: str) -> Iterator[Any]:
    """Return a function that makes an empty database; all are dropped afterwards."""
    server = Database(tmp_path, "postgres")
    made: list[str] = []

    def make() -> Database:
        made.append(f"backup_{worker_id}_{len(made)}")
        server.tell(f'DROP DATABASE IF EXISTS "{made[-1]}" WITH (FORCE)')
        server.tell(f'CREATE DATABASE "{made[-1]}"')
        (folder := tmp_path / made[-1]).mkdir()
        return Database(folder, made[-1])

    yield make
    for name in made:
        server.tell(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def earlier(database: Any) -> Database:
    """A database as the release before left it: the sample wire, read to its end."""
    made: Database = database()
    with psycopg.connect(**made.reach, autocommit=True) as session:
        session.execute(lzma.decompress(EARLIER.read_bytes()))
    return made


def counted(database: Database) -> dict[str, Any]:
    """Return what an upgrade must keep: texts, verdicts, stories, and what curators did."""
    questions = {
        "articles": "SELECT url, title, copy_kind FROM aggregator_article ORDER BY url",
        "texts": "SELECT article_id, text_sha256 FROM aggregator_articlebody ORDER BY 1",
        "stories": "SELECT id, headline, origin_count, article_count FROM aggregator_story ORDER BY id",
        "members": "SELECT story_id, article_id FROM aggregator_membership ORDER BY 1, 2",
        "people": "SELECT username FROM auth_user ORDER BY 1",
        "log": "SELECT count(*) FROM aggregator_logentry WHERE act <> 'load_vocabulary'",
    }
    return {name: database.ask(statement) for name, statement in questions.items()}


def test_a_database_of_an_earlier_release_is_brought_up_to_date_and_backed_up(
    earlier: Database, database: Any, tmp_path: Path
) -> None:
    before = counted(earlier)
    assert len(before["articles"]) > 100
    prepared = earlier.run("prepare")
    assert prepared.returncode == 0, prepared.stdout
    assert counted(earlier) == before
    mended = earlier.run("verify", "--repair")
    assert "WRONG" not in mended.stdout, mended.stdout
    checked = earlier.run("verify")
    assert checked.returncode == 0, checked.stdout
    assert counted(earlier) == before

    file = tmp_path / "site.dump"
    written = earlier.run("backup", str(file))
    assert written.returncode == 0, written.stdout
    assert "restored and recounted" in written.stdout
    assert file.stat().st_mode & 0o077 == 0
    other = database()
    read = other.run("restore", str(file))
    assert read.returncode == 0, read.stdout
    assert "WRONG" not in read.stdout
    assert counted(other) == before
    names = [name for (name,) in earlier.ask("SELECT datname FROM pg_database")]
    assert not [name for name in names if name.endswith("_check")]


def test_a_backup_of_a_site_with_a_wrong_counter_is_kept_and_said(earlier: Database, tmp_path: Path) -> None:
    earlier.run("prepare")
    earlier.run("verify", "--repair")
    earlier.tell("UPDATE aggregator_story SET origin_count = origin_count + 1 WHERE article_count > 0")
    file = tmp_path / "site.dump"
    written = earlier.run("backup", str(file))
    assert written.returncode == 1
    assert "not in order: WRONG" in written.stdout
    assert "story_counts" in written.stdout
    assert file.exists()


def test_a_backup_that_lost_rows_is_noticed(earlier: Database, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from django.utils import timezone
from newsroom import backups, local
written = backups.write(Path({str(tmp_path / "site.dump")!r}), timezone.now())
written.rows["aggregator_story"] += 1
try:
    backups.check(written)
except local.LocalError as error:
    print("NOTICED", error)
"""
    said = earlier.run("shell", "-v", "0", "-c", code).stdout
    assert "NOTICED" in said
    assert "other rows in aggregator_story" in said


def test_a_file_that_is_no_backup_leaves_the_database_empty(database: Any, tmp_path: Path) -> None:
    (file := tmp_path / "broken.dump").write_bytes(b"PGDMP" + b"\0" * 200)
    made = database()
    refused = made.run("restore", str(file))
    assert refused.returncode == 1
    assert refused.stdout.startswith("newsroom: pg_restore failed")
    assert made.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_the_password_is_no_argument_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    where = {
        "NAME": "n",
        "HOST": "h",
        "PORT": "5432",
        "USER": "u",
        "PASSWORD": "secretive",
        "OPTIONS": {"sslmode": "require"},
    }
    monkeypatch.setitem(settings.DATABASES, "default", where)
    assert "secretive" not in backups._address()
    assert "sslmode=require" in backups._address()
