"""The operations by which an item is made of another. Each takes an item and returns a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from newsroom.samplewire.background import BACKGROUND
from newsroom.samplewire.items import Item, guid_of, page_path


def wire_copy(parent: Item, *, outlet: str, hours: float, title: str = "") -> Item:
    """The agency's text in another outlet: byline, dateline and words as sent, often another headline."""
    return _carry(parent, "wire_copy", outlet, hours, title)


def republish(parent: Item, *, outlet: str, hours: float, title: str = "") -> Item:
    """The whole text on a republishing site: no byline, other promo lines, a last line with its source."""
    copy = _carry(parent, "republish", outlet, hours, title)
    return replace(copy, byline="", source_path=f"{parent.outlet}/{parent.path}")


def truncate(parent: Item, *, outlet: str, hours: float, keep: int, title: str = "") -> Item:
    """The first `keep` paragraphs and no more."""
    copy = _carry(parent, "truncate", outlet, hours, title)
    return replace(copy, paragraphs=parent.paragraphs[:keep])


def pad(parent: Item, *, outlet: str, hours: float, background: str, title: str = "") -> Item:
    """The whole text with paragraphs of background after it."""
    copy = _carry(parent, "pad", outlet, hours, title)
    return replace(copy, paragraphs=parent.paragraphs + BACKGROUND[background])


def edit_headline(parent: Item, *, hours: float, title: str) -> Item:
    """The same page and id under another headline, some hours later."""
    return replace(_amend(parent, "edit_headline", hours), title=title)


def edit_text(parent: Item, *, hours: float, paragraph: int, text: str) -> Item:
    """The same page and id with one paragraph rewritten, some hours later."""
    words = list(parent.paragraphs)
    words[paragraph] = text
    return replace(_amend(parent, "edit_text", hours), paragraphs=tuple(words))


def change_guid(parent: Item, *, hours: float) -> Item:
    """The same page under a new id, as after a move to another publishing system."""
    return replace(_amend(parent, "change_guid", hours), guid=f"{parent.guid}?v=2")


def double_in_section(parent: Item, *, feed: str, hours: float = 0.0) -> Item:
    """The same address once more, in a section feed of the outlet."""
    return replace(_amend(parent, "double_in_section", hours, feed), feed=feed)


def _carry(parent: Item, operation: str, outlet: str, hours: float, title: str) -> Item:
    at = parent.published + timedelta(hours=hours)
    key = f"{parent.key}-{operation.replace('_', '-')}-{outlet}"
    return replace(
        parent,
        key=key,
        outlet=outlet,
        title=title or parent.title,
        published=at,
        released=at,
        path=page_path(title or parent.title, key, at),
        guid=guid_of(outlet, key),
        operation=operation,
        parent=parent.key,
    )


def _amend(parent: Item, operation: str, hours: float, place: str = "") -> Item:
    key = "-".join(part for part in (parent.key, operation.replace("_", "-"), place) if part)
    at = parent.released + timedelta(hours=hours)
    return replace(parent, key=key, released=at, operation=operation, parent=parent.key)


OPERATIONS: dict[str, Callable[..., Item]] = {
    rule.__name__: rule
    for rule in (
        wire_copy, republish, truncate, pad, edit_headline, edit_text, change_guid, double_in_section
    )
}  # fmt: skip
