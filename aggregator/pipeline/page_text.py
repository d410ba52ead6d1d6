"""Which of a page's texts is the article? trafilatura's, corrected by the page's own articleBody."""

from __future__ import annotations

from dataclasses import dataclass

import trafilatura
from lxml.html import HtmlElement

from .page_data import PageData
from .types import Entry, Removed
from .words import words_of

MIN_BODY = 400  # characters; a shorter articleBody is a summary
GOOD = 0.8
INSIDE = 0.5


@dataclass(frozen=True, slots=True)
class Chosen:
    """A text, where it is from, and the lines that the choice took out."""

    text: str
    method: str
    removed: tuple[Removed, ...] = ()


def choose(tree: HtmlElement, data: PageData, entry: Entry | None, url: str) -> Chosen:
    """Return the article's text by stated rules.

    1. trafilatura's text stands, unless there is an articleBody of MIN_BODY characters or more.
    2. Where the articleBody holds most (GOOD) of that text, lines before the first and after the last line
       that it knows are no part of the article.
    3. Where trafilatura has less than GOOD of the articleBody, the articleBody is the text.
    4. Where neither has MIN_BODY characters and the feed has more, the feed's content is the text.
    """
    found = _trafilatura(tree, url)
    body = data.body if len(data.body) >= MIN_BODY else ""
    chosen = _with_body(found, body) if body else Chosen(found, "trafilatura")
    if entry and len(entry.content) > max(MIN_BODY, 2 * len(chosen.text)):
        return Chosen(entry.content, "feed")
    return chosen


def _trafilatura(tree: HtmlElement, url: str) -> str:
    found = trafilatura.bare_extraction(tree, url=url or None, include_comments=False, with_metadata=False)
    return (getattr(found, "text", "") or "") if found else ""


def _grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[index : index + 4]) for index in range(max(1, len(words) - 3))} if words else set()


def _share(part: set[tuple[str, ...]], whole: set[tuple[str, ...]]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _with_body(found: str, body: str) -> Chosen:
    ours, theirs = _grams(words_of(found)), _grams(words_of(body))
    if _share(theirs, ours) < GOOD:
        return Chosen(body, "json_ld") if len(theirs) > len(ours) * 0.5 else Chosen(found, "trafilatura")
    return _trimmed(found, theirs)


def _trimmed(found: str, theirs: set[tuple[str, ...]]) -> Chosen:
    lines = [line for line in found.split("\n") if line.strip()]
    inside = [_share(_grams(words_of(line)), theirs) >= INSIDE for line in lines]
    if not any(inside):
        return Chosen(found, "trafilatura")
    first, last = inside.index(True), len(inside) - 1 - inside[::-1].index(True)
    removed = [Removed(line, "outside_body", "start") for line in lines[:first]]
    removed += [Removed(line, "outside_body", "end") for line in lines[last + 1 :]]
    return Chosen("\n".join(lines[first : last + 1]), "trafilatura", tuple(removed))
