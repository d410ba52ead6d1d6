"""Write a backup of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from newsroom import backups


class Command(BaseCommand):
    help = "Write a backup of the database, by default into the data folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"written: {backups.write(options['file'], timezone.now())}")
