"""Make a database ready: tables, static files, vocabulary, sources, a curator. May be repeated."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from newsroom import first_start


class Command(BaseCommand):
    help = "Migrate, collect static files, load vocabulary and sources, make a curator when there is none."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        password = first_start.prepare(self.stdout.write)
        if password:
            words = f"sign in as {first_start.CURATOR} with the password {password} (shown once)"
            self.stdout.write(words)
        self.stdout.write("ready")
