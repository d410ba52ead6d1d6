"""Readers say that something is wrong: it feeds the desk."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.cache import cache

from aggregator.models import Article, ReaderReport, Story

KINDS = ("wrong_place", "wrong_topic", "wrong_group", "wrong_origin", "wrong_date", "other")
MAX_TEXT = 2000  # characters
PER_HOUR = 6  # reports from one address; the address itself is not kept


class TooManyError(Exception):
    """One address has sent more reports than a reader would."""


def file_report(
    kind: str, text: str, *, story: Story | None, article: Article | None, sender: str, now: datetime
) -> ReaderReport:
    """Store a report. Raises TooManyError above PER_HOUR from one sender, ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(kind)
    if not allowed(sender, "report", PER_HOUR):
        raise TooManyError
    text = text.replace("\x00", "").strip()[:MAX_TEXT]
    return ReaderReport.objects.create(at=now, kind=kind, text=text, story=story, article=article)


def allowed(sender: str, act: str, limit: int, seconds: int = 3600) -> bool:
    """Return whether a sender may do an act once more; only a digest of the sender is kept, for `seconds`."""
    key = f"{act}:{hashlib.sha256(sender.encode()).hexdigest()[:32]}"
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key) <= limit
    except ValueError:  # it expired between the two calls
        return True
