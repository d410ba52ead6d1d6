"""An outlet's own name in its headlines and texts: it says nothing of what happened, so it is left out."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

_REGIONS = Path(__file__).resolve().parent.parent / "vocabulary" / "regions.json"
_TAIL = re.compile(r"\s+[-|–—]\s+[^-|–—]{2,40}$")
_HEAD = re.compile(r"^\s*([^:|：｜]{2,40}?)\s*[:|：｜]\s*")
LEAST = 4  # letters of a name that is taken out of running text, as it is longer than most words of one


def without_outlet(title: str, outlet: str, called: str) -> str:
    """Drop an opening or closing name of the outlet: "- Name" whose letters stand in the outlet's own name or
    address, "Name:" that is the name it is called by. A place stays: feeds are called "Ukraine" or "Middle East"."""
    tail = _TAIL.search(title)
    if tail is not None and any(_is_in(tail.group(), name) for name in (outlet, called)):
        title = title[: tail.start()]
    head = _HEAD.match(title)
    if head is not None and _letters(head.group(1)) == _letters(called) and not _is_place(called):
        title = title[head.end() :]
    return title


def without_name(text: str, called: str) -> str:
    """Drop the name that an outlet is called by where a text says it whole, if it has several words (or is
    written without spaces): one word may be anything ("Dawn", "Хвиля"), and a place is news."""
    called = called.strip()
    if len(called) < LEAST or (" " not in called and called < "\u0e00"):
        return text
    if called.casefold() not in text.casefold() or _is_place(called):
        return text
    before, after = (r"(?<!\w)", r"(?!\w)") if " " in called else ("", "")
    return re.sub(f"{before}{re.escape(called)}{after}", " ", text, flags=re.IGNORECASE)


def without_outlet_names(called: str, title: str, text: str) -> str:
    """Return headline and text, a line each, without the name that their outlet is called by."""
    return f"{without_name(without_outlet(title, '', called), called)}\n{without_name(text, called)}"


def _is_in(words: str, name: str) -> bool:
    said, known = _letters(words), _letters(name)
    if not said or not known or _is_place(words):
        return False
    if min(len(said), len(known)) < LEAST:  # "UN" stands in "The Sun"
        return said.startswith(known) or known.startswith(said)
    return said in known or known in said


def _is_place(words: str) -> bool:
    return _letters(words) in _places()


@cache
def _places() -> frozenset[str]:
    """Return the letters of the regions' names and of what else they are called, in all languages."""
    regions = json.loads(_REGIONS.read_text("utf-8"))["regions"]
    names = (
        name
        for region in regions
        for name in (
            region["name"],
            *region.get("aliases", ()),
            *(other for others in region.get("aliases_i18n", {}).values() for other in others),
        )
    )
    return frozenset(map(_letters, names))


def _letters(words: str) -> str:
    return "".join(c for c in words.casefold() if c.isalnum())
