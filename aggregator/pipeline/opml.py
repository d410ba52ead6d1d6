"""Subscription lists (OPML) → outlets and their feeds, and back. Entities are not expanded, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from aggregator.errors import ParseError
from aggregator.pipeline.clean import one_line
from aggregator.pipeline.urls import canonical_url

MAX_BYTES = 20_000_000
MAX_DEPTH = 50
MAX_FEEDS = 100_000

# Our own names for what an outline may say, lower case → field.
_NAMES = {
    "country": "country",
    "kind": "kind",
    "statecontrol": "state_control",
    "language": "language",
    "publisher": "publisher",
    "region": "region",
    "source": "source",
    "section": "section",
}


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list, with what the list says about it; '' or None where it says nothing."""

    title: str
    url: str
    homepage: str = ""
    groups: tuple[str, ...] = ()
    language: str = ""
    country: str = ""
    kind: str = ""
    state_control: int | None = None
    publisher: str = ""
    source: str = ""
    section: str = ""
    regions: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a list holds: its feeds, each address once; a sentence for each outline left out; addresses met again."""

    outlines: list[Outline]
    problems: list[str]
    doubles: list[str]


def read_opml(document: bytes) -> tuple[list[Outline], list[str]]:
    """Return the feeds of a list, each address once, and a sentence for each outline that was left out.

    Raises ParseError (`bad_opml`) as `read_list` does.
    """
    found = read_list(document)
    return found.outlines, found.problems


def read_list(document: bytes) -> ReadList:
    """Return what an OPML list holds.

    Raises ParseError (`bad_opml`) with one sentence when the document as a whole cannot be used.
    """
    if len(document) > MAX_BYTES:
        raise _refused(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    if not document.strip():
        raise _refused("The file is empty.")
    body = _root(document).find("{*}body")
    if body is None:
        raise _refused("The file is XML, but has no list of outlines: it is not OPML.")
    feeds: dict[str, Outline] = {}
    problems: list[str] = []
    doubles: list[str] = []
    for element, groups in _outlines(body, ()):
        _collect(element, groups, feeds, problems, doubles)
    return ReadList(list(feeds.values()), problems, doubles)


def _root(document: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(f"The file is not well-formed XML: {one_line(str(error), 160)}.") from None
    except (ValueError, LookupError):
        raise _refused("The file's encoding cannot be read.") from None
    if root.getroottree().docinfo.internalDTD is not None and list(_entities(root)):
        raise _refused("The file defines XML entities; they are not accepted in a list of feeds.")
    if etree.QName(root).localname.lower() != "opml":
        raise _refused("The file is XML, but not OPML.")
    return root


def _entities(root: etree._Element) -> Iterator[object]:
    dtd = root.getroottree().docinfo.internalDTD
    return iter(dtd.entities() if dtd is not None else ())


def _outlines(
    parent: etree._Element, groups: tuple[str, ...]
) -> Iterator[tuple[etree._Element, tuple[str, ...]]]:
    stack = [(child, groups) for child in reversed(list(parent))]
    while stack:
        element, path = stack.pop()
        if not isinstance(element.tag, str) or etree.QName(element).localname.lower() != "outline":
            continue
        yield element, path
        if len(path) >= MAX_DEPTH:
            raise _refused(f"The outlines are nested more than {MAX_DEPTH} deep.")
        name = one_line(element.get("title") or element.get("text") or "", 100)
        stack += [(child, (*path, name)) for child in reversed(list(element))]


def _collect(
    element: etree._Element,
    groups: tuple[str, ...],
    feeds: dict[str, Outline],
    problems: list[str],
    doubles: list[str],
) -> None:
    values = {name.lower(): value for name, value in element.attrib.items() if isinstance(name, str)}
    address = str(values.get("xmlurl") or "").strip()
    if not address:
        return
    url = canonical_url(address)
    if not url:
        problems.append(f"{one_line(address, 80)!r} is not an http or https address.")
        return
    if url in feeds:
        doubles.append(url)
        return
    if len(feeds) >= MAX_FEEDS:
        raise _refused(f"The list has more than {MAX_FEEDS:,} feeds.")
    feeds[url] = _outline(url, groups, {str(name): str(value) for name, value in values.items()})


def _outline(url: str, groups: tuple[str, ...], values: Mapping[str, str]) -> Outline:
    said = {field_: one_line(values[name], 200) for name, field_ in _NAMES.items() if values.get(name)}
    marks = dict(_marks(values.get("category", "")))
    control = said.get("state_control") or marks.get("state-control") or ""
    regions = [*said.get("region", "").replace(",", " ").split(), *_all_marks(values, "region")]
    return Outline(
        title=one_line(values.get("title") or values.get("text") or "", 200),
        url=url,
        homepage=canonical_url(values.get("htmlurl", "")),
        groups=tuple(name for name in groups if name),
        language=said.get("language", "")[:12].lower(),
        country=said.get("country", "").upper()[:2],
        kind=(said.get("kind") or marks.get("kind") or "").lower()[:32],
        state_control=int(control) if control in {"0", "1", "2", "3"} else None,
        publisher=said.get("publisher", ""),
        source=said.get("source", ""),
        section=said.get("section", "")[:120],
        regions=tuple(dict.fromkeys(region.lower() for region in regions)),
    )


def _marks(category: str) -> Iterator[tuple[str, str]]:
    """Read the category words that some lists use: /kind/national, /state-control/0, /region/world."""
    for word in category.split(","):
        parts = word.strip().strip("/").split("/")
        if len(parts) == 2:
            yield parts[0].lower(), parts[1]


def _all_marks(values: Mapping[str, str], name: str) -> list[str]:
    return [value for mark, value in _marks(values.get("category", "")) if mark == name]


def _refused(sentence: str) -> ParseError:
    return ParseError(sentence, code="bad_opml", permanent=True)


def write_opml(title: str, outlines: Iterable[Outline]) -> bytes:
    """Return a list that `read_opml` reads back, one group for each outlet."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    groups: dict[str, etree._Element] = {}
    for outline in outlines:
        name = outline.source or outline.title
        if name not in groups:
            groups[name] = etree.SubElement(body, "outline", text=name, title=name)
        etree.SubElement(groups[name], "outline", {k: v for k, v in _attributes(outline).items() if v})
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _attributes(outline: Outline) -> dict[str, str]:
    return {
        "type": "rss",
        "text": outline.title or outline.url,
        "title": outline.title or outline.url,
        "xmlUrl": outline.url,
        "htmlUrl": outline.homepage,
        "language": outline.language,
        "country": outline.country,
        "kind": outline.kind,
        "stateControl": "" if outline.state_control is None else str(outline.state_control),
        "publisher": outline.publisher,
        "source": outline.source,
        "section": outline.section,
        "region": " ".join(outline.regions),
    }
