"""Edits are news: every change of headline or text is a revision of the same article.

Texts are compared before learned boilerplate is taken out (else each learned line would make
thousands of false edits), and each revision keeps the version of the rules it was read with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from aggregator.models import Article, ArticleBody, Revision, Source
from aggregator.pipeline import revisions
from aggregator.services.drafts import Draft

RULE_VERSION = 1


def revise(drafts: Sequence[Draft], now: datetime) -> None:
    """Write a revision for each draft whose headline or text differs from what is stored.

    Must run before the new bodies are written. Sets `text_changed` on each draft.
    """
    ids = [draft.article.pk for draft in drafts]
    bodies = ArticleBody.objects.in_bulk(ids)
    rows = Revision.objects.filter(article_id__in=ids).only("article_id", "number", "title")
    newest = {row.article_id: row for row in rows.order_by("number")}
    for draft in drafts:
        _revise_one(draft, bodies.get(draft.article.pk), newest.get(draft.article.pk), now)


def _revise_one(draft: Draft, body: ArticleBody | None, last: Revision | None, now: datetime) -> None:
    article = draft.article
    new = draft.text.full_text or draft.text.text
    old = (body.full_text or body.text) if body else ""
    old_title = last.title if last else ""
    draft.text_changed = revisions.passages(old) != revisions.passages(new)
    title_changed = old_title != article.title
    if last is not None and not draft.text_changed and not title_changed:
        return
    if last is not None:
        Revision.objects.filter(pk=last.pk).update(text=old)
    number = last.number + 1 if last else 1
    Revision.objects.create(
        article=article,
        number=number,
        title=article.title,
        found_at=now,
        text_sha256=hashlib.sha256(f"{article.title}\n{new}".encode()).hexdigest(),
        rule_version=RULE_VERSION,
        title_changed=title_changed and last is not None,
        passages_changed=min(revisions.passages_changed(old, new), 30_000),
    )
    _forget_middle(article)
    article.revision_count = Revision.objects.filter(article=article).count()


def _forget_middle(article: Article) -> None:
    rows = Revision.objects.filter(article=article)
    gone = revisions.surplus(list(rows.values_list("number", flat=True)))
    if gone:
        rows.filter(number__in=gone).delete()


def schedule_looks(articles: Sequence[Article], now: datetime) -> None:
    """Set when each article's page is looked at again: about 1, 6, 24 and 72 hours after it was found."""
    for article in articles:
        article.next_look_at = next_look_at(article, now)


def next_look_at(article: Article, now: datetime) -> datetime | None:
    """Return the next look after `now`; None when its source wants none or all are over."""
    source = article.source
    if not source.revisions_on or source.text_from != Source.Text.PAGE:
        return None
    return revisions.next_look_at(article.found_at, now)
