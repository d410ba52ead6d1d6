"""Which hub tells subscribers about a feed's news (WebSub)?"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from dataclasses import dataclass

from .urls import canonical_url

HEAD = 32_768  # bytes of a document in which its links are looked for, up to the first item
DIGESTS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}

_ITEM = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]")
_LINK = re.compile(rb"<(?:\w{1,20}:)?link\s([^<>]{1,2000})>")
_ATTRIBUTE = re.compile(rb"(\w{1,20})\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)')")
_HEADER = re.compile(r"<([^<>]{1,2000})>\s{0,9};([^<>]{0,500})")
_REL = re.compile(r"\brel\s{0,9}=\s{0,9}\"?([\w \-]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub, and the name (topic) under which it knows the feed."""

    url: str
    topic: str


def named_in(body: bytes, url: str) -> Hub | None:
    """Return the hub that a feed's own head names; `url` is where it came from."""
    head = body[:HEAD]
    first = _ITEM.search(head)
    links: dict[str, str] = {}
    for found in _LINK.finditer(head, 0, first.start() if first else len(head)):
        values = {name.lower(): one or two for name, one, two in _ATTRIBUTE.findall(found[1])}
        for rel in values.get(b"rel", b"").decode("latin-1").lower().split():
            links.setdefault(rel, html.unescape(values.get(b"href", b"").decode("utf-8", "replace")))
    return _hub(links, url)


def named_by(header: str, url: str) -> Hub | None:
    """Return the hub that a Link header names."""
    links: dict[str, str] = {}
    for target, words in _HEADER.findall(header[:8000]):
        for rel in _REL.findall(words)[:1]:
            for each in rel.lower().split():
                links.setdefault(each, target)
    return _hub(links, url)


def _hub(links: dict[str, str], url: str) -> Hub | None:
    named = links.get("hub", "").strip()
    hub = canonical_url(named, url) if named else ""
    # The topic is sent back as it is written, since the hub compares it letter by letter.
    topic = links.get("self", "").strip()
    return Hub(hub, topic if topic.startswith(("http://", "https://")) else url) if hub else None


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Return whether `signature` ("sha256=…") was made of a body with a secret."""
    method, _, digest = signature.partition("=")
    maker = DIGESTS.get(method.strip().lower())
    if maker is None or not secret:
        return False
    wanted = hmac.new(secret.encode(), body, maker).hexdigest()
    return hmac.compare_digest(wanted.encode(), digest.strip().lower().encode("utf-8", "replace"))
