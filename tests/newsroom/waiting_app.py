"""A WSGI application that answers when it is allowed to: it tells that it has begun, and waits for a file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from newsroom.stopping import wake_main_thread_on_signals

FOLDER = Path(os.environ.get("WAITING_APP", "."))

wake_main_thread_on_signals()  # as newsroom/wsgi.py does


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer /slow once FOLDER/go is there, and anything else at once."""
    if environ["PATH_INFO"] == "/slow":
        (FOLDER / "begun").touch()
        while not (FOLDER / "go").exists():
            time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"answered"]
