"""What a job of the desk found: in a sentence, as articles and stories, and what of it still has to run."""

from __future__ import annotations

from aggregator.models import Article, Story, Work
from aggregator.services import family_edits, job_words, retagging, text_edits
from aggregator.services.desk_jobs import APPLY, Job
from aggregator.services.reading import RERUNS

DAYS = 30  # of articles that a job looks at
SAMPLES = 12


def found(job: Job) -> list[int]:
    """Return the articles that a change touches."""
    return [*job.added, *job.removed, *job.other]


def sentence(job: Job) -> str:
    """Return how far a job is, or what it found."""
    if job.subject in (*text_edits.SUBJECTS, *family_edits.SUBJECTS):
        return job_words.sentence(job, DAYS)
    if job.kind == APPLY:
        return f"The change is made; {len(found(job))} articles of the last {DAYS} days run again."
    also = f" and tag {len(job.other)} otherwise" if job.other else ""
    return (
        f"This change would add {len(job.added)} and remove {len(job.removed)}{also}"
        f" of the last {DAYS} days ({'the newest ' if job.checked >= retagging.MOST else ''}{job.checked} articles checked)."
    )


def waiting(job: Job) -> int:
    """Return how many articles of a change still wait to run again."""
    if job.kind != APPLY:
        return 0
    return Work.objects.filter(why__in=RERUNS, article_id__in=found(job)).count()


def stories(job: Job) -> dict[str, list[Story]]:
    """Return some of the stories that a change would touch, by what happens to them."""
    rows = Story.objects.in_bulk([pk for pks in job.examples.values() for pk in pks])
    return {what: [rows[pk] for pk in pks if pk in rows] for what, pks in job.examples.items() if pks}


def samples(job: Job) -> dict[str, list[Article]]:
    """Return some of the articles that would get the tag, lose it, or be tagged otherwise."""
    ids = {"added": job.added, "removed": job.removed, "other": job.other}
    first = {name: pks[:SAMPLES] for name, pks in ids.items()}
    rows = Article.objects.select_related("source").in_bulk([pk for pks in first.values() for pk in pks])
    return {name: [rows[pk] for pk in pks if pk in rows] for name, pks in first.items()}


def take_back(job: Job) -> int:
    """Leave articles of a change as they are that still wait to run again; return how many."""
    waiting = Work.objects.filter(
        why__in=RERUNS, stage=Work.Stage.SETTLE, lease_until__isnull=True, attempts=0
    )
    gone, _ = waiting.filter(article_id__in=found(job)).delete()
    return int(gone)
