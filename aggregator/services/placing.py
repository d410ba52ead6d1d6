"""Where a story stands: its counts, headline and tags from its members, and its timeline rows.

Everything that changes a story's members (settling, repair, a curator's act) ends here, inside
the line's lock, so that counts, timelines and day totals can never disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from aggregator.models import Story, StoryConflict, StoryRegion, StoryTopic, TimelineEntry
from aggregator.services import daycounts
from aggregator.services.members import Vocabulary, load_members, load_vocabulary_maps
from aggregator.services.storyfacts import empty_story, fill_story
from aggregator.services.storytags import Tags, vote_tags
from aggregator.services.writing import save_rows


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
    tags = {s.pk: vote_tags(members[s.pk], vocabulary) for s in stories}
    for story in stories:
        if members[story.pk].articles:
            fill_story(story, members[story.pk], tags[story.pk], vocabulary, now)
        else:
            empty_story(story, now)
    _number_changes(stories)
    save_rows(stories, _FIELDS)
    _write_tags(stories, tags)
    _write_timelines(stories, tags, vocabulary)


_FIELDS = [
    "slug", "headline", "extract", "language", "speaker", "speaker_reason", "first_article", "first_at",
    "last_at", "changed_at", "changed_no", "happened_on", "happened_precision", "happened_reason",
    "origin_count", "source_count", "article_count", "is_key", "languages", "source_kinds",
    "growth_score", "card", "version",
]  # fmt: skip


def _number_changes(stories: list[Story]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('story_change_number') FROM generate_series(1, %s)", [len(stories)])
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
            StoryRegion(story=story, region_id=pk, score=score, focus=pk == tag.focus_id)
            for pk, score in tag.regions
        ]
        topics += [
            StoryTopic(story=story, topic_id=pk, score=score, rank=rank)
            for rank, (pk, score) in enumerate(tag.topics)
        ]
        conflicts += [
            StoryConflict(story=story, conflict_id=pk, reason=reason) for pk, reason in tag.conflicts
        ]
    StoryRegion.objects.bulk_create(regions)
    StoryTopic.objects.bulk_create(topics)
    StoryConflict.objects.bulk_create(conflicts)


def subjects_of(story: Story, tags: Tags, vocabulary: Vocabulary) -> set[daycounts.Subject]:
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


def _write_timelines(stories: list[Story], tags: dict[int, Tags], vocabulary: Vocabulary) -> None:
    """Bring TimelineEntry and DayCount in line with the stories as they stand."""
    old: dict[int, dict[daycounts.Subject, TimelineEntry]] = defaultdict(dict)
    for row in TimelineEntry.objects.filter(story_id__in=[s.pk for s in stories]):
        old[row.story_id][daycounts.Subject(row.region_id, row.conflict_id, row.topic_id)] = row
    change = daycounts.Change()
    new, kept, gone = [], [], []  # kept: with the values that it had
    for story in stories:
        wanted = subjects_of(story, tags[story.pk], vocabulary)
        for subject, row in old[story.pk].items():
            change.take(subject, row)
            if subject in wanted:
                before = _values_of(row)
                kept.append((_entry_values(row, story), before))
                change.put(subject, row)
            else:
                gone.append(row.pk)
        for subject in wanted - old[story.pk].keys():
            row = TimelineEntry(
                region_id=subject.region_id,
                conflict_id=subject.conflict_id,
                topic_id=subject.topic_id,
                story=story,
                added_at=story.created_at,
            )
            new.append(_entry_values(row, story))
            change.put(subject, row)
    TimelineEntry.objects.filter(pk__in=gone).delete()
    save_rows([row for row, before in kept if _values_of(row) != before], _ENTRY_FIELDS)
    TimelineEntry.objects.bulk_create(new, batch_size=1000)
    daycounts.apply(change)


_ENTRY_FIELDS = [
    "report_at", "event_on", "last_at", "origin_count", "is_key", "is_thin", "languages", "source_kinds",
]  # fmt: skip


def _values_of(row: TimelineEntry) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _ENTRY_FIELDS)


def _entry_values(row: TimelineEntry, story: Story) -> TimelineEntry:
    row.report_at, row.event_on, row.last_at = story.first_at, story.happened_on, story.last_at
    row.origin_count, row.is_key, row.is_thin = story.origin_count, story.is_key, story.origin_count == 1
    row.languages, row.source_kinds = story.languages, story.source_kinds
    return row
