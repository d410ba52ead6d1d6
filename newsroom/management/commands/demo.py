"""Run the site with invented sample data on a fast clock."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from newsroom import env, samples

PORT = 8100


class Command(BaseCommand):
    help = "Run the site with its own data folder and an invented sample wire, on a clock that runs fast."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.DATA_DIR
        folder.mkdir(parents=True, exist_ok=True)
        port = env.integer("PORT", PORT, low=1, high=65535)
        env.give(samples.environment(folder, port, samples.wire_port(folder)))
        os.execv(sys.executable, [sys.executable, str(settings.BASE_DIR / "manage.py"), "run", "--wire"])
