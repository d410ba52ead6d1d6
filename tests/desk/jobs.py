"""Jobs of the desk in tests: tried, made and done to their end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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


def dry_run(subject: str, slug: str, **changed: Any) -> edits.Job:
    """Try a change of a row."""
    _, content = edits.current(subject, slug)
    return run(edits.start(edits.DRY_RUN, subject, slug, {**content, **changed}, 0))


def apply(job: edits.Job) -> edits.Job:
    """Make the change that a dry run tried."""
    return run(edits.start(edits.APPLY, job.subject, job.slug, job.content, 0, reason="because"))
