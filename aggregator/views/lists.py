"""Regions, topics and conflicts: a timeline with what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import cache
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from aggregator import clock
from aggregator.models import Conflict, Region, Topic
from aggregator.services import (
    activity,
    atlas,
    changes,
    faces,
    filters,
    health,
    lists,
    map_points,
    outside,
    subjects,
    timelines,
)
from aggregator.services.activity import Around
from aggregator.services.filters import EVENT, REPORT, Filters
from aggregator.services.kept import until_change
from aggregator.services.timelines import Timeline
from aggregator.views import face_answers
from aggregator.views.answers import clean_address, page, reader_page

LANES = (
    ("fighting", ("fighting", "internal-violence")),
    ("peace", ("peace",)),
    ("people", ("people",)),
    ("law", ("law",)),
    ("other", ("power", "aftermath")),
)


@reader_page("region")
def region(request: HttpRequest, slug: str, face: str = "") -> HttpResponse:
    """Show a region's timeline, in the order of first reports, or one of its faces."""
    return _list(request, "region", slug, face, REPORT)


@reader_page("topic")
def topic(request: HttpRequest, slug: str, face: str = "") -> HttpResponse:
    """Show a topic's timeline, in the order of events, or one of its faces."""
    return _list(request, "topic", slug, face, EVENT)


@reader_page("conflict")
def conflict(request: HttpRequest, slug: str, face: str = "") -> HttpResponse:
    """Show a conflict's timeline, in the order of events, or one of its faces."""
    return _list(request, "conflict", slug, face, EVENT)


def _list(request: HttpRequest, kind: str, slug: str, face: str, order: str) -> HttpResponse:
    if not face and (clean := clean_address(request)):
        return clean
    asked = filters.read(request.GET, default_order=order)
    subject = timelines.subject_of(kind, slug, asked)
    timeline = timelines.read(subject, asked)
    if face:
        return _face(request, timeline, face)
    topics = subjects.topics()
    context = _base(timeline, topics) | _BESIDE[kind](timeline, clock.now(), topics)
    return page(request, f"{kind}s/{kind}.html", context, changed_at=None)


def _face(request: HttpRequest, timeline: Timeline, name: str) -> HttpResponse:
    subject = timeline.subject
    own = reverse(f"{subject.kind}-face", args=[subject.owner.slug, name])
    found = faces.of_cards(
        timeline.all_cards,
        title=f"{timelines.title_of(subject, timeline.filters)} · {face_answers.site_name()}",
        site=face_answers.site(),
        home=timeline.path,
        own=_with(own, timeline.filters.query()),
        older=_with(own, timeline.older) if timeline.older else "",
    )
    return face_answers.answer(request, found, name)


