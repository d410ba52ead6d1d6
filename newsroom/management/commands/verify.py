"""Check every promise that the rows make to each other: `manage.py verify [--repair]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator import clock
from aggregator.services import verifying


class Command(BaseCommand):
    """Print one line a check; leave with an error where something is wrong and was not mended."""

    help = "Checks counts, timelines, fingerprints, hashes and lost rows; --repair mends them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="mend what can be mended, and say what")

    def handle(self, *args: Any, repair: bool = False, **options: Any) -> None:
        findings = verifying.repair(clock.now()) if repair else verifying.verify(clock.now())
        for finding in findings:
            self.stdout.write(_line(finding))
        if any(finding.ids and not finding.repaired for finding in findings):
            raise CommandError("Not everything is in order; see the lines above.")


def _line(finding: verifying.Finding) -> str:
    if not finding.ids:
        return f"ok        {finding.check}"
    state = "mended" if finding.repaired else "WRONG"
    sample = ", ".join(map(str, finding.ids[:8]))
    return f"{state:<9} {finding.check}: {len(finding.ids)}. {finding.sentence} First: {sample}"
