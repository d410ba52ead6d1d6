"""The faces of a list: Atom (RFC 4287), JSON Feed 1.1, CSV, GeoJSON (RFC 7946), OPML. Values to bytes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from lxml import etree

ATOM = "http://www.w3.org/2005/Atom"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # cells that a spreadsheet would run


@dataclass(frozen=True, slots=True)
class FaceItem:
    """One entry of a list. Times are aware and in UTC; `point` is (longitude, latitude)."""

    id: str
    number: int
    url: str
    title: str
    summary: str
    published_at: datetime
    updated_at: datetime
    language: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    happened_on: date | None = None
    happened_precision: str = ""
    origins: int = 0
    outlets: int = 0
    articles: int = 0
    region: str = ""
    point: tuple[float, float] | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """A list as its faces show it. Addresses are absolute; `older` is '' on the last page."""

    title: str
    home: str
    own: str
    items: tuple[FaceItem, ...]
    updated_at: datetime | None = None
    older: str = ""
    description: str = ""
    language: str = "en"
    generator: str = "Newsroom"


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of an outlet, for OPML."""

    title: str
    url: str
    home: str
    group: str = ""


def atom(face: Face) -> bytes:
    """Return an Atom feed; text that XML cannot hold is left out."""
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", face.language)
    _add(root, "id", face.own)
    _add(root, "title", face.title)
    _add(root, "updated", _stamp(face.updated_at or EPOCH))
    _add(root, "generator", face.generator)
    _add(root, "link", rel="self", type="application/atom+xml", href=face.own)
    _add(root, "link", rel="alternate", type="text/html", href=face.home)
    if face.older:
        _add(root, "link", rel="next", type="application/atom+xml", href=face.older)
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    _add(author, "name", face.generator)
    for item in face.items:
        root.append(_entry(item))
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")  # type: ignore[no-any-return]


def _entry(item: FaceItem) -> Any:
    entry = etree.Element(f"{{{ATOM}}}entry")
    if item.language:
        entry.set("{http://www.w3.org/XML/1998/namespace}lang", item.language)
    _add(entry, "id", item.id)
    _add(entry, "title", item.title or "(no headline)", type="text")
    _add(entry, "updated", _stamp(item.updated_at))
    _add(entry, "published", _stamp(item.published_at))
    _add(entry, "link", rel="alternate", type="text/html", href=item.url)
    if item.author:
        _add(etree.SubElement(entry, f"{{{ATOM}}}author"), "name", item.author)
    for tag in item.tags:
        _add(entry, "category", term=tag)
    _add(entry, "summary", f"{item.summary}\n\n{_evidence(item)}".strip(), type="text")
    return entry


def _evidence(item: FaceItem) -> str:
    if not item.articles:
        return ""
    words = "one origin so far" if item.origins == 1 else f"{item.origins} origins"
    return f"({words} / {item.outlets} outlets / {item.articles} articles)"


def _add(parent: Any, name: str, text: str = "", **attributes: str) -> None:
    element = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    for key, value in attributes.items():
        element.set(key, clean(value))
    if text:
        element.text = clean(text)


def clean(text: str) -> str:
    """Return `text` without the characters that XML and CSV cannot hold."""
    return _NOT_XML.sub("", text)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_feed(face: Face) -> bytes:
    """Return a JSON Feed 1.1; what the standard has no field for stands under `_newsroom`."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": face.title,
        "home_page_url": face.home,
        "feed_url": face.own,
        "language": face.language,
        "items": [_json_item(item) for item in face.items],
    }
    if face.description:
        feed["description"] = face.description
    if face.older:
        feed["next_url"] = face.older
    return json.dumps(feed, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _json_item(item: FaceItem) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_text": item.summary or item.title or "(no headline)",
        "summary": item.summary,
        "date_published": _stamp(item.published_at),
        "date_modified": _stamp(item.updated_at),
        "tags": list(item.tags),
        "_newsroom": _facts(item),
    }
    if item.language:
        found["language"] = item.language
    if item.author:
        found["authors"] = [{"name": item.author}]
    return found


def _facts(item: FaceItem) -> dict[str, Any]:
    return {
        "number": item.number,
        "happened_on": item.happened_on.isoformat() if item.happened_on else None,
        "happened_precision": item.happened_precision,
        "origins": item.origins,
        "outlets": item.outlets,
        "articles": item.articles,
        "region": item.region or None,
        "pinned": item.pinned,
    }


COLUMNS = (
    "id", "url", "title", "extract", "language", "first_source", "first_reported_at", "changed_at",
    "happened_on", "happened_precision", "origins", "outlets", "articles", "region", "tags", "pinned",
)  # fmt: skip


def csv_table(face: Face) -> bytes:
    """Return a table with a heading row (RFC 4180, UTF-8); cells that a spreadsheet would run are quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in _row(item)] for item in face.items)
    return out.getvalue().encode("utf-8", "replace")


def _row(item: FaceItem) -> list[Any]:
    return [
        *(item.number, item.url, item.title, item.summary, item.language, item.author),
        *(
            _stamp(item.published_at),
            _stamp(item.updated_at),
            item.happened_on or "",
            item.happened_precision,
        ),
        *(item.origins, item.outlets, item.articles, item.region, "; ".join(item.tags), int(item.pinned)),
    ]


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = clean(value)
    return f"'{value}" if value.startswith(_FORMULA) else value


def geo_json(face: Face) -> bytes:
    """Return the items in order; one without a place has a null geometry."""
    features = [
        {
            "type": "Feature",
            "id": item.number,
            "geometry": {"type": "Point", "coordinates": list(item.point)} if item.point else None,
            "properties": {
                "url": item.url,
                "title": item.title,
                "first_reported_at": _stamp(item.published_at),
                "place": "of the region, not of the event",
                **_facts(item),
            },
        }
        for item in face.items
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def opml(title: str, outlines: Sequence[Outline]) -> bytes:
    """Return a subscription list, grouped where outlines name a group."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean(title)
    body = etree.SubElement(root, "body")
    for group in _groups(outlines):
        parent = etree.SubElement(body, "outline", text=clean(group)) if group else body
        for one in outlines:
            if one.group == group:
                _outline(parent, one)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)  # type: ignore[no-any-return]


def _groups(outlines: Iterable[Outline]) -> list[str]:
    return list(dict.fromkeys(one.group for one in outlines))


def _outline(parent: Any, one: Outline) -> None:
    title = clean(one.title)
    etree.SubElement(
        parent, "outline", type="rss", text=title, title=title, xmlUrl=clean(one.url), htmlUrl=clean(one.home)
    )
