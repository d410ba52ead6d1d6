"""Words of a text in any script, folded so that inflected forms meet: what grouping counts.

English words lose their plural and verb endings, other words of letters are cut to a light stem
(`group_stems`), Chinese becomes single characters and other scripts without spaces pairs of letters.
Deliberately crude: it costs microseconds and asks for no language but English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from .group_peoples import COUNTRY_OF, fold_names
from .group_stems import light_stem

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED = f"\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff{_HAN}"
_LETTER = rf"[^\W\d_{_UNSPACED}]"
_WORD = re.compile(rf"\d+(?:[.,]\d+)*|[{_UNSPACED}]+|{_LETTER}+(?:['’]{_LETTER}+)?")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(f"[{_HAN}]+|[^{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")
_MARKS = re.compile(r"[\u064b-\u0655\u0640\u0591-\u05c7]")
_SENTENCE_END = '.!?:;\n"“”«»‘([|–—-•…。！？'
# Chinese characters that hold a sentence together and stand in few names; and those that are numbers.
_PARTICLES = frozenset(
    "的了着在是被把也但这那之称说就还又或已曾因该此们于而并让从个很没吗呢吧么您我你他她它谁哪怎"
)
_NUMERALS = frozenset("一二三四五六七八九十百千万亿零两〇")

# The commonest function words tell English from other languages in Latin script.
_ENGLISH = frozenset(
    "the of and to in a is that for on with as was are by at from has have it an be his her their who after said "
    "over what how why not its been they this will but more than about into".split()
)
_STOP = frozenset(
    _ENGLISH
    | set(
        "he she or were had would which when we you i there if out up no all one two can could so also other some "
        "him them my our your do did does being because between while these those may might should must then just "
        "very says say saying told news new first last year years day days week time people "
        "le la les des de du un une et en est que qui pour dans sur au aux par pas plus avec son ses "
        "der die das und ist von mit den dem im ein eine auf für zu nicht sich "
        "el los las del una por con para su sus se al como más "
        "и в на не что с по как из за от для это то он она они его её их до при а но же у к о об "
        "і й та що з від про це "
        "w z na i do się nie że to jest o po od za dla jak ale "
        "في من على إلى عن أن هذا التي الذي بعد مع ما لا".split()
    )
)
_ENDINGS = (
    ("sses", 6, "ss"), ("ies", 5, "y"), ("ied", 5, "y"), ("ying", 6, "y"), ("ing", 6, ""), ("ed", 5, ""),
    ("ers", 6, "er"), ("ions", 7, "ion"), ("us", 2, "us"), ("ss", 2, "ss"), ("es", 5, ""), ("e", 5, ""), ("s", 4, ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupWord:
    """One word: `stem` is what is counted, `name` says that it stands as a proper name, `part` that it is less
    than a word: a character, or a pair of letters, of a script without spaces."""

    stem: str
    name: bool = False
    number: bool = False
    part: bool = False


def is_english(text: str) -> bool:
    """True when a text is held together by English function words.

    Headlines have few of them: one word in twelve is enough; a text of up to six words needs
    only plain ASCII letters.
    """
    found = [w.lower() for w in _WORD.findall(text[:2000])]
    if not found:
        return False
    plain = sum(w.isascii() for w in found) / len(found)
    hits = sum(w in _ENGLISH for w in found)
    return plain > 0.9 and (hits * 12 >= len(found) or len(found) <= 6)


def is_unspaced(text: str) -> bool:
    """True when at least half of a text's letters are of scripts without spaces."""
    head = text[:400]
    return not head.isascii() and 2 * len(_IS_UNSPACED.findall(head)) >= sum(map(str.isalpha, head)) > 0


def group_words(text: str, *, english: bool) -> Iterator[GroupWord]:
    """Yield the counted words of `text` in order; function words and single letters are left out."""
    text = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    if english:
        text = fold_names(text)
    for match in _WORD.finditer(text):
        raw = match.group()
        if raw[0].isdigit():
            yield GroupWord(raw.replace(",", ""), number=True)
        elif _IS_UNSPACED.match(raw):
            yield from _parts(raw)
        else:
            yield from _spaced(raw, text, match.start(), english)


def shared_words(text: str, others: str) -> list[str]:
    """Return words of `text` whose stems stand in `others` too, as they stand, in order: for people to read.
    Of scripts without spaces, what stands in both of two characters or more."""
    english = is_english(text)
    theirs = {w.stem for w in group_words(others, english=is_english(others))}
    found: dict[str, str] = {}
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text)):
        if _IS_UNSPACED.match(match.group()):
            found |= {piece: piece for piece in _shared_pieces(match.group(), others)}
            continue
        for word in group_words(match.group(), english=english):
            if word.stem in theirs:
                found.setdefault(word.stem, match.group())
    return list(dict.fromkeys(found.values()))


def _shared_pieces(raw: str, others: str) -> Iterator[str]:
    """The longest pieces of `raw` that stand in `others`, from left to right, of two characters or more."""
    start = 0
    while start < len(raw) - 1:
        end = start + 1
        while end < len(raw) and raw[start : end + 1] in others:
            end += 1
        if end - start > 1:
            yield raw[start:end]
        start = end


def _parts(raw: str) -> Iterator[GroupWord]:
    """Unspaced scripts: the characters of Chinese, which are words or halves of them; overlapping pairs of
    letters of others."""
    for run in _RUN.findall(raw):
        if _IS_HAN.match(run):
            yield from (GroupWord(c, number=c in _NUMERALS, part=True) for c in run if c not in _PARTICLES)
        else:
            yield from (GroupWord(run[i : i + 2], part=True) for i in range(max(len(run) - 1, 1)))


def _spaced(raw: str, text: str, start: int, english: bool) -> Iterator[GroupWord]:
    plain = raw.lower().replace("’", "'")
    head, mark, tail = plain.partition("'")
    if mark:
        plain = head if english or len(head) > len(tail) else tail
    if len(plain) < 2 or plain in _STOP:
        return
    yield GroupWord(_stem(plain, english), name=raw[0].isupper() and not _opens(text, start))


def _opens(text: str, start: int) -> bool:
    """True where a capital proves nothing: at the start of a sentence."""
    before = text[max(start - 3, 0) : start].rstrip(" ")
    return not before or before[-1] in _SENTENCE_END


def _stem(word: str, english: bool) -> str:
    if english and (word.isascii() or word in COUNTRY_OF):
        stem = _english_stem(word)
        return _COUNTRIES.get(stem, stem)
    return light_stem(word)


def _english_stem(word: str) -> str:
    for ending, least, put in _ENDINGS:
        if word.endswith(ending) and len(word) >= least:
            return word[: len(word) - len(ending)] + put
    return word


_COUNTRIES = {_english_stem(people): _english_stem(country) for people, country in COUNTRY_OF.items()}
