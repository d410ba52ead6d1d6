"""Title and authors of a page, from several witnesses."""

from __future__ import annotations

import re

from lxml.html import HtmlElement
from trafilatura.metadata import extract_author

from .clean import one_line
from .page_data import PageData

_SUFFIX = re.compile(
    r"\s+(?:[|\u2013\u2014\u00bb\u2022\u00b7]|-|::)\s+(?=[^|\u2013\u2014\u00bb\u2022]{2,60}$)"
)
_NOT_A_NAME = re.compile(r"https?://|www\.|@|\.(?:com|org|net|de|fr)\b|^\W*$|\d{3}", re.I)
_BY = re.compile(r"^\s*(?:by|von|par|por|di|written\s+by|autor(?:en)?|author|text|от|автор)\s*[:\s]\s*", re.I)
_SPLIT = re.compile(r"\s*(?:;|\||/|\band\b|\bund\b|\bet\b|&|,(?!\s*(?:jr|sr|phd|md|dr)\b))\s*", re.I)


def title_of(tree: HtmlElement, data: PageData) -> str:
    """Return the headline: JSON-LD's, else og:title's or the title's without the site's name, checked on h1."""
    heads = [one for one in (one_line(h.text_content(), 500) for h in list(tree.iter("h1"))[:6]) if one]
    said = [data.headline, data.meta.get("og:title", ""), data.meta.get("twitter:title", ""), _title(tree)]
    site = data.meta.get("og:site_name", "")
    cleaned = [_without_site(one_line(one, 500), site) for one in said if one.strip()]
    for head in heads:
        if any(_folded(head) == _folded(one) for one in cleaned):
            return head
    if cleaned:
        for head in heads:
            if _is_like(head, cleaned[0]):
                return head
        return cleaned[0]
    return heads[0] if heads else ""


def _title(tree: HtmlElement) -> str:
    return next((element.text_content() for element in tree.iter("title")), "")


def _without_site(title: str, site: str) -> str:
    if site and title.lower().endswith(site.lower()):
        title = re.sub(r"\s*[|\u2013\u2014:\u00bb\u2022\u00b7-]+\s*$", "", title[: -len(site)]) or title
    parts = _SUFFIX.split(title)
    if len(parts) > 1 and len(parts[-1]) < 40 and len(" ".join(parts[:-1])) > 15:
        return title[: title.rindex(parts[-1])].rstrip(" |\u2013\u2014\u00bb\u2022\u00b7:-")
    return title


def _folded(words: str) -> str:
    return re.sub(r"[\W_]+", "", words.casefold())


def _is_like(one: str, other: str) -> bool:
    a, b = sorted((_folded(one), _folded(other)), key=len)
    return bool(a) and a in b and len(a) >= 0.5 * len(b)


def author_of(tree: HtmlElement, data: PageData) -> str:
    """Return the authors, parted by '; ': JSON-LD's people, else meta's, else what trafilatura finds."""
    site = _folded(data.meta.get("og:site_name", ""))
    for names in (data.authors, data.meta_authors):
        found = _names(names, site)
        if found:
            return "; ".join(found)
    try:
        return "; ".join(_names(tuple((extract_author(tree) or "").split(";")), site))
    except Exception:
        return ""


def _names(said: tuple[str, ...], site: str) -> list[str]:
    found = []
    for words in said:
        for name in _SPLIT.split(_BY.sub("", words)):
            name = " ".join(name.split()).strip(" .,:-")
            if 2 < len(name) < 60 and not _NOT_A_NAME.search(name) and (not site or _folded(name) != site):
                found.append(name)
    return list(dict.fromkeys(found))[:12]
