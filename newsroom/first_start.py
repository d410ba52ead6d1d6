"""What has to be there before the site serves: tables, static files, vocabulary, sources, a curator.

Each step may be repeated at every start and never overwrites what a curator changed.
"""

from __future__ import annotations

import secrets
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command, get_commands
from django.db import OperationalError, connection

from aggregator.services import loading, roles
from newsroom import local, samplewire, secret, staticfiles

CURATOR = "curator"
Say = Callable[[str], None]


def prepare(say: Say) -> str | None:
    """Do all steps; return the password of a curator made now, None when there was one."""
    check_database()
    check_redis()
    say("preparing the database …")
    call_command("migrate", interactive=False, verbosity=0)
    staticfiles.collect(Path(settings.STATIC_ROOT))
    if "load_vocabulary" in get_commands():
        call_command("load_vocabulary", verbosity=0)
    if settings.SAMPLE_DATA:
        loading.add_agency(samplewire.AGENCY_ROW)
    roles.make_roles()
    load_sources(say)
    return make_curator()


def check_database() -> None:
    """Raise LocalError with one sentence when the database does not answer."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        where = settings.DATABASES["default"]
        address = f"{where['HOST'] or 'localhost'}:{where['PORT'] or 5432}/{where['NAME']}"
        reason = (str(error).strip().splitlines() or ["no reason given"])[-1].strip()
        raise local.LocalError(
            f"the database at {address} does not answer ({reason}): mend DATABASE_URL, "
            "or unset it to use the embedded PostgreSQL"
        ) from None


def check_redis() -> None:
    """Raise LocalError with one sentence when Redis does not answer."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        raise local.LocalError(
            f"Redis does not answer ({error}): mend REDIS_URL, or unset it to use the embedded Redis"
        ) from None


def load_sources(say: Say) -> None:
    """Load the operator's own list when SOURCES names one, as approved."""
    if not settings.SOURCES:
        return
    file = _fetch_list(settings.SOURCES)
    try:
        call_command("import_sources", str(file), approve=True, verbosity=0)
    except CommandError as error:
        raise local.LocalError(f"SOURCES={settings.SOURCES}: {error}") from None
    say(f"sources of {settings.SOURCES} are loaded and approved")


def _fetch_list(place: str) -> Path:
    """Return the list as a file; an address is the operator's own word and is fetched as it is."""
    if not place.startswith(("http://", "https://")):
        return Path(place).expanduser().absolute()
    file = Path(settings.DATA_DIR) / "sources.opml"
    try:
        with urllib.request.urlopen(place, timeout=30) as answer:
            file.write_bytes(answer.read(20_000_000))
    except OSError as error:
        raise local.LocalError(f"SOURCES={place} does not answer ({error})") from None
    return file


def make_curator() -> str | None:
    """Make a curator with a random password when nobody may sign in yet; return the password."""
    people = get_user_model().objects
    if people.filter(is_superuser=True, is_active=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    people.create_superuser(CURATOR, password=password)
    return password


def ask_contact(say: Say) -> None:
    """Ask once, at a terminal, whom outlets may turn to; the answer goes into the User-Agent."""
    if settings.CONTACT or (Path(settings.DATA_DIR) / "contact").exists() or not sys.stdin.isatty():
        return
    say("Outlets see who polls them. Give an address or page where they can reach you (Enter: none).")
    try:
        answer = input("Contact: ")
    except EOFError:
        answer = ""
    secret.keep_contact(settings.DATA_DIR, answer)
    settings.CONTACT = answer.strip()
