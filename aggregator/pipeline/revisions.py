"""Versions of one article: when to look again, what changed between two, which to keep.

Texts are compared by passages (paragraphs, white space folded) and only then by words inside a changed
passage, so that a long text costs little and a page that changes at each look stays bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher

LOOKS = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(hours=72))
MOST_KEPT = 24  # versions of an article
MAX_PASSAGES = 2000  # of a text that are compared
MAX_WORDS = 400  # of a passage; a longer one is shown as cut and added


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: kept, cut or added."""

    kind: str  # same | cut | added
    text: str


def next_look_at(found_at: datetime, now: datetime) -> datetime | None:
    """Return when a page is looked at again: 1, 6, 24 and 72 hours after it was found; None when all are over."""
    return next((found_at + wait for wait in LOOKS if found_at + wait > now), None)


def passages(text: str) -> list[str]:
    """Return the paragraphs of a text as they are compared: white space folded, empty ones left out."""
    folded = (" ".join(line.split()) for line in text.splitlines()[: 10 * MAX_PASSAGES])
    return [line for line in folded if line][:MAX_PASSAGES]


def passages_changed(before: str, after: str) -> int:
    """Return how many passages differ; one that was rewritten counts once."""
    old, new = passages(before), passages(after)
    return sum(max(i - h, k - j) for tag, h, i, j, k in _opcodes(old, new) if tag != "equal")


def surplus(numbers: Sequence[int]) -> list[int]:
    """Return the version numbers to forget: the oldest after the first, so that MOST_KEPT stay."""
    ordered = sorted(numbers)
    return ordered[1 : 1 + max(0, len(ordered) - MOST_KEPT)]


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """Return the words kept, cut and added between two texts, in reading order."""
    old, new = before.split(), after.split()
    if max(len(old), len(new)) > MAX_WORDS:
        return tuple(
            piece for piece in (Piece("cut", " ".join(old)), Piece("added", " ".join(new))) if piece.text
        )
    return tuple(_pieces(old, new))


def text_diff(before: str, after: str) -> tuple[tuple[Piece, ...], ...]:
    """Return a row of pieces for each passage of two texts, in reading order, unchanged ones as one piece."""
    rows: list[tuple[Piece, ...]] = []
    old, new = passages(before), passages(after)
    for tag, h, i, j, k in _opcodes(old, new):
        if tag == "equal":
            rows += [(Piece("same", line),) for line in old[h:i]]
            continue
        shared = min(i - h, k - j)
        rows += [word_diff(old[h + n], new[j + n]) for n in range(shared)]
        rows += [(Piece("cut", line),) for line in old[h + shared : i]]
        rows += [(Piece("added", line),) for line in new[j + shared : k]]
    return tuple(rows)


def _opcodes(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for tag, h, i, j, k in _opcodes(old, new):
        if tag == "equal":
            yield Piece("same", " ".join(old[h:i]))
            continue
        if i > h:
            yield Piece("cut", " ".join(old[h:i]))
        if k > j:
            yield Piece("added", " ".join(new[j:k]))
