"""Rows for tests: each function makes one row with honest defaults, and what it cannot do without.

Names are generated, times are fixed (`DAY` at noon), nothing is random.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import xxhash

from aggregator.models import (
    Article,
    ArticleBody,
    ArticleRegion,
    ArticleTopic,
    Conflict,
    DayCount,
    Feed,
    Host,
    Membership,
    Origin,
    Party,
    Publisher,
    Region,
    RegionLink,
    Revision,
    Source,
    Story,
    StoryConflict,
    StoryRegion,
    StoryTopic,
    TimelineEntry,
    Topic,
    TopicGroup,
)

DAY = datetime(2023, 9, 19, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def _hash(text: str) -> int:
    return xxhash.xxh64_intdigest(text.encode()) - 2**63


def make_publisher(slug: str = "", **fields: Any) -> Publisher:
    """Return a publisher."""
    slug = slug or f"publisher-{next(_numbers)}"
    return Publisher.objects.create(
        slug=slug, name=fields.pop("name", slug.replace("-", " ").title()), **fields
    )


def make_source(slug: str = "", *, publisher: Publisher | None = None, **fields: Any) -> Source:
    """Return an approved outlet of its own publisher."""
    slug = slug or f"outlet-{next(_numbers)}"
    fields = {
        "name": slug.replace("-", " ").title(),
        "homepage": f"https://{slug}.example/",
        "country": "GB",
        "languages": ["en"],
        "status": Source.Status.APPROVED,
    } | fields
    publisher = publisher or make_publisher(f"{slug}-house", state_control=fields.get("state_control", 0))
    return Source.objects.create(slug=slug, publisher=publisher, **fields)


def make_feed(source: Source | None = None, **fields: Any) -> Feed:
    """Return a feed of an outlet, polled and well unless `fields` say otherwise."""
    source = source or make_source()
    number = next(_numbers)
    url = fields.pop("url", f"{source.homepage}feed-{number}.xml")
    host, _ = Host.objects.get_or_create(key=f"{source.slug}.example:443")
    fields = {"state": Feed.State.OK, "title": source.name, "slug": f"{source.slug}-{number}"} | fields
    return Feed.objects.create(source=source, host=host, url=url, url_hash=_hash(url), **fields)


def make_article(
    source: Source | None = None,
    *,
    at: datetime = DAY,
    text: str = "",
    regions: Iterable[Region] = (),
    topics: Iterable[Topic] = (),
    **fields: Any,
) -> Article:
    """Return a visible, relevant original reported at `at`, with its body, first revision and origin."""
    source = source or make_source()
    number = next(_numbers)
    url = fields.pop("url", f"{source.homepage}{at:%Y/%m/%d}/{number}")
    copy_of = fields.get("copy_of")
    fields = {
        "title": f"Report number {number}",
        "extract": f"What outlet {source.name} said in report {number}.",
        "language": "en",
        "status": Article.Status.VISIBLE,
        "relevance": "in",
        "form": "report",
        "published_at": at,
        "published_kind": "feed",
        "found_at": at + timedelta(minutes=4),
        "reported_at": at,
        "settled_at": at + timedelta(minutes=5),
        "happened_on": at.date(),
        "happened_precision": "day",
        "text_kind": "text",
        "copy_kind": "republished" if copy_of else "original",
    } | fields
    article = Article.objects.create(source=source, url=url, url_hash=_hash(url), **fields)
    ArticleBody.objects.create(article=article, text=text or f"{article.title}. {article.extract}")
    Revision.objects.create(article=article, number=1, title=article.title, found_at=article.found_at)
    if article.origin_id is None:
        Article.objects.filter(pk=article.pk).update(
            origin=copy_of.origin if copy_of else make_origin(article)
        )
        article.refresh_from_db(fields=["origin"])
    _tag(article, regions, topics)
    return article


def _tag(article: Article, regions: Iterable[Region], topics: Iterable[Topic]) -> None:
    for position, region in enumerate(regions):
        ArticleRegion.objects.create(
            article=article,
            region=region,
            about=True,
            focus=position == 0,
            score=0.9,
            reason={"code": "named", "names": [region.name]},
        )
    for rank, topic in enumerate(topics):
        ArticleTopic.objects.create(
            article=article, topic=topic, rank=rank, score=0.9, reason={"code": "cue", "cues": ["shelling"]}
        )


def make_origin(article: Article | None = None, *, agency: str = "", **fields: Any) -> Origin:
    """Return the origin of an original, or a wire agency's."""
    if agency:
        key = f"agency:{agency}"
        origin, _ = Origin.objects.get_or_create(
            key=key, defaults={"kind": "agency", "independence_key": key, "name": agency.title()} | fields
        )
        return origin
    assert article is not None
    return Origin.objects.create(
        kind=Origin.Kind.ORIGINAL,
        key=f"article:{article.pk}",
        independence_key=f"family:{article.source.family}",
        name=article.source.name,
        article=article,
        publisher=article.source.publisher,
        state_control=article.source.state_control,
        **fields,
    )


