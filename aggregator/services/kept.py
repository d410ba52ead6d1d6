"""What was made last, in the memory of this process: a bounded number of things, the least used go first.

And rows that only curators change, until one of them acts.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

from django.conf import settings

from aggregator.services import changes

T = TypeVar("T")
KEPT_SECONDS = 60


class Kept(Generic[T]):
    """At most `most` things by key. Whoever puts one in says with the key what it was made from."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.lock = Lock()
        self.things: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable) -> T | None:
        """Return a thing, None when it is not kept."""
        with self.lock:
            found = self.things.get(key)
            if found is not None:
                self.things.move_to_end(key)
            return found

    def put(self, key: Hashable, thing: T) -> None:
        """Keep a thing."""
        with self.lock:
            self.things[key] = thing
            if len(self.things) > self.most:
                self.things.popitem(last=False)

    def clear(self) -> None:
        """Drop everything."""
        with self.lock:
            self.things.clear()


class _Until:
    """Things in memory until `stamp` gives something else, and for KEPT_SECONDS at most."""

    def __init__(self, stamp: Callable[[], object]) -> None:
        self.stamp = stamp
        self.forget()

    def forget(self) -> None:
        self.since, self.as_of = 0.0, object()
        self.rows: dict[Hashable, Any] = {}

    def get(self, key: Hashable, read: Callable[[], Any]) -> Any:
        as_of, now = self.stamp(), time.monotonic()
        if as_of != self.as_of or now - self.since > KEPT_SECONDS:
            self.since, self.as_of, self.rows = now, as_of, {}
        rows = self.rows
        if key not in rows:
            rows[key] = read()
        return rows[key]


_until_act = _Until(lambda: changes.newest().acts)
_until_change = _Until(lambda: changes.newest() if settings.LOOK_SECONDS else object())


def until_act(key: Hashable, read: Callable[[], T]) -> T:
    """Return what `read` returned lately, or now: for rows that only curators change. Nobody may change it."""
    return _until_act.get(key, read)  # type: ignore[no-any-return]


def until_change(key: Hashable, read: Callable[[], T]) -> T:
    """Return what `read` returned lately, or now: for what changes with stories. Few keys; nobody may change it."""
    return _until_change.get(key, read)  # type: ignore[no-any-return]


def forget_changes() -> None:
    """Drop what is kept until a change."""
    _until_change.forget()


def forget() -> None:
    """Drop what is kept until an act or a change."""
    _until_act.forget()
    forget_changes()
