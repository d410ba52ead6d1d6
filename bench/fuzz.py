"""Ten minutes of made-up documents against parse and clean: no uncaught exception, no unsafe value.

    make bench BENCH=fuzz ARGS="--minutes 10 --seed 1"

Documents are stitched from pieces of feeds and HTML; put together as they should be, with such pieces for words; or
real ones of CORPORA_DIR/badfeeds with bytes changed. Exits with an error at the first document that breaks a promise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
import zipfile
from pathlib import Path
from typing import Any

from aggregator.errors import ParseError
from aggregator.pipeline.clean import one_line, to_text
from aggregator.pipeline.entries import to_json
from aggregator.pipeline.parse import parse_feed

PIECES = (
    b"<rss version='2.0'><channel>", b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<item>", b"</item>", b"<entry>",
    b"</entry>", b"<title>", b"</title>", b"<link>", b"<link href='javascript:x'/>", b"</link>", b"<guid>", b"</guid>",
    b"<description>", b"</description>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&lt;script&gt;", b"&#xD800;", b"&#0;",
    b"<author>", b"a@b.c (x)", b"<pubDate>", b"Mon, 32 Foo 2023", b"\xff\xfe", b"\0", b"\xe2\x80\xae", b"http://[::1",
    b"<svg><a xlink:href='javascript:x'>", b"<?xml version='1.0' encoding='utf-16'?>", b"</rss>", b"</feed>", b"{\"items\":[",
)  # fmt: skip
WORDS = (
    b"Shelling near town", b"<b>", b"</b>", b"<script>x()</script>", b"&lt;script&gt;", b"&amp;lt;img onerror=x&amp;gt;",
    b"<img src=x onerror=y>", b"<scr<script>ipt>", b"&#60;svg/onload=x&#62;", b"javascript:x", b"https://e.org/a?b=c&amp;d",
    b"data:text/html,x", b"//e.org", b"http://[::1", b"\xe2\x80\xae", b"&#8238;", b"&#1;", b"&#xFFFE;", b"&nbsp;", b"\xff",
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"]]&gt;", b"<p>", b"<br/>", b"\n", b"Tue, 19 Sep 2023 10:00:00 GMT", b"9999-99-99",
    b"2023-09-19T10:00:00+99:99", b"<a href='jav&#x09;ascript:x'>", b"<math><mi xlink:href='javascript:x'>", b"%", b"\\", b'"',
)  # fmt: skip
FIELDS = {
    "rss": "title link guid pubDate description author category dc:creator content:encoded source enclosure".split(),
    "atom": "title id updated published summary content author category link rights".split(),
    "json": "id url external_url title content_html content_text summary date_published author authors tags".split(),
}
WHOLE = {
    "rss": b"<?xml version='1.0'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'"
    b" xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>e</title>%s</channel></rss>",
    "atom": b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>e</title>%s</feed>",
    "json": b'{"version":"https://jsonfeed.org/version/1.1","title":"e","items":[%s]}',
}
MOST_SECONDS = 5.0  # processor time of one document
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def corpus() -> list[bytes]:
    folder = Path(os.environ.get("CORPORA_DIR", Path(__file__).resolve().parents[2] / "shared")) / "badfeeds"
    if not (folder / "feeds.zip").is_file():
        return []
    with zipfile.ZipFile(folder / "feeds.zip") as archive:
        names = [info.filename for info in archive.infolist() if 0 < info.file_size < 20_000]
        return [archive.read(name) for name in names]


def made(chance: random.Random, real: list[bytes]) -> bytes:
    kind = chance.random()
    if real and kind < 0.4:
        body = bytearray(chance.choice(real))
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randint(0, 4)] = chance.choice(PIECES)
        return bytes(body)
    if kind < 0.8:
        form = chance.choice(list(WHOLE))
        items = [item(chance, form) for _ in range(chance.randint(1, 4))]
        return WHOLE[form].replace(b"%s", (b"," if form == "json" else b"").join(items))
    return b"".join(
        chance.choice(PIECES) if chance.random() < 0.8 else chance.randbytes(chance.randint(1, 8))
        for _ in range(chance.randint(1, 60))
    )


def item(chance: random.Random, form: str) -> bytes:
    """Return one item with fields of its form and words of ours."""
    names = chance.sample(FIELDS[form], chance.randint(1, len(FIELDS[form])))
    fields = {name: b" ".join(chance.choices(WORDS, k=chance.randint(0, 6))) for name in names}
    if form == "json":
        values: dict[str, Any] = {name: words.decode("utf-8", "replace") for name, words in fields.items()}
        for name in values:
            if chance.random() < 0.2:
                values[name] = chance.choice([None, 7, [values[name]], {"name": values[name]}, [{"name": 1}]])
        return json.dumps(values).encode()
    marked = [b"<![CDATA[%s]]>" % words if chance.random() < 0.3 else words for words in fields.values()]
    tags = [name.encode() for name in fields]
    inner = b"".join(b"<%s>%s</%s>" % (tag, words, tag) for tag, words in zip(tags, marked, strict=True))
    return b"<item>%s</item>" % inner if form == "rss" else b"<entry>%s</entry>" % inner


def check(body: bytes) -> int:
    """Read one document as feed and as markup; return how many entries it has."""
    words = body.decode("utf-8", "replace")
    is_safe(one_line(words), to_text(words))
    try:
        parsed = parse_feed(body, url="https://e.org/feed")
    except ParseError:
        return 0
    is_safe(parsed.title)
    for entry in parsed.entries:
        for link in (entry.url, entry.source_url):
            assert link == "" or link.startswith(("http://", "https://")), link
        assert entry.published_at is None or entry.published_at.tzinfo is not None
        json.dumps(to_json(entry), ensure_ascii=False).encode()
        is_safe(entry.title, entry.summary, entry.content, entry.author, entry.source_name, *entry.categories)
        assert "\0" not in entry.guid
    return len(parsed.entries)


def is_safe(*texts: str) -> None:
    for words in texts:
        assert not HIDDEN.search(words), words[:200]
        assert not TAG.search(words), words[:200]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--seed", type=int, default=1)
    options = words.parse_args()
    chance, real = random.Random(options.seed), corpus()
    until, documents, entries, slowest = time.monotonic() + options.minutes * 60, 0, 0, 0.0
    while time.monotonic() < until:
        body = made(chance, real)
        began = time.process_time()
        try:
            entries += check(body)
            slowest = max(slowest, time.process_time() - began)
            assert slowest < MOST_SECONDS, f"{slowest:.1f} s"
        except Exception:
            print(f"seed {options.seed}, document {documents}: {body[:2000]!r}")
            raise
        documents += 1
    print(json.dumps({"documents": documents, "entries": entries, "slowest_seconds": round(slowest, 2)}))


if __name__ == "__main__":
    main()
