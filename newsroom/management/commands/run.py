"""Run the whole site on this machine."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections

from newsroom import first_start, samples
from newsroom.celery import app
from newsroom.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run the site: embedded servers where no address is set, web, two workers and the timetable."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wire", action="store_true", help="start the sample wire too (used by demo)")

    def handle(self, *args: Any, **options: Any) -> None:
        self.password: str | None = None
        self.line = ""
        self.began = time.monotonic()
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        first_start.ask_contact(self.say)
        before = [samples.part()] if options["wire"] else []
        Supervisor(say=self.say, before=before).run(self.prepare, self.ready, self.look)

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()

    def prepare(self) -> None:
        if settings.SAMPLE_DATA:
            samples.await_wire()
        self.password = first_start.prepare(self.say)

    def ready(self) -> None:
        app.send_task("aggregator.tasks.poll_due", expires=60, ignore_result=True)
        self.say(f"\nNewsroom is at {settings.SITE_URL}/")
        self.say(f"Curator's desk: {settings.SITE_URL}/desk/")
        if self.password:
            self.say(f"  sign in as {first_start.CURATOR} with the password {self.password} (shown once)")
        if not settings.CONTACT:
            self.say(
                "No CONTACT is set: outlets cannot see whom to turn to. Set CONTACT to an address or page."
            )
        self.say(f"Logs: {settings.DATA_DIR}/logs/ · stop with Ctrl-C\n")

    def look(self) -> None:
        """Say how far the line is, when that has changed."""
        from aggregator.services import status

        try:
            close_old_connections()
            line = status.progress_sentence()
        except Error:
            return
        if line != self.line:
            self.say(line)
        self.line = line
