"""One article at the desk: its text, every decision with its evidence, and held articles that try again."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.models import Article
from aggregator.services import explaining

TEXT_SHOWN = 6000  # characters


@dataclass(frozen=True)
class ArticleSheet:
    """An article with its text, the lines taken out of it, and why it is where it is."""

    article: Article
    paragraphs: tuple[tuple[str, bool], ...]  # text, whether it was taken out as boilerplate
    decisions: tuple[explaining.Line, ...]


def read_article(pk: int) -> ArticleSheet:
    """Return an article. Raises CurationError when there is none."""
    article = explaining.find_article(str(pk))
    body = getattr(article, "body", None)
    removed = {str(each.get("line", "")).strip() for each in body.removed} if body else set()
    text = ((body.full_text or body.text) if body else "")[:TEXT_SHOWN]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return ArticleSheet(
        article, tuple((line, line in removed) for line in lines), tuple(explaining.explain(article))
    )
