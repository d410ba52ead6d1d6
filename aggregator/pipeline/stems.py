"""Text as the cues and the linear model read it: folded tokens, light stems, language guess.

Stems are deliberately light (plurals and case endings only), so that a curator can foresee
what a cue matches. Tokens of two to five capitals keep their case (`US` is not `us`) unless
the whole field is in capitals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from zlib import crc32

from aggregator.pipeline.letters import UNSEEN

TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:['’ʼ״׳\"\u200c][^\W_]+)*")
# The same tokens, found faster where no initials with full stops are, or nothing beyond ASCII.
_INITIALS = re.compile(r"\.[A-Z]\.")
_TOKEN_PLAIN = re.compile(r"[^\W_]+(?:['’ʼ״׳\"\u200c][^\W_]+)*")
_ASCII_GAPS = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) not in "'\""}
_DOUBLE_QUOTES = ("''", '""', "'\"", "\"'")
_EDGE_QUOTES = ((" '", " "), (' "', " "), ("' ", " "), ('" ', " "))
# Signs of typesetting that are no part of a word, and the apostrophe that is: stems do without it.
_TYPESET = (
    ("’", "'"),
    ("‘", " "),
    ("“", " "),
    ("”", " "),
    ("–", " "),
    ("—", " "),
    ("…", " "),
    ("\u00a0", " "),
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[@#]\w+|\S{1,80}@\S+")
CACHE_LIMIT = 200_000
ROOT = 5  # letters of a stem that the linear model looks at: endings differ, the sense rarely

_CYRILLIC_END = re.compile(
    r"(?:иями|ами|ями|ого|его|ому|ему|ыми|ими|иях|иям|ием|ией|ях|ах|ов|ев|ів|їв|ам|ям|ом|ем|ой|ей|ая|яя|ое|ее|"
    r"ые|ие|ии|ия|ию|ый|ий|ую|юю|ою|ею|ій|их|ых|[аяоеєыиіїуюьй])$"
)
_TURKISH_END = re.compile(r"(?:lar[ıi]n?|ler[ıi]n?|lar|ler|[ns]?[iu]n|y?[iu]|[dt][ae]n?|y?[ae])$")
_GERMAN_END = re.compile(r"(?:ern|en|er|es|e|n|s)$")
_ROMANCE_END = re.compile(r"(?:es|s|x|[aeo])$")
_POLISH_END = re.compile(r"(?:ami|ach|owi|ego|emu|ymi|imi|ow|om|em|ie|ych|ich|ej|ym|im|ia|iu|[aeyiou])$")
_ARABIC_START = re.compile(r"^(?:[وفبكل]{0,2}ال|لل|[وف](?=\w{4}))")
_ARABIC_END = re.compile(r"(?:ون|ين)$")
_PERSIAN_END = re.compile(r"(?:هایی|های|ها|(?<=[او])ی)$")
_HEBREW_START = re.compile(r"^[משהוכלב](?=\w{3})")
_KEEP_S = frozenset(("news", "arms", "isis", "series", "species", "texas", "paris", "mars", "lens", "chaos"))

_STOPWORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the of and to in for is on with that was by at from as are has have after over an be who",
        "fr": "le la les des du et en un une dans pour sur que qui au aux par est ont avec son ses plus",
        "es": "el la los las del y en un una por que con para se su al como mas es fue ha han tras",
        "de": "der die das und den dem des ein eine von mit auf fur im ist nicht bei nach sich hat werden",
        "tr": "ve bir bu icin ile olarak gore da de dedi oldu sonra kadar daha en cok ise",
        "pl": "w i na z do nie sie ze o od po jest za przez jak dla to w ma czy oraz",
        "it": "il lo la gli di e in che per con del della dei nel una un sono non si alla",
        "pt": "o a os as do da dos das e em um uma para com que por no na nao ao se",
        "nl": "de het een van en in op te dat die voor met zijn is aan niet om ook er",
    }.items()
}
_LETTERS = {"tr": "ışğİ", "pl": "ąęłśźż", "de": "äöüß", "es": "ñ¿¡áíóú", "fr": "èêàçâîôûœ", "pt": "ãõ"}
_SCRIPTS = (("ru", "Ѐ", "ӿ"), ("ar", "؀", "ۿ"), ("he", "֐", "׿"))


@dataclass(frozen=True, slots=True)
class Words:
    """The tokens of one field as stems."""

    stems: tuple[str, ...] = ()


def blank_addresses(text: str) -> str:
    """Return `text` with web addresses, handles and hashtags blanked; offsets stay."""
    if "@" not in text and "#" not in text and "://" not in text and "www." not in text:
        return text
    return ADDRESS.sub(lambda found: " " * len(found.group()), text)


def fold(token: str) -> str:
    """Return a token in lower case without diacritics, apostrophes and joiners."""
    if token.isascii():
        return token.lower().replace("'", "").replace('"', "")
    token = token.replace("İ", "i").casefold().replace("ı", "i")
    if token.isascii():
        return token.replace("'", "").replace('"', "")
    if "Ѐ" <= token[0] <= "ӿ":  # й and ї are letters, not accents
        return "".join(c for c in token.replace("ё", "е") if c not in "'’ʼ\u0301")
    plain = unicodedata.normalize("NFKD", token)
    kept = (c for c in plain if not unicodedata.combining(c) and c not in "'’ʼ\u200c״׳\"")
    return "".join(kept).replace("ł", "l")


def is_shouted(text: str) -> bool:
    """Say whether a field is written in capitals throughout (then case says nothing)."""
    head = text[:120]
    return len(head) > 8 and " " in head and head.isupper()


def _calm(text: str) -> str:
    """Return a text as it is, but in small letters if shouted; of the same length, as İ becomes one letter."""
    return text.replace("İ", "i").lower() if is_shouted(text) else text


def words_of(text: str, language: str) -> Words:
    """Return the stems of `text` (addresses blanked) by the rules of its language ('' is English)."""
    tokens = tokens_of(_typed(_calm(text)))
    return Words(tuple(map(_cache(language).__getitem__, tokens)))


def root_hash(stem: str) -> int:
    """Return the hash of a stem's root, unsigned 32 bit: what the linear model knows of a word."""
    return crc32((stem if stem[0] == "^" else stem[:ROOT]).encode("utf-8", "replace"))


