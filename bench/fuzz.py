"""Ten minutes of made-up documents against parse and clean: no uncaught exception, no unsafe value.

    make bench BENCH=fuzz ARGS="--minutes 10 --seed 1"

Documents are stitched from pieces of feeds and HTML, and from real ones of CORPORA_DIR/badfeeds with bytes changed.
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

from aggregator.errors import ParseError
from aggregator.pipeline.parse import parse_feed, to_json

PIECES = (
    b"<rss version='2.0'><channel>", b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<item>", b"</item>", b"<entry>",
    b"</entry>", b"<title>", b"</title>", b"<link>", b"<link href='javascript:x'/>", b"</link>", b"<guid>", b"</guid>",
    b"<description>", b"</description>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&lt;script&gt;", b"&#xD800;", b"&#0;",
    b"<author>", b"a@b.c (x)", b"<pubDate>", b"Mon, 32 Foo 2023", b"\xff\xfe", b"\0", b"\xe2\x80\xae", b"http://[::1",
    b"<svg><a xlink:href='javascript:x'>", b"<?xml version='1.0' encoding='utf-16'?>", b"</rss>", b"</feed>", b"{\"items\":[",
)  # fmt: skip
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
    if real and chance.random() < 0.6:
        body = bytearray(chance.choice(real))
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randint(0, 4)] = chance.choice(PIECES)
        return bytes(body)
    return b"".join(
        chance.choice(PIECES) if chance.random() < 0.8 else chance.randbytes(chance.randint(1, 8))
        for _ in range(chance.randint(1, 60))
    )


def check(body: bytes) -> int:
    try:
        parsed = parse_feed(body, url="https://e.org/feed")
    except ParseError:
        return 0
    for entry in parsed.entries:
        assert entry.url == "" or entry.url.startswith(("http://", "https://")), entry.url
        json.dumps(to_json(entry), ensure_ascii=False).encode()
        for words in (entry.title, entry.summary, entry.content, entry.author, entry.source_name):
            assert not HIDDEN.search(words), words[:200]
            assert not TAG.search(words), words[:200]
    return len(parsed.entries)


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
        except Exception:
            print(f"seed {options.seed}, document {documents}: {body[:2000]!r}")
            raise
        slowest = max(slowest, time.process_time() - began)
        documents += 1
    print(json.dumps({"documents": documents, "entries": entries, "slowest_seconds": round(slowest, 2)}))


if __name__ == "__main__":
    main()
