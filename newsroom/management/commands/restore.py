"""Read a backup into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from aggregator import clock
from aggregator.services import verifying
from newsroom import backups


class Command(BaseCommand):
    help = "Read a backup into an empty database, then bring its tables up to date and recount."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        backups.read(options["file"])
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"read: {options['file']}")
        wrong = [finding for finding in verifying.verify(clock.now()) if finding.ids]
        for finding in wrong:
            self.stdout.write(f"WRONG {finding.check}: {len(finding.ids)}. {finding.sentence}")
        if wrong:
            self.stdout.write("mend it with: manage.py verify --repair")
