"""poll [--all] [--wait]: poll what is due (or all feeds) now; with --wait until the line is empty."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator import clock
from aggregator.models import Feed
from aggregator.services import fetching, polling

PAUSE = 0.5  # seconds between two looks at rows that other workers hold


class Command(BaseCommand):
    help = "Poll the feeds that are due; --all polls every feed, --wait returns when the line is empty."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="poll every feed of approved outlets now")
        parser.add_argument(
            "--wait", action="store_true", help="fetch pages and settle until nothing is left"
        )
        parser.add_argument("--seconds", type=float, default=3600, help="stop waiting after so long (3600)")

    def handle(self, *args: Any, **options: Any) -> None:
        self.until = time.monotonic() + options["seconds"]
        polling.mend(clock.now())
        if options["all"]:
            polling.poll_now(list(Feed.objects.polled().values_list("pk", flat=True)), clock.now())
        network = fetching.open_network()
        while polling.poll_due(network, clock.now):
            self._check_time()
        if options["wait"]:
            self._drain(network)
        feeds = Feed.objects.polled()
        self.stdout.write(f"{feeds.exclude(last_polled_at=None).count()} of {feeds.count()} feeds polled.")

    def _drain(self, network: fetching.Network) -> None:
        from aggregator.services import settling

        while True:
            self._check_time()
            more = polling.poll_due(network, clock.now)
            settled = settling.settle_due(clock.now())
            if more or settled:
                continue
            if not polling.is_busy(clock.now()):
                return
            time.sleep(PAUSE)

    def _check_time(self) -> None:
        if time.monotonic() > self.until:
            raise CommandError("Stopped waiting: the line is still busy.")