def make_region(
    slug: str = "", *, parent: Region | None = None, also_in: Sequence[Region] = (), **fields: Any
) -> Region:
    """Return a region with its closure links: itself, its parents, and those it is also listed under."""
    slug = slug or f"region-{next(_numbers)}"
    fields = {"name": slug.replace("-", " ").title(), "kind": "country"} | fields
    region = Region.objects.create(slug=slug, parent=parent, also_in=[one.slug for one in also_in], **fields)
    depths = {region.pk: 0}
    for above in [parent, *also_in]:
        if above is not None:
            for link in RegionLink.objects.filter(region=above):
                depths[link.ancestor_id] = min(depths.get(link.ancestor_id, 99), link.depth + 1)
    RegionLink.objects.bulk_create(
        RegionLink(region=region, ancestor_id=ancestor, depth=depth) for ancestor, depth in depths.items()
    )
    return region


def make_world() -> Region:
    """Return the root region, made once."""
    found = Region.objects.filter(slug="world").first()
    return found or make_region("world", name="World", kind="root")


def make_topic(slug: str = "", *, group: str = "fighting", **fields: Any) -> Topic:
    """Return a topic in a group."""
    slug = slug or f"topic-{next(_numbers)}"
    row, _ = TopicGroup.objects.get_or_create(slug=group, defaults={"name": group.title()})
    fields = {"name": slug.replace("-", " ").capitalize(), "definition": f"What {slug} means."} | fields
    return Topic.objects.create(slug=slug, group=row, **fields)


def make_conflict(
    slug: str = "", *, regions: Iterable[Region] = (), parties: Sequence[str] = (), **fields: Any
) -> Conflict:
    """Return a conflict with its regions and parties, on alternating sides."""
    slug = slug or f"conflict-{next(_numbers)}"
    fields = {"name": slug.replace("-", " ").title(), "status": "armed-conflict"} | fields
    conflict = Conflict.objects.create(slug=slug, **fields)
    conflict.regions.set(regions)
    for position, name in enumerate(parties):
        Party.objects.create(
            conflict=conflict, name=name, side="ab"[position % 2], kind="state", position=position
        )
    return conflict


def make_story(
    articles: Sequence[Article] = (),
    *,
    at: datetime = DAY,
    regions: Sequence[Region] = (),
    topics: Sequence[Topic] = (),
    conflicts: Sequence[Conflict] = (),
    placed: bool = True,
    **fields: Any,
) -> Story:
    """Return a story of `articles` (a new original if none), counted, tagged and on its timelines."""
    articles = list(articles) or [make_article(at=at)]
    first, last = min(articles, key=_reported), max(articles, key=_reported)
    fields = (
        _counts(articles)
        | {
            "slug": f"story-{next(_numbers)}",
            "headline": first.title,
            "extract": first.extract,
            "language": first.language,
            "speaker": first,
            "first_article": first,
            "first_at": first.reported_at,
            "last_at": last.reported_at,
            "created_at": first.found_at,
            "changed_at": last.found_at,
            "happened_on": first.reported_at.date(),
        }
        | fields
    )
    story = Story.objects.create(**fields)
    for article in articles:
        Membership.objects.create(
            story=story, article=article, score=0.9, joined_at=article.found_at, reason={"code": "same_event"}
        )
    for position, region in enumerate(regions):
        StoryRegion.objects.create(story=story, region=region, focus=position == 0, score=0.9)
    for rank, topic in enumerate(topics):
        StoryTopic.objects.create(story=story, topic=topic, rank=rank, score=0.9)
    for conflict in conflicts:
        StoryConflict.objects.create(story=story, conflict=conflict)
    if placed:
        place(story)
    return story


