"""How packaged rows of one kind are compared with what stands and written; see loading.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Loaded:
    """What a load did, by kind of row."""

    created: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    kept: dict[str, list[str]] = field(default_factory=dict)  # edited or deleted by a curator

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.created or self.updated)

    def note(self, what: dict[str, int], kind: str) -> None:
        """Count one row of a kind."""
        what[kind] = what.get(kind, 0) + 1


def content_hash(content: Mapping[str, Any]) -> str:
    """Return the hash of what is loaded into a row."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Shelf:
    """How rows of one kind are read, compared and written."""

    kind: str
    model: Any  # a model class with slug and loaded_hash
    content: Callable[[Any], dict[str, Any]]  # what a row holds, as it would be loaded
    write: Callable[[Any, dict[str, Any]], None]  # fills a (new or old) row and saves it


def place(shelf: Shelf, wanted: Iterable[dict[str, Any]], known: dict[str, set[str]], loaded: Loaded) -> None:
    """Create or update the rows of a shelf; leave what a curator edited or deleted."""
    rows = {row.slug: row for row in shelf.model.objects.all()}
    before = known.setdefault(shelf.kind, set())
    for content in wanted:
        slug, mark = content["slug"], content_hash(content)
        row = rows.get(slug)
        if row is None and slug in before:
            loaded.kept.setdefault(shelf.kind, []).append(slug)
        elif row is None:
            row = shelf.model(slug=slug, loaded_hash=mark)
            shelf.write(row, content)
            loaded.note(loaded.created, shelf.kind)
        elif row.loaded_hash == mark:
            pass
        elif content_hash(shelf.content(row)) == row.loaded_hash:
            row.loaded_hash = mark
            shelf.write(row, content)
            loaded.note(loaded.updated, shelf.kind)
        else:
            loaded.kept.setdefault(shelf.kind, []).append(slug)
        before.add(slug)


def picked(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Return the named fields of a row of a vocabulary file; raises KeyError when one is missing."""
    return {name: row[name] for name in fields}


def plain_shelf(kind: str, model: Any, fields: tuple[str, ...]) -> Shelf:
    """Return the shelf of a kind whose columns are named as in the vocabulary file."""

    def write(row: Any, wanted: dict[str, Any]) -> None:
        for name in fields:
            setattr(row, name, wanted[name])
        row.save()

    return Shelf(kind, model, lambda row: {name: getattr(row, name) for name in fields}, write)
