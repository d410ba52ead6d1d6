"""Promises of stories: members, counts, tags, timelines, day totals, and the words of curators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from aggregator.models import Story, StoryConflict, StoryRegion, StoryTopic, TimelineEntry
from aggregator.pipeline.group import OUTSIDE_FORMS
from aggregator.services import daycounts, placing
from aggregator.services.locks import line_lock
from aggregator.services.members import Members, Vocabulary, load_members, load_vocabulary_maps
from aggregator.services.storyfacts import count_origins
from aggregator.services.storytags import Tags, vote_tags
from aggregator.services.verifying.checks import CHUNK, Check, asked, place_again, settle_again, told

FORMS = ", ".join(f"'{form}'" for form in sorted(OUTSIDE_FORMS))
_RETIRED = """
SELECT DISTINCT story.id FROM aggregator_story story
JOIN aggregator_membership membership ON membership.story_id = story.id
WHERE story.retired_into_id IS NOT NULL
"""
_TO_SURVIVOR = """
WITH RECURSIVE up AS (
    SELECT id, retired_into_id AS above, 1 AS steps FROM aggregator_story WHERE id = ANY(%(ids)s)
    UNION ALL
    SELECT up.id, story.retired_into_id, steps + 1 FROM up JOIN aggregator_story story ON story.id = up.above
    WHERE story.retired_into_id IS NOT NULL AND steps < 50
), ends AS (SELECT DISTINCT ON (id) id, above FROM up ORDER BY id, steps DESC)
UPDATE aggregator_membership membership SET story_id = ends.above FROM ends WHERE membership.story_id = ends.id
"""
_SHOWN = """
SELECT article.id FROM aggregator_article article
JOIN aggregator_membership membership ON membership.article_id = article.id
JOIN aggregator_story story ON story.id = membership.story_id
WHERE story.hidden AND article.status = 'visible'
"""
_APART = """
SELECT word.article_id FROM aggregator_override word
JOIN aggregator_membership one ON one.article_id = word.article_id
JOIN aggregator_membership two ON two.article_id = word.other_id
WHERE word.lifted_at IS NULL
  AND ((word.kind = 'must_link' AND one.story_id <> two.story_id)
       OR (word.kind = 'cannot_link' AND one.story_id = two.story_id))
"""
_OVERRULED = """
SELECT word.article_id FROM aggregator_override word
JOIN aggregator_article article ON article.id = word.article_id
WHERE word.lifted_at IS NULL AND word.kind = 'is_original' AND article.copy_of_id IS NOT NULL
"""
# Of a text whose original is not shown, the first copy stands in for it: `services/stand_ins.py`. Each condition by
# one equality, so that PostgreSQL can hash it: an IN over two columns reads all memberships for each article.
_UNMET = f"""
SELECT article.id FROM aggregator_article article
JOIN aggregator_article original ON original.id = article.copy_of_id
WHERE article.status = 'visible' AND article.relevance = 'in' AND article.form NOT IN ({FORMS})
  AND original.status <> 'hidden' AND original.form NOT IN ({FORMS})
  AND NOT EXISTS (SELECT FROM aggregator_membership own WHERE own.article_id = article.id)
  AND NOT EXISTS (SELECT FROM aggregator_membership its WHERE its.article_id = article.copy_of_id)
  AND NOT EXISTS (
    SELECT FROM aggregator_article copy JOIN aggregator_membership ON article_id = copy.id
    WHERE copy.copy_of_id = article.copy_of_id AND copy.form NOT IN ({FORMS}))
  AND NOT EXISTS (SELECT FROM aggregator_work WHERE article_id = article.id)
