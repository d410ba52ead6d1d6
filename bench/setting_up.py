"""What a bench needs before it touches rows: the settings, the embedded servers, the labelled data."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


def corpora() -> Path:
    """Return the folder of labelled data (CORPORA_DIR)."""
    return Path(os.environ.get("CORPORA_DIR") or Path(__file__).resolve().parents[2] / "shared")


def set_up() -> None:
    """Set Django up as manage.py does; servers that this process starts end with it."""
    from newsroom import env, local

    env.read_file(Path(__file__).resolve().parents[1] / ".env")
    env.default("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    local.allow_starting()
    atexit.register(local.close)
    import django

    django.setup()


@contextlib.contextmanager
def empty_site(**environ: str) -> Iterator[None]:
    """Set Django up on an empty database of our own, in a folder that is thrown away."""
    folder = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    os.environ.update(
        DATA_DIR=str(folder),
        FETCH_ALLOW="127.0.0.0/8",
        CONTACT="bench@example.org",
        DJANGO_SETTINGS_MODULE="newsroom.settings",
        LOG_LEVEL="ERROR",
        **environ,
    )
    for name in ("DATABASE_URL", "REDIS_URL", "CLOCK"):
        os.environ.pop(name, None)
    from newsroom import local

    servers = local.Servers(folder)
    try:
        servers.ensure(want_postgres=True, want_redis=True, who="bench")
        local.use(servers)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        yield
        connections.close_all()
    finally:
        servers.close(wait_for_users=False)
        shutil.rmtree(folder, ignore_errors=True)
