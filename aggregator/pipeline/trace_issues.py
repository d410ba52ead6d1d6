"""Two reports in one formula: a siege told in the same sentence every day, the issues of a bulletin.

Such texts are much alike and yet no copies: each is a report of its own day. A reprint of the same words with the same
numbers is a copy whenever it comes, and so is an update of a text within the day, whatever the new toll.
"""

from __future__ import annotations

from datetime import timedelta

from .trace_first import is_earlier
from .types import Overlap, TraceCandidate

SHORT_WORDS = 40  # a caption, a summary of a sentence: others may use its words in reports of their own
WHOLE = 0.8  # a side with this share is in the other as a whole
PARAGRAPH_WORDS = 100  # up to here one number is enough to tell two issues apart
BULLETIN_NUMBERS = 3  # that each of two longer texts must have for it
BULLETIN_ALIKE = 0.5
BULLETIN_GAP = timedelta(hours=20)


def is_bulletin(one: TraceCandidate, other: TraceCandidate) -> bool:
    """Tell whether two texts are issues of one recurring bulletin: same form, other day, other numbers.

    Of two sentences one number that only this one has, and one that only the other has, are enough: a new toll in an
    old formula, whoever writes it. An outlet's line of summary that stands again on another day ("key events,
    day 5", "pictures of the day") is an issue too, whatever its numbers.
    """
    if not _is_another_day(one, other):
        return False
    words = min(one.fingerprint.words, other.fingerprint.words)
    if one.source_id == other.source_id and words < SHORT_WORDS:
        return True
    a, b = set(one.fingerprint.numbers), set(other.fingerprint.numbers)
    if words < SHORT_WORDS:
        return bool(a - b and b - a)
    if min(len(a), len(b)) < (1 if words < PARAGRAPH_WORDS else BULLETIN_NUMBERS):
        return False
    return len(a & b) < BULLETIN_ALIKE * min(len(a), len(b))


def _is_another_day(one: TraceCandidate, other: TraceCandidate) -> bool:
    dated = one.is_dated and other.is_dated
    return dated and abs(one.reported_at - other.reported_at) >= BULLETIN_GAP


def is_another_report(one: TraceCandidate, other: TraceCandidate, found: Overlap) -> bool:
    """Tell whether two texts that are much alike are reports of two days.

    Of a sentence that stands again on another day with a word or two changed (a weekday, a number in words) nothing
    says that it is a copy, unless the one carries the other whole.
    """
    if is_bulletin(one, other):
        return True
    short = min(one.fingerprint.words, other.fingerprint.words) < SHORT_WORDS
    return short and found.containment < WHOLE and _is_another_day(one, other)


def of_another_day(
    article: TraceCandidate, by_id: dict[int, TraceCandidate], found: dict[int, Overlap]
) -> list[int]:
    """Return members of `found` whose text, as its first told it, is a report of another day than the article.

    Else a formula that is sent every few hours would be one text for weeks, twin after twin. An article that was
    earlier than its group looks at all members that are known: they would be its copies. The very words of a member are
    that one's reprint.
    """
    apart: set[int] = set()
    same = {by_id[one].original_id or one for one in found if _has_same_words(by_id[one], article)}
    for group in {by_id[one].original_id or one for one in found} - same:
        first = by_id.get(group)
        if first is None:
            continue
        members = [first]
        if is_earlier(article, first):
            members += [one for one in by_id.values() if one.original_id == group]
        if any(is_bulletin(article, one) for one in members):
            apart.add(group)
    return [one for one in found if (by_id[one].original_id or one) in apart]


def _has_same_words(one: TraceCandidate, other: TraceCandidate) -> bool:
    return one.fingerprint.text_hash == other.fingerprint.text_hash