def _reported(article: Article) -> datetime:
    return article.reported_at


def _counts(articles: Sequence[Article]) -> dict[str, Any]:
    keys = {
        article.origin.independence_key: article.origin.state_control
        for article in articles
        if article.origin
    }
    return {
        "origin_count": len(keys),
        "source_count": len({article.source_id for article in articles}),
        "article_count": len(articles),
        "is_key": len(keys) > 1 and min(keys.values()) < 3,
        "languages": sorted({article.language for article in articles}),
        "source_kinds": sorted({article.source.kind for article in articles}),
    }


def place(story: Story) -> None:
    """Put a story on every timeline it belongs to, count its days, and make its card."""
    story.card = _card(story)
    story.save(update_fields=["card"])
    world = make_world()
    regions = {world.pk} | set(
        RegionLink.objects.filter(region__story_rows__story=story).values_list("ancestor_id", flat=True)
    )
    topics: list[int | None] = [None, *story.topic_rows.values_list("topic_id", flat=True)]
    conflicts = story.conflict_rows.values_list("conflict_id", flat=True)
    subjects = [{"region_id": pk} for pk in regions] + [{"conflict_id": pk} for pk in conflicts]
    for subject, topic in itertools.product(subjects, topics):
        _enter(story, subject | {"topic_id": topic})


def _enter(story: Story, subject: dict[str, Any]) -> None:
    TimelineEntry.objects.create(
        story=story,
        report_at=story.first_at,
        event_on=story.happened_on,
        last_at=story.last_at,
        added_at=story.created_at,
        origin_count=story.origin_count,
        is_key=story.is_key,
        is_thin=story.origin_count <= 1,
        languages=story.languages,
        source_kinds=story.source_kinds,
        **subject,
    )
    for clock, on in (("report", story.first_at.date()), ("event", story.happened_on)):
        row, _ = DayCount.objects.get_or_create(clock=clock, on=on, **subject)
        row.story_count += 1
        row.key_count += story.is_key
        row.save()


def _card(story: Story) -> dict[str, Any]:
    first = story.first_article
    focus = story.region_rows.filter(focus=True).select_related("region").first()
    members = story.memberships.select_related("article__origin")
    agencies = {
        m.article.origin.name for m in members if m.article.origin and m.article.origin.kind == "agency"
    }
    copies = max(story.article_count - story.origin_count, 0)
    filled = min(story.origin_count, 12)
    return {
        "region": _named(focus.region) if focus else None,
        "regions": [_named(row.region) for row in story.region_rows.select_related("region")],
        "topics": [_named(row.topic) for row in story.topic_rows.select_related("topic")],
        "conflicts": [_named(row.conflict) for row in story.conflict_rows.select_related("conflict")],
        "first_source": first and _outlet(first.source),
        "outlets": [m.article.source_id for m in members if m.article.status == "visible"],
        "speaker": {
            "article": story.speaker_id,
            "source": story.speaker.source.name if story.speaker else "",
        },
        "agencies": sorted(agencies),
        "dots": {
            "origins": filled,
            "copies": min(copies, 12 - filled),
            "more": max(story.origin_count + copies - 12, 0),
        },
        "copies": copies,
        "point": [focus.region.lon, focus.region.lat] if focus and focus.region.lat is not None else None,
    }


def _outlet(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("slug", "name", "kind", "country", "state_control")}


def _named(row: Region | Topic | Conflict) -> dict[str, str]:
    return {"slug": row.slug, "name": row.name}
