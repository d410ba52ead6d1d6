"""Which language is a text in? What the page says, unless its script says otherwise; else counted."""

from __future__ import annotations

import re

import py3langid

from .types import Entry

SAMPLE = 1200  # characters; more does not change the answer
MIN_CHARACTERS = 40

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LETTER = re.compile(r"[^\W\d_]")
_NOT_LATIN = frozenset(
    [
        "ar",
        "fa",
        "ur",
        "ps",
        "ckb",
        "he",
        "yi",
        "ru",
        "uk",
        "be",
        "bg",
        "sr",
        "mk",
        "kk",
        "ky",
        "tg",
        "mn",
        "el",
        "hy",
        "ka",
        "am",
        "ti",
        "hi",
        "mr",
        "ne",
        "bn",
        "pa",
        "gu",
        "ta",
        "te",
        "kn",
        "ml",
        "si",
        "th",
        "lo",
        "my",
        "km",
        "zh",
        "ja",
        "ko",
    ]
)


def language_of(text: str, said: str = "", entry: Entry | None = None) -> str:
    """Return the primary language tag of a text, lower case; '' when nothing tells.

    `said` is the page's own word ('en-GB', 'de_DE'). It is believed when the text is written in a
    script of that language: templates often say 'en' over an Arabic text.
    """
    for tag in (said, entry.language if entry else ""):
        primary = re.split(r"[-_]", tag.strip().lower())[0]
        if 2 <= len(primary) <= 3 and primary.isalpha() and _fits(text, primary):
            return primary
    if len(text) < MIN_CHARACTERS:
        return ""
    return str(py3langid.classify(text[:SAMPLE])[0])


def _fits(text: str, language: str) -> bool:
    letters = _LETTER.findall(text[:SAMPLE])
    if len(letters) < MIN_CHARACTERS // 2:
        return True
    latin = sum(1 for letter in letters if _LATIN.match(letter)) * 2 > len(letters)
    return latin != (language in _NOT_LATIN) or (language in {"sr", "kk", "uz", "az"})
