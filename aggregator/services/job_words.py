"""What a job about publishers, outlets, agencies or boilerplate says of itself, in a sentence."""

from __future__ import annotations

from aggregator.services.desk_jobs import APPLY, Job
from aggregator.services.independence import WHAT


def unit(job: Job) -> str:
    """Return what a job counts its progress in."""
    if job.subject == "publisher":
        return "origins" if job.kind == APPLY else "stories"
    return "stories" if job.subject == "source" and job.kind != APPLY else "articles"


def sentence(job: Job, days: int) -> str:
    """Return how far a job is, or what it found."""
    words = {"line": _line, "agency": _agency}.get(job.subject, _family)(job, days)
    return f"{words} {_on_stories(job)}".strip()


def _line(job: Job, days: int) -> str:
    texts = len(job.added) + len(job.removed)
    missing = job.effects.get("not_kept", 0)
    also = f" {_many(missing, 'text is', 'texts are')} not kept and cannot be read again." if missing else ""
    if job.kind == APPLY:
        return f"The change is made; {_many(texts, 'text', 'texts')} of the last {days} days are read again.{also}"
    return (
        f"{_many(len(job.added), 'text', 'texts')} of the last {days} days would lose passages and"
        f" {len(job.removed)} would regain them ({job.checked} checked).{also}"
    )


def _agency(job: Job, days: int) -> str:
    found = len(job.added) + len(job.removed) + len(job.other)
    if job.kind == APPLY:
        return f"The change is made; {_many(found, 'article', 'articles')} of the last {days} days run again."
    also = f" and credit {len(job.other)} otherwise" if job.other else ""
    return (
        f"This change would credit {_many(len(job.added), 'article', 'articles')} more to the agency,"
        f" {len(job.removed)} no more{also}, of the last {days} days ({job.checked} checked)."
    )


def _family(job: Job, days: int) -> str:
    if job.kind == APPLY:
        return "The change is made."
    outlets = job.effects.get("outlets", 0)
    moved = f"This change moves {_many(outlets, 'outlet', 'outlets')} to another family. " if outlets else ""
    return f"{moved}{_many(job.checked, 'story', 'stories')} of the last {days} days checked."


def _on_stories(job: Job) -> str:
    if job.kind == APPLY:
        origins, placed = job.effects.get("origins", 0), job.effects.get("placed", 0)
        if not placed and not origins:
            return ""
        return (
            f"{_many(origins, 'origin counts', 'origins count')} otherwise now;"
            f" {_many(placed, 'story was', 'stories were')} counted again."
        )
    told = [f"{job.effects[what]} {words}" for what, words in WHAT.items() if job.effects.get(what)]
    if told:
        return f"Of the stories, {'; '.join(told)}."
    return "" if job.subject == "line" else "No story would count otherwise."


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"
