"""Jobs of the desk: what takes longer than a page is done by a worker, in slices.

A job's state lives in the cache: losing it loses a dry run or the rest of a re-run, never a change.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.cache import cache

from aggregator.errors import CurationError
from aggregator.services import nudge

KEPT_SECONDS = 24 * 3600
TAKEN_SECONDS = 120  # for one step, on a crowded machine too; each step prolongs it
STALLED_SECONDS = 30  # without a sign of life the next look at the job's page sends a nudge
DRY_RUN, APPLY = "dry_run", "apply"
OPEN = ("waiting", "running")

Content = dict[str, Any]


@dataclass
class Job:
    """A dry run, or a change of one row of the vocabulary."""

    id: str
    kind: str
    subject: str  # topic | region | conflict | publisher | source | agency | line
    slug: str
    content: Content
    user_id: int
    reason: str = ""
    state: str = "waiting"  # waiting | running | done | failed | cancelled
    sentence: str = ""
    before: Content = field(default_factory=dict)
    since: str = ""
    written: bool = False  # whether the change itself is made
    place: tuple[str, int] | None = None  # of the newest article not looked at yet: its time and id
    checked: int = 0
    total: int = 0
    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    other: list[int] = field(default_factory=list)
    story: int = -1  # the newest story whose card was made anew; -1 when no story has to be
    origin: int = (
        -1
    )  # the last origin or article of a family that was brought up to date; -1 when none has to be
    stories: list[int] = field(default_factory=list)  # that are still to be counted, or made anew
    counted: list[int] = field(default_factory=list)  # stories that were counted already
    effects: dict[str, int] = field(default_factory=dict)  # what happens to stories → how many
    examples: dict[str, list[int]] = field(default_factory=dict)  # what happens to stories → some of them

    @property
    def percent(self) -> int:
        """How much of the articles has been looked at."""
        return min(100, round(100 * self.checked / self.total)) if self.total else 0


def start(
    kind: str,
    subject: str,
    slug: str,
    content: Content,
    user_id: int,
    *,
    reason: str = "",
    before: Content | None = None,
) -> Job:
    """Start a job; the worker is nudged and takes it. With `before` the change itself is made already."""
    job = Job(secrets.token_urlsafe(9), kind, subject, slug, content, user_id, reason)
    if before is not None:
        job.before, job.written = before, True
    keep(job)
    nudge.desk_job(job.id)
    return job


def find_job(job_id: str) -> Job:
    """Return a job. Raises CurationError when it is not kept any more."""
    kept = cache.get(_key(job_id))
    if kept is None:
        raise CurationError("This job is not kept any more; start it again.", code="job_unknown")
    return Job(**kept)


def look_after(job: Job) -> None:
    """Nudge a worker again when a job that should go on has shown no sign of life: a nudge may be lost."""
    if job.state in OPEN and not cache.get(_key(job.id, "beat")):
        nudge.desk_job(job.id)


def ask_to_stop(job: Job) -> None:
    """Let the worker that has the job know that it is to stop."""
    cache.set(_key(job.id, "cancel"), 1, timeout=KEPT_SECONDS)


def is_to_stop(job: Job) -> bool:
    """Return whether somebody asked for the job to stop."""
    return bool(cache.get(_key(job.id, "cancel")))


def take(job: Job) -> bool:
    """Take a job for this worker; False when another one has it."""
    return bool(cache.add(_key(job.id, "taken"), 1, timeout=TAKEN_SECONDS))


def give_back(job: Job) -> None:
    """Let another worker take the job."""
    cache.delete(_key(job.id, "taken"))


def keep(job: Job) -> None:
    """Keep a job's state, and show that it is alive: whoever has taken it has it for another while."""
    cache.touch(_key(job.id, "taken"), TAKEN_SECONDS)
    cache.set(_key(job.id, "beat"), 1, timeout=STALLED_SECONDS)
    cache.set(_key(job.id), asdict(job), timeout=KEPT_SECONDS)


def _key(job_id: str, what: str = "") -> str:
    return f"desk-job{what and '-' + what}:{job_id[:40]}"
