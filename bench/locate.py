"""Measure locate on the development sets and its speed: python bench/locate.py [--errors SET].

Figures are those of tools/score_regions.py and tools/score_stream.py. `mentioned` sets are scored on
the field mentioned, the others on countries. Needs CORPORA_DIR.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aggregator.services.evaluation import regions

CORPORA = Path(os.environ.get("CORPORA_DIR", Path(__file__).resolve().parent.parent.parent / "shared"))
SETS = {
    "geo/lgl.dev.jsonl.gz": "mentioned",
    "geo/geovirus.dev.jsonl.gz": "mentioned",
    "geo/geocorpora_tweets.dev.jsonl.gz": "mentioned",
    "geo/reuters21578_places.dev.jsonl.gz": "countries",
    "geo/feedmix_countries.dev.jsonl": "countries",
    "stream/october2023.jsonl": "countries",
}
ALIAS = {"SU": "RU", "DD": "DE", "YU": "RS", "CS": "CZ", "ZR": "CD", "BU": "MM", "YD": "YE", "UK": "GB"}


def read(path: Path) -> list[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return [row for row in rows if row.get("relevant", 1) == 1]


def folded(codes: Iterable[str | None]) -> set[str]:
    return {ALIAS.get(code, code) for code in codes if code}


def measure(name: str, field: str, errors: bool) -> dict[str, Any]:
    rows = [row for row in read(CORPORA / "data" / name) if row.get("countries") is not None]
    answers = list(regions.evaluate({key: row.get(key) for key in ("id", "title", "text")} for row in rows))
    hit = wrong = missed = right = asked = placed = places = 0
    for row, answer in zip(rows, answers, strict=True):
        gold, given = folded(row["countries"]), set(answer[field])
        hit, wrong, missed = hit + len(gold & given), wrong + len(given - gold), missed + len(gold - given)
        focus = folded([row.get("focus")])
        asked += bool(focus)
        right += bool(focus) and answer["focus"] in focus
        places += bool(row.get("focus_region"))
        placed += bool(row.get("focus_region")) and answer["focus_region"] == row["focus_region"]
        if errors and (
            gold != given
            or (focus and answer["focus"] not in focus)
            or row.get("focus_region") != answer["focus_region"]
        ):
            print(
                row["id"],
                "gold",
                sorted(gold),
                row.get("focus"),
                row.get("focus_region"),
                "| given",
                answer[field],
                answer["focus"],
                answer["focus_region"],
            )
            print("    ", row.get("title"), "|", (row.get("text") or "")[:400].replace("\n", " "))
    return {
        "n": len(rows),
        "f1": round(2 * hit / max(1, 2 * hit + wrong + missed), 3),
        "p": round(hit / max(1, hit + wrong), 3),
        "r": round(hit / max(1, hit + missed), 3),
        "focus": round(right / max(1, asked), 3),
        "focus_region": round(placed / places, 3) if places else None,
    }


def contested(errors: bool) -> dict[str, Any]:
    rows = read(CORPORA / "data/geo/spec_contested.dev.jsonl")
    strict = loose = 0
    for row, answer in zip(rows, regions.evaluate(dict(row) for row in rows), strict=True):
        given, must = set(answer["countries"]), set(row["must"])
        is_strict = must <= given <= must | set(row["may"])
        is_loose = must <= given and not given & set(row["must_not"])
        strict, loose = strict + is_strict, loose + is_loose
        if errors and not (is_strict and is_loose):
            print(
                row["id"], row["text"], "must", row["must"], "may", row["may"], "given", answer["countries"]
            )
    return {"n": len(rows), "strict": round(strict / len(rows), 3), "loose": round(loose / len(rows), 3)}


def headlines(errors: bool) -> dict[str, Any]:
    rows = json.loads((CORPORA / "seed/taxonomy_smoke_headlines.json").read_text("utf-8"))
    answers = regions.evaluate({"id": place, "title": row["headline"]} for place, row in enumerate(rows))
    tree, hit, wrong, missed = regions.load().tree, 0, 0, 0
    for row, answer in zip(rows, answers, strict=True):
        gold, given = set(row["regions"]), set(answer["regions"])
        near = given | {above for slug in given for above in tree.ancestors(slug)}
        hit, wrong, missed = hit + len(gold & near), wrong + len(given - gold), missed + len(gold - near)
        if errors and (gold - near or given - gold):
            print(row["headline"], "gold", sorted(gold), "given", answer["regions"])
    return {"n": len(rows), "found": hit, "missed": missed, "besides": wrong}


def speed() -> dict[str, Any]:
    rows = [row for row in read(CORPORA / "data/geo/lgl.dev.jsonl.gz") if len(row["text"]) > 2500]
    rows = [
        {"id": place, "title": row["title"], "text": row["text"][:3000]} for place, row in enumerate(rows)
    ] * 4
    regions.load()
    start = time.process_time()
    count = sum(1 for _ in regions.evaluate(rows))
    return {"n": count, "texts_per_cpu_second": round(count / (time.process_time() - start))}


def main() -> None:
    wanted = sys.argv[sys.argv.index("--errors") + 1] if "--errors" in sys.argv else ""
    for name, field in SETS.items():
        if not wanted or wanted in name:
            print(f"{name:40} {field:10}", json.dumps(measure(name, field, bool(wanted))))
    print("geo/spec_contested.dev.jsonl", json.dumps(contested(wanted == "spec")))
    print("seed/taxonomy_smoke_headlines.json", json.dumps(headlines(wanted == "smoke")))
    print("speed", json.dumps(speed()))


if __name__ == "__main__":
    main()
