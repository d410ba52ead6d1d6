"""import_sources FILE.opml [--approve]: load outlets and their feeds from a list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator import clock
from aggregator.errors import AggregatorError
from aggregator.services import nudge, opml


class Command(BaseCommand):
    help = "Load outlets and feeds from an OPML file (- reads the standard input)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="OPML file, or -")
        parser.add_argument(
            "--approve", action="store_true", help="approve the outlets: their feeds are polled"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = (
                sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
            )
            done = opml.import_opml(document, clock.now(), approve=options["approve"])
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except AggregatorError as error:
            raise CommandError(f"{options['file']}: {error.sentence}") from error
        for problem in done.problems:
            self.stderr.write(f"left out: {problem}")
        self.stdout.write(
            f"{done.feeds} feeds of {done.sources} new outlets loaded, {done.known} known already, "
            f"{len(done.problems)} left out."
        )
        if options["approve"]:
            nudge.poll()
