"""The letters that a text must hold for a pattern to match it: a cheap first look before a search.

It only ever saves work: where nothing can be said of a pattern, the search is made. What is read
of a pattern is its literals, groups, alternatives and repetitions; anything rarer says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LEAST = 2  # letters: a single one is in nearly every text, a single sign like | or & is in few

# Inside words, and not of them: soft hyphens, marks of direction and of no width, accents that are no part of
# their letter's code, Arabic vowels and stretching.
UNSEEN = "\u00ad\u0300-\u036f\u200b\u200d-\u200f\u2060\ufeff\u0640\u064b-\u0652\u0670"

_PIECE = re.compile(
    r"(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<escape>\\.)"
    r"|(?P<open>\((?:\?(?:P<\w+>|<[=!]|[=!]|[aimsu]*(?:-[ims]+)?:))?)"
    r"|(?P<close>\))"
    r"|(?P<either>\|)"
    r"|(?P<repeat>(?:[*+?]|\{\d*,?\d*\})[?+]?)"
    r"|(?P<any>[.^$])"
    r"|(?P<letter>.)",
    re.DOTALL,
)
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_SILENT = frozenset("bBAZdDsSwWnrtfv")  # escapes that are known, and stand for no letter

Runs = tuple[str, ...]  # of which a text holds one; empty: nothing can be said


class _UnreadError(Exception):
    """The pattern holds something that is not read here."""


def folded(text: str) -> str:
    """Return `text` so that letters which a search without case takes for one are one."""
    return text.casefold().replace("ı", "i").replace("\u0307", "")


def needed_letters(patterns: Iterable[str]) -> Runs:
    """Return runs of letters of which `folded` text holds at least one where any of `patterns` matches.

    Empty when nothing can be said. The patterns must be ones that compile.
    """
    found = [_of_pattern(pattern) for pattern in patterns]
    return tuple(dict.fromkeys(run for runs in found for run in runs)) if all(found) else ()


def _of_pattern(pattern: str) -> Runs:
    pieces = [(str(piece.lastgroup), piece.group()) for piece in _PIECE.finditer(pattern)]
    try:
        return _alternatives(pieces[::-1])
    except _UnreadError:
        return ()


def _alternatives(left: list[tuple[str, str]]) -> Runs:
    """Return what a group needs, and take its pieces with the closing bracket from the end of `left`."""
    parts = [_sequence(left)]
    while left and left.pop()[0] == "either":
        parts.append(_sequence(left))
    return tuple(dict.fromkeys(run for runs in parts for run in runs)) if all(parts) else ()


def _sequence(left: list[tuple[str, str]]) -> Runs:
    """Return the alternatives of the step, or the run of letters, that says most."""
    choices: list[Runs] = []
    run = ""
    while left and left[-1][0] not in ("either", "close"):
        kind, piece = left.pop()
        step = _step(kind, piece, left)
        repeated = left.pop()[1] if left and left[-1][0] == "repeat" else ""
        if kind in ("letter", "escape") and not repeated and step:
            run += step[0]
            continue
        choices += [_worth((run,)), () if _may_be_absent(repeated) else _worth(step)]
        run = ""
    return max([*choices, _worth((run,))], key=lambda runs: min(map(len, runs), default=0))


def _step(kind: str, piece: str, left: list[tuple[str, str]]) -> Runs:
    if kind == "letter":
        return (folded(piece),)
    if kind == "escape":
        return _escaped(piece[1])
    if kind == "open":
        if left and left[-1] == ("repeat", "?"):  # flags, conditions, comments
            raise _UnreadError
        inside = _alternatives(left)
        return () if piece in _LOOKS else inside
    return _signs_of(piece[1:-1]) if kind == "set" else ()


def _signs_of(inside: str) -> Runs:
    """Return the signs of a set that holds nothing else: no letter, blank, range, escape or negation."""
    if "-" in inside[1:-1] or any(c.isalnum() or c.isspace() or c in "\\^" for c in inside):
        return ()
    return tuple(dict.fromkeys(inside))


def _escaped(character: str) -> Runs:
    if character.isalnum() and character not in _SILENT:  # a code, or a group again
        raise _UnreadError
    return () if character.isalnum() else (folded(character),)


def _may_be_absent(repeat: str) -> bool:
    return repeat[:1] in ("*", "?") or repeat.startswith(("{0", "{,"))


def _worth(runs: Runs) -> Runs:
    return runs if all(len(run) >= LEAST or _is_sign(run) for run in runs) else ()


def _is_sign(run: str) -> bool:
    return len(run) == 1 and not run.isalnum() and not run.isspace()
