"""The line as a curator sees it: how much is where, what waits longest, who works, what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.db.models import Max

from aggregator.models import Article, Feed, Host, Poll, Work
from aggregator.services import nudge

CAP = 10_000  # rows counted at most
HELD_SHOWN = 100
LOOKED_AT = 3_000  # newest articles
QUIET = 300  # real seconds; the timetable brings work more often
WORKERS_KEPT = 24 * 3600  # seconds
MOST_WORKERS = 50
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stage:
    """One stage of the line."""

    name: str
    count: int
    oldest_at: datetime | None

    @property
    def words(self) -> str:
        """The count as it is shown."""
        return f"{CAP:,}+" if self.count >= CAP else f"{self.count:,}"


@dataclass(frozen=True)
class Trouble:
    """An error code of the last day, how often, and one example."""

    code: str
    count: int
    sample: Feed | None


@dataclass(frozen=True)
class Worker:
    """A worker that has done something lately."""

    name: str
    seen_at: datetime
    quiet: bool  # it has done nothing for QUIET seconds


@dataclass(frozen=True)
class LinePage:
    """What the page shows."""

    stages: tuple[Stage, ...]
    held: tuple[Work, ...]
    troubles: tuple[Trouble, ...]
    polls: int
    new_articles: int
    last_poll_at: datetime | None
    last_found_at: datetime | None
    hosts_busy: int
    settling: int
    not_indexed: int
    held_codes: tuple[tuple[str, int], ...]
    polls_of_hour: int
    new_of_hour: int
    settled_of_hour: int
    workers: tuple[Worker, ...]
    messages: tuple[tuple[str, int], ...]  # queue of nudges, how many wait


def read_line(now: datetime) -> LinePage:
    """Return the state of the line; every count is bounded."""
    since, hour = now - DAY, now - timedelta(hours=1)
    polls = Poll.objects.filter(at__gt=since, at__lte=now).order_by()
    of_hour = polls.filter(at__gt=hour)
    newest = Article.objects.order_by("-pk").values_list("found_at", flat=True).first()
    return LinePage(
        stages=tuple(_stage(value, label) for value, label in Work.Stage.choices),
        held=tuple(_held()),
        troubles=tuple(_troubles(since, now)),
        polls=polls[:CAP].count(),
        new_articles=sum(polls.filter(outcome="new")[:CAP].values_list("new_count", flat=True)),
        last_poll_at=polls.aggregate(at=Max("at"))["at"],
        last_found_at=newest,
        hosts_busy=_leased(Host),
        settling=_leased(Work),
        not_indexed=Article.objects.filter(indexed=False)[:CAP].count(),
        held_codes=tuple(held_codes()),
        polls_of_hour=of_hour[:CAP].count(),
        new_of_hour=sum(of_hour.filter(outcome="new")[:CAP].values_list("new_count", flat=True)),
        settled_of_hour=_settled_since(hour),
        workers=tuple(workers()),
        messages=tuple(sorted(nudge.queue_lengths().items())),
    )


def _settled_since(hour: datetime) -> int:
    """Return how many of the newest articles were settled since a time; LOOKED_AT at most."""
    newest = Article.objects.order_by("-pk").values_list("settled_at", flat=True)[:LOOKED_AT]
    return sum(at is not None and at > hour for at in newest)


def note_worker(name: str, now: datetime) -> None:
    """Remember that a worker has just done something; called after each task."""
    cache.set(f"worker:{name}", now, timeout=WORKERS_KEPT)
    cache.set(f"worker-awake:{name}", 1, timeout=QUIET)
    known = cache.get("workers") or []
    if name not in known:
        cache.set("workers", [*known, name][-MOST_WORKERS:], timeout=None)


def workers() -> list[Worker]:
    """Return the workers of the last day by name, with when each was seen."""
    names = sorted(cache.get("workers") or [])
    seen = cache.get_many([f"{what}:{name}" for name in names for what in ("worker", "worker-awake")])
    return [
        Worker(name, seen[key], f"worker-awake:{name}" not in seen)
        for name in names
        if (key := f"worker:{name}") in seen
    ]


def held_codes() -> list[tuple[str, int]]:
    """Return why articles are held, and how many by each code; CAP rows at most."""
    rows = Work.objects.filter(stage=Work.Stage.HELD).order_by("article_id").values_list("code", flat=True)
    return Counter(rows[:CAP]).most_common()


def held_ids(code: str) -> list[int]:
    """Return held articles of one code, CAP at most."""
    rows = Work.objects.filter(stage=Work.Stage.HELD, code=code).order_by("article_id")
    return list(rows.values_list("article_id", flat=True)[:CAP])


def _stage(value: str, label: str) -> Stage:
    due = list(
        Work.objects.filter(stage=value).order_by("reported_at").values_list("next_at", flat=True)[:CAP]
    )
    return Stage(label, len(due), min(due, default=None))


def _held() -> Sequence[Work]:
    rows = Work.objects.filter(stage=Work.Stage.HELD).select_related("article__source")
    return list(rows.order_by("article_id")[:HELD_SHOWN])


def _troubles(since: datetime, now: datetime) -> list[Trouble]:
    failed = Poll.objects.filter(at__gt=since, at__lte=now, outcome="failed").order_by("-at")
    rows = list(failed.values_list("code", "feed_id")[:CAP])
    counts, newest = Counter(code for code, _ in rows), dict(reversed(rows))
    feeds = Feed.objects.select_related("source").in_bulk(list(newest.values()))
    return [Trouble(code, n, feeds.get(newest[code])) for code, n in counts.most_common(20)]


def _leased(model: type[Host] | type[Work]) -> int:
    """Return how many rows a worker holds now; leases run on the database's real clock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table} WHERE lease_until > clock_timestamp()")
        return int(cursor.fetchone()[0])
