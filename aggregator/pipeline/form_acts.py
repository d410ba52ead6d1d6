"""Does a headline tell a new act, whatever else it names? "Anniversary parade bombed" does, "A year after the blast" does not.

An act counts in a clause of its own: what stands after a word that opens a memory ("who", "that",
"since"), or belongs to the sign of a form ("anniversary of the attack"), is told of, not told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

_CLAUSE = re.compile(r"[^,;:|.!?،؛؟–—。，：]+(?:(?<=\d)[,.](?=\d)[^,;:|.!?،؛؟–—。，：]+)*")
_DASH = re.compile(r"\s+-+\s+")
_OLD_YEAR = re.compile(r"\W{1,3}(?:\w{1,4}\s)?(?:1[5-9]|20)\d\d(?!\d)")
_NOTHING = re.compile("(?!)")
_NEXT_WORD = re.compile(r"\w*(?:\W{1,2}\w+)?")  # the rest of the sign's word, and one more


@dataclass(frozen=True, slots=True)
class ActWords:
    """Patterns of one language: what tells an act, what opens a clause that only tells of one, what a sign owns."""

    tells: tuple[str, ...] = ()
    told_of: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()  # what belongs to a sign where it follows; without any it is the next word


@dataclass(frozen=True)
class ActBook:
    """The words of acts, by language; without words of its own a language has none."""

    words: Mapping[str, ActWords] = field(default_factory=dict)

    def tells(self, headline: str, sign: tuple[int, int], language: str) -> bool:
        """Return whether `headline` tells a new act beside the sign of a form at `sign`; (0, 0) when none is there."""
        words = self.words.get(language)
        return words is not None and _tells(headline, sign, words)


def act_book(data: Mapping[str, Mapping[str, list[str]]]) -> ActBook:
    """Return the words of acts from the vocabulary: language → tells, told_of, owned (lists of patterns)."""
    return ActBook(
        {
            language: ActWords(*(tuple(own.get(name, ())) for name in ("tells", "told_of", "owned")))
            for language, own in data.items()
        }
    )


def _tells(headline: str, sign: tuple[int, int], words: ActWords) -> bool:
    acts, told_of, owned = _compiled(words)
    headline = _DASH.sub(lambda dash: ";" * len(dash[0]), headline)
    end = _end_of_sign(headline, sign[1], owned if words.owned else _NEXT_WORD)
    for clause in _CLAUSE.finditer(headline):
        for act in acts.finditer(headline, clause.start(), clause.end()):
            if sign[0] <= act.start() < end:
                continue
            before = headline[clause.start() : act.start()]
            if not told_of.search(before) and not _OLD_YEAR.match(headline, act.end()):
                return True
    return False


def _end_of_sign(headline: str, end: int, owned: re.Pattern[str]) -> int:
    """Return where a sign ends with what belongs to it, in its own clause."""
    clause = _CLAUSE.match(headline, end) if end else None
    own = owned.match(headline, end, clause.end()) if clause else None
    return own.end() if own else end


@lru_cache(maxsize=64)
def _compiled(words: ActWords) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    def either(patterns: tuple[str, ...], template: str) -> re.Pattern[str]:
        joined = "|".join(f"(?:{pattern})" for pattern in patterns)
        return re.compile(template.format(joined), re.IGNORECASE) if joined else _NOTHING

    return (
        either(words.tells, r"(?<!\w)(?:{})"),
        either(words.told_of, r"(?<!\w)(?:{})(?!\w)"),
        either(words.owned, r"\w*\s*(?<!\w)(?:{})(?!\w)"),
    )
