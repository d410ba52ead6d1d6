"""Text → the place names in it: one pass, longest match, with what stands around each name.

Addresses and handles are blanked first. Text beyond MAX_CHARS never decides where a report is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.pipeline.gazetteer import Entry, Gazetteer, spaced
from aggregator.pipeline.names import AFTER_COMMA, EXACT, STEM, normalised
from aggregator.pipeline.placewords import (
    ARABIC_ENDINGS,
    ARABIC_PREFIXES,
    CYRILLIC_ENDINGS,
    HEBREW_ENDINGS,
    LATIN_ENDINGS,
    PASSED_OVER,
)

MAX_CHARS = 20_000
LEAD_CHARS = 280

_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|(?<!\w)@\w+|(?<!\S)\S*\.(?:com|org|net|info|gov|edu|tv)\b\S*", re.I
)  # each word is tried once, from its start: a long one costs no more than its length
_ADDRESS_MARKS = ("@", "://", "www.", "WWW.")
_DOMAIN = re.compile(
    r"\.(?:com|org|net|info|gov|edu|tv|COM|ORG|NET|INFO|GOV|EDU|TV)"
)  # quick: few full stops
_OTHER_SCRIPT = re.compile("[\u0370-\u1fff\u3040-\ud7ff]")
_DATELINE = re.compile(r"^\W{0,3}([A-Z][A-Z.'’ -]{2,28})(?=,|\s*\(|\s+[-–—]|:)")
_SENTENCE_END = re.compile(r"[.!?。؟]['\"”’)]*\s|\n")


@dataclass(slots=True)
class Found:
    """A name as found. `field`: title, lead, text or dateline; offsets are in that text or title."""

    start: int
    end: int
    entry: Entry
    field: str
    before: str  # the word before, '' at the start; articles and directions are passed over
    after: str  # the word after
    rest: str  # the 30 characters after
    gap: str  # the text between this name and the one before it, when short; else ' '


def find_names(title: str, text: str, gazetteer: Gazetteer) -> list[Found]:
    """Return the names of title and text in order, longest match first, overlaps resolved."""
    title, text = normalised(title[:1000]), normalised(text[:MAX_CHARS])
    return _in_title(_blank(title), gazetteer) + _in_text(_blank(text), gazetteer)


def _blank(text: str) -> str:
    if any(mark in text for mark in _ADDRESS_MARKS) or _DOMAIN.search(text):
        return _ADDRESS.sub(lambda match: " " * len(match.group()), text)
    return text


def is_shouted(text: str) -> bool:
    """Tell whether a headline is in capitals, so that case says nothing."""
    letters = list(filter(str.isalpha, text[:200]))
    return len(letters) > 8 and sum(map(str.isupper, letters)) > 0.8 * len(letters)


def _in_title(title: str, gazetteer: Gazetteer) -> list[Found]:
    if not is_shouted(title):
        return _spread(title, _longest(_hits(title, gazetteer)), ("title", "title"))
    capitals = {hit[0]: hit for hit in _hits(title, gazetteer) if EXACT in hit[4].flags}
    calm = {hit[0]: hit for hit in _hits(_calm(title), gazetteer)}
    return _spread(title, _longest([*{**capitals, **calm}.values()]), ("title", "title"))


def _calm(text: str) -> str:
    """Return shouted text in title case, of the same length."""
    return re.sub(r"[^\W\d_]+", lambda match: match.group()[0] + match.group()[1:].lower(), text)


def _in_text(text: str, gazetteer: Gazetteer) -> list[Found]:
    fields, lead = ("lead", "text"), _lead_end(text)
    dateline = _DATELINE.match(text)
    if not dateline:
        return _spread(text, _longest(_hits(text, gazetteer)), fields, lead)
    skip = dateline.end()
    head = text[:skip]
    calm = head[: dateline.start(1)] + _calm(dateline[1])
    found = _spread(head, _longest(_hits(calm, gazetteer)), ("dateline", "dateline"))
    rest = _spread(text, _longest(_hits(text, gazetteer)), fields, lead)
    return found + [name for name in rest if name.start >= skip]


def _lead_end(text: str) -> int:
    match = _SENTENCE_END.search(text, 60, LEAD_CHARS)
    return match.end() if match else LEAD_CHARS


# A name in a text: start, minus end, its spelling's order, and a number, so that sorting puts first what wins.
_Hit = tuple[int, int, int, int, Entry]


def _hits(text: str, gazetteer: Gazetteer) -> list[_Hit]:
    hits = _latin_hits(text, gazetteer)
    if not text.isascii() and _OTHER_SCRIPT.search(text):
        hits += _other_hits(text, gazetteer, len(hits))
    return hits


def _latin_hits(text: str, gazetteer: Gazetteer) -> list[_Hit]:
    """Return the Latin names that begin where a word does, and end where one does or with an ending of theirs."""
    hits: list[_Hit] = []
    words, entries, made = f" {spaced(text)} ", gazetteer.entries, gazetteer.entries.made
    for end, spellings in gazetteer.latin.iter(
        words
    ):  # with a space before, the last letter's place is the end
        for length, exactly, number, order in spellings:
            start, stop = end - length, end
            if exactly and not text.startswith(exactly, start):
                continue
            entry = made[number] or entries[number]
            if words[end + 1] != " " and text[end - 1] != ".":
                if STEM not in entry.flags or length < 4:
                    continue
                stop = _word_end(text, end)
                if text[end:stop] not in LATIN_ENDINGS:
                    continue
            hits.append((start, -stop, order, len(hits), entry))
    return hits


def _word_end(text: str, position: int, limit: int = 6) -> int:
    stop = min(len(text), position + limit)
    while position < stop and text[position].isalnum():
        position += 1
    return position


def _other_hits(text: str, gazetteer: Gazetteer, number: int) -> Iterator[_Hit]:
    """Give the names in other scripts, numbered from `number` on."""
    for last, (length, _, named, order) in gazetteer.other.iter(text):
        start, entry = last - length + 1, gazetteer.entries[named]
        end = _end_in_script(text, start, last + 1)
        if end:
            yield start, -end, order, number, entry
            number += 1


def _end_in_script(text: str, start: int, end: int) -> int:
    """Return where a word that holds a name ends; 0 if what stands around the name makes it another word."""
    letter = text[start]
    if "\u3040" <= letter <= "\u9fff" or "\u1000" <= letter <= "\u109f":
        return end  # kana, Han, Burmese: words are not set apart
    before, stop = _letters_before(text, start), _word_end(text, end)
    tail = text[end:stop]
    if letter < "\u0530":  # Greek, Cyrillic
        fits = not before and (not tail or (end - start > 3 and tail in CYRILLIC_ENDINGS))
    elif "\u0590" <= letter < "\u0600":
        fits = (not before or set(before) <= set("משהוכלב")) and (not tail or tail in HEBREW_ENDINGS)
    elif "\u0600" <= letter < "\u0700":
        fits = (not before or before in ARABIC_PREFIXES) and (
            not tail or (end - start > 3 and tail in ARABIC_ENDINGS)
        )
    elif "\u1200" <= letter < "\u1400":
        fits = len(before) <= 2 and len(tail) <= 2
    else:  # Armenian, Georgian, Indic, Hangul: endings follow the name
        fits = not before and len(tail) <= 5
    return stop if fits else 0


def _letters_before(text: str, start: int) -> str:
    first = start
    while first and start - first < 6 and text[first - 1].isalnum():
        first -= 1
    return text[first:start]


def _longest(hits: list[_Hit]) -> list[_Hit]:
    """Keep the leftmost, longest of overlapping hits; a whole name before a shorter one with an ending."""
    hits.sort()
    kept, reached = [], 0
    for hit in hits:
        if hit[0] >= reached:
            kept.append(hit)
            reached = -hit[1]
    return kept


def _spread(text: str, hits: list[_Hit], fields: tuple[str, str], lead: int = 0) -> list[Found]:
    """Return hits with what stands around them; `fields` are what lies before and after the place `lead`."""
    found = []
    previous = -1
    for start, back, _, _, entry in hits:
        end = -back
        gap = text[previous:start] if previous >= 0 and start - previous <= 3 else ""
        if AFTER_COMMA in entry.flags and text[max(0, start - 2) : start] != ", ":
            continue
        field, before = fields[start >= lead], _word_before(text, start)
        found.append(
            Found(start, end, entry, field, before, _word_after(text, end), text[end : end + 30], gap)
        )
        previous = end
    return found


def _word_before(text: str, start: int) -> str:
    if not start:
        return ""
    piece = text[max(0, start - 32) : start]
    if piece[-1] not in " -\"'(":
        return piece[-1]
    piece = piece.rstrip(" \"'(-")
    words = piece.rsplit(None, 1)
    if not words or words[-1] not in PASSED_OVER:
        return words[-1] if words else ""
    words = piece.rsplit(None, 3)
    while len(words) > 1 and words[-1] in PASSED_OVER:
        words.pop()
    return words[-1]


def _word_after(text: str, end: int) -> str:
    piece = text[end : end + 24]
    if piece[:1] != " ":
        return piece[:1]
    words = piece.split(None, 1)
    return words[0] if words else ""
