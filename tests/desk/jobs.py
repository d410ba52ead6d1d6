"""Jobs of the desk in tests: tried, made and done to their end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse

from aggregator.models import LogEntry
from aggregator.services import vocabulary_edits as edits
from tests.factories import DAY

NOW = DAY + timedelta(days=1)


def run(job: edits.Job) -> edits.Job:
    """Do a job to its end."""
    for _ in range(300):
        if edits.find_job(job.id).state not in edits.OPEN:
            break
        edits.run(job.id, NOW)
    return edits.find_job(job.id)


def dry_run(subject: str, slug: str, /, **changed: Any) -> edits.Job:
    """Try a change of a row."""
    _, content = edits.current(subject, slug)
    return run(edits.start(edits.DRY_RUN, subject, slug, {**content, **changed}, 0))


def apply(job: edits.Job) -> edits.Job:
    """Make the change that a dry run tried."""
    return run(edits.start(edits.APPLY, job.subject, job.slug, job.content, 0, reason="because"))


def run_undo(client: Any) -> edits.Job:
    """Undo the newest act at the desk, and do the job that it starts."""
    entry = LogEntry.objects.filter(undo_of=None, act__in=edits.SUBJECTS).order_by("-pk").first()
    assert entry is not None
    started: list[edits.Job] = []
    start = edits.start

    def note(*args: Any, **options: Any) -> edits.Job:
        started.append(start(*args, **options))
        return started[-1]

    edits.start = note  # type: ignore[assignment]
    try:
        client.post(reverse("desk-undo", args=[entry.pk]))
    finally:
        edits.start = start  # type: ignore[assignment]
    job = run(started[0])
    assert job.state == "done", job.sentence
    return job
