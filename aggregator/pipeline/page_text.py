"""Which of a page's texts is the article? trafilatura's, corrected by the page's own articleBody."""

from __future__ import annotations

import re
from dataclasses import dataclass

import trafilatura
from lxml.html import HtmlElement

from .page_data import PageData
from .types import Entry, Removed
from .words import words_of

MIN_BODY = 400  # characters; a shorter articleBody is a summary
WHOLE = 0.8  # share of one text's word runs in the other: it is all there
PART = 0.5  # of a line's word runs: the line is known
MUCH_MORE = 1.6  # times the text that the paragraphs of the page's article element hold
MIN_PARAGRAPH = 80  # characters; what is shorter may be a label
LEAD_WORDS = 7  # a first line of so many words may be the lead, which articleBody often leaves out

_SENTENCE = re.compile(r"[.!?\u2026\u3002\"\u201d\u00bb]\W*$")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A text, where it is from, and the lines that the choice took out."""

    text: str
    method: str
    removed: tuple[Removed, ...] = ()


def choose(tree: HtmlElement, data: PageData, entry: Entry | None, url: str, title: str = "") -> Chosen:
    """Return the article's text by stated rules.

    1. trafilatura's text stands unless another witness knows better.
    2. Where trafilatura has less than WHOLE of an articleBody of MIN_BODY characters, that is the text.
    3. Where the articleBody has nearly all of trafilatura's text, what follows its last known line is no
       part of the article, nor are labels before its first.
    4. Where the paragraphs of the page's one article element hold MUCH_MORE, they are the text.
    5. Where the feed's content is more than twice as long, it is the text.
    """
    _drop_other_articles(tree)
    paragraphs = _paragraphs(tree)
    found = _trafilatura(tree, url)
    if len(data.body) >= MIN_BODY:
        chosen = _with_body(found, data.body)
    elif len(paragraphs) > max(MIN_BODY, MUCH_MORE * len(found)):
        chosen = Chosen(paragraphs, "paragraphs")
    else:
        chosen = Chosen(found, "trafilatura")
    if entry and len(entry.content) > max(MIN_BODY, 2 * len(chosen.text)):
        chosen = Chosen(entry.content, "feed")
    return _without_head(chosen, title, data)


def _drop_other_articles(tree: HtmlElement) -> None:
    """Keep the article element with the headline, when it has text of its own, and drop those after it.

    Sites append the next report, or teasers of others, as further article elements.
    """
    articles = [one for one in tree.iter("article") if next(one.iterancestors("article"), None) is None]
    headed = next((one for one in articles if next(one.iter("h1"), None) is not None), None)
    if headed is None or sum(len(one.text_content()) for one in headed.iter("p")) < MIN_BODY:
        return
    for other in articles[articles.index(headed) + 1 :]:
        other.drop_tree()


def _trafilatura(tree: HtmlElement, url: str) -> str:
    found = trafilatura.bare_extraction(tree, url=url or None, include_comments=False, with_metadata=False)
    return (getattr(found, "text", "") or "") if found else ""


def _paragraphs(tree: HtmlElement) -> str:
    """Return the longer paragraphs of the page's article element, '' when there is not exactly one."""
    articles = [one for one in tree.iter("article") if next(one.iterancestors("article"), None) is None]
    if len(articles) != 1:
        return ""
    lines = (" ".join(one.text_content().split()) for one in articles[0].iter("p"))
    return "\n".join(line for line in lines if len(line) >= MIN_PARAGRAPH)


def _grams(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[index : index + 4]) for index in range(max(1, len(words) - 3))} if words else set()


def _share(part: set[tuple[str, ...]], whole: set[tuple[str, ...]]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _with_body(found: str, body: str) -> Chosen:
    ours, theirs = _grams(found), _grams(body)
    if _share(theirs, ours) < WHOLE and len(theirs) > len(ours) * 0.7:
        return Chosen(body, "json_ld")
    if _share(ours, theirs) >= PART:
        return _trimmed(found, theirs)
    return Chosen(found, "trafilatura")


def _trimmed(found: str, theirs: set[tuple[str, ...]]) -> Chosen:
    lines = [line for line in found.split("\n") if line.strip()]
    inside = [_share(_grams(line), theirs) >= PART for line in lines]
    if not any(inside):
        return Chosen(found, "trafilatura")
    first, last = inside.index(True), len(inside) - 1 - inside[::-1].index(True)
    head = [line for line in lines[:first] if not _is_sentence(line)]
    kept = [line for line in lines[:first] if _is_sentence(line)] + lines[first : last + 1]
    removed = [Removed(line, "outside_body", "start") for line in head]
    removed += [Removed(line, "outside_body", "end") for line in lines[last + 1 :]]
    return Chosen("\n".join(kept), "trafilatura", tuple(removed))


def _is_sentence(line: str) -> bool:
    return (len(line.split()) >= LEAD_WORDS and bool(_SENTENCE.search(line))) or line.startswith(
        ("- ", "\u2022")
    )


def _without_head(chosen: Chosen, title: str, data: PageData) -> Chosen:
    """Take out first lines that only repeat the headline or name the authors."""
    known = {_folded(one) for one in (title, data.headline, *data.authors, *data.meta_authors) if one}
    lines = chosen.text.split("\n")
    removed: list[Removed] = []
    while (
        len(lines) > 1
        and len(removed) < 3
        and _folded(re.sub(r"^\W*(?:by|von|par|por|di)\s+", "", lines[0], flags=re.I)) in known
    ):
        removed.append(Removed(lines.pop(0).strip(), "repeats_title", "start"))
    return Chosen("\n".join(lines), chosen.method, (*removed, *chosen.removed))


def _folded(words: str) -> str:
    return re.sub(r"[\W_]+", "", words.casefold())
