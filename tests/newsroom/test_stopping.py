"""The web server, as the supervisor starts it: what it has begun is answered before it ends."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsroom import supervisor
from tests.newsroom.running import ROOT, free_port


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so; fail when it never is."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def ask(port: int, path: str, timeout: float = 60.0) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def answers(port: int, path: str) -> bool:
    try:
        return ask(port, path, timeout=1.0) == b"answered"
    except OSError:
        return False


# A fault that showed in every second stop: so it is stopped several times.
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT] * 3, ids=["TERM", "INT"] * 3)
def test_a_request_that_is_in_flight_is_answered_when_the_web_server_is_stopped(
    tmp_path: Path, settings: Any, number: int
) -> None:
    settings.PORT, settings.BIND = free_port(), "127.0.0.1"
    argv = [*supervisor.web().argv[:-1], "tests.newsroom.waiting_app:application"]
    environ = os.environ | {"WAITING_APP": str(tmp_path)}
    server = subprocess.Popen(argv, cwd=ROOT, env=environ, start_new_session=True)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(ask(settings.PORT, "/slow")))
    try:
        until(lambda: answers(settings.PORT, "/"))
        reader.start()
        until((tmp_path / "begun").exists)
        server.send_signal(number)
        until(lambda: not answers(settings.PORT, "/"))  # nobody new is let in
        assert server.poll() is None
        (tmp_path / "go").touch()
        reader.join(60)
        assert got == [b"answered"]
        assert server.wait(60) in (0, -number)
    finally:
        (tmp_path / "go").touch()
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
