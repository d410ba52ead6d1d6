"""Fill an empty database with a million invented articles in minutes, as the line would have left them.

Texts and what the rules make of them (fingerprints, features) come from a pool of texts in several languages,
mixed from sentences of recorded reports or of invented words; everything else is written by `scale_fill.sql` inside PostgreSQL, with indexes and keys made afterwards.
Nothing is random: the same numbers give the same rows.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.setting_up import corpora

SOURCES = 2000
POOL = 8000  # different texts; each is carried by many articles, so that words are as common as in a real archive
TEXT_BYTES = 2800  # a text ends with the sentence that passes them: about 3 kB
ARTICLES_A_DAY = 2750  # a million in a year
LETTERS = {
    "en": "eeeetttaaooiinnsshhrrddlcumwfgypbvk", "fr": "eeeaaissntrrulodcmpqgbvhf", "ru": "оооеееаииннттссрвлкмдпуяыьгзб",
    "uk": "ооааиинввететрслкумдпяьзібгй", "ar": "اااللييمونترسبعدفهكحقج", "es": "eeeaaoosrrnniidlctumpbgyvqhf",
}  # fmt: skip
SHARES = {"en": 0.6, "fr": 0.08, "ru": 0.1, "uk": 0.06, "ar": 0.1, "es": 0.06}
BIG = (
    "article", "articlebody", "articleregion", "articletopic", "band", "daycount", "fingerprintrow", "groupfeatures",
    "item", "membership", "origin", "poll", "revision", "searchrow", "story", "storyconflict", "storyregion",
    "storytopic", "timelineentry", "oldbands",
)  # fmt: skip


def fill(articles: int, now: datetime, say: Any) -> None:
    """Write about `articles` articles up to `now`. The database must be migrated and empty."""
    from django.db import connection

    began = time.monotonic()
    _make_outlets(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SET maintenance_work_mem = '768MB'; SET work_mem = '256MB'; SET synchronous_commit = off"
        )
        _load_pool(cursor)
        later = _drop_indexes(cursor)
        values: dict[str, Any] = {
            "articles": articles,
            "stories": articles // 4,
            "until": now,
            "seconds": articles / ARTICLES_A_DAY * 86400,
            "pool": POOL,
        }
        for name, statement in _steps():
            if statement.strip():
                cursor.execute(statement, values)
            else:
                _hash_addresses(cursor)
            say(f"  {time.monotonic() - began:6.0f} s  {name}")
        for statement in later:
            cursor.execute(statement)
        say(f"  {time.monotonic() - began:6.0f} s  indexes and keys")
        cursor.execute("DROP SCHEMA stage CASCADE")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    say(f"  {time.monotonic() - began:6.0f} s  vacuum")


def _steps() -> Iterator[tuple[str, str]]:
    """Return the named steps of the SQL file."""
    text = Path(__file__).with_suffix(".sql").read_text("utf-8")
    for part in re.split(r"^-- step: ", text, flags=re.MULTILINE)[1:]:
        name, _, statement = part.partition("\n")
        yield name, statement


def _make_outlets(now: datetime) -> None:
    """Load the vocabulary and its outlets, and invent the rest up to SOURCES, with a feed each."""
    from aggregator.models import Feed, Host, Publisher, Source
    from aggregator.services import loading

    loading.load_vocabulary(now)
    Source.objects.update(status="approved")
    chance = random.Random(11)
    known = list(Source.objects.select_related("publisher"))
    numbers = range(SOURCES - len(known))
    houses = Publisher.objects.bulk_create(
        Publisher(slug=f"house-{n}", name=f"House {n}", country=chance.choice(known).country) for n in numbers
    )
    outlets = []
    for n in numbers:
        like = chance.choice(known)
        outlets.append(
            Source(
                slug=f"outlet-{n}", name=f"Outlet {n}", publisher=houses[n], homepage=f"https://outlet-{n}.example",
                country=like.country, languages=like.languages, home_regions=like.home_regions, kind=like.kind,
                state_control=like.state_control, status="approved", created_at=now,
            )
        )  # fmt: skip
    Source.objects.bulk_create(outlets)
    hosts = Host.objects.bulk_create(Host(key=f"outlet-{n}.example:443") for n in numbers)
    Feed.objects.bulk_create(
        Feed(source=outlets[n], host=hosts[n], slug=f"outlet-{n}", title=f"Outlet {n}",
             url=f"https://outlet-{n}.example/feed.xml", url_hash=n, state="ok", last_ok_at=now, last_polled_at=now)
        for n in numbers
    )  # fmt: skip
    for feed in Feed.objects.all():
        Feed.objects.filter(pk=feed.pk).update(state="ok", last_ok_at=now, last_polled_at=now, enabled=True)
    # No feed comes due while pages are measured: the addresses are invented.
    Feed.objects.update(next_poll_at=now.replace(year=now.year + 5))
    Host.objects.update(due_at=None)


REAL = (
    "dedup/real_dev",
    "topics/insightcrime.dev",
    "topics/muc4_relevance.dev",
    "clustering/ecbplus_dev",
)  # English reports of the labelled sets; without them English is invented too


def _real_sentences() -> list[str]:
    """Return the sentences of recorded English reports, in order."""
    found: list[str] = []
    for name in REAL:
        file = corpora() / "data" / f"{name}.jsonl.gz"
        if file.exists():
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                for line in lines:
                    text = re.sub(r"\s+", " ", json.loads(line).get("text") or "")
                    found += [one for one in re.split(r"(?<=[.!?]) ", text) if 20 < len(one) < 600]
    return found


def _invented_sentences(chance: random.Random, letters: str, count: int = 20_000) -> list[str]:
    """Return sentences of invented words, as unequal in number as real ones."""
    words = [
        "".join(chance.choices(letters, k=chance.choice((2, 4, 5, 6, 7, 8, 9, 11)))) for _ in range(8000)
    ]
    weights = list(accumulate(1 / (rank + 4) for rank in range(len(words))))
    return [
        " ".join(chance.choices(words, cum_weights=weights, k=chance.randrange(8, 30))).capitalize() + "."
        for _ in range(count)
    ]


def texts() -> Iterator[tuple[str, str, str]]:
    """Return language, headline and text of each text of the pool: sentences drawn from a shelf a language."""
    chance = random.Random(5)
    for language, share in SHARES.items():
        real = _real_sentences() if language == "en" else []
        shelf = real or _invented_sentences(chance, LETTERS[language])
        for _ in range(round(share * POOL)):
            size, sentences = 0, []
            while size < TEXT_BYTES:
                start = chance.randrange(len(shelf))
                sentences.append(" ".join(shelf[start : start + 3]))
                size += len(sentences[-1].encode()) + 1
            yield language, " ".join(chance.choice(shelf).split()[:9]).rstrip("."), "\n".join(sentences)


def _load_pool(cursor: Any) -> None:
    from aggregator.models.packed import pack as pack_text
    from aggregator.pipeline.features import pack, read_features
    from aggregator.pipeline.fingerprint import fingerprint
    from aggregator.services.indexing import config_of

    cursor.execute("CREATE SCHEMA stage")
    cursor.execute(
        "CREATE TABLE stage.text (no int, language text, config text, title text, extract text, text text, packed bytea,"
        " shingles bigint[], quoted bigint[], numbers text[], words int, features bytea)"
    )
    names = "no, language, config, title, extract, text, packed, shingles, quoted, numbers, words, features"
    with cursor.copy(f"COPY stage.text ({names}) FROM STDIN") as copy:
        for no, (language, title, text) in enumerate(texts(), start=1):
            print_of = fingerprint(title, text)
            features = read_features(title, text, at=datetime(2025, 1, 1, tzinfo=UTC), dated=True, outlet="")
            copy.write_row(
                (no, language, config_of(language), title, text[:280].rsplit(" ", 1)[0], text, pack_text(text), list(print_of.shingles),
                 list(print_of.quoted), list(print_of.numbers), print_of.words, pack(features))
            )  # fmt: skip


def _hash_addresses(cursor: Any) -> None:
    """Give each address the hash that the line gives it, which PostgreSQL cannot make."""
    from aggregator.pipeline.urls import url_hash

    after = 0
    while True:
        asked = "SELECT id, url FROM stage.address WHERE id > %s ORDER BY id LIMIT 50000"
        cursor.execute(asked, [after])
        rows = cursor.fetchall()
        if not rows:
            break
        with cursor.copy("COPY stage.hashed (id, url, url_hash) FROM STDIN") as copy:
            for pk, url in rows:
                copy.write_row((pk, url, url_hash(url)))
        after = rows[-1][0]
    cursor.execute("ANALYZE stage.hashed")


def _drop_indexes(cursor: Any) -> list[str]:
    """Drop keys and indexes of the big tables; return the statements that make them again."""
    tables = [f"aggregator_{name}" for name in BIG]
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype IN ('f', 'p', 'u') AND (conrelid::regclass::text = ANY(%s) OR"
        " (contype = 'f' AND confrelid::regclass::text = ANY(%s))) ORDER BY contype = 'f' DESC",
        [tables, tables],
    )
    constraints = [row for row in cursor.fetchall() if row[2] != "n"]
    for table, name, _kind, _definition in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)",
        [tables],
    )
    indexes: Sequence[tuple[str, str]] = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    keys = [
        f'ALTER TABLE {t} ADD CONSTRAINT "{name}" {rest}' for t, name, _kind, rest in reversed(constraints)
    ]
    made_first = [key for key in keys if "FOREIGN KEY" not in key]
    return [
        *made_first,
        *(definition for _, definition in indexes),
        *(k for k in keys if k not in made_first),
    ]


def facts(articles: int, now: datetime) -> str:
    """Return what identifies a filled database, so that it may be used again."""
    return json.dumps({"articles": articles, "day": now.date().isoformat(), "pool": POOL, "sources": SOURCES})


def main() -> None:
    """`DATA_DIR=… python -m bench.scale_fill ARTICLES`: make the database of this folder and fill it."""
    from bench.setting_up import set_up

    set_up()
    from django.conf import settings
    from django.core.management import call_command

    from newsroom import local

    file = Path(settings.DATA_DIR) / "filled.json"
    now = datetime.now(UTC)
    wanted = facts(int(sys.argv[1]), now)
    if file.exists() and file.read_text("utf-8") == wanted:
        return
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)
    servers = local.Servers(Path(settings.DATA_DIR), durable=False)
    local.use(servers)
    servers.ensure(want_postgres=True, want_redis=True, who="bench.scale")
    call_command("migrate", verbosity=0)
    fill(int(sys.argv[1]), now, lambda words: print(words, flush=True))
    file.write_text(wanted, "utf-8")


if __name__ == "__main__":
    main()
