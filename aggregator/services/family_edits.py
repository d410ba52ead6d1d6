"""Publishers, outlets' families and agencies: what a change of one means for origins and stories.

A dry run counts the stories of the last 30 days as they would be, in a transaction that is taken back. A
change brings the origins up to date, the newest first, and has the stories counted anew, however old they
are. What a slice has changed of origins it counts before it lets a cancel be heard, so that a story and the
origins it counts never disagree for longer than a slice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from aggregator.models import Agency, Article, Membership, Origin, Publisher, Source
from aggregator.pipeline.domains import owners_domain
from aggregator.services import independence, placing, vocabulary_rows
from aggregator.services.desk_jobs import APPLY, Job
from aggregator.services.independence import Directory, Effects
from aggregator.services.locks import line_lock

SUBJECTS = ("publisher", "source", "agency")
STEP = 100  # origins, articles or stories of one transaction
MOST_STORIES = 40_000  # that a dry run counts, the newest first
EXAMPLES = 8  # stories shown of each effect
# What of a row is counted by origins or shown by cards; all else changes no story.
COUNTED = {
    "publisher": ("slug", "name", "owner_group", "state_control", "homepage_domains"),
    "source": ("slug", "publisher", "state_control", "kind"),
    "agency": ("name", "state_control"),
}


def begin(job: Job, row: Any, since: datetime) -> None:
    """Set what a job has to look at: stories of the last days, or every origin of the row."""
    same = all(job.before.get(name) == job.content.get(name) for name in COUNTED[job.subject])
    if same and job.before != job.content:
        return  # and with nothing changed at all, what an earlier job left undone is done
    if job.kind == APPLY:
        job.origin = 2**62
        job.total = max(1, _waiting(job, row))
        return
    job.stories = _recent_stories(job, row, since)
    job.total = len(job.stories)
    if job.subject != "agency":
        job.effects["outlets"] = _outlets(job, row)


def step(job: Job, row: Any, now: datetime) -> bool:
    """Do the next piece of a job; False when nothing is left."""
    if job.kind != APPLY:
        if job.stories:
            _count_next(job)
        return bool(job.stories)
    if job.stories:
        with line_lock():
            placing.place_stories(job.stories[:STEP], now)
        job.effects["placed"] = job.effects.get("placed", 0) + len(job.stories[:STEP])
        job.stories = job.stories[STEP:]
    elif job.origin >= 0:
        _bring_next_up_to_date(job, row, now)
    return bool(job.stories) or job.origin >= 0


# -- dry run ---------------------------------------------------------------------------------


def _recent_stories(job: Job, row: Any, since: datetime) -> list[int]:
    recent = Membership.objects.filter(article__reported_at__gte=since, article__status="visible")
    found: set[int] = set()
    for rows in _members(job, row, recent):
        found.update(rows.values_list("story_id", flat=True).distinct().order_by()[: MOST_STORIES + 1])
    return sorted(found, reverse=True)[:MOST_STORIES]


def _members(job: Job, row: Any, rows: QuerySet[Membership]) -> Iterable[QuerySet[Membership]]:
    """Yield the memberships of articles whose origin or card a change may touch."""
    if isinstance(row, Source):
        yield rows.filter(article__source=row)
        yield rows.filter(article__origin__article__source=row)
    else:
        yield rows.filter(article__origin__in=_origins(job, row))


def _count_next(job: Job) -> None:
    """Count the next stories as they would be; nothing stays written."""
    stories, job.stories = job.stories[:STEP], job.stories[STEP:]
    into = Effects()
    with transaction.atomic():
        vocabulary_rows.write_content(job.subject, _row(job), job.content)
        independence.effects(stories, independence.by_rows(Directory()), into=into, most=EXAMPLES)
        transaction.set_rollback(True)
    note(job, into)
    job.checked += len(stories)


def note(job: Job, into: Effects) -> None:
    """Add what was found to a job."""
    for what, count in into.counts.items():
        job.effects[what] = job.effects.get(what, 0) + count
        known = job.examples.setdefault(what, [])
        known += into.examples.get(what, [])[: EXAMPLES - len(known)]


def _outlets(job: Job, row: Any) -> int:
    """Return how many outlets would count under another family."""
    if isinstance(row, Source):
        families = Publisher.objects.filter(slug__in=(job.before["publisher"], job.content["publisher"]))
        return int(len({one.family for one in families}) > 1)
    before, after = (each["owner_group"] or each["slug"] for each in (job.before, job.content))
    return Source.objects.filter(publisher=row).count() if before != after else 0


# -- change ----------------------------------------------------------------------------------


def _waiting(job: Job, row: Any) -> int:
    """Return how much there is to bring up to date, for showing how far a job is."""
    if isinstance(row, Source):
        return Article.objects.filter(source=row).count()
    return Origin.objects.filter(pk__in=_origins(job, row)).count()


def _bring_next_up_to_date(job: Job, row: Any, now: datetime) -> None:
    ids = _next_ids(job, row)
    origins = ids
    with line_lock():
        if isinstance(row, Source):
            origins = list(Origin.objects.filter(article__in=ids).values_list("pk", flat=True))
        changed = independence.bring_up_to_date(origins, Directory())
        touched = Membership.objects.filter(article__origin__in=changed)
        stories = set(touched.values_list("story_id", flat=True))
        if isinstance(row, Source):  # cards say whose the first report is
            of_articles = Membership.objects.filter(article__in=ids)
            stories |= set(of_articles.values_list("story_id", flat=True))
        first, rest = (sorted(stories, reverse=True)[part] for part in (slice(STEP), slice(STEP, None)))
        placing.place_stories(first, now)
    job.stories = rest
    job.checked += len(ids)
    job.effects["origins"] = job.effects.get("origins", 0) + len(changed)
    job.effects["placed"] = job.effects.get("placed", 0) + len(first)
    job.origin = ids[-1] if len(ids) == STEP else -1


def _next_ids(job: Job, row: Any) -> list[int]:
    rows: QuerySet[Any]
    if isinstance(row, Source):
        rows = Article.objects.filter(source=row)
    else:
        rows = Origin.objects.filter(pk__in=_origins(job, row))
    return list(rows.filter(pk__lt=job.origin).order_by("-pk").values_list("pk", flat=True)[:STEP])


def _origins(job: Job, row: Any) -> QuerySet[Any]:
    """Return the ids of the origins that a publisher or agency has, or would have."""
    if isinstance(row, Agency):
        return Origin.objects.filter(key=f"agency:{row.slug}").values("pk")
    said = {
        *(owners_domain(domain) for each in (job.before, job.content) for domain in each["homepage_domains"]),
        *(each["name"].casefold() for each in (job.before, job.content)),
    }
    keys = [f"outside:{one}"[:300] for one in said]
    return Origin.objects.filter(Q(publisher=row) | Q(key__in=keys)).values("pk")


def _row(job: Job) -> Any:
    return vocabulary_rows.find_row(job.subject, job.slug)
