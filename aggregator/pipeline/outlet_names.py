"""Is a name in a credit the outlet's own? "Al Jazeera News" is Al Jazeera; The Times of Israel is not The Times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from .domains import owners_domain
from .types import Credit

# What an outlet's section or edition adds to its name.
_EDITION = frozenset(
    """news world online english international online edition the tv magazine website com us usa uk europe
    africa asia deutschland france español arabic russian sport business politics live digital""".split()
)


def is_own_name(credit: Credit, names: Sequence[str]) -> bool:
    """Tell whether an outlet's credit names that outlet itself under one of its `names`.

    "MDR Thüringen" is MDR, livescience.com is Live Science. An agency's credit is never the outlet's own.
    """
    if credit.kind == "agency":
        return False
    said = _name_words(owners_domain(credit.name).split(".")[0] if _is_domain(credit.name) else credit.name)
    return any(_same_outlet(said, _name_words(_without_end(name))) for name in names if name)


def _is_domain(name: str) -> bool:
    return " " not in name and "." in name


def _without_end(name: str) -> str:
    return owners_domain(name.lower()).split(".")[0] if _is_domain(name) else name


def _name_words(name: str) -> list[str]:
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name))
    if len(words) == 1 and len(words[0]) >= 8 and words[0][:3].casefold() == "the":
        return [words[0][3:]]  # of a domain: "theguardian"
    return words[1:] if len(words) > 1 and words[0].casefold() == "the" else words


def _same_outlet(one: list[str], other: list[str]) -> bool:
    short, long = sorted((one, other), key=len)
    if not short:
        return False
    joined = ["".join(words).casefold() for words in (short, long)]
    if joined[0] == joined[1]:
        return True
    if [word.casefold() for word in long[: len(short)]] == [word.casefold() for word in short]:
        is_acronym = len(short) == 1 and len(short[0]) > 2 and short[0].isupper()
        return is_acronym or all(word.casefold() in _EDITION for word in long[len(short) :])
    # A domain's label often shortens the first words: "nytimes", "wsj".
    if len(short) == 1 and len(joined[0]) >= 3 and joined[0] in _shortened(long):
        return True
    # Or it runs them together: "trussvilletribune", "businessinsider".
    if len(short) == 1 and len(joined[0]) >= 6 and joined[1].startswith(joined[0]):
        parts = ["".join(long[:count]).casefold() for count in range(1, len(long))]
        return joined[0] in parts and all(
            word.casefold() in _EDITION for word in long[parts.index(joined[0]) + 1 :]
        )
    return False


def _shortened(words: list[str]) -> set[str]:
    """Return a name with its first words as initials, for every number of them from one."""
    folded = [word.casefold() for word in words]
    initials = [word[0] for word in folded]
    return {"".join(initials[:count] + folded[count:]) for count in range(1, len(folded) + 1)}
