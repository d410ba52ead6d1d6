"""What grouping knows about an article: weighted words, places, time, outlet.

Words are hashed into BUCKETS numbers, so no text is kept, in memory, in rows or in data files.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .group_outlets import without_name, without_outlet
from .group_places import NOWHERE, Whereabouts
from .group_words import GroupWord, group_words, is_english, is_unspaced

BUCKETS = 1 << 20
TERMS = 64  # kept of one article, heaviest first
LEAD = 280  # characters of the text that count as lead
BODY = 1500  # characters of the text read at all
PART = 1 / 3  # of a word that a character of a script without spaces is worth where words are counted
PLACES = 8  # regions and countries kept of one article
DENSE = 3  # letters that a character of a script without spaces stands for
TITLE_FLAG, LEAD_FLAG, NAME_FLAG, NUMBER_FLAG, PART_FLAG = 1, 2, 4, 8, 16
PLACE_FLAG, TOWN_FLAG = 32, 64
_WEIGHT = {"title": 2.0, "lead": 1.0, "body": 0.5}
_BACKGROUND = Path(__file__).parent / "data" / "group_background.npz"
_HEADER = struct.Struct("<BBHHBBdII")
_HEADER_BEFORE = struct.Struct("<BBHHBdII")  # of the make before: no countries
_MAKE = 5

Ids = NDArray[np.int32]
Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Features:
    """One article as grouping sees it. Arrays are parallel and sorted by id.

    `at` is seconds since 1970 of the report, None when the outlet gives no date. `words` counts
    the words of title and text read. `places` and `countries` are hashed region slugs and ISO codes that
    it is about, main first.
    """

    ids: Ids
    weights: Numbers
    flags: NDArray[np.uint8]
    at: float | None
    outlet: int
    words: int
    places: tuple[int, ...] = ()
    title_key: int = 0
    dated: bool = True  # False: `at` is when we found it, for want of the outlet's word
    countries: tuple[int, ...] = ()

    def size(self) -> float:
        """How many words these are, where a character or pair of a script without spaces is a part of one."""
        return len(self.ids) - (1 - PART) * float((self.flags & PART_FLAG > 0).sum())


@dataclass(slots=True)
class _Bag:
    """Words gathered field by field: stem → weight and flags."""

    weight: dict[str, float] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def add(self, found: Iterable[GroupWord], weight: float, flag: int) -> None:
        for word in found:
            self.count += 1
            had = self.weight.get(word.stem, 0.0)
            # each repetition counts less: 1, 1/2, 1/3 ... of the field's weight is near 1 + log tf
            self.weight[word.stem] = had + weight / (1.0 + had)
            mark = flag | (NAME_FLAG if word.name else 0) | (NUMBER_FLAG if word.number else 0)
            mark |= PART_FLAG if word.part else 0
            self.flags[word.stem] = self.flags.get(word.stem, 0) | mark


def read_features(
    title: str,
    text: str,
    *,
    at: datetime | None,
    outlet: str,
    where: Whereabouts = NOWHERE,
    dated: bool = True,
    called: str = "",
    credited: Iterable[str] = (),
) -> Features:
    """Return the features of an article; any field may be empty.

    `outlet` is any stable name of the source, `called` the name that readers know it by, `credited` the names of
    the agencies that it credits: none of them says what happened. `where` is what the locating stage
    says. Reads at most BODY characters of the text: cost is bounded by about half a millisecond.
    """
    title, text = title[:400], text[: BODY + 400]
    text = _without_title(title, text)
    title = without_name(without_outlet(title, outlet, called), called)
    text = without_name(_without_title(title, text), called)
    for name in credited:
        text = without_name(text, name)
    text = text[:BODY]
    lead = LEAD
    if is_unspaced(title + text):
        lead, text = LEAD // DENSE, text[: BODY // DENSE]
    english = is_english(f"{title} {text}")
    bag = _Bag()
    bag.add(group_words(title, english=english), _WEIGHT["title"], TITLE_FLAG)
    bag.add(group_words(text[:lead], english=english), _WEIGHT["lead"], LEAD_FLAG)
    bag.add(group_words(text[lead:], english=english), _WEIGHT["body"], 0)
    _mark(bag, where.names, PLACE_FLAG, english)
    _mark(bag, where.towns, TOWN_FLAG, english)
    return Features(
        **_arrays(bag),
        at=at.astimezone(UTC).timestamp() if at else None,
        outlet=crc32(outlet.encode("utf-8", "replace")),
        words=min(bag.count, 65_535),
        places=_hashed(where.regions),
        dated=dated and at is not None,
        title_key=crc32(title.casefold().encode("utf-8", "replace")) if title else 0,
        countries=_hashed(where.countries),
    )


def _hashed(words: Iterable[str]) -> tuple[int, ...]:
    return tuple(crc32(word.encode()) for word in list(words)[:PLACES])


def _mark(bag: _Bag, names: Iterable[str], flag: int, english: bool) -> None:
    """Mark the words of headline and lead that stand in one of the names."""
    for name in names:
        for word in group_words(name, english=english):
            if bag.flags.get(word.stem, 0) & (TITLE_FLAG | LEAD_FLAG):
                bag.flags[word.stem] |= flag


def _without_title(title: str, text: str) -> str:
    """Drop the title where the text repeats it first, so that it counts once."""
    return text[len(title) :] if title and text.startswith(title) else text


def _arrays(bag: _Bag) -> dict[str, Any]:
    stems = list(bag.weight)
    ids = np.fromiter((bucket(s) for s in stems), dtype=np.int32, count=len(stems))
    weights = np.fromiter(bag.weight.values(), dtype=np.float32, count=len(stems))
    flags = np.fromiter(bag.flags.values(), dtype=np.uint8, count=len(stems))
    heavy = weights * background_idf()[ids]
    keep = np.argsort(-heavy, kind="stable")[:TERMS]
    keep = keep[np.argsort(ids[keep], kind="stable")]
    ids, first = np.unique(ids[keep], return_index=True)
    keep = keep[first]
    # As a row keeps them: who reads them back must measure the same.
    kept = weights[keep].astype(np.float16).astype(np.float32)
    return {"ids": ids, "weights": kept, "flags": flags[keep]}


def bucket(stem: str) -> int:
    """Return the number that stands for a word."""
    return crc32(stem.encode("utf-8", "replace")) % BUCKETS


def rarity(word: str) -> tuple[float, str]:
    """Return a key that sorts words rarest first, by the background sample."""
    (found, *_) = [*group_words(word, english=word.isascii()), None]
    return (-float(background_idf()[bucket(found.stem)]) if found else 0.0, word)


@lru_cache(maxsize=1)
def background_idf() -> Numbers:
    """Inverse document frequency by bucket, from the background sample; unknown words are rarest."""
    return idf_of(background_counts(), background_total())


@lru_cache(maxsize=1)
def background_counts() -> Numbers:
    """In how many texts of the background sample each bucket stands (0 where below 3)."""
    counts = np.zeros(BUCKETS, dtype=np.float32)
    if _BACKGROUND.exists():
        with np.load(_BACKGROUND, allow_pickle=False) as data:
            counts[data["ids"]] = data["counts"]
    return counts


@lru_cache(maxsize=1)
def background_total() -> float:
    """How many texts the background sample has."""
    if not _BACKGROUND.exists():
        return 1000.0
    with np.load(_BACKGROUND, allow_pickle=False) as data:
        return float(data["total"])


def idf_of(counts: Numbers, total: float) -> Numbers:
    """Return log((total + 1) / (count + 0.5)), at least 0.1."""
    found: Numbers = np.maximum(np.log((total + 1.0) / (counts + 0.5)), 0.1).astype(np.float32)
    return found


def pack(features: Features) -> bytes:
    """Return a row's worth of bytes: about 500."""
    header = _HEADER.pack(
        _MAKE,
        features.dated,
        len(features.ids),
        features.words,
        len(features.places),
        len(features.countries),
        math.nan if features.at is None else features.at,
        features.outlet,
        features.title_key,
    )
    parts = (
        np.asarray(features.places, dtype="<u4"),
        np.asarray(features.countries, dtype="<u4"),
        features.ids.astype("<i4"),
        features.weights.astype("<f2"),
        features.flags,
    )
    return header + b"".join(p.tobytes() for p in parts)


