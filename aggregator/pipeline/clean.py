"""Markup from outside → text. Nothing that leaves here can act: no tag, no control character.

Sizes are bounded before any parser sees them, so that one field cannot hold the line (nh3 needs
seconds for tens of thousands of nested elements).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import nh3

MAX_LINE = 1000  # characters of a title, author or category
MAX_MARKUP = 400_000  # characters of markup that are read for a text
MAX_TEXT = 200_000  # characters of a text that are kept
MAX_TAGS = 20_000  # above it tags are cut out without being understood

SILENT = {
    "script",
    "style",
    "template",
    "iframe",
    "object",
    "svg",
    "math",
    "noscript",
    "head",
    "title",
    "form",
}

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|table|blockquote|section|article|figure|figcaption|pre|dd|dt|hr|td|th)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<[!?][^<>]*>")
_OPEN_TAG = re.compile(r"</?[a-zA-Z!?]")
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")


def plain(words: str) -> str:
    """Return text without characters that a database refuses or that change how others are shown."""
    if words.isprintable():  # the usual case, and quick
        return words
    return _CONTROL.sub("", words) if _CONTROL.search(words) else words


def one_line(markup: str, limit: int = MAX_LINE) -> str:
    """Return a title, author or name as one line of text, at most `limit` characters."""
    words = plain(markup[: limit * 8])
    if "<" in words or "&" in words:
        words = _without_tags(words)
    return _shortened(" ".join(words.split()), limit)


def to_text(markup: str, limit: int = MAX_TEXT) -> str:
    """Return the text of HTML (or of plain text), paragraphs separated by newlines.

    A word of HTML that was escaped twice is cut out as well: a text may not look like a tag.
    """
    words = plain(markup[:MAX_MARKUP])
    if "<" not in words and "&" not in words:
        return _paragraphs(_BLANK_LINE.split(words), limit)
    if not _OPEN_TAG.search(words) and "&lt;" not in words:
        return _paragraphs(_BLANK_LINE.split(_without_tags(words)), limit)
    # Splitting and joining is several times as quick as replacing; that other tags become <p does not matter.
    words = " \n<p".join(_BLOCK.split(words.replace("\n", " ").replace("\r", " ")))
    return _paragraphs(_without_tags(words).split("\n"), limit)


def _without_tags(words: str) -> str:
    """Cut tags out, read entities, and cut out what looks like a tag only then."""
    if _OPEN_TAG.search(words):
        words = _strip(words)
    words = plain(html.unescape(words))
    if "<" in words and _TAG.search(words):
        words = _TAG.sub(" ", words)
        if _TAG.search(words):  # tags inside tags: nothing that anyone wrote
            words = words.replace("<", " ")
    return words


def _strip(words: str) -> str:
    if words.count("<") > MAX_TAGS:
        return _TAG.sub(" ", words)
    return nh3.clean(words, tags=set(), clean_content_tags=SILENT, strip_comments=True)


def _paragraphs(parts: Iterable[str], limit: int) -> str:
    lines = [" ".join(part.split()) for part in parts]
    return _shortened("\n".join([line for line in lines if line]), limit)


def _shortened(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[:limit].rsplit(" ", 1)[0]


def extract_of(text: str, limit: int = 300) -> str:
    """Return the first words of a text, at most `limit` characters, ending at a sentence where one ends late enough."""
    words = " ".join(text.split())
    if len(words) <= limit:
        return words
    cut = words[: limit - 1]
    end = max(cut.rfind(mark) for mark in (". ", "! ", "? ", "。", "؟ ", "। "))
    if end > limit // 2:
        return cut[: end + 1]
    return cut.rsplit(" ", 1)[0].rstrip(" ,;:-–") + "…"
