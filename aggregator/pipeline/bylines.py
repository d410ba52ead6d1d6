"""Title and authors of a page, from several witnesses."""

from __future__ import annotations

import re

from lxml.html import HtmlElement
from trafilatura.metadata import extract_author

from .clean import one_line
from .domains import domain_of
from .page_data import PageData

_PARTS = re.compile(r"\s+(?:[|\u2013\u2014\u00bb\u2022\u00b7-]|::)\s+")
MAX_SITE_WORDS = 6
_NOT_A_NAME = re.compile(r"^https?$|www\.|@|^\W*$|\d{3}", re.I)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*", re.I)
_BY = re.compile(
    r"^\W*(?:(?:view|see|zeige|voir)\s+(?:all|alle|tous)\s+\w+\s+(?:by|von|par)|zum\s+profil\s+von|(?:post\s+)?auth?or(?:en)?s?|autore?s?|auteurs?"
    r"|artikel\s+von|ein\s+artikel\s+von|article\s+par|reported\s+by|words\s+by|written\s+by|posted\s+by|by|vom|von|par|por|di|av|af|door|текст|от|автор)\b\W*",
    re.I,
)
_AFTER = re.compile(
    r"\s+(?:for|für|pour)\s+(?:the\s+)?[A-Z\u00c0-\u00de].*$|\s*,\s*(?:ph\.?d|md|m\.d|dr|jr|sr|esq)\.?$|\s+\|.*$"
)
_SPLIT = re.compile(r"\s*(?:;|\||\s+and\s+|\s+und\s+|\s+et\s+|\s+y\s+|\s+&\s+|,)\s*", re.I)


def title_of(tree: HtmlElement, data: PageData, url: str = "") -> str:
    """Return the headline that readers see: the h1, when what the page says of itself bears it out.

    Else JSON-LD's, og:title's or the title's, without the site's name.
    """
    heads = [one for one in (one_line(h.text_content(), 500) for h in list(tree.iter("h1"))[:6]) if one]
    said = [data.headline, data.meta.get("og:title", ""), data.meta.get("twitter:title", ""), _title(tree)]
    sites = [
        _folded(data.meta.get("og:site_name", "")),
        *(_folded(one) for one in domain_of(url).split(".")[:-1]),
    ]
    cleaned = [_without_site(one_line(one, 500), sites) for one in said if one.strip()]
    for head in heads:
        if any(_folded(head) == _folded(one) for one in cleaned):
            return head
    for head in heads:
        if any(_is_like(head, one) for one in cleaned):
            return head
    return cleaned[0] if cleaned else next(iter(heads), "")


def _title(tree: HtmlElement) -> str:
    return next((element.text_content() for element in tree.iter("title")), "")


def _without_site(title: str, sites: list[str]) -> str:
    """Drop a last (or first) part that is the site's name."""
    parts = list(_PARTS.finditer(title))
    if not parts:
        return title
    first, last = parts[0], parts[-1]
    if _is_site(title[last.end() :], sites) or (last.group().strip() == "|" and last.start() >= 20):
        return _without_site(title[: last.start()], sites)
    return title[first.end() :] if _is_site(title[: first.start()], sites) else title


def _is_site(words: str, sites: list[str]) -> bool:
    folded = _folded(words)
    if not folded or len(words.split()) > MAX_SITE_WORDS:
        return False
    return any(site and len(site) > 1 and (folded in site or site in folded) for site in sites)


def _folded(words: str) -> str:
    return re.sub(r"[\W_]+", "", words.casefold())


def _is_like(head: str, said: str) -> bool:
    """Tell whether a heading and a stated title are one headline in two lengths or wordings."""
    a, b = sorted((_folded(head), _folded(said)), key=len)
    if a and a in b and len(a) >= 0.5 * len(b):
        return True
    words = set(head.casefold().split())
    return len(words) >= 4 and len(words & set(said.casefold().split())) >= 0.4 * len(words)


def author_of(tree: HtmlElement, data: PageData) -> str:
    """Return the authors, parted by '; ': JSON-LD's, else meta's, else what trafilatura finds in the page."""
    for names in (data.authors, data.meta_authors):
        found = _names(names)
        if found:
            return "; ".join(found)
    try:
        return "; ".join(_names(tuple((extract_author(tree) or "").split(";"))))
    except Exception:
        return ""


def _names(said: tuple[str, ...]) -> list[str]:
    found: dict[str, str] = {}
    for words in said:
        for part in _SPLIT.split(_AFTER.sub("", _ADDRESS.sub("", words))):
            name = _BY.sub("", _BY.sub("", " ".join(part.split()))).strip(" .,:-|/")
            if 2 < len(name) < 60 and not _NOT_A_NAME.search(name) and name.casefold() not in _TITLES:
                found.setdefault(_folded(name), name)
    return list(found.values())[:12]


_TITLES = frozenset(
    {
        "phd",
        "ph.d",
        "md",
        "dr",
        "jr",
        "sr",
        "staff",
        "admin",
        "wordpressadmin",
        "redaktion",
        "editor",
        "http",
        "https",
    }
)
