"""The letters that a text must hold for a pattern to match it: a cheap first look before a search.

It only ever saves work: where nothing can be said of a pattern, the search is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LEAST = 2  # letters: a single one is in nearly every text


def folded(text: str) -> str:
    """Return `text` so that letters which a search without case takes for one are one."""
    return text.casefold().replace("ı", "i").replace("\u0307", "")


def needed_letters(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return runs of letters of which `folded` text holds at least one where any of `patterns` matches.

    Empty when nothing can be said. Raises re.error on a pattern that cannot be compiled.
    """
    found = [_needed(list(parser.parse(pattern, re.IGNORECASE))) for pattern in patterns]
    return tuple(dict.fromkeys(run for runs in found for run in runs)) if all(found) else ()


def _needed(steps: Sequence[tuple[Any, Any]]) -> tuple[str, ...]:
    """Return the alternatives of the step, or run of letters, that says most."""
    choices: list[tuple[str, ...]] = []
    run = ""
    for kind, value in steps:
        if kind is kinds.LITERAL:
            run += folded(chr(value))
            continue
        choices.append((run,))
        run = ""
        choices.append(_of_step(kind, value))
    choices.append((run,))
    best = max(choices, key=lambda runs: min(map(len, runs), default=0))
    return best if min(map(len, best), default=0) >= LEAST else ()


def _of_step(kind: Any, value: Any) -> tuple[str, ...]:
    if kind is kinds.SUBPATTERN:
        return _needed(list(value[3]))
    if kind is kinds.BRANCH:
        parts = [_needed(list(part)) for part in value[1]]
        return tuple(dict.fromkeys(run for runs in parts for run in runs)) if all(parts) else ()
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[0] > 0:
        return _needed(list(value[2]))
    return ()
