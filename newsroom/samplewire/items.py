"""What the outlets publish: items, and the reader of the report files."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

REPORTS = Path(__file__).parent / "reports"


@dataclass(frozen=True, slots=True)
class Item:
    """One item as an outlet shows it from `released` on."""

    key: str
    outlet: str
    title: str
    paragraphs: tuple[str, ...]
    published: datetime  # the date it bears
    released: datetime  # when it, or this version of it, comes out; never before `published`
    path: str  # its address under the outlet
    guid: str
    byline: str = ""
    section: str = ""
    form: str = "report"
    event: str = ""  # the report file's title; '' for items that stand outside events
    operation: str = ""  # how it was derived; '' for the outlet's own text
    parent: str = ""  # key of the item it was derived from
    source_path: str = ""  # outlet/path of the page it says it comes from
    feed: str = ""  # the section feed that an item is doubled into; '' for the outlet's main feed


def load() -> tuple[Item, ...]:
    """Return the reports of every file, in order of publication."""
    found = (item for file in sorted(REPORTS.glob("*.md")) for item in read(file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda item: (item.published, item.key)))


def read(text: str) -> Iterator[Item]:
    """Read one report file: a title line, then reports.

    A report is a line `== key`, lines `field: value` (outlet, at in UTC, title; byline, section and form
    where they matter), an empty line, and paragraphs with empty lines between them.
    """
    head, *blocks = text.split("\n== ")
    event = head.strip().removeprefix("# ")
    for block in blocks:
        yield _item(block, event)


def _item(block: str, event: str) -> Item:
    head, _, body = block.partition("\n\n")
    key, *lines = head.strip().splitlines()
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    at = datetime.strptime(fields["at"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return Item(
        key=key,
        outlet=fields["outlet"],
        title=fields["title"],
        paragraphs=tuple(part.strip() for part in body.split("\n\n") if part.strip()),
        published=at,
        released=at,
        path=page_path(fields["title"], key, at),
        guid=guid_of(fields["outlet"], key),
        byline=fields.get("byline", ""),
        section=fields.get("section", "world"),
        form=fields.get("form", "report"),
        event=event,
    )


def page_path(title: str, key: str, at: datetime) -> str:
    """Return the address of a page under its outlet: the headline's words, or a number for other scripts."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))[:72].strip("-")
    name = words if len(words) > 12 else _number(key)
    return f"{at:%Y/%m/%d}/{name}.html"


def guid_of(outlet: str, key: str) -> str:
    """Return an item's id as an outlet's publishing system would make it."""
    return f"{outlet}-{_number(key)}"


def _number(key: str) -> str:
    return f"{zlib.crc32(key.encode()) % 10**7:07d}"
