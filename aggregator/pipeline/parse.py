"""Feed bytes → entries. Pure, but not safe: run it in a child that can be killed (fetch/isolate.py).

feedparser is the parser of record (parse_odd.py); the plain majority is read by a faster parser
(parse_plain.py), JSON Feed by our own (parse_json.py).
"""

from __future__ import annotations

import re
from dataclasses import replace

from aggregator.errors import ParseError
from aggregator.errors import gettext_noop as _
from aggregator.pipeline.entries import ParsedFeed
from aggregator.pipeline.hubs import named_in
from aggregator.pipeline.parse_json import read_json
from aggregator.pipeline.parse_odd import read_odd
from aggregator.pipeline.parse_plain import read_plain

MAX_ITEMS = 5_000  # of one document; feedparser needs a second for so many

_ITEM = re.compile(rb"<(?:item|entry)[\s>]")
_TTL = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>")
_SKIP = re.compile(rb"<skip(?:Hours|Days)>.{0,2000}?</skip(?:Hours|Days)>", re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_DAY = re.compile(rb"<day>\s*([A-Za-z]{3,9})\s*</day>")


def parse_feed(body: bytes, *, url: str = "", content_type: str = "") -> ParsedFeed:
    """Read a feed document.

    `url` is where it came from: relative links are resolved against it. Raises ParseError with code
    `empty_answer` or `not_a_feed`. A feed without items is a value, not an error.
    """
    if not body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise ParseError(_("The server sent an empty answer."), code="empty_answer")
    body, left_out = _thinned(body)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return read_json(body, url)
    parsed = read_plain(body, url, content_type) or read_odd(body, url, content_type)
    parsed = replace(_with_head(parsed, body), hub=named_in(body, url))
    if left_out:
        note = _("It has %(all)s items, of which %(some)s are read.")
        facts = {"all": left_out + MAX_ITEMS, "some": MAX_ITEMS}
        parsed = replace(parsed, note=note, note_facts=facts)
    return parsed


def _thinned(body: bytes) -> tuple[bytes, int]:
    """Return a document of more than MAX_ITEMS items without those in its middle, and how many are left out.

    Outlets put the newest items first, some last; no reader takes tens of thousands at once in bounded time.
    """
    if len(body) < MAX_ITEMS * 40:
        return body, 0
    starts = [hit.start() for hit in _ITEM.finditer(body)]
    if len(starts) <= MAX_ITEMS:
        return body, 0
    first, last = starts[MAX_ITEMS * 4 // 5], starts[-(MAX_ITEMS // 5)]
    return body[:first] + body[last:], len(starts) - MAX_ITEMS


def _with_head(parsed: ParsedFeed, body: bytes) -> ParsedFeed:
    """Add what both parsers leave out: ttl, skipHours and skipDays."""
    head = body[: max(0, body.find(b"<item"))] or body[:8192]
    ttl, skips = _TTL.search(head), b"".join(_SKIP.findall(head))
    if ttl is None and not skips:
        return parsed
    return replace(
        parsed,
        ttl_minutes=int(ttl[1]) if ttl else 0,
        skip_hours=tuple(int(hour) for hour in _HOUR.findall(skips)),
        skip_days=tuple(day.decode() for day in _DAY.findall(skips)),
    )
