"""Which member speaks for a story: a stated rule, never a sentence written by a machine.

In order: a text of its own before a copy; an outlet that is not a state medium; a headline that
says what happened (not bait, not shouted, not a question); an outlet that is no tabloid; the
language that most origins write in; a headline that shares words with the other origins'; an
outlet near the place; the earliest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.pipeline.types import Reason

STATE_MEDIUM = 3
SHORTEST_WORD = 4
LOUD_KINDS = frozenset({"tabloid", "aggregator"})  # speak only where nobody else does

_BAIT = re.compile(
    r"[?？؟]\s*$|[!！]\s*$|^\s*(live|watch|videos?|photos?|breaking)( news| updates?)?\s*[:|–—-]|"
    r"^\s*(live updates?|breaking news|in pictures|watch (the|as|how|this|moment|now)|(videos?|photos?) (of|shows?|captures?))\b|"
    r"^\s*live\b.*\b(updates?|news|tracker|blog)\b|^\s*(\d+|five|six|seven|ten) things\b|you (need|have) to|what we know|"
    r"here['’]?s (why|what|how)|won['’]?t believe|shocking|this is (why|how|what)",
    re.IGNORECASE,
)
# Bodies whose names are written in capitals: who names them does not shout.
_BODIES = frozenset(
    """
    AFRICOM AMISOM CENTCOM ECOMOG ECOWAS FRONTEX INTERPOL MINUSCA MINUSMA MINUSTAH MONUSCO NAVCENT UNAMID UNAMIR UNCTAD
    UNESCO UNFICYP UNICEF UNIFIL UNISFA UNITAD UNITAMS UNMISS UNOCHA UNSMIL МАГАТЭ МАГАТЕ ЭКОВАС ЮНЕСКО ЮНИСЕФ ЮНІСЕФ
    """.split()
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A member of a story, as far as the rule looks at it. `reported_at` is aware and in UTC."""

    article_id: int
    title: str
    extract: str
    language: str
    reported_at: datetime
    origin_key: str
    is_copy: bool
    state_control: int
    kind: str
    home_regions: tuple[str, ...]
    form: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Who speaks, and why."""

    article_id: int
    reason: Reason


def choose_speaker(members: Sequence[Speaker], *, near: Collection[str] = ()) -> Choice:
    """Return the member that speaks for a story; `near` are the slugs of its region and ancestors.

    The same members in any order give the same choice. Raises ValueError for no members.
    """
    if not members:
        raise ValueError("A story without members has no speaker.")
    common = _common_words(members)
    language = _main_language(members)
    close = {slug for slug in near if slug != "world"}
    best = min(members, key=lambda m: _rank(m, common, language, close))
    return Choice(best.article_id, Reason("speaker", _evidence(best, common, close)))


def _rank(member: Speaker, common: Counter[str], language: str, near: set[str]) -> tuple[object, ...]:
    return (
        member.is_copy,
        not member.title.strip(),
        member.state_control >= STATE_MEDIUM,
        is_bait(member.title),
        member.kind in LOUD_KINDS,
        member.language != language,
        -_agreement(member, common),
        not near.intersection(member.home_regions),
        not member.extract,
        member.reported_at,
        member.article_id,
    )


def is_bait(title: str) -> bool:
    """Return whether a headline asks, teases or labels in the place of saying what happened."""
    return bool(_BAIT.search(title)) or _shouts(title)


def _shouts(title: str) -> bool:
    """Return whether one long word, no body's name, stands in capitals in a headline that is not all in capitals."""
    words = [word for word in re.findall(r"[^\W\d_]{6,}", title) if word not in _BODIES]
    loud = [word for word in words if word.isupper()]
    return bool(loud) and len(loud) < len(words)


def _main_language(members: Sequence[Speaker]) -> str:
    """Return the language of most origins; the earliest member's on a tie."""
    votes = Counter({(m.language, m.origin_key): 1 for m in members}.keys())
    counts = Counter(language for language, _ in votes)
    first = min(members, key=lambda m: (m.reported_at, m.article_id)).language
    return max(counts, key=lambda language: (counts[language], language == first, language))


def _words(title: str) -> set[str]:
    return {word for word in re.findall(r"\w+", title.casefold()) if len(word) >= SHORTEST_WORD}


def _common_words(members: Sequence[Speaker]) -> Counter[str]:
    """Return in how many origins' headlines each word stands."""
    by_origin: dict[str, set[str]] = {}
    for member in members:
        by_origin.setdefault(member.origin_key, set()).update(_words(member.title))
    return Counter(word for words in by_origin.values() for word in words)


def _agreement(member: Speaker, common: Counter[str]) -> int:
    """Return how many of the headline's words other origins use too, in steps of three."""
    return sum(1 for word in _words(member.title) if common[word] > 1) // 3


def _evidence(member: Speaker, common: Counter[str], near: set[str]) -> dict[str, object]:
    return {
        "original": not member.is_copy,
        "state_medium": member.state_control >= STATE_MEDIUM,
        "near": sorted(near.intersection(member.home_regions)),
        "shared_words": sorted(word for word in _words(member.title) if common[word] > 1)[:6],
    }
