"""The compose file is valid, holds no secret, and each of its commands runs as it is written."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from django.conf import settings

from newsroom import embedded
from tests.newsroom.running import CLEARED, ROOT, free_port

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service.get("build")]
GIVEN = {
    "SECRET_KEY": "x" * 60,
    "POSTGRES_PASSWORD": "never-used-here",
    "SITE_URL": "https://news.example.org",
    "SOURCES": "",
}


def fill(words: str) -> str:
    """Fill ${NAME}, ${NAME:-default} and ${NAME:?sentence} as compose does."""
    return re.sub(
        r"\$\{([A-Z_]+)(?::[-?]([^}]*))?\}",
        lambda found: GIVEN.get(found[1], "" if ":?" in found[0] else found[2] or ""),
        words,
    )


def test_the_file_follows_the_compose_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    argv = [checker, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_secret_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for line in text.splitlines():
        name, _, value = line.strip().partition(": ")
        if re.search(r"SECRET|PASSWORD", name) and not name.startswith("#"):
            assert value.startswith("${"), line


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_each_service_is_watched_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["deploy"]["resources"]["limits"].keys() == {"memory", "cpus", "pids"}
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_rights_and_wait_for_what_they_need(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service["depends_on"]) >= {"postgres", "redis"} | ({"migrate"} - {name})


def test_every_variable_of_the_file_is_documented() -> None:
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert used - known == {"POSTGRES_PASSWORD"}


# Where a container has its data and its services; what is for trying things out or developing.
NOT_PASSED = {
    *("DATA_DIR", "STATIC_ROOT", "DATABASE_URL", "REDIS_URL"),
    *("CLOCK", "SAMPLE_DATA", "SAMPLE_WIRE_PORT", "DEMO_DATA_DIR", "REPLAY_DATA_DIR", "CORPORA_DIR", "DEBUG"),
}


def test_every_documented_variable_reaches_the_containers() -> None:
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert known - used == NOT_PASSED


def test_every_variable_that_is_read_is_documented() -> None:
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    reader = re.compile(
        r"\b(?:env\.)?(?:text|flag|integer|seconds|choice|words|hosts|site|proxy|sender|tokens?|networks|path|database|redis)\(\s*\"([A-Z_]+)\""
    )
    read = {name for file in (ROOT / "newsroom").rglob("*.py") for name in reader.findall(file.read_text())}
    assert read - known == {"MAKELEVEL", "NEWSROOM_SUPERVISED"}
    assert known - read == set()


@pytest.fixture(scope="module")
def environ(
    django_db_setup: None, _redis: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of a container, on a database of its own."""
    folder = tmp_path_factory.mktemp("compose")
    where = settings.DATABASES["default"]
    name = f"compose_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    address = {"host": where["HOST"], "user": where["USER"], "dbname": "postgres"}
    address |= {"port": where["PORT"]} if where["PORT"] else {}
    address |= {"password": where["PASSWORD"]} if where["PASSWORD"] else {}
    with psycopg.connect(**address, autocommit=True) as session:
        session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        session.execute(f'CREATE DATABASE "{name}"')
    query = f"host={where['HOST']}&user={where['USER']}&port={where['PORT']}&password={where['PASSWORD']}"
    yield {
        **{key: value for key, value in os.environ.items() if key not in CLEARED},
        **{key: fill(str(value)) for key, value in SERVICES["web"]["environment"].items()},
        "DATABASE_URL": f"postgresql:///{name}?{query}",
        "REDIS_URL": str(settings.REDIS_URL),
        "DATA_DIR": str(folder),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with psycopg.connect(**address, autocommit=True) as session:
        session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def prepared(environ: dict[str, str]) -> dict[str, str]:
    """The same after the one-shot service has run."""
    argv = SERVICES["migrate"]["command"]
    done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ready" in done.stdout
    return environ


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
def test_a_service_of_ours_runs_and_its_health_check_passes(prepared: dict[str, str], name: str) -> None:
    argv, check = SERVICES[name]["command"], SERVICES[name]["healthcheck"]["test"][1:]
    if name == "web" and not is_free(8000):
        port = str(free_port())
        argv, check = [part.replace("8000", port) for part in argv], [p.replace("8000", port) for p in check]
    child = subprocess.Popen(
        argv, cwd=ROOT, env=prepared, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert passes(check, prepared, child), (
            child.communicate(timeout=5)[0] if child.poll() else "no answer"
        )
        assert child.poll() is None
    finally:
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=60)[0]
    assert child.returncode in (0, -signal.SIGTERM), said


def passes(check: list[str], environ: dict[str, str], child: subprocess.Popen[str]) -> bool:
    """Return whether the health check passes before the service ends."""
    for _ in range(60):
        done = subprocess.run(check, cwd=ROOT, env=environ, capture_output=True, timeout=60)
        if done.returncode == 0:
            return True
        if child.poll() is not None:
            return False
        time.sleep(0.5)
    return False


@pytest.mark.slow
def test_the_database_service_starts_as_written(tmp_path: Path) -> None:
    service, programs, before = SERVICES["postgres"], embedded.programs(), embedded.prefix()
    cluster, port = tmp_path / "pg", str(free_port())
    arguments = service["environment"]["POSTGRES_INITDB_ARGS"].split()
    subprocess.run(
        [*before, programs / "initdb", "-D", cluster, "-U", "newsroom", "--auth=trust", *arguments],
        check=True,
        capture_output=True,
    )
    environ = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGDATA": str(cluster),
        "PGPORT": port,
    }
    child = subprocess.Popen([*before, *service["command"]], env=environ, stderr=subprocess.PIPE)
    try:
        ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", port]
        assert any(subprocess.run(ready, env=environ).returncode == 0 or time.sleep(0.2) for _ in range(100))
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode == 0


