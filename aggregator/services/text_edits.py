"""Agencies and boilerplate lines: a job that looks at the stored texts of the last days.

A dry run says which would be read otherwise; a change puts those back in the queue.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from aggregator.models import Article, Membership
from aggregator.services import family_edits, independence, nudge, rereading, retagging, vocabulary_rows
from aggregator.services.desk_jobs import APPLY, Job
from aggregator.services.independence import Effects
from aggregator.services.rereading import AgencyChange, LineChange

SUBJECTS = ("agency", "line")
MOST = 100_000  # texts of one job, the newest first: more than 30 days at 2,750 a day
STEP = {"agency": 500, "line": 100}  # articles between two looks at the cancel


def begin(job: Job, now: datetime) -> None:
    """Set where a job begins and how much it looks at; nothing when no text could be read otherwise."""
    if job.subject == "agency" and not _agency(job).reads_otherwise:
        return
    job.place = (now.isoformat(), 2**62)
    job.total = max(job.total, _rows(job)[:MOST].count())


def step(job: Job, now: datetime) -> None:
    """Look at the next texts."""
    size = min(STEP[job.subject], MOST - job.checked)
    seen = list(_rows(job).values_list("reported_at", "pk")[:size])
    ids = [pk for _, pk in seen]
    if ids:
        (_reread_agency if job.subject == "agency" else _reread_line)(job, ids, now)
        job.place = (seen[-1][0].isoformat(), seen[-1][1])
    job.checked += len(ids)
    if len(ids) < size or job.checked >= MOST:
        job.place = None
        _changes.pop(job.id, None)


def _rows(job: Job) -> QuerySet[Article]:
    place = (datetime.fromisoformat(job.place[0]), job.place[1]) if job.place else None
    rows = rereading.settled(datetime.fromisoformat(job.since), place)
    return (
        rows.filter(source=vocabulary_rows.find_row("line", job.slug).source)
        if job.subject == "line"
        else rows
    )


_changes: dict[str, AgencyChange] = {}  # at most one: of the job that this process worked on last


def _agency(job: Job) -> AgencyChange:
    if job.id not in _changes:
        old, new = (vocabulary_rows.agencies_with(job.slug, each) for each in (job.before, job.content))
        _changes.clear()
        _changes[job.id] = rereading.agency_change(job.slug, old, new)
    return _changes[job.id]


def _reread_agency(job: Job, ids: list[int], now: datetime) -> None:
    change = _agency(job)
    found = rereading.credited_otherwise(ids, change)
    for one in found:
        getattr(job, one.what).append(one.article.pk)
    if not found:
        return
    if job.kind == APPLY:
        rereading.keep_credits(found)
        retagging.queue_retag(list(rereading.groups_of(one.article.pk for one in found)), now)
        nudge.advance()
        return
    standing = rereading.standings(found, change.new)
    rows = Membership.objects.filter(article__in=standing).exclude(story__in=job.counted)
    stories = sorted(set(rows.values_list("story_id", flat=True)))
    into, as_now = Effects(), independence.as_stored()
    independence.effects(
        stories,
        lambda article: standing.get(article.pk) or as_now(article),
        into=into,
        most=family_edits.EXAMPLES,
    )
    family_edits.note(job, into)
    job.counted += stories


def line_change(job: Job) -> LineChange:
    """Return what a job about a line changes."""
    return rereading.line_change(vocabulary_rows.find_row("line", job.slug), job.content)


def _reread_line(job: Job, ids: list[int], now: datetime) -> None:
    found, missing = rereading.texts_otherwise(ids, line_change(job))
    for pk in (pk for pk in ids if pk in found):
        getattr(job, found[pk]).append(pk)
    job.effects["not_kept"] = job.effects.get("not_kept", 0) + missing
    if job.kind == APPLY and found:
        rereading.queue_rereading(list(found), now)
        nudge.advance()
