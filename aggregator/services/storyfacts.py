"""A story's own fields from its members: counts, who speaks, when it happened, its card."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.text import slugify

from aggregator.models import Article, Conflict, Region, Story, Topic
from aggregator.pipeline import headline
from aggregator.services.members import Members, Vocabulary
from aggregator.services.storytags import Tags
from aggregator.services.zones import newest_day

GROWTH_WINDOW = timedelta(hours=12)
DOTS = 12


def fill_story(story: Story, members: Members, tags: Tags, vocabulary: Vocabulary, now: datetime) -> None:
    """Set the story's counts, clocks, speaker and card from its members (at least one)."""
    articles = members.articles
    origins = count_origins(articles)
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


def count_origins(articles: list[Article]) -> dict[str, int]:
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
        above = vocabulary.ancestors.get(focus.pk, ()) if focus else ()
        near = {vocabulary.regions[pk].slug for pk in above}
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
    """Set when it happened: a curator's word, else the day most originals give.

    It never lies after the newest report, whose day is that of its outlet's place.
    """
    if members.event_override:
        value = members.event_override.value
        story.happened_on = date.fromisoformat(value["on"])
        story.happened_precision = value.get("precision", "day")
        story.happened_reason = {"code": "curator"}
        return
    dated = [a for a in members.originals if a.happened_on and a.happened_precision == "day"]
    newest = newest_day(members.articles)
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
        "conflicts": [_named(c) for c in vocabulary.conflicts.values() if c.pk in dict(tags.conflicts)],
        "first_source": {
            "slug": first.source.slug,
            "name": first.source.name,
            "kind": first.source.kind,
            "country": first.source.country,
            "state_control": first.source.state_control,
        },
        "outlets": [a.source_id for a in articles],
        "speaker": {
            "article": story.speaker_id,
            "source": story.speaker.source.name if story.speaker else "",
        },
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


def empty_story(story: Story, now: datetime) -> None:
    """A story whose members all left or are hidden keeps its address and shows nothing."""
    story.origin_count = story.source_count = story.article_count = 0
    story.is_key, story.growth_score = False, 0.0
    story.changed_at = now
    story.version += 1
