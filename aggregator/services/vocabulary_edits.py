"""Editing the vocabulary: a dry run in the background, then the change, which is logged and can be undone.

A job is done in slices, so that no worker is held for long, progress can be shown, and a cancel is
heard. What a change set off are rows under way (`Work.why` retag or reread), and for publishers, outlets and
agencies origins and stories that are brought up to date at once (`family_edits`).
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from aggregator.errors import AggregatorError
from aggregator.models import (
    LogEntry,
    RegionLink,
    StoryConflict,
    StoryRegion,
    StoryTopic,
)
from aggregator.services import (
    desk_jobs,
    family_edits,
    job_words,
    nudge,
    placing,
    retagging,
    text_edits,
    vocabulary,
    vocabulary_rows,
)
from aggregator.services.curation.acts import Actor, ground_moved, log_act
from aggregator.services.desk_jobs import APPLY, DRY_RUN, OPEN, Content, Job, find_job, look_after, start
from aggregator.services.job_findings import DAYS, samples, sentence, stories, take_back, waiting
from aggregator.services.locks import line_lock

__all__ = [
    "APPLY", "DRY_RUN", "OPEN", "Job", "cancel", "current", "find_job", "look_after", "run", "samples", "start", "stories",
    "undo_change", "waiting",
]  # fmt: skip

log = logging.getLogger(__name__)

SLICE_SECONDS = 6.0  # a worker works on a job for so long before it lets others in
STEP = 100  # articles or stories between two looks at the cancel
ACTS = {
    "topic": "change_cues", "region": "change_region", "conflict": "change_conflict", "publisher": "change_publisher",
    "source": "change_family", "agency": "change_agency", "line": "change_line",
}  # fmt: skip
SUBJECTS = {act: subject for subject, act in ACTS.items()}


def cancel(job_id: str) -> None:
    """Stop a job; of a change, take back what still waits to run again. The change itself stays."""
    job = find_job(job_id)
    desk_jobs.ask_to_stop(job)
    if job.state == "waiting":
        job.state, job.sentence = "cancelled", "Cancelled before it began."
        desk_jobs.keep(job)
    elif job.kind == APPLY and job.state == "done":
        job.sentence += f" Cancelled: {take_back(job)} articles were not run again."
        desk_jobs.keep(job)


def run(job_id: str, now: datetime) -> None:
    """Do a slice of a job; called by a worker. Of two that are nudged for one job the second leaves it alone."""
    job = find_job(job_id)
    if job.state not in OPEN or not desk_jobs.take(job):
        return
    try:
        _run(job, now)
    except AggregatorError as error:
        job.state, job.sentence = "failed", error.sentence
    except Exception:
        job.state, job.sentence = "failed", "It stopped because of an error; see the logs."
        log.exception("desk_job_failed")
    finally:
        desk_jobs.keep(job)
        desk_jobs.give_back(job)
    if job.state == "running":
        nudge.desk_job(job.id)


def _run(job: Job, now: datetime) -> None:
    if job.state == "waiting":
        _begin(job, now)
    until = time.monotonic() + SLICE_SECONDS
    while job.state == "running":
        if desk_jobs.is_to_stop(job) and not (job.kind == APPLY and job.stories):
            _stop(job)
        elif job.place is not None:
            _compare(job, now)
        elif job.story >= 0:
            _place(job, now)
        elif _has_families(job):
            family_edits.step(job, vocabulary_rows.find_row(job.subject, job.slug), now)
        else:
            job.state, job.sentence = "done", sentence(job)
        desk_jobs.keep(job)
        if time.monotonic() >= until:
            break


def _has_families(job: Job) -> bool:
    return bool(job.stories) or job.origin >= 0


def _begin(job: Job, now: datetime) -> None:
    row = vocabulary_rows.find_row(job.subject, job.slug)
    since = now - timedelta(days=DAYS)
    if not job.before:
        job.before = vocabulary_rows.read_content(job.subject, row)
        job.content = {**job.before, **job.content}  # what was not asked for stays
        desk_jobs.keep(job)
    rules = vocabulary_rows.check(job.subject, job.slug, job.content, now)  # what cannot be used is told here
    if rules is not None:
        _tried.clear()
        _tried[job.id] = rules
    if job.kind == APPLY:
        if not job.written:
            user = get_user_model().objects.filter(pk=job.user_id).first()
            _change(Actor(user, now, job.reason), job)
            job.written = True
        if vocabulary_rows.moves_stories(job.subject, job.before, job.content):
            job.story = 0
    job.since, job.state = since.isoformat(), "running"
    if job.subject in family_edits.SUBJECTS:
        family_edits.begin(job, vocabulary_rows.find_row(job.subject, job.slug), since)
    if job.subject in text_edits.SUBJECTS:
        text_edits.begin(job, now)
    elif job.subject not in family_edits.SUBJECTS and vocabulary_rows.changes_rules(job.before, job.content):
        job.place, job.total = (now.isoformat(), 2**62), retagging.count_recent(since)


def _change(actor: Actor, job: Job) -> None:
    with transaction.atomic():
        row = vocabulary_rows.find_row(job.subject, job.slug)
        if row.pk:
            row = vocabulary_rows.MODELS[job.subject].objects.select_for_update(of=("self",)).get(pk=row.pk)
        else:
            row.learned_at = actor.now
        now_there = vocabulary_rows.read_content(job.subject, row)
        if now_there == job.content != job.before:  # written by a worker that died before it could say so
            return
        job.before = now_there
        vocabulary_rows.write_content(job.subject, row, job.content)
        log_act(actor, ACTS[job.subject], row, before=job.before, after=job.content)


# At most one of each: of the job that this process began, or worked on, last.
_tried: dict[str, vocabulary.Rules] = {}
_rules: dict[str, retagging.Comparison] = {}


def _comparison(job: Job) -> retagging.Comparison:
    if job.id not in _rules:
        old = vocabulary_rows.rules_with(job.subject, job.slug, job.before)
        new = _tried.pop(job.id, None) or vocabulary_rows.rules_with(job.subject, job.slug, job.content)
        _rules.clear()
        key = vocabulary.key_of(job.subject, vocabulary_rows.find_row(job.subject, job.slug).slug)
        _rules[job.id] = retagging.Comparison(job.subject, key, old, new)
    return _rules[job.id]


def _compare(job: Job, now: datetime) -> None:
    """Look at the next articles; those that a change touches are queued at once."""
    assert job.place is not None
    if job.subject in text_edits.SUBJECTS:
        text_edits.step(job, now)
        job.sentence = sentence(job)
        return
    comparison = _comparison(job)
    at, pk = job.place
    limit = min(STEP, retagging.MOST - job.checked)
    since, before = datetime.fromisoformat(job.since), (datetime.fromisoformat(at), pk)
    touched, seen = [], 0
    for article, text in retagging.recent(job.subject, since, before, limit):
        seen += 1
        job.place = (article.reported_at.isoformat(), article.pk)
        if what := comparison.change(article, text):
            getattr(job, what).append(article.pk)
            touched.append(article.pk)
    job.checked += seen
    if job.kind == APPLY and touched:
        retagging.queue_retag(touched, now)
        nudge.advance()
    if seen < limit or job.checked >= retagging.MOST:
        job.place = None
        _rules.pop(job.id, None)
    job.sentence = sentence(job)


def _place(job: Job, now: datetime) -> None:
    """Make cards and timelines of the next stories anew: a region was moved, or something has another name."""
    following = _stories(job)
    with line_lock():
        placing.place_stories(following, now)
    job.story = following[-1] if len(following) == STEP else -1


def _stories(job: Job) -> list[int]:
    row = vocabulary_rows.find_row(job.subject, job.slug)
    if job.subject == "region":
        inside = RegionLink.objects.filter(ancestor=row).values("region")
        rows: QuerySet[Any] = StoryRegion.objects.filter(region__in=inside)
    elif job.subject == "topic":
        rows = StoryTopic.objects.filter(topic=row)
    else:
        rows = StoryConflict.objects.filter(conflict=row)
    after = rows.filter(story_id__gt=job.story).order_by("story_id").values_list("story_id", flat=True)
    return list(after.distinct()[:STEP])


def _stop(job: Job) -> None:
    job.state = "cancelled"
    job.sentence = f"Cancelled after {job.checked} of {job.total} {job_words.unit(job)}."
    if job.kind == APPLY:
        job.sentence += (
            f" The change stays and holds for new articles; {take_back(job)} articles were not run again."
            " Undo it from the log to take it back."
        )


def undo_change(actor: Actor, entry: LogEntry) -> LogEntry:
    """Give a row of the vocabulary back what it held, and run the articles again that this touches.

    Raises CurationError when the row has been changed since.
    """
    subject = SUBJECTS[entry.act]
    row = vocabulary_rows.MODELS[subject].objects.select_for_update().filter(pk=entry.target_id or 0).first()
    if row is None or not _as_left(vocabulary_rows.read_content(subject, row), entry.after):
        raise ground_moved("A later change of it")
    before = vocabulary_rows.read_content(subject, row)
    content = {**before, **entry.before}  # entries of before have no slug
    vocabulary_rows.write_content(subject, row, content)
    undone = log_act(actor, "undo", row, before=before, after=content, undo_of=entry)
    user_id = actor.user.pk if actor.user else 0
    start(
        APPLY,
        subject,
        vocabulary_rows.slug_of(subject, row),
        content,
        user_id,
        reason=actor.reason,
        before=before,
    )
    return undone


def _as_left(now: Content, after: Content) -> bool:
    return all(now.get(name) == value for name, value in after.items())


def current(subject: str, slug: str) -> tuple[Any, Content]:
    """Return a row with its content. Raises CurationError when there is none."""
    row = vocabulary_rows.find_row(subject, slug)
    return row, vocabulary_rows.read_content(subject, row)
