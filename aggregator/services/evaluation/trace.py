"""Evaluate tracing: the line's own `trace_batch` on rows of a scratch database, in file order.

Rows are `{id, title, text, date, url, source}`, any of them null or missing; out comes
`{id, cluster, original, kind}` once all rows are traced, since an original may arrive after its copies.
A row without a date counts as undated; all are found in one burst, as when a new site is filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.models import Article, Publisher, Source
from aggregator.pipeline import agencies, credits, extract, fingerprint
from aggregator.pipeline.clean import plain
from aggregator.pipeline.page_dates import read_moment
from aggregator.pipeline.types import ArticleText, Classified, Entry, Located, Reason
from aggregator.pipeline.words import mend
from aggregator.services import tracing
from aggregator.services.drafts import Draft
from aggregator.services.locks import line_lock

NEEDS_DATABASE = True
BATCH = 50
FOUND_AT = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = datetime(1995, 1, 1, tzinfo=UTC)
_FIELDS = ["origin", "copy_of", "copy_kind", "copy_score", "copy_reason"]


def load() -> None:
    """Warm what is read once a process."""
    agencies.load_agencies()
    fingerprint.fingerprint("", "a few words that say nothing in particular about anyone")


def evaluate(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Trace all rows in batches, then yield what became of each, in order."""
    asked = list(rows)
    articles = _articles(asked)
    for start in range(0, len(articles), BATCH):
        batch = articles[start : start + BATCH]
        drafts = [
            _draft(article, row) for article, row in zip(batch, asked[start : start + BATCH], strict=True)
        ]
        with line_lock():
            tracing.trace_batch(drafts, FOUND_AT)
            Article.objects.bulk_update(batch, _FIELDS)
    ids = {article.pk: row.get("id") for article, row in zip(articles, asked, strict=True)}
    yield from _answers([article.pk for article in articles], ids)


def _articles(rows: Sequence[Mapping[str, Any]]) -> list[Article]:
    sources = _sources(sorted({_text(row, "source") or "unknown" for row in rows}))
    articles = [_article(number, row, sources) for number, row in enumerate(rows)]
    return Article.objects.bulk_create(articles, batch_size=1000)


def _sources(names: Sequence[str]) -> dict[str, Source]:
    publishers = [Publisher(slug=f"publisher-{number}", name=name[:200]) for number, name in enumerate(names)]
    Publisher.objects.bulk_create(publishers)
    sources = [
        Source(slug=f"source-{number}", name=publisher.name, publisher=publisher)
        for number, publisher in enumerate(publishers)
    ]
    Source.objects.bulk_create(sources)
    return dict(zip(names, sources, strict=True))


def _article(number: int, row: Mapping[str, Any], sources: Mapping[str, Source]) -> Article:
    said = _date(row.get("date"))
    return Article(
        source=sources[_text(row, "source") or "unknown"],
        url=_text(row, "url"),
        url_hash=number,
        title=_text(row, "title"),
        published_at=said,
        published_kind="feed" if said else "missing",
        found_at=FOUND_AT + timedelta(milliseconds=number),
        reported_at=said or FOUND_AT + timedelta(milliseconds=number),
    )


def _draft(article: Article, row: Mapping[str, Any]) -> Draft:
    text = _article_text(article, _text(row, "text"))
    return Draft(
        article=article,
        work=None,  # type: ignore[arg-type]  # there is no queue here
        text=text,
        fingerprint=fingerprint.fingerprint(text.title, text.text),
        located=Located(),
        classified=Classified(0.0, "out", Reason("not_asked")),
        credits=credits.find_credits(
            text, url=article.url, own_domains=(), agencies=agencies.load_agencies()
        ),
    )


def _article_text(article: Article, text: str) -> ArticleText:
    entry = Entry(guid="", url=article.url, title=article.title, content=mend(text))
    return extract.text_from_entry(entry, FOUND_AT)


def _answers(article_ids: Sequence[int], ids: Mapping[int, Any]) -> Iterator[dict[str, Any]]:
    found = Article.objects.in_bulk(article_ids)
    for pk in article_ids:
        article = found[pk]
        yield {
            "id": ids[pk],
            "cluster": str(article.copy_of_id or pk),
            "original": ids[article.copy_of_id] if article.copy_of_id else None,
            "kind": article.copy_kind or "original",
        }


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return plain(value) if isinstance(value, str) else ""


def _date(value: Any) -> datetime | None:
    at = read_moment(value) if isinstance(value, str) else None
    return at if at and FIRST <= at <= FOUND_AT else None
