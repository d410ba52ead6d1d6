"""Typed readers of environment variables; the only module that touches os.environ.

Every reader names the variable and says what to do when its value cannot be used.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class EnvError(Exception):
    """A variable has a value that cannot be used; the sentence says what to do."""


def _refuse(name: str, value: object, wanted: str) -> EnvError:
    return EnvError(f"{name}={value!r} cannot be used: {wanted}.")


def text(name: str, default: str = "") -> str:
    """Return the variable, or `default` when it is unset or blank."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """Return a yes or no."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise _refuse(name, value, "write 1 or 0")


def integer(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    """Return a whole number between `low` and `high`."""
    value = text(name)
    try:
        number = int(value) if value else default
    except ValueError:
        raise _refuse(name, value, f"write a whole number from {low} to {high}") from None
    if not low <= number <= high:
        raise _refuse(name, value, f"write a whole number from {low} to {high}")
    return number


def seconds(name: str, default: float, *, low: float = 0.0, high: float = 864_000.0) -> float:
    """Return a number of seconds between `low` and `high`."""
    value = text(name)
    try:
        number = float(value) if value else default
    except ValueError:
        raise _refuse(name, value, f"write a number of seconds from {low:g} to {high:g}") from None
    if not low <= number <= high:
        raise _refuse(name, value, f"write a number of seconds from {low:g} to {high:g}")
    return number


def choice(name: str, default: str, choices: Iterable[str]) -> str:
    """Return one of `choices`."""
    value = text(name, default)
    if value not in (allowed := tuple(choices)):
        raise _refuse(name, value, "write one of " + ", ".join(allowed))
    return value


def words(name: str, default: Iterable[str] = ()) -> list[str]:
    """Return a list written with commas or blanks between its members."""
    return text(name).replace(",", " ").split() or list(default)


def networks(name: str) -> tuple[Network, ...]:
    """Return networks such as 127.0.0.0/8 or fd00::/8."""
    try:
        return tuple(ipaddress.ip_network(word) for word in words(name))
    except ValueError as error:
        raise _refuse(name, text(name), f"write networks such as 127.0.0.0/8 ({error})") from None


def path(name: str, default: Path) -> Path:
    """Return an absolute path; `~` and relative paths are resolved."""
    return Path(text(name, str(default))).expanduser().absolute()


def database(name: str) -> dict[str, Any] | None:
    """Return Django's database settings for postgresql://user:password@host:port/name, None when unset.

    A socket directory goes into the query: postgresql:///name?host=/run/postgresql&user=me.
    """
    value = text(name)
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise _refuse(name, "…", "write postgresql://user:password@host:5432/name")
    return _database(name, parts)


def _database(name: str, parts: Any) -> dict[str, Any]:
    query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    try:
        port = parts.port
    except ValueError:
        raise _refuse(name, "…", "its port is not a number") from None
    return {
        "NAME": unquote(parts.path.strip("/")),
        "HOST": unquote(query.pop("host", "") or parts.hostname or ""),
        "PORT": str(query.pop("port", "") or port or ""),
        "USER": unquote(query.pop("user", "") or parts.username or ""),
        "PASSWORD": unquote(query.pop("password", "") or parts.password or ""),
        "OPTIONS": {key: unquote(value) for key, value in query.items()},
    }


def redis(name: str) -> str:
    """Return a Redis address (redis://, rediss:// or unix://), '' when unset."""
    value = text(name)
    if value and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise _refuse(name, "…", "write redis://host:6379/0 or unix:///path/redis.sock?db=0")
    return value


def read_file(file: Path) -> None:
    """Take variables from a file of NAME=value lines; what is already set wins."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def give(values: Mapping[str, str]) -> None:
    """Set variables for this process and those it starts."""
    os.environ.update(values)


def everything() -> dict[str, str]:
    """Return a copy of the environment, to hand to a child."""
    return dict(os.environ)


def default(name: str, value: str) -> None:
    """Set a variable that is not set yet."""
    os.environ.setdefault(name, value)
