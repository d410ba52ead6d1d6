"""Doors for Celery. A nudge may be lost or come twice; the rows know what is due."""

from __future__ import annotations

from celery import shared_task

from aggregator import clock
from aggregator.services import fetching, nudge, polling

SETTLE_SECONDS = 20.0  # a task settles batches for so long before it lets others in


@shared_task(ignore_result=True)
def poll_due() -> None:
    """Poll feeds and fetch pages that are due, then nudge again while more are."""
    if polling.poll_due(fetching.open_network(), clock.now):
        nudge.poll()
