"""An article on its way through the rules: its row and everything the rules found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from aggregator.models import Article, Work
from aggregator.pipeline.types import ArticleText, Classified, Credit, Fingerprint, Happened, Located


@dataclass
class Draft:
    """One article under way. Pure rules fill it before the line's lock is taken.

    Under the lock `services.tracing.trace_batch(drafts, now)` sets the article's origin and copy
    fields, then `services.grouping.group_batch(drafts, now)` writes memberships and returns the
    ids of the stories it touched.
    """

    article: Article
    work: Work
    text: ArticleText
    fingerprint: Fingerprint
    located: Located
    classified: Classified
    credits: tuple[Credit, ...] = ()
    happened: Happened | None = None
    is_new: bool = True
    text_changed: bool = True
    touched_stories: set[int] = field(default_factory=set)

    @property
    def is_shown(self) -> bool:
        """Whether readers will see it: relevant and neither hidden nor withdrawn."""
        return self.article.relevance == "in" and self.article.status == Article.Status.VISIBLE
