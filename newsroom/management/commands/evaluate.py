"""Measure one stage on labelled rows: the product's own code, JSON lines in, JSON lines out."""

from __future__ import annotations

import gzip
import json
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

STAGES = ("extraction", "trace", "stories", "regions", "topics")


class Command(BaseCommand):
    help = "Run a stage over rows of JSON lines (.gz accepted) and print n, seconds and rows_per_second."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("stage", choices=STAGES)
        parser.add_argument("rows", metavar="IN", type=Path)
        parser.add_argument("answers", metavar="OUT", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        stage = import_module(f"aggregator.services.evaluation.{options['stage']}")
        rows = list(_read(options["rows"]))
        needs_rows = getattr(stage, "NEEDS_DATABASE", False)
        with scratch_database() if needs_rows else nullcontext():
            stage.load()
            started = time.perf_counter()
            count = _write(options["answers"], stage.evaluate(rows))
            seconds = time.perf_counter() - started
        figures = {
            "n": count,
            "seconds": round(seconds, 3),
            "rows_per_second": round(count / max(seconds, 1e-9), 1),
        }
        self.stdout.write(json.dumps(figures))


def _open(path: Path, mode: str) -> IO[str]:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        found: IO[str] = opener(path, mode, encoding="utf-8")
        return found
    except OSError as error:
        raise CommandError(f"{path} cannot be opened: {error.strerror}.") from None


def _read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file; a line that is no JSON object is named in the error."""
    with _open(path, "rt") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                raise CommandError(f"{path}, line {number}: not JSON.") from None
            if not isinstance(row, dict):
                raise CommandError(f"{path}, line {number}: not an object.")
            yield row


def _write(path: Path, answers: Iterator[dict[str, Any]]) -> int:
    count = 0
    with _open(path, "wt") as out:
        for count, answer in enumerate(answers, start=1):  # noqa: B007
            out.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return count


@contextmanager
def scratch_database() -> Iterator[None]:
    """Make an empty database of this process's own, use it, and drop it whatever happens."""
    kept = dict(connection.settings_dict["TEST"]), connection.settings_dict["NAME"]
    connection.settings_dict["TEST"] = {**kept[0], "NAME": f"evaluate_{os.getpid()}", "MIGRATE": True}
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(kept[1], verbosity=0)
        connection.settings_dict["TEST"] = kept[0]
