"""Invented articles and stories in any number, skewed as real ones are: for plans and looking at pages.

Outlets, regions and topics come from the loaded vocabulary. Nothing is random but by `seed`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import xxhash
from django.db import connection

from aggregator.models import (
    Article,
    ArticleBody,
    ArticleRegion,
    ArticleTopic,
    Conflict,
    Membership,
    Origin,
    Region,
    Revision,
    Source,
    Story,
    Topic,
)
from aggregator.services import locks, placing

BATCH = 400  # stories
FIRST_STATISTICS = 200  # articles; doubled after each
COPY_SHARE = 0.35  # of a story's later articles repeat an earlier text
AGENCIES = (("agency-north", "Agency North"), ("agency-harbour", "Agency Harbour"))
SUBJECTS = (
    "Army", "Ministry", "Residents", "Aid groups", "Mediators", "Opposition", "Border guards", "Hospital",
    "Election commission", "Peacekeepers", "Observers", "Foreign minister",
)  # fmt: skip
ACTS = (
    "reports shelling near", "says two killed in", "confirms talks over", "denies withdrawal from",
    "counts hundreds displaced from", "opens corridor to", "closes the crossing to", "asks for a truce in",
    "finds mines along the road to", "protests against arrests in", "recovers captives held in",
)  # fmt: skip
OTHER_TONGUES = {
    "ru": "Сообщения об обстреле: {place}, по словам местных жителей",
    "ar": "تقارير عن قصف قرب {place} وفق سكان محليين",
    "fr": "Des tirs signalés près de {place}, selon des habitants",
    "uk": "Повідомлення про обстріл: {place}",
    "fa": "گزارش‌ها از درگیری در نزدیکی {place}",
}


@dataclass
class _World:
    """What stories are made from, with the weights of how often each is chosen."""

    random: random.Random
    sources: list[Source]
    regions: list[Region]
    topics: list[Topic]
    conflicts: dict[int, list[str]]
    agencies: list[Origin]
    weights: dict[str, list[float]] = field(default_factory=dict)

    def pick(self, name: str, rows: Sequence) -> object:  # type: ignore[type-arg]
        weights = self.weights.setdefault(name, [1 / (rank + 1) for rank in range(len(rows))])
        return self.random.choices(rows, weights)[0]


def make_rows(articles: int, *, until: datetime, days: int = 60, seed: int = 7) -> int:
    """Make about `articles` articles in stories over `days` before `until`; return how many were made.

    Raises LookupError when no vocabulary or no outlet is loaded.
    """
    world = _world(seed)
    made, known = 0, FIRST_STATISTICS
    while made < articles:
        made += _make_batch(world, min(BATCH, max((articles - made) // 3, 1)), until, days)
        if made >= known:
            _take_statistics()
            known = made * 2
    return made


def _take_statistics() -> None:
    """Tell the planner that the tables have grown: autovacuum comes too late for a fast fill."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _world(seed: int) -> _World:
    chance = random.Random(seed)  # noqa: S311 - sample rows, not secrets
    sources = list(Source.objects.approved().select_related("publisher").order_by("slug")) or list(
        Source.objects.select_related("publisher").order_by("slug")
    )
    kinds = ("country", "contested-area", "territory", "theatre", "subnational")
    regions = list(Region.objects.filter(kind__in=kinds).order_by("slug"))
    topics = list(Topic.objects.order_by("slug"))
    if not (sources and regions and topics):
        raise LookupError("Load the vocabulary and its sources first.")
    for rows in (sources, regions, topics):
        chance.shuffle(rows)
    conflicts: dict[int, list[str]] = {}
    for conflict in Conflict.objects.prefetch_related("regions"):
        for region in conflict.regions.all():
            conflicts.setdefault(region.pk, []).append(conflict.slug)
    agencies = [
        Origin.objects.get_or_create(
            key=f"agency:{slug}",
            defaults={"kind": "agency", "independence_key": f"agency:{slug}", "name": name},
        )[0]
        for slug, name in AGENCIES
    ]
    return _World(chance, sources, regions, topics, conflicts, agencies)


@dataclass
class _Plan:
    """A story before its rows exist: its articles with their region, topics and place in time."""

    articles: list[Article] = field(default_factory=list)
    origins: list[Origin | None] = field(default_factory=list)
    copies: list[int | None] = field(default_factory=list)
    region: Region | None = None
    topics: list[Topic] = field(default_factory=list)


def _make_batch(world: _World, stories: int, until: datetime, days: int) -> int:
    plans = [_plan(world, until, days) for _ in range(stories)]
    articles = [article for plan in plans for article in plan.articles]
    with locks.line_lock():
        _number(articles, Article)
        origins = _origins(plans)
        Article.objects.bulk_create(articles, batch_size=1000)
        Origin.objects.bulk_create(origins, batch_size=1000)
        _write_members(plans, until)
        _write_texts(articles)
    return len(articles)