"""


def _survive(ids: Sequence[int], now: datetime) -> None:
    survivors = Story.objects.filter(pk__in=ids).values_list("retired_into_id", flat=True)
    told(_TO_SURVIVOR)(ids, now)
    place_again([*ids, *filter(None, survivors)], now)


def _chunks() -> Iterator[tuple[list[Story], dict[int, Members]]]:
    """Yield stories, some hundred at a time, with their visible members."""
    after = 0
    while stories := list(Story.objects.filter(pk__gt=after).order_by("pk")[:CHUNK]):
        yield stories, load_members([story.pk for story in stories])
        after = stories[-1].pk


def _wrong_counts(_now: datetime) -> list[int]:
    """Return stories whose counts, clocks, languages or speaker are not those of their members."""
    return [
        s.pk for stories, members in _chunks() for s in stories if _stored(s) != _wanted(s, members[s.pk])
    ]


def _stored(story: Story) -> tuple[Any, ...]:
    counts = (story.origin_count, story.source_count, story.article_count, story.is_key)
    if not story.article_count:
        return counts
    return (*counts, story.first_at, story.last_at, story.languages, story.source_kinds, True)


def _wanted(story: Story, members: Members) -> tuple[Any, ...]:
    articles = members.articles
    if not articles:
        return (0, 0, 0, False)
    origins = count_origins(articles)
    return (
        len(origins),
        len({a.source_id for a in articles}),
        len(articles),
        len(origins) >= 2 and any(control < 3 for control in origins.values()),
        articles[0].reported_at,
        max(a.reported_at for a in articles),
        sorted({a.language for a in articles if a.language}),
        sorted({a.source.kind for a in articles}),
        story.speaker_id in {a.pk for a in articles},
    )


def _wrong_tags(_now: datetime) -> list[int]:
    """Return stories whose regions, topics or conflicts are not those that their members vote for."""
    vocabulary, wrong = load_vocabulary_maps(), []
    for stories, members in _chunks():
        ids = [story.pk for story in stories]
        stored = {name: _tags(model, field, ids) for name, (model, field) in _TAGS.items()}
        for pk in ids:
            tags = vote_tags(members[pk], vocabulary)
            lists: tuple[list[tuple[int, Any]], ...] = (tags.regions, tags.topics, tags.conflicts)
            if any(
                {t for t, _ in found} != stored[name][pk] for name, found in zip(_TAGS, lists, strict=True)
            ):
                wrong.append(pk)
    return wrong


_TAGS: dict[str, tuple[Any, str]] = {
    "regions": (StoryRegion, "region_id"),
    "topics": (StoryTopic, "topic_id"),
    "conflicts": (StoryConflict, "conflict_id"),
}


def _tags(model: Any, field: str, ids: list[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for story, tag in model.objects.filter(story_id__in=ids).values_list("story_id", field):
        found[story].add(tag)
    return found


def _wrong_timelines(_now: datetime) -> list[int]:
    """Return stories that stand on other timelines than they should, or there with other facts than theirs."""
    vocabulary, wrong = load_vocabulary_maps(), []
    for stories, members in _chunks():
        rows: dict[int, dict[daycounts.Subject, TimelineEntry]] = defaultdict(dict)
        for row in TimelineEntry.objects.filter(story_id__in=[story.pk for story in stories]):
            rows[row.story_id][daycounts.Subject(row.region_id, row.conflict_id, row.topic_id)] = row
        wrong += [
            s.pk
            for s in stories
            if not _stands_right(s, rows[s.pk], _tags_of(s, members, vocabulary), vocabulary)
        ]
    return wrong


def _tags_of(story: Story, members: dict[int, Members], vocabulary: Vocabulary) -> Tags:
    return vote_tags(members[story.pk], vocabulary)


def _stands_right(
    story: Story, rows: dict[daycounts.Subject, TimelineEntry], tags: Tags, vocabulary: Vocabulary
) -> bool:
    facts = (
        *(story.first_at, story.happened_on, story.last_at, story.origin_count, story.is_key),
        *(story.origin_count == 1, story.languages, story.source_kinds),
    )
    return rows.keys() == placing.subjects_of(story, tags, vocabulary) and all(
        facts
        == (
            r.report_at,
            r.event_on,
            r.last_at,
            r.origin_count,
            r.is_key,
            r.is_thin,
            r.languages,
            r.source_kinds,
        )
        for r in rows.values()
    )


def _wrong_days(_now: datetime) -> list[int]:
    # One statement sees one moment, and rows and totals are written together: no lock is needed to compare them.
    return list(range(1, daycounts.wrong_days() + 1))


def _refill_days(_ids: Sequence[int], _now: datetime) -> None:
    with line_lock():
        daycounts.recount()


CHECKS = (
    Check("retired", "Stories that were merged away and still have members.", asked(_RETIRED), _survive),
    Check(
        "hidden",
        "Articles that are shown though their story is hidden.",
        asked(_SHOWN),
        told("UPDATE aggregator_article SET status = 'hidden', indexed = false WHERE id = ANY(%(ids)s)"),
    ),
    Check(
        "links",
        "Articles that a curator put together or apart, and that do not stand so.",
        asked(_APART),
        None,
    ),
    Check(
        "unmet",
        "Copies that stand in no story, nor does their original or another copy for it.",
        asked(_UNMET),
        settle_again,
    ),
    Check("own_texts", "Copies that a curator called originals.", asked(_OVERRULED), settle_again),
    Check(
        "story_counts", "Stories whose counts or facts differ from their members.", _wrong_counts, place_again
    ),
    Check(
        "story_tags",
        "Stories whose tags are not those that their members vote for.",
        _wrong_tags,
        place_again,
    ),
    Check("timelines", "Stories whose timeline rows differ from them.", _wrong_timelines, place_again),
    Check("day_counts", "Days whose totals differ from the timeline rows.", _wrong_days, _refill_days),
)
