"""Make many invented articles and stories, fast: for looking at plans and pages of a full archive."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aggregator import clock
from aggregator.services import indexing, sample_rows


class Command(BaseCommand):
    help = "Make about N invented articles in stories over the last days; the vocabulary must be loaded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("articles", type=int)
        parser.add_argument("--days", type=int, default=60)
        parser.add_argument(
            "--until", type=datetime.fromisoformat, help="with its zone, e.g. 2023-09-30T12:00+00:00"
        )
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--index", action="store_true", help="make their search rows too")

    def handle(self, *args: Any, **options: Any) -> None:
        until = options["until"] or clock.now()
        if until.tzinfo is None:
            raise CommandError("--until needs its zone, e.g. 2023-09-30T12:00+00:00")
        try:
            made = sample_rows.make_rows(
                options["articles"], until=until, days=options["days"], seed=options["seed"]
            )
        except LookupError as error:
            raise CommandError(str(error)) from None
        while options["index"] and indexing.index_due():
            pass
        self.stdout.write(f"{made} articles")
