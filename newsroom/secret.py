"""The site's secret key: given, or made once and kept in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from newsroom.env import EnvError


def key(given: str, data_dir: Path) -> str:
    """Return the given key, or the one kept in `data_dir`/secret_key, made at first."""
    return given or _kept(data_dir / "secret_key")


def _kept(file: Path) -> str:
    try:
        if not file.exists():
            _make(file)
        return file.read_text().strip()
    except OSError as error:
        raise EnvError(
            f"the data folder {file.parent} cannot be used ({error.strerror}): "
            "make room or rights, or set DATA_DIR to another folder."
        ) from None


def _make(file: Path) -> None:
    """Write a new key beside its place and link it there, so that two first starts agree on one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"secret_key.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(50))
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)


def contact(data_dir: Path) -> str:
    """Return the contact that was asked for at the first start, '' when there is none."""
    try:
        return (data_dir / "contact").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def keep_contact(data_dir: Path, words: str) -> None:
    """Keep the answer, blank too, so that it is asked once."""
    (data_dir / "contact").write_text(words.strip() + "\n", encoding="utf-8")
