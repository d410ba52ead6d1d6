"""Load regions, topics, conflicts and starter sources; may be repeated, keeps a curator's edits."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from aggregator import clock
from aggregator.services.loading import load_vocabulary


class Command(BaseCommand):
    help = "Load the vocabulary and the starter sources into the database; edits of curators stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--without-sources", action="store_true", help="regions, topics and conflicts only"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        own_list = bool(
            getattr(settings, "SOURCES", "")
        )  # then the operator's list takes the starter list's place
        loaded = load_vocabulary(clock.now(), sources=not (options["without_sources"] or own_list))
        if options["verbosity"]:
            self.stdout.write(
                f"created {_sum(loaded.created)}; updated {_sum(loaded.updated)}; "
                f"left as edited {sum(map(len, loaded.kept.values()))}"
            )


def _sum(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind.replace('_', ' ')}s" for kind, number in counts.items()) or "nothing"
