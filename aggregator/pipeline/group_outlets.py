"""An outlet's own name in its headlines and texts: it says nothing of what happened, so it is left out."""

from __future__ import annotations

import re

_TAIL = re.compile(r"\s+[-|–—]\s+[^-|–—]{2,40}$")
_HEAD = re.compile(r"^\s*([^:|：｜]{2,40}?)\s*[:|：｜]\s*")
LEAST = 4  # letters of a name that is taken out of running text, as it is longer than most words of one


def without_outlet(title: str, outlet: str, called: str) -> str:
    """Drop an opening or closing name of the outlet: "- Name" whose letters stand in the outlet's own name or
    address, "Name:" that is the name it is called by."""
    tail = _TAIL.search(title)
    if tail is not None and any(_is_in(tail.group(), name) for name in (outlet, called)):
        title = title[: tail.start()]
    head = _HEAD.match(title)
    if head is not None and _letters(head.group(1)) == _letters(called):
        title = title[head.end() :]
    return title


def without_name(text: str, called: str) -> str:
    """Drop the name that an outlet is called by where a text says it whole, if it has several words (or is
    written without spaces): one word may be anything ("Dawn", "Хвиля")."""
    called = called.strip()
    if len(called) < LEAST or (" " not in called and called < "\u0e00"):
        return text
    edge = r"\b" if " " in called else ""
    return re.sub(f"{edge}{re.escape(called)}{edge}", " ", text, flags=re.IGNORECASE)


def _is_in(words: str, name: str) -> bool:
    letters, known = _letters(words), _letters(name)
    return bool(letters and known) and (letters in known or known in letters)


def _letters(words: str) -> str:
    return "".join(c for c in words.casefold() if c.isalnum())