def _with(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _base(timeline: Timeline, topics: list[Topic]) -> dict[str, Any]:
    """Return what all lists show. What stands in a part that templates keep is a function: they call it when needed."""
    subject, asked = timeline.subject, timeline.filters
    feeds = cache(health.feed_health)
    query = asked.first_page()
    return {
        "timeline": timeline,
        "part": f"{timeline.path} {changes.newest().acts}",  # parts of this page are kept under it for a minute
        "subject": subject,
        "owner": subject.owner,
        "title": timelines.title_of(subject, asked),
        "filters": asked,
        "topics": topics,
        "feeds": feeds,
        "why_empty": cache(
            lambda: health.why_empty(
                feeds(),
                narrowed=asked.narrowed or bool(subject.topic and subject.kind != "topic"),
                paged=asked.paged,
            )
        ),
        "face_links": face_answers.links(f"{subject.kind}-face", subject.owner.slug, query=query),
        "embed": face_answers.site()
        + _with(reverse("embed", args=[subject.kind, subject.owner.slug]), query),
        "follow_query": _with(subject.path, query),
        "canonical": canonical(timeline),
        "first_page": _with(subject.path, query),
    }


def canonical(timeline: Timeline) -> str:
    """Return the path that stands for this page: region × topic belongs to the region's address."""
    subject, asked = timeline.subject, timeline.filters
    if subject.kind == "topic" and asked.region and subject.region and subject.topic:
        query = asked.query(region="", topic=subject.topic.slug)
        return _with(reverse("region", args=[subject.region.slug]), query)
    return timeline.path


def _around(
    timeline: Timeline,
    now: datetime,
    days: int,
    *,
    regions: Callable[[], Collection[Region]] = tuple,
    conflicts: Callable[[], Collection[Conflict]] = tuple,
    topics: Callable[[], Collection[Topic]] = tuple,
) -> Around:
    """Return the counts beside a list: of areas, conflicts and topics, and its strip of so many days."""
    asked, today = timeline.filters, now.date()
    newest = timeline.cards[0].on if timeline.cards else None
    last = asked.as_of or asked.until or activity.anchor(newest, today, days=days)
    strip = (last, asked.order, days)
    return Around(timeline.subject, today, regions=regions, conflicts=conflicts, topics=topics, strip=strip)


def _beside_region(timeline: Timeline, now: datetime, topics: list[Topic]) -> dict[str, Any]:
    region = timeline.subject.region
    assert region is not None
    around = _around(
        timeline, now, 30,
        regions=lambda: atlas.regions().within(region),
        conflicts=lambda: atlas.conflicts_of(region),
        topics=lambda: topics,
    )  # fmt: skip
    until = max((card.report_at for card in timeline.cards), default=now)
    paged = timeline.filters.paged
    return {
        "breadcrumb": lambda: lists.breadcrumb(region),
        "also_under": cache(lambda: lists.also_listed_under(region)),
        "conflicts": cache(lambda: around.conflicts[: lists.MAX_CHIPS]),
        "strip": lambda: around.strip,
        "areas": lambda: around.regions[: lists.MAX_BESIDE],
        "more_areas": lambda: len(around.regions) > lists.MAX_BESIDE,
        "busy_topics": lambda: _moving(around.topics),
        "shares": cache(lambda: lists.who_reports(timeline)),
        "home_sources": lambda: atlas.at_home(region),
        "also_published": cache(
            lambda: [] if paged else outside.beside(region, timeline.subject.topic, until)
        ),
        "map": lambda: map_points.regional(region, around.regions),
    }


def _moving(topics: list[activity.Busy]) -> list[activity.Busy]:
    return [one for one in topics if one.now][:8]


def _beside_topic(timeline: Timeline, now: datetime, topics: list[Topic]) -> dict[str, Any]:
    subject = timeline.subject
    assert subject.topic is not None
    asked, topic = timeline.filters, subject.topic
    return {
        "strip": lambda: _around(timeline, now, 90).strip,
        "changes": cache(lambda: activity.changes(subject, now.date())),
        "order_links": _order_links(asked),
        "region": subject.region if asked.region else None,
        "busy_regions": cache(lambda: lists.regions_of_topic(topic, now.date())),
    }


def _order_links(asked: Filters) -> list[tuple[str, str, bool]]:
    first = {"before": None, "after": None}
    return [
        (label, "?" + asked.query(order=order, default_order="", **first), asked.order == order)
        for order, label in ((EVENT, _("event date")), (REPORT, _("report date")))
    ]


def _beside_conflict(timeline: Timeline, now: datetime, topics: list[Topic]) -> dict[str, Any]:
    row = timeline.subject.conflict
    assert row is not None
    around = _around(timeline, now, 90, regions=lambda: lists.areas_of(row), topics=lambda: topics)
    return {
        "sides": cache(lambda: _sides(row)),
        "strip": lambda: around.strip,
        "changes": cache(lambda: activity.changes(timeline.subject, now.date())),
        "order_links": _order_links(timeline.filters),
        "areas": lambda: around.regions,
        "busy_topics": lambda: _moving(around.topics),
        "lanes": cache(lambda: lanes(timeline, topics)),
        "shares": cache(lambda: lists.who_reports(timeline)),
        "children": cache(lambda: list(row.children.all())),
        "map": cache(lambda: map_points.of_areas(around.regions)),
    }


def _sides(row: Conflict) -> list[tuple[str, list[Any]]]:
    return [(side, list(members)) for side, members in groupby(row.parties.all(), lambda party: party.side)]


_BESIDE = {"region": _beside_region, "topic": _beside_topic, "conflict": _beside_conflict}


def lanes(timeline: Timeline, topics: list[Topic]) -> list[tuple[str, list[Any]]]:
    """Return the key stories of this page by lane: fighting, peace, people, law; the rest under other."""
    group_of = {topic.slug: topic.group.slug for topic in topics}
    lane_of = {group: lane for lane, groups in LANES for group in groups}
    found: dict[str, list[Any]] = {lane: [] for lane, _groups in LANES}
    for card in timeline.cards:
        if card.story.is_key and card.topics:
            group = group_of.get(card.topics[0]["slug"], "")
            found[lane_of.get(group, "other")].append(card)
    return [(lane, cards) for lane, cards in found.items() if cards]


def regions(request: HttpRequest) -> HttpResponse:
    """List all regions as a tree with their stories of seven days."""
    rows, today = list(atlas.regions().by_slug.values()), clock.now().date()
    busy = {one.row.pk: one.now for one in until_change(today, lambda: activity.busy_regions(rows, today))}
    tree = _tree(rows, busy)
    return page(request, "regions/index.html", {"tree": tree, "map": map_points.world(rows, busy)})


def _tree(rows: list[Region], busy: dict[int, int]) -> list[dict[str, Any]]:
    children: dict[int | None, list[Region]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)

    def below(parent: int | None, depth: int) -> list[dict[str, Any]]:
        members = children.get(parent, []) if depth < 8 else []
        return [
            {"row": row, "now": busy.get(row.pk, 0), "below": below(row.pk, depth + 1)} for row in members
        ]

    return below(None, 0)


def topics(request: HttpRequest) -> HttpResponse:
    """List all topics in their groups."""
    rows = list(Topic.objects.select_related("group").defer("data"))
    rows.sort(key=lambda row: (row.group.position, row.group.name, row.position, row.name))
    counts = {one.row.pk: one for one in lists.busy_topics_everywhere(rows, clock.now().date())}
    groups = [
        (group, [counts[row.pk] for row in members])
        for group, members in groupby(rows, lambda row: row.group)
    ]
    return page(request, "topics/index.html", {"groups": groups})


def conflicts(request: HttpRequest) -> HttpResponse:
    """List all conflicts, the busiest first."""
    today = clock.now().date()
    return page(
        request, "conflicts/index.html", {"busy": until_change(("conflicts", today), lambda: _busy(today))}
    )


def _busy(today: date) -> list[tuple[activity.Busy, activity.Strip | None]]:
    rows = [one.conflict for one in atlas.theatres()]
    strips = activity.conflict_strips(rows, today)
    return [(one, strips.get(one.row.pk)) for one in activity.busy_conflicts(rows, today)]
