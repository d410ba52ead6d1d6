"""The site starts with one command, stops with one signal, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsroom import embedded
from tests.newsroom.running import ROOT, Site, await_nobody, environment, manage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A data folder that has been started once, so that each test starts fast."""
    folder = tmp_path_factory.mktemp("site")
    yield environment(folder)
    shutil.rmtree(folder, ignore_errors=True)


def read(environ: dict[str, str], path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{environ['PORT']}{path}", timeout=20) as answer:
        return dict(json.load(answer))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(environ: dict[str, str], number: signal.Signals) -> None:
    site = Site(environ).await_ready()
    assert site.end(number) == 0, site.said
    assert await_nobody(Path(environ["DATA_DIR"])) == {}
    assert "stopped" in site.said


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_goes_on(environ: dict[str, str]) -> None:
    site = Site(environ).await_ready()
    site.end(signal.SIGKILL)
    again = Site(environ).await_ready()
    try:
        assert "(shown once)" not in again.said or "(shown once)" not in site.said
        assert read(environ, "/readyz")["status"] == "ok"
    finally:
        again.end()
    assert await_nobody(Path(environ["DATA_DIR"])) == {}


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_what_make_started_ends_with_make(
    environ: dict[str, str], number: signal.Signals, tmp_path: Path
) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text("run:\n\t@exec $(PYTHON) manage.py run\n")
    site = Site(environ, "make", "-f", str(makefile), f"PYTHON={sys.executable}", "run").await_ready()
    site.end(number)
    assert await_nobody(Path(environ["DATA_DIR"])) == {}


@pytest.mark.parametrize("answer", ["desk@example.org", ""])
def test_the_contact_is_asked_once_at_a_terminal(tmp_path: Path, answer: str) -> None:
    environ = environment(tmp_path, CONTACT="", BIND="192.0.2.1")  # ends after the question
    first, again = at_a_terminal(environ, answer), at_a_terminal(environ, answer)
    assert "Contact: " in first
    assert "Contact: " not in again
    assert (tmp_path / "data" / "contact").read_text().strip() == answer


def at_a_terminal(environ: dict[str, str], answer: str) -> str:
    """Return what `run` says at a terminal where somebody types `answer`."""
    ours, theirs = pty.openpty()
    argv = [sys.executable, "manage.py", "run"]
    child = subprocess.Popen(argv, cwd=ROOT, env=environ, stdin=theirs, stdout=subprocess.PIPE, text=True)
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    said = child.communicate(timeout=60)[0]
    os.close(ours)
    return said


def test_without_a_terminal_it_starts_and_reminds(environ: dict[str, str]) -> None:
    site = Site(environ | {"CONTACT": ""}).await_ready()
    site.end()
    assert "No CONTACT is set" in site.said
    assert "Contact: " not in site.said


def test_a_second_start_says_that_the_first_one_runs(environ: dict[str, str]) -> None:
    site = Site(environ).await_ready()
    try:
        second = manage(environ, "run")
    finally:
        site.end()
    assert second.returncode == 1
    assert second.stdout.startswith("newsroom: run (process ")
    assert second.stdout.count("\n") == 1


def test_a_worker_that_is_killed_is_started_again(environ: dict[str, str]) -> None:
    site = Site(environ).await_ready()
    try:
        before = site.pids()
        victims = {name: pid for name, pid in before.items() if "worker -Q cpu" in name}
        for pid in victims.values():
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            now = {pid for name, pid in site.pids().items() if "worker -Q cpu" in name}
            if now and not now & set(victims.values()):
                break
            time.sleep(0.2)
        assert now
        assert not now & set(victims.values())
    finally:
        assert site.end() == 0
    assert "worker-cpu ended (signal 9)" in site.said


def test_other_commands_attach_to_the_running_servers_or_start_them(environ: dict[str, str]) -> None:
    Site(environ).await_ready().end()
    alone = manage(environ, "export_sources")
    site = Site(environ).await_ready()
    try:
        beside = manage(environ, "export_sources")
    finally:
        site.end()
    assert (alone.returncode, beside.returncode) == (0, 0), alone.stdout + beside.stdout
    assert "http://127.0.0.1:9/f" in alone.stdout
    assert alone.stdout == beside.stdout
    assert await_nobody(Path(environ["DATA_DIR"])) == {}


def test_a_backup_can_be_read_into_an_empty_folder(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "site.dump"
    Site(environ).await_ready().end()
    written = manage(environ, "backup", str(file))
    assert written.returncode == 0, written.stdout
    other = environ | {"DATA_DIR": str(tmp_path / "other")}
    assert manage(other, "restore", str(file)).returncode == 0
    assert "http://127.0.0.1:9/f" in manage(other, "export_sources").stdout
    refused = manage(other, "restore", str(file))
    assert refused.returncode == 1
    assert "not empty" in refused.stdout


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        pytest.param({"DATABASE_URL": "postgresql://a:b@127.0.0.1:9/x"}, "mend DATABASE_URL", id="database"),
        pytest.param({"REDIS_URL": "redis://127.0.0.1:9/0"}, "mend REDIS_URL", id="redis"),
        pytest.param({"DATABASE_URL": "mysql://x/y"}, "write postgresql://", id="other database"),
        pytest.param({"PORT": "eighty"}, "write a whole number", id="port is no number"),
        pytest.param({"BIND": "192.0.2.1"}, "set BIND", id="address of another machine"),
        pytest.param({"CLOCK": "yesterday"}, "CLOCK=", id="clock"),
        pytest.param({"FETCH_ALLOW": "everything"}, "write networks", id="networks"),
        pytest.param({"DATA_DIR": "/proc/nowhere"}, "set DATA_DIR", id="data folder"),
        pytest.param({"SOURCES": "/nowhere/list.opml"}, "SOURCES=", id="sources"),
    ],
)
def test_bad_settings_get_one_sentence(
    environ: dict[str, str], tmp_path: Path, more: dict[str, str], sentence: str
) -> None:
    refused = manage(environ | {"DATA_DIR": environ["DATA_DIR"]} | more, "run")
    assert refused.returncode == 1, refused.stdout
    lines = [line for line in refused.stdout.splitlines() if not line.endswith("…") and line != "stopped"]
    assert len(lines) == 1, refused.stdout
    assert lines[0].startswith("newsroom: ")
    assert sentence in lines[0]


def test_a_port_in_use_gets_one_sentence(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = manage(environ | {"PORT": port}, "run")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1), refused.stdout
    assert f"port {port} is already in use" in refused.stdout


def test_data_of_another_postgresql_says_how_to_move_it(environ: dict[str, str], tmp_path: Path) -> None:
    cluster = tmp_path / "data" / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("15\n")
    refused = manage(environ | {"DATA_DIR": str(tmp_path / "data")}, "run")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1), refused.stdout
    assert "was made by PostgreSQL 15" in refused.stdout
    assert "make restore" in refused.stdout


def test_root_without_user_namespaces_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(embedded, "NAMESPACE", ("false",))
    with pytest.raises(embedded.ServerError, match="ordinary user, or set DATABASE_URL"):
        embedded.prefix()
