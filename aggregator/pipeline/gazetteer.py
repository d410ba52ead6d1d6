"""All names in memory: automata that find them, and the words around them that say what they are not.

Names are matched in the case in which they are written, one automaton for Latin script and one for
all others, so that the many first letters of other scripts do not slow Latin texts. Latin names are
looked for at the start of words only: each stands in its automaton behind a space, with a space for
every sign in it, and is looked for in a text written so (`spaced`).
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ahocorasick

from aggregator.pipeline.names import STEM, WEAK, NameRow, read_row, spellings
from aggregator.pipeline.regions import RegionTree

VOCABULARY = Path(__file__).resolve().parent.parent / "vocabulary"
NAMES_PATH = VOCABULARY / "names.tsv.gz"
MAX_SENSES = 4
LATIN_LIMIT = "\u0250"  # Latin letters lie below

_SIGN = re.compile(r"[^\w ]")
_ASCII_SIGNS = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
# An automaton compares a letter with those that follow it in the order in which they came: the commonest first.
_COMMONEST = str.maketrans({letter: chr(rank) for rank, letter in enumerate(" etaoinsrhldcumfpgwybvkxjqz")})


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


class Entries:
    """Every name by its number. Made when first asked for: of sixty thousand names few are ever met."""

    def __init__(self, rows: Sequence[tuple[str | NameRow, ...]], tree: RegionTree) -> None:
        self._rows, self._tree = rows, tree
        self.made: list[Entry | None] = [None] * len(rows)  # for the one loop that cannot afford to ask

    def __getitem__(self, number: int) -> Entry:
        return self.made[number] or self._make(number)

    def __len__(self) -> int:
        return len(self._rows)

    def _make(self, number: int) -> Entry:
        rows = [row if isinstance(row, NameRow) else read_row(row) for row in self._rows[number]]
        senses = [_sense(row, self._tree) for row in rows]
        self.made[number] = entry = Entry(rows[0].name, tuple(_likeliest(senses)), rows[0].flags)
        return entry


# A way in which a name is written in Latin script: its length; what the text must say, '' where the way there
# leaves no doubt (one word without a sign); the name's number; and what sorts names that reach equally far.
Spelling = tuple[int, str, int, int]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What `locate` needs to know. Built once a process, shared, never changed."""

    tree: RegionTree
    entries: Entries
    latin: Any  # ahocorasick.Automaton: space and spelling as `spaced` writes it → Spellings
    other: Any  # ahocorasick.Automaton: spelling → Spelling
    given_names: frozenset[str]
    common_words: frozenset[str]
    model: dict[str, Any]

    def named(self, word: str) -> Entry | None:
        """Return what is known under a name in Latin script, written exactly so."""
        for _, exactly, number, _ in self.latin.get(" " + spaced(word), ()):
            if exactly in ("", word):
                return self.entries[number]
        return None


def spaced(text: str) -> str:
    """Return a text with a space for every character that is neither letter, digit nor underscore; offsets stay."""
    return text.translate(_ASCII_SIGNS) if text.isascii() else _SIGN.sub(" ", text)


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
        names = _by_name([*overlay, *lines])
    entries = Entries([rows for _, rows in names], tree)
    latin, other = _automata([(name, rows[0]) for name, rows in names])
    return Gazetteer(
        tree,
        entries,
        latin,
        other,
        frozenset((VOCABULARY / "places" / "given_names.txt").read_text("utf-8").split()),
        frozenset((VOCABULARY / "places" / "common_words.txt").read_text("utf-8").split()),
        json.loads((VOCABULARY / "locate_model.json").read_text("utf-8")),
    )


def _by_name(rows: Iterable[str | NameRow]) -> list[tuple[str, tuple[str | NameRow, ...]]]:
    """Return every name with its rows, the least likely name first."""
    found: dict[str, list[str | NameRow]] = {}
    priors: dict[str, float] = {}
    for row in rows:
        if isinstance(row, NameRow):
            name, prior = row.name, row.prior
        else:
            name, _, _, _, number, _ = row.split("\t", 5)
            prior = float(number)
        found.setdefault(name, []).append(row)
        priors[name] = max(prior, priors.get(name, prior))
    return [(name, tuple(found[name])) for name in sorted(found, key=priors.__getitem__)]


def _sense(row: NameRow, tree: RegionTree) -> Sense:
    country = row.country or tree.country(row.region) or ""
    return Sense(row.region, country, row.kind, row.prior, WEAK in row.flags, row.lat, row.lon)


def _likeliest(senses: list[Sense]) -> list[Sense]:
    unique = {(sense.region, sense.country, sense.kind): sense for sense in reversed(senses)}
    return sorted(unique.values(), key=lambda sense: -sense.prior)[:MAX_SENSES]


def _automata(names: Sequence[tuple[str, str | NameRow]]) -> tuple[Any, Any]:
    """Return automata of every name as written; other spellings of it only where they are no name of their own."""
    latin: dict[str, Spelling] = {}
    other: dict[str, Spelling] = {}
    flags = [row.flags if isinstance(row, NameRow) else row.split("\t", 6)[5] for _, row in names]
    for number, (name, _) in enumerate(names):
        forms = latin if name[0] < LATIN_LIMIT else other
        forms[name] = _spelling(name, name, flags[number], number)
    for number in range(len(names) - 1, -1, -1):
        name = names[number][0]
        forms = latin if name[0] < LATIN_LIMIT else other
        for form in spellings(name, flags[number]):
            if form not in forms:
                forms[form] = _spelling(form, name, flags[number], number)
    return _automaton(_behind_spaces(latin)), _automaton(other)


def _spelling(form: str, name: str, flags: str, number: int) -> Spelling:
    """Return a spelling; of names that reach equally far the longer comes first, a whole one before an ending's."""
    return len(form), "" if form.isalnum() else form, number, -2 * len(name) + (STEM in flags)


def _behind_spaces(forms: Mapping[str, Spelling]) -> dict[str, tuple[Spelling, ...]]:
    found: dict[str, tuple[Spelling, ...]] = {}
    for form, spelling in forms.items():
        key = " " + spaced(form)
        found[key] = (*found.get(key, ()), spelling)
    return found


def _automaton(values: Mapping[str, Any]) -> Any:
    automaton = ahocorasick.Automaton()
    for key in sorted(values, key=lambda key: key.translate(_COMMONEST)):
        automaton.add_word(key, values[key])
    automaton.make_automaton()
    return automaton
