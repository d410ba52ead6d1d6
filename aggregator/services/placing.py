"""Where a story stands: its counts, headline and tags from its members, and its timeline rows.

Everything that changes a story's members (settling, repair, a curator's act) ends here, inside
the line's lock, so that counts, timelines and day totals can never disagree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.text import slugify

from aggregator.models import (
    Article,
    ArticleRegion,
    ArticleTopic,
    Conflict,
    Membership,
    Override,
    Region,
    RegionLink,
    Story,
    StoryConflict,
    StoryRegion,
    StoryTopic,
    TimelineEntry,
    Topic,
)
from aggregator.pipeline import headline
from aggregator.services import daycounts

# A tag of a story is carried by at least this share of its originals, or by the most of them.
TAG_SHARE = 1 / 3
TOPICS_PER_STORY = 3
GROWTH_WINDOW = timedelta(hours=12)
DOTS = 12


@dataclass
class Members:
    """The visible members of one story with their tags."""

    articles: list[Article] = field(default_factory=list)
    regions: dict[int, list[ArticleRegion]] = field(default_factory=lambda: defaultdict(list))
    topics: dict[int, list[ArticleTopic]] = field(default_factory=lambda: defaultdict(list))
    event_override: Override | None = None
    speaker_override: Override | None = None

    @property
    def originals(self) -> list[Article]:
        """Members with a text of their own; all of them when none has one."""
        return [a for a in self.articles if not a.is_copy] or self.articles


@dataclass(frozen=True)
class Vocabulary:
    """Names and ancestors, read once a batch."""

    regions: dict[int, Region]
    ancestors: dict[int, tuple[int, ...]]
    depth: dict[int, int]
    topics: dict[int, Topic]
    conflicts: dict[str, Conflict]
    world_id: int | None


def place_stories(story_ids: Iterable[int], now: datetime) -> None:
    """Recompute the given stories from their members and bring their timeline rows up to date.

    Must run inside a transaction that holds the line's lock. Number of queries does not depend on
    the number of stories.
    """
    stories = list(Story.objects.filter(pk__in=sorted(set(story_ids))).order_by("pk"))
    if not stories:
        return
    members = load_members([s.pk for s in stories])
    vocabulary = load_vocabulary_maps()
    tags = {s.pk: _tags(members[s.pk], vocabulary) for s in stories}
    for story in stories:
        if members[story.pk].articles:
            _fill(story, members[story.pk], tags[story.pk], vocabulary, now)
        else:
            _empty(story, now)
    _number_changes(stories)
    Story.objects.bulk_update(stories, _FIELDS, batch_size=200)
    _write_tags(stories, tags)
    _write_timelines(stories, tags, vocabulary, now)


_FIELDS = [
    "slug", "headline", "extract", "language", "speaker", "speaker_reason", "first_article", "first_at",
    "last_at", "changed_at", "changed_no", "happened_on", "happened_precision", "happened_reason",
    "origin_count", "source_count", "article_count", "is_key", "languages", "source_kinds",
    "growth_score", "card", "version",
]  # fmt: skip


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


def _load_overrides(found: dict[int, Members], story_of: dict[int, int]) -> None:
    kinds = (Override.Kind.EVENT_DATE, Override.Kind.SPEAKER)
    rows = Override.objects.filter(article_id__in=story_of, kind__in=kinds, lifted_at__isnull=True)
    for row in rows.order_by("made_at"):
        if row.kind == Override.Kind.EVENT_DATE:
            found[story_of[row.article_id]].event_override = row
        else:
            found[story_of[row.article_id]].speaker_override = row


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
        world_id=next((pk for pk, r in regions.items() if r.slug == "world"), None),
    )


@dataclass
class Tags:
    """What a story is about, by vote of its originals: ids with their score, best first."""

    regions: list[tuple[int, float]] = field(default_factory=list)
    focus_id: int | None = None
    topics: list[tuple[int, float]] = field(default_factory=list)
    conflicts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


def _tags(members: Members, vocabulary: Vocabulary) -> Tags:
    originals = members.originals
    if not originals:
        return Tags()
    region_votes: Counter[int] = Counter()
    focus_votes: Counter[int] = Counter()
    topic_votes: Counter[int] = Counter()
    conflict_votes: Counter[int] = Counter()
    reasons: dict[int, dict[str, Any]] = {}
    for article in originals:
        for row in members.regions[article.pk]:
            region_votes[row.region_id] += 1
            focus_votes[row.region_id] += int(row.focus)
        for rank, topic in enumerate(members.topics[article.pk]):
            # The first topic of an article is the dependable one.
            topic_votes[topic.topic_id] += 2 if rank == 0 else 1
        for entry in article.conflicts:
            conflict = vocabulary.conflicts.get(entry.get("slug", ""))
            if conflict is not None:
                conflict_votes[conflict.pk] += 1
                reasons.setdefault(conflict.pk, entry.get("reason", {}))
    count = len(originals)
    regions = _voted(region_votes, count)
    topics = _voted(topic_votes, 2 * count)[:TOPICS_PER_STORY]
    conflicts = [(pk, reasons[pk]) for pk, _ in _voted(conflict_votes, count)]
    return Tags(regions, _focus(focus_votes, regions, vocabulary), topics, conflicts)


def _voted(votes: Counter[int], full: int) -> list[tuple[int, float]]:
    """Return what at least TAG_SHARE of the originals (or the most of them) carry, best first."""
    if not votes:
        return []
    floor = min(max(votes.values()), TAG_SHARE * full)
    ranked = sorted(votes.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(pk, round(n / full, 4)) for pk, n in ranked if n >= floor]


def _focus(votes: Counter[int], regions: list[tuple[int, float]], vocabulary: Vocabulary) -> int | None:
    """Return the region that most originals put first; the deeper one on a tie."""
    candidates = [pk for pk, _ in regions]
    if not candidates:
        return None
    return max(candidates, key=lambda pk: (votes[pk], vocabulary.depth.get(pk, 0), -pk))


def _fill(story: Story, members: Members, tags: Tags, vocabulary: Vocabulary, now: datetime) -> None:
    articles = members.articles
    origins = _origins(articles)
    first = articles[0]
    story.first_article, story.first_at = first, first.reported_at
    story.last_at = max(a.reported_at for a in articles)
    story.origin_count = len(origins)
    story.source_count = len({a.source_id for a in articles})
    story.article_count = len(articles)
    story.is_key = len(origins) >= 2 and any(control < 3 for control in origins.values())
    story.languages = sorted({a.language for a in articles if a.language})
    story.source_kinds = sorted({a.source.kind for a in articles})
    story.growth_score = _growth(articles, story.last_at)
    _choose_speaker(story, members, tags, vocabulary)
    _choose_event_date(story, members)
    story.card = _card(story, articles, tags, vocabulary)
    story.changed_at = now
    story.version += 1


def _origins(articles: list[Article]) -> dict[str, int]:
    """Return the distinct origins with the least state control seen for each (PRODUCT.md's formula)."""
    found: dict[str, int] = {}
    for article in articles:
        key = article.origin.independence_key if article.origin else f"family:{article.source.family}"
        control = article.origin.state_control if article.origin else article.source.state_control
        found[key] = min(control, found.get(key, 9))
    return found


def _growth(articles: list[Article], last_at: datetime) -> float:
    """Return how many origins the last 12 hours brought, a little more for the newest hours."""
    seen: set[str] = set()
    score = 0.0
    for article in articles:
        key = article.origin.independence_key if article.origin else f"family:{article.source.family}"
        age = last_at - article.reported_at
        if key not in seen and age <= GROWTH_WINDOW:
            score += 1 - 0.5 * (age / GROWTH_WINDOW)
        seen.add(key)
    return round(score, 4)


def _choose_speaker(story: Story, members: Members, tags: Tags, vocabulary: Vocabulary) -> None:
    by_id = {a.pk: a for a in members.articles}
    if members.speaker_override and members.speaker_override.article_id in by_id:
        chosen, reason = members.speaker_override.article_id, {"code": "curator"}
    else:
        focus = vocabulary.regions.get(tags.focus_id) if tags.focus_id else None
        near = {vocabulary.regions[pk].slug for pk in vocabulary.ancestors.get(focus.pk, ())} if focus else set()
        choice = headline.choose_speaker([_speaker_value(a) for a in members.articles], near=near)
        chosen, reason = choice.article_id, {"code": choice.reason.code, **choice.reason.evidence}
    speaker = by_id[chosen]
    story.speaker, story.speaker_reason = speaker, reason
    story.headline, story.extract, story.language = speaker.title, speaker.extract, speaker.language
    story.slug = story.slug or slugify(speaker.title)[:80].strip("-")


def _speaker_value(article: Article) -> headline.Speaker:
    source = article.source
    return headline.Speaker(
        article_id=article.pk,
        title=article.title,
        extract=article.extract,
        language=article.language,
        reported_at=article.reported_at,
        origin_key=article.origin.independence_key if article.origin else f"family:{source.family}",
        is_copy=article.is_copy,
        state_control=source.state_control,
        kind=source.kind,
        home_regions=tuple(source.home_regions),
        form=article.form,
    )


def _choose_event_date(story: Story, members: Members) -> None:
    """Set when it happened: a curator's word, else the day most originals give, never after the newest report."""
    if members.event_override:
        value = members.event_override.value
        story.happened_on, story.happened_precision = value["on"], value.get("precision", "day")
        story.happened_reason = {"code": "curator"}
        return
    dated = [a for a in members.originals if a.happened_on and a.happened_precision == "day"]
    newest = story.last_at.date()
    votes = Counter(a.happened_on for a in dated if a.happened_on and a.happened_on <= newest)
    if not votes:
        story.happened_on, story.happened_precision = story.first_at.date(), "reported"
        story.happened_reason = {"code": "as_reported"}
        return
    on = min(votes, key=lambda day: (-votes[day], day))
    story.happened_on, story.happened_precision = on, "day"
    story.happened_reason = next(a.happened_reason for a in dated if a.happened_on == on)


def _card(story: Story, articles: list[Article], tags: Tags, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return what a list card shows, so that a list page needs no further query."""
    focus = vocabulary.regions.get(tags.focus_id) if tags.focus_id else None
    first = articles[0]
    copies = max(story.article_count - story.origin_count, 0)
    filled = min(story.origin_count, DOTS)
    placed = focus is not None and focus.lat is not None and focus.lon is not None
    return {
        "region": {"slug": focus.slug, "name": focus.name} if focus else None,
        "regions": [_named(vocabulary.regions[pk]) for pk, _ in tags.regions if pk in vocabulary.regions][:6],
        "topics": [_named(vocabulary.topics[pk]) for pk, _ in tags.topics if pk in vocabulary.topics],
        "conflicts": [_named(c) for pk, _ in tags.conflicts for c in vocabulary.conflicts.values() if c.pk == pk],
        "first_source": {
            "slug": first.source.slug,
            "name": first.source.name,
            "kind": first.source.kind,
            "country": first.source.country,
            "state_control": first.source.state_control,
        },
        "speaker": {"article": story.speaker_id, "source": story.speaker.source.name if story.speaker else ""},
        "agencies": sorted({a.origin.name for a in articles if a.origin and a.origin.kind == "agency"}),
        "dots": {
            "origins": filled,
            "copies": min(copies, DOTS - filled),
            "more": max(story.origin_count + copies - DOTS, 0),
        },
        "copies": copies,
        "point": [focus.lon, focus.lat] if focus is not None and placed else None,
    }


def _named(row: Region | Topic | Conflict) -> dict[str, str]:
    return {"slug": row.slug, "name": row.name}


def _empty(story: Story, now: datetime) -> None:
    """A story whose members all left or are hidden keeps its address and shows nothing."""
    story.origin_count = story.source_count = story.article_count = 0
    story.is_key, story.growth_score = False, 0.0
    story.changed_at = now
    story.version += 1


def _number_changes(stories: list[Story]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('story_change_number') FROM generate_series(1, %s)", [len(stories)]
        )
        for story, (number,) in zip(stories, cursor.fetchall(), strict=True):
            story.changed_no = number


def _write_tags(stories: list[Story], tags: dict[int, Tags]) -> None:
    ids = [s.pk for s in stories]
    StoryRegion.objects.filter(story_id__in=ids).delete()
    StoryTopic.objects.filter(story_id__in=ids).delete()
    StoryConflict.objects.filter(story_id__in=ids).delete()
    regions, topics, conflicts = [], [], []
    for story in stories:
        tag = tags[story.pk]
        regions += [
            StoryRegion(story=story, region_id=pk, score=score, focus=pk == tag.focus_id) for pk, score in tag.regions
        ]
        topics += [
            StoryTopic(story=story, topic_id=pk, score=score, rank=rank) for rank, (pk, score) in enumerate(tag.topics)
        ]
        conflicts += [StoryConflict(story=story, conflict_id=pk, reason=reason) for pk, reason in tag.conflicts]
    StoryRegion.objects.bulk_create(regions)
    StoryTopic.objects.bulk_create(topics)
    StoryConflict.objects.bulk_create(conflicts)


def _subjects(story: Story, tags: Tags, vocabulary: Vocabulary) -> set[daycounts.Subject]:
    """Return every (region, conflict, topic) whose timeline shows the story."""
    if story.hidden or story.retired_into_id or not story.article_count:
        return set()
    regions = {above for pk, _ in tags.regions for above in vocabulary.ancestors.get(pk, (pk,))}
    if vocabulary.world_id:
        regions.add(vocabulary.world_id)
    conflicts = _with_parents({pk for pk, _ in tags.conflicts}, vocabulary)
    topics: list[int | None] = [None, *(pk for pk, _ in tags.topics)]
    subjects = {daycounts.Subject(region, None, topic) for region in regions for topic in topics}
    return subjects | {daycounts.Subject(None, conflict, topic) for conflict in conflicts for topic in topics}


def _with_parents(ids: set[int], vocabulary: Vocabulary) -> set[int]:
    parents = {c.pk: c.parent_id for c in vocabulary.conflicts.values()}
    found = set(ids)
    for pk in ids:
        above = parents.get(pk)
        while above and above not in found:
            found.add(above)
            above = parents.get(above)
    return found


def _write_timelines(
    stories: list[Story], tags: dict[int, Tags], vocabulary: Vocabulary, now: datetime
) -> None:
    """Bring TimelineEntry and DayCount in line; rows that stay keep the time they were added."""
    old: dict[int, dict[daycounts.Subject, TimelineEntry]] = defaultdict(dict)
    for row in TimelineEntry.objects.filter(story_id__in=[s.pk for s in stories]):
        old[row.story_id][daycounts.Subject(row.region_id, row.conflict_id, row.topic_id)] = row
    change = daycounts.Change()
    new, kept, gone = [], [], []
    for story in stories:
        wanted = _subjects(story, tags[story.pk], vocabulary)
        for subject, row in old[story.pk].items():
            change.take(subject, row)
            if subject in wanted:
                kept.append(_entry_values(row, story))
                change.put(subject, row)
            else:
                gone.append(row.pk)
        for subject in wanted - old[story.pk].keys():
            row = TimelineEntry(
                region_id=subject.region_id,
                conflict_id=subject.conflict_id,
                topic_id=subject.topic_id,
                story=story,
                added_at=now,
            )
            new.append(_entry_values(row, story))
            change.put(subject, row)
    TimelineEntry.objects.filter(pk__in=gone).delete()
    TimelineEntry.objects.bulk_update(kept, _ENTRY_FIELDS, batch_size=500)
    TimelineEntry.objects.bulk_create(new, batch_size=1000)
    daycounts.apply(change)


_ENTRY_FIELDS = [
    "report_at", "event_on", "last_at", "origin_count", "is_key", "is_thin", "languages", "source_kinds",
]  # fmt: skip


def _entry_values(row: TimelineEntry, story: Story) -> TimelineEntry:
    row.report_at, row.event_on, row.last_at = story.first_at, story.happened_on, story.last_at
    row.origin_count, row.is_key, row.is_thin = story.origin_count, story.is_key, story.origin_count == 1
    row.languages, row.source_kinds = story.languages, story.source_kinds
    return row
