"""Write a backup of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from newsroom import backups


class Command(BaseCommand):
    help = (
        "Write a backup of the database, by default into the data folder, and try it in a scratch database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--unchecked", action="store_true", help="do not try to restore it")

    def handle(self, *args: Any, **options: Any) -> None:
        written = backups.write(options["file"], timezone.now())
        self.stdout.write(f"written: {written.file}")
        if not options["unchecked"]:
            self.stdout.write(f"tried: {backups.check(written)}, restored and recounted")
