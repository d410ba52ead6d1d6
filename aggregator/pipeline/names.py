"""The name file: what a row says, and how names are written and varied.

One tab-separated row a name: name, region, country, kind, prior, flags, latitude, longitude. The
file is compiled by `manage.py compile_names` from the vocabulary, CLDR and GeoNames (CC BY 4.0).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aggregator.pipeline.letters import UNSEEN

KINDS = ("name", "area", "capital", "town", "division", "demonym", "leader", "party", "institution", "veto")

WEAK = "w"  # counts only beside another name of the same country
NEEDS_CUE = "q"  # weak, and worth nothing alone: the vocabulary asks for a second cue
EXACT = "x"  # an acronym: only in capitals
STEM = "s"  # inflected: endings may follow
AFTER_COMMA = "c"  # an abbreviation of a state: only after "Town, "
GIVEN = "g"  # also a given name
WORD = "k"  # also an ordinary word
LOWER = "l"  # written in lower case in its language

_SAME_LENGTH = (  # each mark is replaced by the plain one
    ("’", "'"),
    ("‘", "'"),
    ("ʼ", "'"),
    ("ʻ", "'"),
    ("`", "'"),
    ("´", "'"),
    ("‑", "-"),
    ("\u00a0", " "),
    ("\u202f", " "),
    ("İ", "I"),
)
_DROPPED = re.compile(f"[\u200c{UNSEEN}]")  # the first is written or left out at will in Persian
_HEAP = re.compile(r"([^\w\s!-~]{31,})")  # of marks: to compose it takes the square of its length


@dataclass(frozen=True, slots=True)
class NameRow:
    """One sense of one name. `region` is '' for a veto; `country` is ISO2 or '' where the tree decides."""

    name: str
    region: str
    kind: str
    country: str = ""
    prior: float = (
        1.0  # how likely this sense is before the text is read; compared between senses of one name
    )
    flags: str = ""
    lat: float | None = None
    lon: float | None = None


def write_rows(rows: Iterable[NameRow]) -> Iterator[str]:
    """Give the lines of a name file."""
    for row in rows:
        place = f"{row.lat:.2f}\t{row.lon:.2f}" if row.lat is not None and row.lon is not None else "\t"
        kind = KINDS.index(row.kind)
        yield f"{row.name}\t{row.region}\t{row.country}\t{kind}\t{row.prior:.3g}\t{row.flags}\t{place}"


def read_rows(lines: Iterable[str]) -> Iterator[NameRow]:
    """Read the lines of a name file. Raises ValueError or IndexError on a line that is none."""
    return map(read_row, lines)


def read_row(line: str) -> NameRow:
    """Read a line of a name file; see `read_rows`."""
    name, region, country, kind, prior, flags, lat, lon = line.rstrip("\n").split("\t")
    return NameRow(
        name,
        region,
        KINDS[int(kind)],
        country,
        float(prior),
        flags,
        float(lat) if lat else None,
        float(lon) if lon else None,
    )


def unaccented(name: str) -> str:
    """Return a name without the marks on its Latin letters; other scripts are left as they are."""
    if name.isascii():
        return name
    return "".join(_plain_letter(letter) for letter in name)


def normalised(text: str) -> str:
    """Return a text with one kind of apostrophe, hyphen and space.

    Offsets move only where letters are composed or a sign that is no part of a word is dropped. Heaps of more than
    30 marks, which no language has (UAX #15), are not composed, so that it costs no more than the length.
    """
    if text.isascii():
        return text
    if not unicodedata.is_normalized("NFC", text):
        parts = enumerate(_HEAP.split(text))  # every other one is a heap
        text = "".join(part if number % 2 else unicodedata.normalize("NFC", part) for number, part in parts)
    for mark, plain in _SAME_LENGTH:
        if mark in text:
            text = text.replace(mark, plain)
    return _DROPPED.sub("", text)


_SPECIAL = {
    "ı": "i",
    "ł": "l",
    "Ł": "L",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "ə": "a",
    "Ə": "A",
    "ß": "ss",
}


def _plain_letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    base = unicodedata.normalize("NFD", letter)
    return base[0] if len(base) > 1 and base[0].isascii() else letter


def spellings(name: str, flags: str = "") -> set[str]:
    """Return the ways a name is looked up: without accents or hyphens, and in title case."""
    if name.isascii() and name.isalpha() and name[0].isupper():
        return {name} if len(name) > 1 else set()
    name = normalised(name)
    forms = {name} if name[0].islower() else {name, unaccented(name)}  # "francês" is not Frances
    forms |= {
        form.replace("-", " ") for form in forms if " " in form or (form.count("-") == 1 and "'" not in form)
    }
    if EXACT not in flags:
        forms |= {form.title() for form in forms if (" " in form or "-" in form) and "'" not in form}
        forms |= {form[0].upper() + form[1:] for form in forms if form[0].islower()}
    return {form for form in forms if len(form) > 1}
