"""Who of two had a text first: credits speak, then the times that can be believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from .credits import credits_name
from .types import TraceCandidate

REMOTE = timedelta(days=365)  # before the finding: a date that no poll bears out is no claim to be first


def standing(article: TraceCandidate) -> datetime:
    """Return the earliest time at which the outlet can have had the text, as far as it can be believed.

    An outlet may write any date. It cannot have published in its feed before the last poll in which
    the article was not there (`absent_at`), nor after we found it.
    """
    claimed = article.reported_at if article.is_dated else article.found_at
    if article.absent_at is not None:
        claimed = max(claimed, article.absent_at)
    return min(claimed, article.found_at)


def _is_remote(article: TraceCandidate) -> bool:
    return article.absent_at is None and article.found_at - standing(article) > REMOTE


def is_earlier(one: TraceCandidate, other: TraceCandidate) -> bool:
    """Tell whether `one` had the text before `other`.

    A credit decides at once. A date that no poll bears out (a feed's first poll) never wins against
    an article that we held before: whoever copies a text can also date it earlier. Where it lies more than REMOTE
    before we found the article and the other's does not, the finding counts in its place: most such dates are
    broken, and one of them would make every copy follow it out of its time.
    """
    if one.is_own != other.is_own:
        return one.is_own
    credited = credits_name(one.credits, other.domains), credits_name(other.credits, one.domains)
    if credited[0] != credited[1]:
        return credited[1]
    if one.absent_at is None and other.absent_at is not None and other.found_at < one.found_at:
        return False
    if other.absent_at is None and one.absent_at is not None and one.found_at < other.found_at:
        return True
    remote = _is_remote(one), _is_remote(other)
    times = standing(one), standing(other)
    if remote[0] != remote[1]:
        times = (one.found_at, times[1]) if remote[0] else (times[0], other.found_at)
    key_one, key_other = (
        (times[0], remote[0], one.found_at, one.article_id),
        (times[1], remote[1], other.found_at, other.article_id),
    )
    return key_one < key_other
