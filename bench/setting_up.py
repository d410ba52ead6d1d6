"""What a bench needs before it touches rows: the settings, the embedded servers, the labelled data."""

from __future__ import annotations

import atexit
import os
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
