"""Editing a topic's cues: a dry run in the background, then the change, which is logged and can be followed.

A job's state lives in the cache: losing it loses a dry run, never a change. What a change set off are
rows under way (`Work.why = retag`), so its progress and its cancelling are those of rows.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.cache import cache

from aggregator.errors import AggregatorError, CurationError
from aggregator.models import Article, Topic, Work
from aggregator.services import nudge, retagging

log = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 3600
SAMPLES = 12
LISTS = ("strong", "weak", "negative", "sure")
DRY_RUN, APPLY = "dry_run", "apply"


@dataclass
class Job:
    """A dry run or a change of one topic's cues."""

    id: str
    kind: str
    topic: str
    data: dict[str, Any]
    user_id: int
    reason: str = ""
    state: str = "waiting"  # waiting | running | done | failed | cancelled
    sentence: str = ""
    added: list[int] | None = None
    removed: list[int] | None = None


def cues_from_form(texts: Mapping[str, str], topic: Topic) -> dict[str, Any]:
    """Return cues (one a line) as the rules read them; languages are kept as JSON.

    Raises CurationError with one sentence about what cannot be used.
    """
    data: dict[str, Any] = {name: _lines(texts.get(name, "")) for name in LISTS}
    try:
        data["by_language"] = json.loads(texts.get("by_language") or "{}")
    except ValueError:
        raise CurationError(
            'Cues by language are JSON, such as {"fr": ["bombardement"]}.', code="bad_cue"
        ) from None
    data = {name: value for name, value in data.items() if value or name in topic.data}
    retagging.check_cues(data)
    return data


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.replace("\x00", "").splitlines() if line.strip()))


def start(kind: str, topic: Topic, data: dict[str, Any], user_id: int, reason: str = "") -> Job:
    """Start a job; the worker is nudged and takes it."""
    job = Job(secrets.token_urlsafe(9), kind, topic.slug, data, user_id, reason)
    _keep(job)
    nudge.desk_job(job.id)
    return job


def find_job(job_id: str) -> Job:
    """Return a job. Raises CurationError when it is not kept any more."""
    kept = cache.get(f"desk-job:{job_id[:40]}")
    if kept is None:
        raise CurationError("This job is not kept any more; start it again.", code="job_unknown")
    return Job(**kept)


def cancel(job_id: str) -> None:
    """Cancel a job that has not started; of one that is done, take back what still waits to run again."""
    job = find_job(job_id)
    if job.state == "waiting":
        job.state, job.sentence = "cancelled", "Cancelled before it began."
    elif job.kind == APPLY and job.state == "done":
        waiting = Work.objects.filter(
            why="retag", stage=Work.Stage.SETTLE, lease_until__isnull=True, attempts=0
        )
        done, _ = waiting.filter(article_id__in=[*(job.added or []), *(job.removed or [])]).delete()
        job.sentence += f" {done} articles were not run again: cancelled."
    _keep(job)


def run(job_id: str, now: datetime) -> None:
    """Do a job; called by a worker. A job that was cancelled or began before is left alone."""
    job = find_job(job_id)
    if job.state != "waiting" or not cache.add(f"desk-job-taken:{job.id}", 1, timeout=KEPT_SECONDS):
        return
    job.state = "running"
    _keep(job)
    try:
        _do(job, now)
        job.state = "done"
    except AggregatorError as error:
        job.state, job.sentence = "failed", error.sentence
    except Exception:
        job.state, job.sentence = "failed", "It stopped because of an error; see the logs."
        log.exception("desk_job_failed")
    _keep(job)


def _do(job: Job, now: datetime) -> None:
    topic = Topic.objects.filter(slug=job.topic).first()
    if topic is None:
        raise CurationError(f"There is no topic '{job.topic}'.", code="slug_unknown")
    preview = retagging.preview_cues(topic, job.data, now)
    job.added, job.removed, job.sentence = list(preview.added), list(preview.removed), preview.sentence
    if job.kind == APPLY:
        user = get_user_model().objects.filter(pk=job.user_id).first()
        entry = retagging.change_cues(topic, job.data, now, actor=user, reason=job.reason)
        job.sentence = f"The cues are changed; {entry.after['queued']} articles run again."
        nudge.advance()


def waiting(job: Job) -> int:
    """Return how many articles of a change still wait to run again."""
    ids = [*(job.added or []), *(job.removed or [])]
    return Work.objects.filter(why="retag", article_id__in=ids).count() if job.kind == APPLY else 0


def samples(job: Job) -> tuple[list[Article], list[Article]]:
    """Return some of the articles that would get, and some that would lose, the topic."""
    added, removed = (job.added or [])[:SAMPLES], (job.removed or [])[:SAMPLES]
    rows = Article.objects.select_related("source").in_bulk([*added, *removed])
    return [rows[pk] for pk in added if pk in rows], [rows[pk] for pk in removed if pk in rows]


def _keep(job: Job) -> None:
    cache.set(f"desk-job:{job.id}", asdict(job), timeout=KEPT_SECONDS)
