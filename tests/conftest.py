"""Real PostgreSQL and Redis for every test that asks for rows; no network but this machine.

Without DATABASE_URL and REDIS_URL the embedded servers are started once a run, on a folder that
is thrown away, when the first test asks for a database.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_django

from newsroom import broker, local

FOLDER = "NEWSROOM_TEST_FOLDER"  # set by the first process of a run, for xdist's workers

_servers: local.Servers | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Point the settings at servers of this run before Django is set up."""
    given = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="newsroom-test-")
        config.add_cleanup(_clean)
    _aim(Path(os.environ[FOLDER]), *given)
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        _start()


def _aim(folder: Path, database_url: str | None, redis_url: str | None) -> None:
    from django.conf import settings

    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0) % 15
    if not database_url:
        settings.DATABASES["default"].update(local.database_settings(folder))
    address = redis_url or local.redis_url(folder)
    settings.REDIS_URL = broker.with_database(address, number)
    settings.CELERY_BROKER_URL = broker.celery_address(settings.REDIS_URL)
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    (folder / "static").mkdir(parents=True, exist_ok=True)
    settings.STATIC_ROOT = folder / "static"
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CLOCK, settings.CONTACT, settings.PROXY = "", "desk@example.org", ""
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    settings.LOOK_SECONDS = 0.0
    # All tests come from one address; those about limits set their own.
    settings.LIMITS |= {"search": (0, 60), "sign_in": (0, 60)}


def _start() -> None:
    """Start what was not given; once a run."""
    global _servers
    if _servers is not None or FOLDER not in os.environ:
        return
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    servers = local.Servers(Path(os.environ[FOLDER]), durable=False)
    servers.ensure(
        want_postgres=not os.environ.get("DATABASE_URL"),
        want_redis=not os.environ.get("REDIS_URL"),
        who="tests",
    )
    _servers = servers


def _clean() -> None:
    global _servers
    if _servers is not None:
        _servers.close(wait_for_users=False)
        _servers = None
    folder = os.environ.pop(FOLDER, "")
    shutil.rmtree(folder, ignore_errors=True)
    if folder:
        shutil.rmtree(local.socket_dir(Path(folder)), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests by their folder."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start the servers before the first test database is made."""
    _start()


@pytest.fixture(scope="session")
def _redis() -> None:
    _start()


@pytest.fixture
def redis_url(_redis: None) -> str:
    """Return the address of an empty Redis database of this worker's own."""
    import redis
    from django.conf import settings

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    return str(settings.REDIS_URL)


@pytest.fixture(scope="module")
def loaded_vocabulary(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    """Hold the packaged vocabulary, without outlets, for all tests of a module: each goes back to it by its rollback.

    Loading it costs over a second. Not for modules whose tests commit (`transaction=True`).
    """
    from django.apps import apps
    from django.db import connection

    from aggregator.services.loading import load_vocabulary
    from tests.factories import DAY

    with django_db_blocker.unblock():
        load_vocabulary(DAY, sources=False)
    yield
    models = apps.get_app_config("aggregator").get_models(include_auto_created=True)
    tables = ", ".join(f'"{model._meta.db_table}"' for model in models if model._meta.managed)
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} CASCADE")


@pytest.fixture(scope="session")
def corpora_dir() -> Path:
    """Return the folder of labelled data; skip where it is absent, fail in CI."""
    from django.conf import settings

    folder = Path(settings.CORPORA_DIR)
    if not (folder / "data").is_dir():
        sentence = f"no labelled data in {folder} (set CORPORA_DIR)"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return folder


@pytest.fixture(autouse=True)
def _no_loop_of_others(request: pytest.FixtureRequest) -> Iterator[None]:
    """Playwright leaves its event loop marked as running in this thread; other tests run their own."""
    running = asyncio._get_running_loop()
    if running is None or request.node.get_closest_marker("browser"):
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What a web process keeps in memory was made from another test's rows."""
    from aggregator.services import changes, subjects, timelines
    from aggregator.templatetags import cards, parts

    changes.forget()
    timelines.forget()
    cards.forget()
    subjects.forget()
    parts.forget()


class NetworkBlocked(OSError):
    """A test tried to leave the machine."""


def _is_here(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    return host.startswith("127.") or host in {"::1", "localhost", "", "0.0.0.0"}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    real, real_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def connect(self: socket.socket, address: object) -> None:
        if not _is_here(address):
            raise NetworkBlocked(f"tests may not reach {address}")
        return real(self, address)  # type: ignore[arg-type]

    def connect_ex(self: socket.socket, address: object) -> int:
        if not _is_here(address):
            raise NetworkBlocked(f"tests may not reach {address}")
        return real_ex(self, address)  # type: ignore[arg-type]

    def getaddrinfo(host: object, *args: object, **options: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _looks_local(str(name)):
            raise socket.gaierror(socket.EAI_NONAME, f"tests may not look up {name}")
        return lookup(host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _looks_local(host: str) -> bool:
    if host in {"localhost", "", socket.gethostname()} or host.endswith(".localhost"):
        return True
    return ":" in host or host.replace(".", "").isdigit()  # a literal address is not a look-up
