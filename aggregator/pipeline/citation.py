"""A story as reference managers read it: BibTeX and RIS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from aggregator.pipeline.faces import clean

_BIBTEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#",
    "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Citation:
    """What is cited: a story as it stood at its newest change."""

    number: int
    title: str
    site: str
    url: str
    language: str
    published_on: date
    changed_at: datetime
    version: int


def bibtex(one: Citation) -> str:
    """Return an entry of type online (biblatex), with every special character escaped."""
    fields = {
        "title": f"{{{_escaped(one.title)}}}",
        "organization": f"{{{_escaped(one.site)}}}",
        "date": one.published_on.isoformat(),
        "url": _address(one.url),
        "urldate": f"{one.changed_at.astimezone(UTC):%Y-%m-%d}",
        "langid": _escaped(one.language),
        "note": f"version {one.version}, {one.changed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@online{{story-{one.number},", *lines, "}", ""])


def ris(one: Citation) -> str:
    """Return a record of type NEWS; each field is one line."""
    changed = one.changed_at.astimezone(UTC)
    fields = [
        ("TY", "NEWS"), ("ID", f"story-{one.number}"), ("TI", _line(one.title)), ("PB", _line(one.site)),
        ("DA", f"{one.published_on:%Y/%m/%d}/"), ("PY", f"{one.published_on:%Y}"), ("UR", _address(one.url)),
        ("LA", _line(one.language)), ("N1", f"version {one.version}, {changed:%Y-%m-%d %H:%M} UTC"), ("ER", ""),
    ]  # fmt: skip
    return "".join(f"{tag}  - {value}\r\n" for tag, value in fields if value or tag == "ER")


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _escaped(text: str) -> str:
    return "".join(_BIBTEX.get(character, character) for character in _line(text))


def _address(text: str) -> str:
    return re.sub(r"[\s{}\\]", "", clean(text))