def _typed(text: str) -> str:
    """Return a text with signs as they are typed and without unseen ones: often one that is all ASCII."""
    if not text.isascii():
        for sign, typed in _TYPESET:
            text = text.replace(sign, typed)
        text = _UNSEEN.sub("", text)
    return text


def tokens_of(text: str) -> list[str]:
    """Return the tokens of `text` as they stand in it: what TOKEN finds."""
    if _INITIALS.search(text):
        return TOKEN.findall(text)
    if not text.isascii():
        return _TOKEN_PLAIN.findall(text)
    plain = text.translate(_ASCII_GAPS)
    if "'" in plain or '"' in plain:
        if any(quotes in plain for quotes in _DOUBLE_QUOTES):
            return _TOKEN_PLAIN.findall(text)
        plain = f" {plain} "
        for quote, gap in _EDGE_QUOTES:
            plain = plain.replace(quote, gap)
    return plain.split()


def starts_of(text: str, count: int) -> list[int]:
    """Return the offsets of the first `count` tokens of `text` as `words_of` counts them, fewer if it has fewer."""
    seen = _UNSEEN.sub("", _calm(text))
    starts = [found.start() for found in islice(TOKEN.finditer(seen), count)]
    if len(seen) == len(text):
        return starts
    kept = [place for place, letter in enumerate(text) if not _UNSEEN.match(letter)]
    return [kept[start] for start in starts]


