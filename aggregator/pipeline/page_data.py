"""What a page says about itself for machines: JSON-LD and meta elements → a few plain values.

Nothing here is trusted: sizes and depths are bounded, types are checked, every value may lie.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement

from .clean import one_line, to_text

MAX_SCRIPT = 2_000_000
MAX_NODES = 5000
_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|LiveBlog|Story|Opinion|Analysis)", re.I)
_BROKEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WRAPPED = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*.*?\*/)\s*|\s*(?:-->|//\s*\]\]>|\]\]>)\s*$", re.S
)


@dataclass(frozen=True, slots=True)
class PageData:
    """Values of the page's own markup, as text; '' or () where it does not say."""

    headline: str = ""
    body: str = ""  # articleBody, paragraphs where it has them
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    is_free: bool | None = None  # isAccessibleForFree
    meta: dict[str, str] = field(default_factory=dict)  # lower-case name or property → first content
    meta_authors: tuple[str, ...] = ()
    canonical: str = ""
    language: str = ""
    has_article: bool = False


def read_page(tree: HtmlElement) -> PageData:
    """Collect what JSON-LD and meta elements say. Never raises for what a page holds."""
    nodes = list(_nodes(tree))
    articles = [node for node in nodes if _is_article(node)]
    articles.sort(key=lambda node: -len(_text(node.get("articleBody"))))
    meta, authors = _meta(tree)
    names = {_text(node.get("@id")): _text(node.get("name")) for node in nodes if node.get("@id")}
    return PageData(
        headline=one_line(
            next((found for node in articles if (found := _text(node.get("headline")))), ""), 500
        ),
        body=next((found for node in articles if (found := _body(node))), ""),
        published=_first(articles, "datePublished"),
        modified=_first(articles, "dateModified"),
        authors=_authors(articles, names),
        is_free=_is_free(articles),
        meta=meta,
        meta_authors=authors,
        canonical=_canonical(tree),
        language=_text(tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")),
        has_article=bool(articles),
    )


def _nodes(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    count = 0
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        for node in _objects(_load(script.text or "")):
            count += 1
            if count > MAX_NODES:
                return
            yield node


def _load(source: str) -> Any:
    """Read JSON as sites write it: comments around it, line breaks in strings, a stray comma or semicolon."""
    if len(source) > MAX_SCRIPT:
        return None
    source = _WRAPPED.sub("", source).strip().rstrip(";")
    for words in (source, re.sub(r",\s*([}\]])", r"\1", _BROKEN.sub(" ", source))):
        try:
            return json.loads(words, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 8:
        return
    if isinstance(value, list):
        for one in value[:200]:
            yield from _objects(one, depth + 1)
    elif isinstance(value, dict):
        yield value
        for one in value.values():
            if isinstance(one, dict | list):
                yield from _objects(one, depth + 1)


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(kind, str) and _ARTICLE.search(kind) for kind in kinds) and bool(
        node.get("headline") or node.get("articleBody") or node.get("datePublished")
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, str)), "")
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or value.get("@id") or ""
    return value.strip() if isinstance(value, str) else ""


def _body(node: dict[str, Any]) -> str:
    body = node.get("articleBody")
    if isinstance(body, list):
        body = "\n".join(one for one in body if isinstance(one, str))
    return to_text(body) if isinstance(body, str) and body.strip() else ""


def _first(nodes: list[dict[str, Any]], name: str) -> str:
    return next((found for node in nodes if (found := _text(node.get(name)))), "")


def _is_free(nodes: list[dict[str, Any]]) -> bool | None:
    for node in nodes:
        value = node.get("isAccessibleForFree")
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
            return value.strip().lower() == "true"
    return None


def _authors(nodes: list[dict[str, Any]], names: dict[str, str]) -> tuple[str, ...]:
    for node in nodes:
        authors = node.get("author") or node.get("creator")
        found: list[str] = []
        for one in authors if isinstance(authors, list) else [authors]:
            if isinstance(one, dict):
                name = one.get("name")
                parts = name if isinstance(name, list) else [name or names.get(_text(one.get("@id")), "")]
                found += [part for part in parts if isinstance(part, str)]
            elif isinstance(one, str):
                found.append(one)
        if any(name.strip() for name in found):
            return tuple(dict.fromkeys(one_line(name, 120) for name in found[:20] if name.strip()))
    return ()


def _meta(tree: HtmlElement) -> tuple[dict[str, str], tuple[str, ...]]:
    found: dict[str, str] = {}
    authors: list[str] = []
    for element in tree.iter("meta"):
        name = (
            (element.get("name") or element.get("property") or element.get("itemprop") or "").strip().lower()
        )
        content = (element.get("content") or "").strip()
        if name and content and len(found) < 400:
            found.setdefault(name, content[:2000])
            if name in {"author", "article:author", "parsely-author", "dc.creator", "sailthru.author", "byl"}:
                authors.append(one_line(content, 300))
    return found, tuple(dict.fromkeys(authors))


def _canonical(tree: HtmlElement) -> str:
    for element in tree.iter("link"):
        if (element.get("rel") or "").lower() == "canonical":
            return (element.get("href") or "").strip()[:2000]
    return ""
