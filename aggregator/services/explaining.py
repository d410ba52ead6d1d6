"""Every decision about an article with its evidence, in the order the line made them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aggregator.errors import CurationError
from aggregator.models import Article, LogEntry
from aggregator.pipeline import urls

Line = tuple[str, str]  # what was decided, and why


def find_article(wanted: str) -> Article:
    """Return the article with an id or an address.

    Raises CurationError when there is none.
    """
    rows = Article.objects.select_related(
        "source__publisher", "feed", "origin", "copy_of__source", "body", "work", "membership__story"
    )
    if wanted.isdigit():
        found = rows.filter(pk=int(wanted)).first()
    else:
        found = rows.filter(url_hash=urls.url_hash(urls.canonical_url(wanted))).order_by("pk").first()
    if found is None:
        raise CurationError(f"There is no article with the id or address {wanted}.", code="article_unknown")
    return found


def explain(article: Article) -> Iterator[Line]:
    """Yield (decision, evidence) lines from how the article was found to where it is shown."""
    yield "article", f"{article.pk} {article.title!r}"
    yield "address", article.url
    yield "source", f"{article.source.name} ({article.source.kind}, family {article.source.family})"
    yield from _clocks(article)
    yield from _text(article)
    yield from _origin(article)
    yield from _tags(article)
    yield from _story(article)
    yield from _curation(article)


def _clocks(article: Article) -> Iterator[Line]:
    yield "published", f"{article.published_at or 'not said'} (from {article.published_kind})"
    yield "found", f"{article.found_at}"
    precision = article.happened_precision or "unknown"
    yield (
        "happened",
        f"{article.happened_on or 'unknown'} ({precision}) because {_why(article.happened_reason)}",
    )


def _text(article: Article) -> Iterator[Line]:
    work = getattr(article, "work", None)
    if work is not None:
        yield "under way", f"stage {work.stage}, {work.attempts} attempts {work.code} {work.sentence}".strip()
    how = article.text_method or "nothing"
    note = f"; its page could not be used: {article.page_code}" if article.page_code else ""
    yield "text", f"{article.text_kind or 'none'}, {article.word_count} words, from {how}{note}"
    for removed in getattr(getattr(article, "body", None), "removed", []):
        yield "removed", f"{removed['line'][:120]!r} because {removed['rule']} ({removed['position']})"
    yield "revisions", str(article.revision_count)


def _origin(article: Article) -> Iterator[Line]:
    origin = article.origin
    if origin is not None:
        yield (
            "origin",
            f"{origin.get_kind_display()}: {origin.name or origin.key}, counts as {origin.independence_key}",
        )
    if article.copy_of is not None:
        yield "copy of", f"{article.copy_of_id} in {article.copy_of.source.name}"
    score = "" if article.copy_score is None else f", score {article.copy_score:.2f}"
    yield "kind", f"{article.copy_kind or 'not traced'}{score} because {_why(article.copy_reason)}"


def _tags(article: Article) -> Iterator[Line]:
    reason = _why(article.relevance_reason)
    yield "relevance", f"{article.relevance or 'not judged'} {article.relevance_score:.2f} because {reason}"
    yield "form", f"{article.form or 'none'} because {_why(article.form_reason)}"
    for row in article.regions.select_related("region").order_by("-about", "-score"):
        role = "focus" if row.focus else "about" if row.about else "mentioned"
        yield "region", f"{row.region.slug} ({role}, {row.score:.2f}) because {_why(row.reason)}"
    for topic in article.topics.select_related("topic"):
        yield "topic", f"{topic.topic.slug} ({topic.score:.2f}) because {_why(topic.reason)}"
    for conflict in article.conflicts:
        yield "conflict", f"{conflict['slug']} because {_why(conflict.get('reason', {}))}"


def _story(article: Article) -> Iterator[Line]:
    membership = getattr(article, "membership", None)
    if membership is None:
        yield "story", "none: not relevant, or of a form that stands outside stories"
        return
    story = membership.story
    yield (
        "story",
        f"{story.pk} {story.headline!r} (score {membership.score:.2f}) because {_why(membership.reason)}",
    )
    counts = f"{story.origin_count} origins, {story.source_count} outlets, {story.article_count} articles"
    yield "story counts", counts


def _curation(article: Article) -> Iterator[Line]:
    for override in article.overrides.filter(lifted_at__isnull=True).order_by("made_at"):
        yield (
            "curator",
            f"{override.get_kind_display()} {override.value or override.other_id or ''} {override.reason}",
        )
    for entry in LogEntry.objects.filter(target_type="article", target_id=article.pk):
        yield "log", f"{entry.at:%Y-%m-%d %H:%M} {entry.act} by {entry.role}: {entry.reason}"


def _why(reason: dict[str, Any]) -> str:
    if not reason:
        return "no reason is stored"
    rest = ", ".join(f"{key}={value}" for key, value in reason.items() if key not in ("code", "rule"))
    name = reason.get("code") or reason.get("rule") or "unnamed"
    return f"{name} ({rest})" if rest else str(name)
