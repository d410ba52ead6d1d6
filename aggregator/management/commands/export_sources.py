"""export_sources [FILE.opml]: write outlets and their feeds as a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator.services import opml


class Command(BaseCommand):
    help = "Write the feeds of approved outlets as OPML."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="where to write it; the terminal by default")
        parser.add_argument("--status", default="approved", help="outlets of which status (approved)")

    def handle(self, *args: Any, **options: Any) -> None:
        document = opml.export_opml(settings.SITE_NAME, status=options["status"])
        if options["file"] == "-":
            self.stdout.write(document.decode())
            return
        try:
            Path(options["file"]).write_bytes(document)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}.") from error
