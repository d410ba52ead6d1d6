"""All names in memory: automata that find them, and the words around them that say what they are not.

Names are matched in the case in which they are written, one automaton for Latin script and one for
all others, so that the many first letters of other scripts do not slow Latin texts.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ahocorasick

from aggregator.pipeline.names import NameRow, read_rows, spellings
from aggregator.pipeline.regions import RegionTree

VOCABULARY = Path(__file__).resolve().parent.parent / "vocabulary"
NAMES_PATH = VOCABULARY / "names.tsv.gz"
MAX_SENSES = 4
LATIN_LIMIT = "\u0250"  # Latin letters lie below


@dataclass(frozen=True, slots=True)
class Sense:
    """One thing that a name may stand for."""

    region: str  # '' for a veto
    country: str  # ISO2, '' where there is none (a sea, an organisation)
    kind: str
    prior: float
    weak: bool
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A name with its senses, likeliest first, and its flags (see names.py)."""

    name: str
    senses: tuple[Sense, ...]
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What `locate` needs to know. Built once a process, shared, never changed."""

    tree: RegionTree
    latin: Any  # ahocorasick.Automaton: spelling → (length, Entry)
    other: Any
    given_names: frozenset[str]
    common_words: frozenset[str]
    model: dict[str, Any]
    has_other: bool = True


def load_tree(path: Path = VOCABULARY / "regions.json") -> RegionTree:
    """Return the region tree of the packaged vocabulary."""
    return RegionTree.from_rows(json.loads(path.read_text("utf-8"))["regions"])


def load_gazetteer(
    path: Path = NAMES_PATH, *, overlay: Iterable[NameRow] = (), tree: RegionTree | None = None
) -> Gazetteer:
    """Return the packaged names with `overlay` laid over them (names that curators added; they win).

    Takes about a second and under 100 MB. Raises OSError when a packaged file is missing.
    """
    tree = tree or load_tree()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        entries = _entries([*overlay, *read_rows(lines)], tree)
    latin, other = ahocorasick.Automaton(), ahocorasick.Automaton()
    _fill(latin, other, entries)
    return Gazetteer(
        tree,
        latin,
        other,
        frozenset((VOCABULARY / "places" / "given_names.txt").read_text("utf-8").split()),
        frozenset((VOCABULARY / "places" / "common_words.txt").read_text("utf-8").split()),
        json.loads((VOCABULARY / "locate_model.json").read_text("utf-8")),
    )


def _entries(rows: Iterable[NameRow], tree: RegionTree) -> list[Entry]:
    senses: dict[str, list[Sense]] = {}
    flags: dict[str, str] = {}
    for row in rows:
        country = row.country or tree.country(row.region) or ""
        sense = Sense(row.region, country, row.kind, row.prior, "w" in row.flags, row.lat, row.lon)
        senses.setdefault(row.name, []).append(sense)
        flags.setdefault(row.name, row.flags)
    return [Entry(name, tuple(_likeliest(found)), flags[name]) for name, found in senses.items()]


def _likeliest(senses: list[Sense]) -> list[Sense]:
    unique = {(sense.region, sense.country, sense.kind): sense for sense in reversed(senses)}
    return sorted(unique.values(), key=lambda sense: -sense.prior)[:MAX_SENSES]


def _fill(latin: Any, other: Any, entries: list[Entry]) -> None:
    """Add every name as written first; other spellings of it only where they are no name of their own."""
    entries.sort(key=lambda entry: entry.senses[0].prior)
    for entry in entries:
        (latin if entry.name[0] < LATIN_LIMIT else other).add_word(entry.name, (len(entry.name), entry))
    for entry in reversed(entries):
        automaton = latin if entry.name[0] < LATIN_LIMIT else other
        for form in spellings(entry.name, entry.flags) - {entry.name}:
            if form not in automaton:
                automaton.add_word(form, (len(form), entry))
    for automaton in (latin, other):
        automaton.make_automaton()
