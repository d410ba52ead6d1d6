"""Check every promise that rows make to each other, and mend what can be mended.

A check returns the ids that break it; its repair brings them in line. `verify` reads only;
`repair` writes under the line's lock.
"""

from __future__ import annotations

from datetime import datetime

from aggregator.services.verifying import articles, line, stories
from aggregator.services.verifying.checks import CHUNK, Check, Finding

# In this order: what a story is made of comes before the story, and the story before what lists show of it.
CHECKS: tuple[Check, ...] = (*line.CHECKS, *articles.CHECKS, *stories.CHECKS)

__all__ = ["CHECKS", "Check", "Finding", "repair", "verify"]


def verify(now: datetime) -> list[Finding]:
    """Return a finding for each check, also where nothing is wrong."""
    return [Finding(check.name, check.sentence, tuple(check.find(now))) for check in CHECKS]


def repair(now: datetime) -> list[Finding]:
    """Mend what can be mended; return what was found, and whether it was mended.

    Articles that have to go through the rules again are only put under way: they count as mended when no
    check but the one that waits for the line still finds them.
    """
    return [_repair_one(check, now) for check in CHECKS]


def _repair_one(check: Check, now: datetime) -> Finding:
    ids = check.find(now)
    mended = bool(ids) and check.mend is not None
    if mended and check.mend is not None:
        for start in range(0, len(ids), CHUNK):
            check.mend(ids[start : start + CHUNK], now)
        mended = not check.find(now)
    return Finding(check.name, check.sentence, tuple(ids), mended)
