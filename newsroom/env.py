"""Typed readers of environment variables; the only module that touches os.environ.

Every reader names the variable and says what to do when its value cannot be used.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class EnvError(Exception):
    """A variable has a value that cannot be used; the sentence says what to do."""


def _refuse(name: str, value: object, wanted: str) -> EnvError:
    return EnvError(f"{name}={value!r} cannot be used: {wanted}.")


def text(name: str, default: str = "") -> str:
    """Return the variable, or `default` when it is unset or blank; it is one line without control characters."""
    value = os.environ.get(name, "").strip() or default
    if not value.isprintable():
        raise _refuse(name, "…", "write one line without control characters")
    return value


def token(name: str, *, low: int) -> str:
    """Return a secret of `low` characters or more, '' when it is unset."""
    value = text(name)
    _long_enough(name, [value] if value else [], low)
    return value


def tokens(name: str, *, low: int) -> list[str]:
    """Return secrets of `low` characters or more each, written with commas or blanks between them."""
    found = words(name)
    _long_enough(name, found, low)
    return found


def _long_enough(name: str, secrets: Iterable[str], low: int) -> None:
    if any(len(secret) < low for secret in secrets):
        raise _refuse(
            name, "…", f"write {low} characters or more that nobody can guess, such as openssl rand -hex 24"
        )


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
    """Return one of `choices`, however it is capitalised."""
    value, allowed = text(name, default), tuple(choices)
    found = next((one for one in allowed if one.lower() == value.lower()), None)
    if found is None:
        raise _refuse(name, value, "write one of " + ", ".join(allowed))
    return found


def words(name: str, default: Iterable[str] = ()) -> list[str]:
    """Return a list written with commas or blanks between its members."""
    return text(name).replace(",", " ").split() or list(default)


def hosts(name: str) -> list[str]:
    """Return host names as Django's ALLOWED_HOSTS wants them."""
    found = words(name)
    if wrong := [word for word in found if "/" in word or (word.count(":") == 1)]:
        raise _refuse(
            name, wrong[0], "write host names without scheme, port or path, such as news.example.org"
        )
    return found


def site(name: str, default: str) -> str:
    """Return the public address of the site, http:// or https:// and a host, without a slash at the end."""
    value = text(name, default).rstrip("/")
    parts = _split(value)
    if not parts or parts.scheme not in {"http", "https"} or parts.path or parts.query or parts.username:
        raise _refuse(name, value, "write https://news.example.org, with nothing behind the host")
    return value


def proxy(name: str) -> str:
    """Return the address of a proxy for outgoing requests, '' when unset."""
    value = text(name)
    parts = _split(value)
    if value and (not parts or parts.scheme != "http" or parts.path.strip("/")):
        raise _refuse(name, "…", "write http://host:port")
    return value


def sender(name: str, default: str) -> str:
    """Return a sender of mail: an address, or a name and an address in angle brackets."""
    value = text(name, default)
    address = parseaddr(value)[1]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise _refuse(name, value, "write Newsroom <newsroom@example.org>")
    return value


def _split(value: str) -> SplitResult | None:
    """Return the parts of an address that names a host and, where it has one, a port that is a number."""
    try:
        parts = urlsplit(value)
        return parts if parts.hostname and (parts.port is None or parts.port) else None
    except ValueError:
        return None


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
    query_host = query.pop("host", "")
    try:
        port = parts.port
    except ValueError:
        raise _refuse(name, "…", "write its port as a number") from None
    return {
        "NAME": unquote(parts.path.strip("/")),
        "HOST": unquote(query_host or parts.hostname or ""),
        "PORT": str(query.pop("port", "") or port or ""),
        "USER": unquote(query.pop("user", "") or parts.username or ""),
        "PASSWORD": unquote(query.pop("password", "") or parts.password or ""),
        "OPTIONS": {
            **(
                {"options": _CUT_OFF_SERVER, **_CUT_OFF_CLIENT}
                if _is_remote(query_host or parts.hostname)
                else {}
            ),
            **{key: unquote(value) for key, value in query.items()},
        },
    }


def _is_remote(host: str | None) -> bool:
    """Return whether a host is reached by TCP; a socket's folder begins with a slash."""
    return bool(host) and not unquote(host or "").startswith("/")


# A host that is cut off must not hold the line's lock until the network's own timeout, two hours: the server asks
# after 30 seconds of silence whether it is there, and ends its session within a minute. The client does the same.
_CUT_OFF_SERVER = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
_CUT_OFF_SERVER += " -c tcp_user_timeout=60000 -c idle_in_transaction_session_timeout=300000"
_CUT_OFF_CLIENT = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}


def redis(name: str) -> str:
    """Return a Redis address (redis://, rediss:// or unix://), '' when unset."""
    value = text(name)
    try:
        parts = urlsplit(value)
        known = parts.scheme in {"redis", "rediss", "unix"} and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        known = False
    if value and not known:
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


def command() -> str:
    """Return the operator's command that this process runs, '' when it runs none."""
    return "".join(sys.argv[1:2]) if Path(sys.argv[0]).name == "manage.py" else ""


def data_dir(base: Path) -> Path:
    """Return the folder that holds all that this site writes; the demo and a replay are sites of their own."""
    match command():
        case "demo":
            return path("DEMO_DATA_DIR", base / "var-demo")
        case "replay":
            return path("REPLAY_DATA_DIR", base / "var-replay")
    return path("DATA_DIR", base / "var")


def give(values: Mapping[str, str]) -> None:
    """Set variables for this process and those it starts."""
    os.environ.update(values)


def everything() -> dict[str, str]:
    """Return a copy of the environment, to hand to a child."""
    return dict(os.environ)


def default(name: str, value: str) -> None:
    """Set a variable that is not set yet."""
    os.environ.setdefault(name, value)
