"""Sends a nudge by name, after the commit. A nudge carries no work and may be lost."""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)

EXPIRES = 60  # seconds; the next tick brings another


def poll() -> None:
    """Say that feeds or pages may be due."""
    _after_commit("poll_due")


def advance() -> None:
    """Say that articles may wait for the rules."""
    _after_commit("advance_due")


def withdraw() -> None:
    """Say that articles of a withdrawn outlet wait for their tombstones."""
    _after_commit("withdraw_due")


def desk_job(job_id: str) -> None:
    """Say that a curator has asked for something that takes longer than a page."""
    _after_commit("run_desk_job", job_id)


def queue_lengths() -> dict[str, int]:
    """Return how many nudges wait in each queue of the broker; nothing when it is away or keeps no lists."""
    try:
        with current_app.connection_for_read() as connection:
            client = connection.default_channel.client
            return {queue.name: int(client.llen(queue.name)) for queue in current_app.conf.task_queues or ()}
    except Exception as error:  # a broker that is away is no fault of the page that asks
        log.warning("broker_not_read", extra={"error": type(error).__name__})
        return {}


def _after_commit(name: str, *args: str) -> None:
    transaction.on_commit(lambda: _send(name, *args))


def _send(name: str, *args: str) -> None:
    try:
        current_app.send_task(
            f"aggregator.tasks.{name}", args=args, expires=EXPIRES, ignore_result=True, retry=False
        )
    except Exception as error:  # the broker is away: the next tick does it
        log.warning("nudge_lost", extra={"task": name, "error": type(error).__name__})