def _number(rows: Sequence[Article] | Sequence[Origin], model: type[Article] | type[Origin]) -> None:
    """Give rows their ids beforehand, so that articles and origins can name each other when written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, len(rows)],
        )
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number


def _plan(world: _World, until: datetime, days: int) -> _Plan:
    chance = world.random
    region = world.pick("regions", world.regions)
    assert isinstance(region, Region)
    topics = list(dict.fromkeys(world.pick("topics", world.topics) for _ in range(chance.choice((1, 1, 2)))))
    first_at = until - timedelta(seconds=int(days * 86400 * chance.random() ** 1.4))
    plan = _Plan(region=region, topics=topics)  # type: ignore[arg-type]
    size = min(int(chance.paretovariate(1.1)), 40)
    late = timedelta(days=chance.choice((0, 0, 0, 0, 1, 2)))
    for number in range(size):
        at = min(first_at + timedelta(minutes=int(chance.expovariate(1 / 180)) if number else 0), until)
        plan.articles.append(_article(world, region, at, late))
        plan.copies.append(chance.randrange(number) if number and chance.random() < COPY_SHARE else None)
        plan.origins.append(chance.choice(world.agencies) if chance.random() < 0.15 else None)
    return plan


def _article(world: _World, region: Region, at: datetime, late: timedelta) -> Article:
    source = world.pick("sources", world.sources)
    assert isinstance(source, Source)
    chance = world.random
    language = source.languages[0] if source.languages else "en"
    template = OTHER_TONGUES.get(language, f"{chance.choice(SUBJECTS)} {chance.choice(ACTS)} {{place}}")
    title = template.format(place=region.name)
    url = f"{source.homepage or 'https://outlet.example'}/{at:%Y/%m/%d}/{chance.getrandbits(48):x}"
    return Article(
        source=source, url=url, url_hash=xxhash.xxh64_intdigest(url.encode()) - 2**63, title=title,
        language=language if language in OTHER_TONGUES else "en",
        extract=f"{title}, officials and people there said. Sample row number {chance.getrandbits(20)}.",
        status=Article.Status.VISIBLE, relevance="in", relevance_score=0.9, form="report",
        published_at=at, published_kind="feed", reported_at=at, found_at=at + timedelta(minutes=6),
        settled_at=at + timedelta(minutes=7), happened_on=(at - late).astimezone(UTC).date(),
        happened_precision="day", happened_reason={"code": "weekday"}, text_kind="text", copy_kind="original",
        word_count=180,
        conflicts=[{"slug": slug, "reason": {}} for slug in world.conflicts.get(region.pk, ())],
    )  # fmt: skip


def _origins(plans: Sequence[_Plan]) -> list[Origin]:
    """Return the origins to be written; every article gets its own, an agency's, or that of its original."""
    made: list[Origin] = []
    for plan in plans:
        for number, article in enumerate(plan.articles):
            copied = plan.copies[number]
            if copied is not None:
                _make_copy(article, plan.articles[copied])
            else:
                article.origin = plan.origins[number] or _own_origin(article, made)
    _number(made, Origin)
    for article in (article for plan in plans for article in plan.articles):
        article.origin_id = article.origin.pk if article.origin else None
    return made


def _make_copy(article: Article, original: Article) -> None:
    article.copy_of, article.origin = original.copy_of or original, original.origin
    article.copy_kind, article.copy_score = Article.CopyKind.REPUBLISHED, 0.94


def _own_origin(article: Article, made: list[Origin]) -> Origin:
    source = article.source
    origin = Origin(
        kind=Origin.Kind.ORIGINAL,
        key=f"article:{article.pk}",
        independence_key=f"family:{source.family}",
        name=source.name,
        article=article,
        publisher=source.publisher,
        state_control=source.state_control,
    )
    made.append(origin)
    return origin


def _write_members(plans: Sequence[_Plan], now: datetime) -> None:
    stories = [
        Story(
            first_at=a.reported_at,
            last_at=a.reported_at,
            created_at=a.found_at,
            changed_at=now,
            happened_on=a.happened_on or a.reported_at.date(),
        )
        for a in (plan.articles[0] for plan in plans)
    ]
    Story.objects.bulk_create(stories)
    Membership.objects.bulk_create(
        Membership(
            story=story, article=article, score=0.8, joined_at=article.found_at, reason={"code": "same_event"}
        )
        for story, plan in zip(stories, plans, strict=True)
        for article in plan.articles
    )
    _write_tags(plans)
    placing.place_stories([story.pk for story in stories], now)


def _write_tags(plans: Sequence[_Plan]) -> None:
    ArticleRegion.objects.bulk_create(
        ArticleRegion(
            article=article, region=plan.region, about=True, focus=True, score=0.9, reason={"code": "named"}
        )
        for plan in plans
        for article in plan.articles
    )
    ArticleTopic.objects.bulk_create(
        ArticleTopic(article=article, topic=topic, rank=rank, score=0.8, reason={"code": "cue"})
        for plan in plans
        for article in plan.articles
        for rank, topic in enumerate(plan.topics)
    )


def _write_texts(articles: Sequence[Article]) -> None:
    ArticleBody.objects.bulk_create(
        [ArticleBody(article=a, text=f"{a.title}. {a.extract}\n" * 3) for a in articles], batch_size=1000
    )
    Revision.objects.bulk_create(
        [Revision(article=a, number=1, title=a.title, found_at=a.found_at) for a in articles], batch_size=1000
    )
