"""The words of a headline, each beside what a country is in it: home of the armed party, its other side, first named.

"Siege" speaks for the home of a party and "hostages" for the other side; where no party is named, words go with the
order of the names. Read for short texts only; what each word says is learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.pipeline.placetargets import TARGET
from aggregator.pipeline.placewords import ACTS, SMALL_WORDS
from aggregator.pipeline.senses import Meant

SHARE = 0.7  # words are many: one counts less than a role
HEAD = frozenset({"title", "lead"})


def add_words(
    rows: Sequence[dict[str, float]],
    places: Sequence[list[Meant]],
    kinds: Mapping[int, str],
    tokens: Sequence[str],
    prefix: str,
) -> None:
    """Add to each row the words of the headline (`tokens`, in lower case) with its candidate's side.

    `places` are the mentions of each row's candidate, `kinds` their short kinds by id (see `add_roles`).
    """
    words = {word for word in tokens if len(word) > 2 and word.isalpha() and word not in SMALL_WORDS}
    words |= {"=" + ACTS[word] for word in tokens if word in ACTS}
    for row, side in zip(rows, _sides(places, kinds), strict=True):
        if side:
            row.update((f"{prefix}{side}|{word}", SHARE) for word in words)


def _sides(places: Sequence[list[Meant]], kinds: Mapping[int, str]) -> list[str]:
    """Name what each candidate is in title and lead; '' where it is named only later."""
    found = [
        {kinds[id(meant)] for meant in mentions if meant.found.field in HEAD and _is_sure(meant)}
        for mentions in places
    ]
    has_party = any("Y" in one for one in found)
    order = sorted((_first(mentions), number) for number, mentions in enumerate(places) if found[number])
    rank = {number: min(place, 2) for place, (_, number) in enumerate(order)}
    return [_side(one, rank.get(number, 0), has_party=has_party) for number, one in enumerate(found)]


def _side(kinds: set[str], rank: int, *, has_party: bool) -> str:
    if not kinds:
        return ""
    if kinds == {"T"}:
        return TARGET
    if "Y" in kinds:
        return "party" if kinds == {"Y"} else "home"
    return "other" if has_party else ("first", "second", "third")[rank]


def _first(mentions: list[Meant]) -> tuple[bool, int]:
    """Return where a candidate is first named, title before lead."""
    return min(
        (
            (meant.found.field != "title", meant.found.start)
            for meant in mentions
            if meant.found.field in HEAD and _is_sure(meant)
        ),
        default=(True, 0),
    )


def _is_sure(meant: Meant) -> bool:
    return not meant.weak or meant.supported
