"""Text → the words that tracing compares: the same for every spelling of one text.

Republishing mangles a text: entities, curly quotes, markup, doubly decoded bytes, links put between
words. None of that may hide a copy, so all of it is folded away before anything is compared.
"""

from __future__ import annotations

import html
import re
import unicodedata

MAX_CHARACTERS = 400_000  # of a text; what lies beyond never decided whose text it was

# Scripts that do not part words by spaces: Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_UNSPACED_CHARACTER = re.compile(rf"[{_UNSPACED}]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u0640\u064b-\u065f\u0670]")
_APOSTROPHE = re.compile("(?<=\\w)['\u2018\u2019\u02bc\u00b4`\u2032\uff07](?=\\w)")
# UTF-8 read as Windows-1252: a lead byte's letter, then one to three letters of the upper half.
_UPPER = "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
_MOJIBAKE = re.compile(f"[\u00c3-\u00f4][{_UPPER}]{{1,3}}")


def _as_written(match: re.Match[str]) -> str:
    raw = match.group()
    try:
        data = b"".join(_one_byte(character) for character in raw)
        return data.decode("utf-8")
    except UnicodeError:
        return raw


def _one_byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def mend(text: str) -> str:
    """Return `text` with entities, tags, doubly decoded bytes and invisible characters undone.

    Line breaks stay, so that a line of the result is a line of the text.
    """
    text = text[:MAX_CHARACTERS]
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "\u00c3" in text or "\u00c2" in text or "\u00e2" in text or "\u00d0" in text or "\u00d1" in text:
        text = _MOJIBAKE.sub(_as_written, text)
    if text.isascii():
        return text
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def words_of(text: str) -> list[str]:
    """Return the words of `text`, folded; a character of a script without spaces is a word.

    Underscores and punctuation part words, an apostrophe inside a word is dropped ("don't" is
    "dont" in every quote style), addresses are left out.
    """
    text = mend(text)
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    return _WORD.findall(_APOSTROPHE.sub("", text).casefold())


def is_unspaced(words: list[str]) -> bool:
    """Tell whether most of `words` are single characters of a script without spaces."""
    initials = "".join([word[0] for word in words[:400]])
    if initials.isascii():
        return False
    return len(_UNSPACED_CHARACTER.findall(initials)) * 2 > len(initials)