def unpack(data: bytes) -> Features:
    """Return the features that `pack` wrote, of this make or the one before, which had no countries. Raises
    ValueError on other bytes."""
    try:
        make = data[0] if data else None
        if make == _MAKE:
            header = _HEADER
            _, dated, n, count, n_places, n_countries, at, outlet, title_key = header.unpack_from(data)
        elif make == _MAKE - 1:
            header, n_countries = _HEADER_BEFORE, 0
            _, dated, n, count, n_places, at, outlet, title_key = header.unpack_from(data)
        else:
            raise ValueError(f"features of make {make}")
        reader = _Reader(data, header.size)
        places, countries = reader.take("<u4", n_places), reader.take("<u4", n_countries)
        return Features(
            ids=reader.take("<i4", n).astype(np.int32),
            weights=reader.take("<f2", n).astype(np.float32),
            flags=reader.take("u1", n),
            at=None if math.isnan(at) else at,
            outlet=outlet,
            words=count,
            places=tuple(int(p) for p in places),
            title_key=title_key,
            dated=bool(dated),
            countries=tuple(int(c) for c in countries),
        )
    except struct.error as exc:
        raise ValueError("features cut short") from exc


@dataclass(slots=True)
class _Reader:
    """Takes arrays off the front of bytes."""

    data: bytes
    offset: int

    def take(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.data, dtype=kind, count=count, offset=self.offset)
        self.offset += found.nbytes
        return found
