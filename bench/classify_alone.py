"""Locating and classifying alone in a fresh process: how soon the first verdict, and with how much memory.

    python -m bench.classify_alone

bench.classify prints the same. Seconds are processor time from the interpreter's start on; memory is the
most that was resident, in MB (Linux; nought elsewhere), with the texts of one pass read.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from aggregator.pipeline import classify_rules
from aggregator.pipeline.classify import classify
from aggregator.pipeline.gazetteer import VOCABULARY, load_gazetteer
from aggregator.pipeline.locate import locate

STATUS = Path("/proc/self/status")
FIRST = ("Shelling kills three in Kherson", "Rockets hit a market in Kherson, Ukraine, the governor said.")


def resident() -> float:
    """Return the most memory that this process has had resident, in MB."""
    lines = STATUS.read_text().splitlines() if STATUS.exists() else []
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")), 0.0)


def main() -> None:
    """Print one JSON line: start_seconds to the first verdict, and memory_mb after some hundred."""
    names = ("topics", "forms", "conflicts")
    data = [json.loads((VOCABULARY / f"{name}.json").read_text("utf-8")) for name in names]
    rules, gazetteer = classify_rules.rules_from(*data), load_gazetteer()
    texts = [FIRST, *((f"{topic.name} in Kyiv", " ".join(topic.strong)) for topic in rules.topics)]
    start = 0.0
    for title, text in texts * 10:
        located = locate(title, text, gazetteer=gazetteer)
        classify(title, text, located=located, rules=rules)
        start = start or time.process_time()
    print(json.dumps({"start_seconds": round(start, 2), "memory_mb": round(resident(), 1)}))


if __name__ == "__main__":
    main()