@pytest.mark.slow
def test_the_queue_service_starts_as_written(tmp_path: Path) -> None:
    program = shutil.which("redis-server") or str(embedded.redis_program())
    port = 6379 if is_free(6379) else free_port()
    argv = [program, *SERVICES["redis"]["command"][1:], *(["--port", str(port)] if port != 6379 else [])]
    child = subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE)
    try:
        assert any(not is_free(port) or time.sleep(0.1) for _ in range(100))
    finally:
        child.terminate()
        child.communicate(timeout=30)
    assert child.returncode == 0


@pytest.mark.parametrize("unit", sorted(path.name for path in (ROOT / "deploy").glob("*.service")))
def test_a_unit_calls_a_program_that_exists(unit: str) -> None:
    line = next(
        line for line in (ROOT / "deploy" / unit).read_text().splitlines() if line.startswith("ExecStart=")
    )
    program = Path(line.removeprefix("ExecStart=").split()[0])
    assert program.parent == Path("/opt/newsroom/.venv/bin")
    assert Path(sys.executable).with_name(program.name).exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    programs, units = tmp_path / "opt/newsroom/.venv/bin", tmp_path / "etc/systemd/system"
    for folder in (programs, units):
        folder.mkdir(parents=True)
    for name in ("python", "celery"):
        (programs / name).touch(0o755)
    names = [Path(shutil.copy(file, units)).name for file in (ROOT / "deploy").glob("newsroom*.[st]*")]
    asked = [f"/etc/systemd/system/{name.replace('@', '@cpu')}" for name in names]
    argv = ["systemd-analyze", "verify", f"--root={tmp_path}", "--man=no", "--recursive-errors=no", *asked]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert len(names) == 4
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", sorted(path.name for path in (ROOT / "deploy").glob("*.service")))
def test_a_unit_runs_without_rights(unit: str) -> None:
    lines = (ROOT / "deploy" / unit).read_text().splitlines()
    wanted = {
        "User=newsroom",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
    }
    assert wanted <= set(lines)