def guess_language(text: str) -> str:
    """Guess the language of `text` by its script and its commonest words; 'en' when nothing speaks."""
    head = text[:400]
    if not head.isascii():
        for language, low, high in _SCRIPTS:
            if sum(low <= c <= high for c in head) * 3 > len(head):
                return _narrow(language, head)
    tokens = [fold(t) for t in TOKEN.findall(head)]
    votes = {language: sum(t in stop for t in tokens) for language, stop in _STOPWORDS.items()}
    if not head.isascii():
        for language, letters in _LETTERS.items():
            votes[language] += min(2, len({c for c in letters if c in head}))
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] > votes["en"] + 1 else "en"


def _narrow(language: str, head: str) -> str:
    if language == "ru" and any(c in "іїєґІЇЄҐ" for c in head):
        return "uk"
    if language == "ar" and any(c in "پچژگی" for c in head):
        return "fa"
    return language


def stem(token: str, language: str) -> str:
    """Return the light stem of a token as it stands in the text.

    English: plural s and possessive. Russian, Ukrainian, Polish, German, French, Spanish,
    Italian, Portuguese, Turkish: one ending. Arabic: article, prefixes and the
    regular plural. Persian: the plural and its linking vowel. Hebrew: one prefix
    letter. An acronym keeps its case and is marked with `^`.
    """
    if "." in token:
        token = token.replace(".", "")
    if 2 <= len(token) <= 5 and token.isascii() and token.isupper() and token.isalpha():
        return "^" + token.lower()
    if token[-2:] in ("'s", "’s"):
        token = token[:-2]
    folded = fold(token)
    return _STEMMERS.get(language, _plural)(folded) if len(folded) > 3 else folded


def _plural(token: str) -> str:
    if token[-1] != "s" or token in _KEEP_S or token[-2:] in ("ss", "us", "is"):
        return token
    if token.endswith("ies") and len(token) > 4:
        return token[:-3] + "y"
    if token.endswith(("sses", "ches", "shes", "xes")):
        return token[:-2]
    return token[:-1]


def _without(pattern: re.Pattern[str], least: int) -> Callable[[str], str]:
    def strip(token: str) -> str:
        short = pattern.sub("", token, count=1)
        return short if len(short) >= least else token

    return strip


def _turkish(token: str) -> str:
    for _ in range(2):
        short = _TURKISH_END.sub("", token, count=1)
        if len(short) < 4:
            return token
        token = short
    return token


def _arabic(token: str) -> str:
    return _without_plural(_without_article(token))


_without_article = _without(_ARABIC_START, 2)
_without_plural = _without(_ARABIC_END, 3)

_STEMMERS: dict[str, Callable[[str], str]] = {
    "ru": _without(_CYRILLIC_END, 3),
    "uk": _without(_CYRILLIC_END, 3),
    "de": _without(_GERMAN_END, 4),
    "fr": _without(_ROMANCE_END, 4),
    "es": _without(_ROMANCE_END, 4),
    "it": _without(_ROMANCE_END, 4),
    "pt": _without(_ROMANCE_END, 4),
    "pl": _without(_POLISH_END, 3),
    "tr": _turkish,
    "ar": _arabic,
    "fa": _without(_PERSIAN_END, 3),
    "he": _without(_HEBREW_START, 3),
}
STEMMED = frozenset(_STEMMERS)  # languages with endings of their own; all others are stemmed like English


class _Seen(dict[str, str]):
    """Stems of the tokens that a process has seen: a speed-up that changes no result."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __missing__(self, token: str) -> str:
        self[token] = found = stem(token[:40], self.language) or token[:40]
        return found


_CACHES: dict[str, _Seen] = {}


def _cache(language: str) -> _Seen:
    known = language if language in _STEMMERS else "en"
    cache = _CACHES.get(known)
    if cache is None:
        cache = _CACHES[known] = _Seen(known)
    if len(cache) > CACHE_LIMIT:
        cache.clear()
    return cache
