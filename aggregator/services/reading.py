"""What an article says: from its page in a child that can be killed, else from its feed entry."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from django.conf import settings

from aggregator.errors import AggregatorError, ExtractError
from aggregator.fetch import isolate, packing
from aggregator.models import Article, ArticleBody, FingerprintRow, LearnedLine, Work
from aggregator.pipeline import boilerplate, extract
from aggregator.pipeline.types import ArticleText, Entry, Removed

log = logging.getLogger(__name__)

# Why an article is under way whose text is the stored one; no revision comes of it.
RERUNS = ("retag", "reread")
FEW = 200  # characters of headline and text, below which a language is guessed wrongly too often
EXTRACT_MEMORY = 1_000_000_000  # bytes of address space; a 5 MB page needs some 300 MB as a tree


def read_texts(work: Sequence[Work], now: datetime) -> list[ArticleText]:
    """Return the text of each row, in order, with general and learned boilerplate out.

    A page that cannot be read within its bounds falls back to the feed's own content; the code of
    what went wrong stays on the row.
    """
    lines = _learned_lines({row.article.source_id for row in work})
    stored = stored_texts([row.pk for row in work if row.why in RERUNS])
    texts = []
    for row in work:
        text = stored.get(row.pk) or _read_one(row, now)
        if row.why == "reread" and row.pk in stored:
            text = _read_again(text)
        texts.append(boilerplate.remove_learned(text, lines.get(row.article.source_id, frozenset())))
    return texts


def _read_one(row: Work, now: datetime) -> ArticleText:
    entry, now = entry_of(row), max(now, row.article.found_at)  # a clock may have been set back since
    if row.body:
        try:
            return _read_page(row, entry, now)
        except AggregatorError as error:
            row.code, row.sentence = error.code, error.sentence
            log.info("page_not_read", extra={"article": row.pk, "code": error.code})
    return extract.text_from_entry(_in_own_language(entry, row.article), now)


def _in_own_language(entry: Entry, article: Article) -> Entry:
    """Return an entry of few words in what its outlet writes: counting letters takes a headline for any language."""
    if entry.language or len(f"{entry.title}{entry.content or entry.summary}") >= FEW:
        return entry
    own = article.source.languages or []
    said = article.feed.language if article.feed else ""
    return replace(entry, language=said or (own[0] if len(own) == 1 else ""))


@cache
def _child() -> isolate.Child:
    """The process that reads this worker's pages; it is killed when a page takes too long."""
    return isolate.Child(seconds=settings.EXTRACT_SECONDS, memory=EXTRACT_MEMORY)


def _read_page(row: Work, entry: Entry, now: datetime) -> ArticleText:
    text: ArticleText = _child().run(
        extract.extract_page,
        packing.unpack(bytes(row.body or b"")),
        url=row.final_url or row.article.url,
        charset=row.charset or None,
        entry=entry,
        now=now,
        selector=row.article.source.extraction_selector,
    )
    if text.kind == "empty":
        raise ExtractError("The page gave no text.", code="page_empty")
    return text


def entry_of(row: Work) -> Entry:
    """Return the feed entry that a row carries (JSON), or one made from its article."""
    data = dict(row.entry)
    if not data:
        article = row.article
        return Entry(guid="", url=article.url, title=article.title, author=article.author)
    if data.get("published_at"):
        data["published_at"] = datetime.fromisoformat(data["published_at"])
    data["categories"] = tuple(data.get("categories", ()))
    return Entry(**data)


def _learned_lines(source_ids: set[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    rows = LearnedLine.objects.filter(source_id__in=source_ids, active=True)
    for source_id, line_hash in rows.values_list("source_id", "line_hash"):
        found.setdefault(source_id, set()).add(line_hash)
    return {source_id: frozenset(hashes) for source_id, hashes in found.items()}


def stored_texts(article_ids: Sequence[int]) -> dict[int, ArticleText]:
    """Return articles as they were read, by id: from what is stored, for rules that are run again.

    The addresses that a page named in its head are those of the stored credits.
    """
    rows = ArticleBody.objects.filter(pk__in=article_ids).select_related("article")
    said = dict(FingerprintRow.objects.filter(pk__in=article_ids).values_list("pk", "credits"))
    return {row.pk: _stored(row, said.get(row.pk, ())) for row in rows}


def _stored(row: ArticleBody, credits: Sequence[Mapping[str, str]]) -> ArticleText:
    article = row.article
    heads = {one["how"]: one["url"] for one in credits if one.get("how") in ("canonical", "meta")}
    return ArticleText(
        title=article.title,
        text=row.text,
        full_text=row.full_text or row.text,
        author=article.author,
        language=article.language,
        published_at=article.published_at,
        published_kind=article.published_kind,
        extract=article.extract,
        kind=article.text_kind or "text",
        method=article.text_method,
        removed=tuple(Removed(one["line"], one["rule"], one["position"]) for one in row.removed),
        noindex=tuple(article.noindex),
        canonical_url=heads.get("canonical", ""),
        original_url=heads.get("meta", ""),
    )


def _read_again(text: ArticleText) -> ArticleText:
    """Return a stored article with its text as the cues leave it; learned lines are taken out after that."""
    cleaned = boilerplate.remove_cues(text.full_text)
    beside = [one for one in text.removed if one.line not in text.full_text]
    return replace(text, text=cleaned.text, removed=(*beside, *cleaned.removed))
