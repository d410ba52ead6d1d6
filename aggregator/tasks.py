"""Doors for Celery. A nudge may be lost or come twice; the rows know what is due."""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.conf import settings

from aggregator import clock
from aggregator.services import nudge

# Services are met inside the tasks: the network's worker needs none of what the rules bring along.
SECONDS = 20.0  # a task works for so long before it lets others in; the next nudge goes on


@shared_task(ignore_result=True)
def poll_due() -> None:
    """Poll feeds and fetch pages that are due, then nudge again while more are."""
    from aggregator.services import fetching, looking, polling, websub

    looking.look_again(clock.now())
    network = fetching.open_network()
    if settings.WEBSUB:
        websub.ask_due(network, clock.now())
    if polling.poll_due(network, clock.now):
        nudge.poll()


@shared_task(ignore_result=True)
def advance_due() -> None:
    """Settle articles that wait for the rules, then nudge again while more do."""
    from aggregator.services import settling

    if _while_more(lambda: settling.settle_due(clock.now())):
        nudge.advance()


@shared_task(ignore_result=True)
def index_due() -> None:
    """Make search rows of settled articles."""
    from aggregator.services import indexing

    _while_more(indexing.index_due)


@shared_task(ignore_result=True)
def withdraw_due() -> None:
    """Take out the words of withdrawn outlets' articles."""
    from aggregator.services.curation import withdrawing

    if _while_more(lambda: withdrawing.withdraw_next(clock.now())):
        nudge.withdraw()


@shared_task(ignore_result=True)
def mend() -> None:
    """Make good what was forgotten, then nudge the queues."""
    from aggregator.services import polling

    polling.mend(clock.now())
    nudge.poll()
    nudge.advance()
    nudge.withdraw()


@shared_task(ignore_result=True)
def roll_up() -> None:
    """Sum up old polls, pack old bands, and forget sessions that are over."""
    from aggregator.services import old_bands, people, retention

    retention.roll_up(clock.now())
    old_bands.pack_old(clock.now())
    people.forget_ended()


@shared_task(ignore_result=True)
def learn_lines() -> None:
    """Learn the lines that a source repeats."""
    _call("aggregator.services.learning", "learn_lines")


@shared_task(ignore_result=True)
def repair_stories() -> None:
    """Join and part the stories of the last two days anew."""
    _call("aggregator.services.repairing", "repair_stories")


@shared_task(ignore_result=True)
def send_digests() -> None:
    """Send the digests that are due."""
    _call("aggregator.services.digests", "send_digests")


@shared_task(ignore_result=True)
def tell_health() -> None:
    """Mail the admins what has changed about feeds, once a day."""
    _call("aggregator.services.health_mail", "tell_health")


@shared_task(ignore_result=True)
def count_queues() -> None:
    """Count what waits at the desk, so that its start page need not."""
    from aggregator.services import queues

    queues.count_all(clock.now())


@shared_task(ignore_result=True)
def count_reasons() -> None:
    """Count by which rules the articles of the last month were decided, for the methodology page."""
    from aggregator.services import reason_counts

    reason_counts.count_days(clock.now())


@shared_task(ignore_result=True)
def run_desk_job(job_id: str) -> None:
    """Do what a curator has asked for in the background."""
    from aggregator.services import vocabulary_edits

    vocabulary_edits.run(job_id, clock.now())


def _while_more(step: Callable[[], Any]) -> bool:
    """Repeat a step while it says that there is more; return whether there was when the time was over."""
    until = time.monotonic() + SECONDS
    while step():
        if time.monotonic() > until:
            return True
    return False


def _call(module: str, name: str) -> None:
    """Call a service that this installation may not have."""
    if importlib.util.find_spec(module) is not None:
        getattr(importlib.import_module(module), name)(clock.now())
