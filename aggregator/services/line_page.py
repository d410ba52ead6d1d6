"""The line as a curator sees it: how much is where, what waits longest, what failed and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Min

from aggregator.models import Article, Feed, Host, Poll, Work

CAP = 10_000  # rows counted at most
HELD_SHOWN = 100
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


def read_line(now: datetime) -> LinePage:
    """Return the state of the line; every count is bounded."""
    since = now - DAY
    polls = Poll.objects.filter(at__gt=since, at__lte=now).order_by()
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
    )


def _stage(value: str, label: str) -> Stage:
    rows = Work.objects.filter(stage=value)
    return Stage(label, rows[:CAP].count(), rows.aggregate(at=Min("next_at"))["at"])


def _held() -> Sequence[Work]:
    rows = Work.objects.filter(stage=Work.Stage.HELD).select_related("article__source")
    return list(rows.order_by("article_id")[:HELD_SHOWN])


def _troubles(since: datetime, now: datetime) -> list[Trouble]:
    failed = Poll.objects.filter(at__gt=since, at__lte=now, outcome="failed").order_by()
    rows = list(failed.values("code").annotate(n=Count("pk"), feed=Max("feed_id")).order_by("-n")[:20])
    feeds = Feed.objects.select_related("source").in_bulk([row["feed"] for row in rows])
    return [Trouble(row["code"], row["n"], feeds.get(row["feed"])) for row in rows]


def _leased(model: type[Host] | type[Work]) -> int:
    """Return how many rows a worker holds now; leases run on the database's real clock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table} WHERE lease_until > clock_timestamp()")
        return int(cursor.fetchone()[0])
