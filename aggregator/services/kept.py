"""What was made last, in the memory of this process: a bounded number of things, the least used go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


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
