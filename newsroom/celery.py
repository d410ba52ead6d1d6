"""Celery: two queues and the timetable.

A message is only a nudge: what is to be done lies in rows. It expires after its tick, so that a
queue cannot fill while nobody works, and doubled beats are harmless.
"""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_postrun, worker_process_init
from celery.worker import state
from django.conf import settings
from kombu.entity import Queue

from newsroom import children, env

env.default("DJANGO_SETTINGS_MODULE", "newsroom.settings")
if env.command():  # its children are told; what runs without it is told by whoever starts it
    env.read_file(Path(sys.argv[0]).resolve().parent / ".env")

try:
    _ = settings.DATA_DIR  # reads them, so that what is wrong is said in a sentence
except env.EnvError as error:
    sys.exit(f"newsroom: {error}")

NETWORK, CPU = "network", "cpu"
NETWORK_TASKS = ("poll_due", "fetch_due", "send_digests", "tell_health")

MAX_KILOBYTES = 700_000  # a worker that has grown beyond it ends after its task and is started again

app = Celery("newsroom", set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_queues=[Queue(NETWORK), Queue(CPU)],  # type: ignore[no-untyped-call]
    task_default_queue=CPU,
    task_routes={f"aggregator.tasks.{name}": {"queue": NETWORK} for name in NETWORK_TASKS},
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_concurrency=1,
    worker_max_tasks_per_child=500,
    worker_max_memory_per_child=MAX_KILOBYTES,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_max": 0.5},
    beat_max_loop_interval=5,
    timezone="UTC",
)
app.autodiscover_tasks()


def timetable(tick: float) -> dict[str, dict[str, Any]]:
    """Return the beat timetable; `tick` is how often the line is nudged, in real seconds."""
    every = {
        "poll_due": tick,
        "advance_due": tick,
        "index_due": max(tick, 10.0),
        "mend": 60.0,
        "roll_up": 300.0,
        "repair_stories": 600.0 if tick >= 10 else 30.0,
        "learn_lines": 3600.0 if tick >= 10 else 60.0,
        "send_digests": 900.0,
        "tell_health": 900.0,
        "count_queues": 60.0,
        "count_reasons": 900.0 if tick >= 10 else 60.0,
    }
    return {
        name: {
            "task": f"aggregator.tasks.{name}",
            "schedule": seconds,
            "options": {"expires": max(seconds, 10.0)},
        }
        for name, seconds in every.items()
    }


@app.on_after_configure.connect
def _set_timetable(sender: Celery, **_: object) -> None:
    sender.conf.beat_schedule = timetable(settings.TICK_SECONDS)
    sender.conf.beat_schedule_filename = str(settings.DATA_DIR / "beat-schedule")


@setup_logging.connect
def _keep_django_logging(**_: object) -> None:
    """Leave the logs to Django's settings."""


@worker_process_init.connect
def _end_with_the_worker(**_: object) -> None:
    children.die_with_parent()


@task_postrun.connect
def _note_worker(task: Any = None, **_: object) -> None:
    """Let the desk's page of the line see who works; a cache that is away is no fault of the task."""
    from aggregator import clock
    from aggregator.services import line_page

    with contextlib.suppress(Exception):
        line_page.note_worker(str(task.request.hostname), clock.now())


@task_postrun.connect
def _end_when_grown(**_: object) -> None:
    """Bound a worker without a pool as a pool bounds its children; in a child of a pool it changes nothing."""
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MAX_KILOBYTES:
        state.should_stop = 0  # type: ignore[assignment]
