"""Outages while a site reads: the database restarts, the queue is away or empty, the disk is full, workers stop and start.

Each ends with the same articles and the same origins as a run that nothing disturbed, and every count right.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from newsroom import local
from tests.faults.acts import Place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def the_same(found: dict[str, Any], calm: dict[str, Any]) -> None:
    assert (found["left"], found["held"]) == (0, [])
    assert found["articles"] == calm["articles"]
    assert found["originals"] == calm["originals"]


def test_a_database_that_crashes_under_a_worker(place: Callable[..., Place], calm: dict[str, Any]) -> None:
    site = place()
    for stop in (signal.SIGQUIT, signal.SIGINT):  # as a crash, as a restart
        worker = site.start("poll", "--all", "--wait")
        site.await_articles()
        assert site.servers.postgres is not None
        site.servers.postgres.child.send_signal(stop)
        worker.wait(60)
        site.servers.postgres.child.wait(60)
        assert site.servers.drop_ended() == ["postgres"]
        site.servers.start(want_postgres=True, want_redis=True)
        site.expire()
    site.read_everything()
    the_same(site.state(), calm)
    site.verify()


def test_a_queue_that_is_away_and_comes_back_empty(place: Callable[..., Place], calm: dict[str, Any]) -> None:
    site = place()
    assert site.servers.redis is not None
    worker = site.start("poll", "--all", "--wait")
    site.await_articles()
    site.servers.redis.stop()
    assert site.servers.drop_ended() == ["redis"]
    assert worker.wait(600) == 0  # nudges are lost, the rows know
    (Path(site.environ["DATA_DIR"]) / "redis.rdb").unlink(missing_ok=True)
    site.servers.start(want_postgres=True, want_redis=True)
    the_same(site.state(), calm)
    site.verify()


def test_workers_that_stop_and_start_by_turns_with_doubled_and_dropped_nudges(
    place: Callable[..., Place], calm: dict[str, Any]
) -> None:
    """A rolling restart: TERM to one worker after the other, the next generation takes over."""
    site = place()
    site.python("from aggregator.services import polling; from aggregator.models import Feed; from aggregator import clock; "
                "polling.poll_now(list(Feed.objects.values_list('pk', flat=True)), clock.now())")  # fmt: skip
    for generation in range(4):
        workers = [_worker(site, queue) for queue in ("network", "cpu")]
        _garble(site, generation)
        time.sleep(10)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(90) for worker in workers] == [0, 0]
        left = site.python("from aggregator.models import Work, Host; from django.utils import timezone; "
                           "print('LEASED', Work.objects.filter(lease_until__gt=timezone.now()).count(), "
                           "Host.objects.filter(lease_until__gt=timezone.now()).count())")  # fmt: skip
        assert "LEASED 0 0" in left, left  # who is asked to stop gives back what it holds
    site.read_everything()
    the_same(site.state(), calm)
    site.verify()


def _worker(site: Place, queue: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "celery", "-A", "newsroom", "worker", "-Q", queue, "-n", f"{queue}@%h"]
    argv += [
        "--pool",
        "solo",
        "--concurrency",
        "1",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    return subprocess.Popen(argv, env=site.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _garble(site: Place, generation: int) -> None:
    """Send nudges many times over, in another order, and drop all of them every other time."""
    site.python("from aggregator.services import nudge\nfor _ in range(20): nudge.advance(); nudge.poll()")
    if generation % 2:
        folder = local.socket_dir(Path(site.environ["DATA_DIR"]))
        with redis.Redis(unix_socket_path=str(folder / "redis.sock")) as broker:
            broker.delete("network")
            broker.rpush("cpu", b"{not a message")
            broker.ltrim("cpu", 0, 3)


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mount"), reason="a small disk needs root and mount")
def test_a_disk_that_is_full_for_a_while(
    wire: str, fresh: Path, tmp_path: Path, calm: dict[str, Any]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("this machine lets nobody mount")
    site = Place(disk / "site", wire, like=fresh)
    try:
        worker = site.start("poll", "--all", "--wait")
        site.await_articles()
        _fill(disk / "ballast")
        worker.wait(240)  # it ends with an error: nothing can be written
        (disk / "ballast").unlink()
        if site.servers.drop_ended():
            site.servers.start(want_postgres=True, want_redis=True)
        site.expire()
        site.read_everything()
        the_same(site.state(), calm)
        site.verify()
    finally:
        site.close()
        subprocess.run(["umount", "-l", disk], check=True)


def _fill(file: Path) -> None:
    with file.open("ab", buffering=0) as out:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue
