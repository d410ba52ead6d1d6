"""The visible members of stories with their tags, and the vocabulary they are named by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from aggregator.models import (
    Article,
    ArticleRegion,
    ArticleTopic,
    Conflict,
    Membership,
    Override,
    Region,
    RegionLink,
    Topic,
)
from aggregator.services import slugs


@dataclass
class Members:
    """The visible members of one story with their tags."""

    articles: list[Article] = field(default_factory=list)
    regions: dict[int, list[ArticleRegion]] = field(default_factory=lambda: defaultdict(list))
    topics: dict[int, list[ArticleTopic]] = field(default_factory=lambda: defaultdict(list))
    event_override: Override | None = None
    speaker_override: Override | None = None
    curated: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def originals(self) -> list[Article]:
        """Members with a text of their own; all of them when none has one."""
        return [a for a in self.articles if not a.is_copy] or self.articles

    def voters(self, kind: str) -> list[Article]:
        """Return whose tags of this kind count: those a curator tagged by hand, else the originals."""
        return [a for a in self.articles if a.pk in self.curated[kind]] or self.originals


@dataclass(frozen=True)
class Vocabulary:
    """Names and ancestors, read once a batch."""

    regions: dict[int, Region]
    ancestors: dict[int, tuple[int, ...]]
    depth: dict[int, int]
    topics: dict[int, Topic]
    conflicts: dict[str, Conflict]
    world_id: int | None
    retired: dict[str, str] = field(default_factory=dict)  # retired slugs of conflicts → those of now

    def conflict(self, slug: str) -> Conflict | None:
        """Return the conflict that has or had a slug."""
        return self.conflicts.get(slug) or self.conflicts.get(self.retired.get(slug, ""))


def load_members(story_ids: Sequence[int]) -> dict[int, Members]:
    """Return the visible members of each story, oldest report first, with tags and overrides."""
    found: dict[int, Members] = {pk: Members() for pk in story_ids}
    rows = (
        Membership.objects.filter(story_id__in=story_ids, article__status=Article.Status.VISIBLE)
        .select_related("article__source__publisher", "article__origin")
        .order_by("article__reported_at", "article_id")
    )
    story_of: dict[int, int] = {}
    for row in rows:
        found[row.story_id].articles.append(row.article)
        story_of[row.article_id] = row.story_id
    for region in ArticleRegion.objects.filter(article_id__in=story_of, about=True):
        found[story_of[region.article_id]].regions[region.article_id].append(region)
    for topic in ArticleTopic.objects.filter(article_id__in=story_of).order_by("rank"):
        found[story_of[topic.article_id]].topics[topic.article_id].append(topic)
    _load_overrides(found, story_of)
    return found


_TAG_KINDS = (Override.Kind.REGIONS, Override.Kind.TOPICS, Override.Kind.CONFLICTS)


def _load_overrides(found: dict[int, Members], story_of: dict[int, int]) -> None:
    kinds = (Override.Kind.EVENT_DATE, Override.Kind.SPEAKER, *_TAG_KINDS)
    rows = Override.objects.filter(article_id__in=story_of, kind__in=kinds, lifted_at__isnull=True)
    for row in rows.order_by("made_at", "pk"):
        members = found[story_of[row.article_id]]
        if row.kind == Override.Kind.EVENT_DATE:
            members.event_override = row
        elif row.kind == Override.Kind.SPEAKER:
            members.speaker_override = row
        else:
            members.curated[row.kind].add(row.article_id)


def load_vocabulary_maps() -> Vocabulary:
    """Return regions with their ancestors, topics and conflicts, by id or slug."""
    ancestors: dict[int, list[int]] = defaultdict(list)
    depth: dict[int, int] = defaultdict(int)
    for region_id, ancestor_id, steps in RegionLink.objects.values_list("region_id", "ancestor_id", "depth"):
        ancestors[region_id].append(ancestor_id)
        depth[region_id] = max(depth[region_id], steps)
    regions = {r.pk: r for r in Region.objects.only("pk", "slug", "name", "kind", "iso2", "lat", "lon")}
    return Vocabulary(
        regions=regions,
        ancestors={pk: tuple(sorted({pk, *above})) for pk, above in ancestors.items()},
        depth=dict(depth),
        topics={t.pk: t for t in Topic.objects.only("pk", "slug", "name")},
        conflicts={c.slug: c for c in Conflict.objects.only("pk", "slug", "name", "parent_id")},
        retired=slugs.retired("conflict"),
        world_id=next((pk for pk, r in regions.items() if r.slug == "world"), None),
    )
