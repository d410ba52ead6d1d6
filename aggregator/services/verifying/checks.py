"""What a check is, and the pieces that checks are put together from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from aggregator.models import Work
from aggregator.services import placing
from aggregator.services.locks import line_lock

CHUNK = 500
PLACED = 40  # stories made again under one hold of the line's lock: about a second
Repair = Callable[[Sequence[int], datetime], None]


@dataclass(frozen=True)
class Finding:
    """What one check found: the ids that break a promise, the sentence that says which."""

    check: str
    sentence: str
    ids: tuple[int, ...]
    repaired: bool = False


@dataclass(frozen=True)
class Check:
    """A promise, how to find what breaks it at a time, and how to mend that (None: a person has to look)."""

    name: str
    sentence: str
    find: Callable[[datetime], list[int]]
    mend: Repair | None


def asked(sql: str) -> Callable[[datetime], list[int]]:
    """Return a find that asks for ids; %(now)s is the time."""

    def find(now: datetime) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"now": now})
            return sorted(pk for (pk,) in cursor.fetchall())

    return find


def told(sql: str) -> Repair:
    """Return a repair by one statement; %(ids)s are the ids, %(now)s is the time. It holds the line's lock."""

    def mend(ids: Sequence[int], now: datetime) -> None:
        with line_lock(), connection.cursor() as cursor:
            cursor.execute(sql, {"ids": list(ids), "now": now})

    return mend


def in_turn(*repairs: Repair) -> Repair:
    """Return a repair that does several after one another."""

    def mend(ids: Sequence[int], now: datetime) -> None:
        for repair in repairs:
            repair(ids, now)

    return mend


def settle_again(ids: Sequence[int], now: datetime) -> None:
    """Send articles through the rules again, with the text that is stored."""
    rows: list[Any] = [Work(article_id=pk, stage=Work.Stage.SETTLE, next_at=now, why="retag") for pk in ids]
    Work.objects.bulk_create(rows, ignore_conflicts=True)


def place_again(ids: Sequence[int], now: datetime) -> None:
    """Make stories again from their members, some at a time, so that the line goes on in between."""
    for start in range(0, len(ids), PLACED):
        with line_lock():
            placing.place_stories(ids[start : start + PLACED], now)
