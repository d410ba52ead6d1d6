"""Readers say that something is wrong: it feeds the desk."""

from __future__ import annotations

from datetime import datetime

from aggregator.models import Article, ReaderReport, Story
from aggregator.services import limits

KINDS = ("wrong_place", "wrong_topic", "wrong_group", "wrong_origin", "wrong_date", "other")
MAX_TEXT = 2000  # characters


class TooManyError(Exception):
    """One address has sent more reports than a reader would."""


def file_report(
    kind: str, text: str, *, story: Story | None, article: Article | None, sender: str, now: datetime
) -> ReaderReport:
    """Store a report. Raises TooManyError above the limit of one sender, ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(kind)
    if not limits.allowed(sender, "report"):
        raise TooManyError
    text = text.replace("\x00", "").strip()[:MAX_TEXT]
    return ReaderReport.objects.create(at=now, kind=kind, text=text, story=story, article=article)
