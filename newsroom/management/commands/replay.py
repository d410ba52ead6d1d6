"""Replay the recorded fortnight through the whole line."""

from __future__ import annotations

import re
import shutil
import signal
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom import env, replays

PORT = 8200
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Command(BaseCommand):
    help = "Replay the recorded fortnight (CORPORA_DIR/replay) into its own data folder and print figures."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--step", default="6h", help="how far the clock moves at once: 30m, 6h, 1d")
        parser.add_argument("--keep", action="store_true", help="leave the site up until Ctrl-C")
        parser.add_argument("--again", action="store_true", help="go on with the data of an earlier replay")

    def handle(self, *args: Any, **options: Any) -> None:
        step = read_step(options["step"])
        if not options["again"]:
            folder = env.path("REPLAY_DATA_DIR", settings.BASE_DIR / "var-replay")
            shutil.rmtree(folder / "postgres", ignore_errors=True)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        began = time.monotonic()
        replay = replays.open_replay(self.say, env.integer("PORT", PORT, low=1, high=65535))
        try:
            replay.start_site()
            for now in replay.steps(step):
                replay.poll()
                self.say(f"{now:%d %b %Y %H:%M}  {line(replay.status() or {})}")
            self.say(figures(replay, time.monotonic() - began))
            if options["keep"]:
                self.say(f"the site stays at http://localhost:{replay.environ['PORT']}/ · stop with Ctrl-C")
                signal.pause()
        except KeyboardInterrupt:
            pass
        finally:
            replay.close()

    def say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


def read_step(words: str) -> timedelta:
    """Read a step such as 6h."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", words)
    if not found or not float(found[1]):
        raise CommandError(f"STEP={words} cannot be used: write 30m, 6h or 1d")
    return float(found[1]) * UNITS[found[2]]


def line(facts: dict[str, Any]) -> str:
    """Return the state of the line in one line."""
    feeds, articles = facts.get("feeds", {}), facts.get("articles", {})
    return (
        f"{feeds.get('polled', 0)} of {feeds.get('all', 0)} feeds, {sum(articles.values()):,} articles, "
        f"{facts.get('stories', 0):,} stories, {facts.get('copies', 0):,} copies"
    )


def figures(replay: replays.Replay, seconds: float) -> str:
    """Return the figures of the whole replay."""
    facts = replay.status() or {}
    shown = {
        "feeds": facts.get("feeds", {}).get("polled", 0),
        "items": facts.get("items", 0),
        "articles": sum(facts.get("articles", {}).values()),
        "stories": facts.get("stories", 0),
        "copies": facts.get("copies", 0),
        "minutes": f"{seconds / 60:.1f}",
        "CPU seconds": f"{replay.cpu_seconds():.0f}",
    }
    return "\n".join(
        ["", *(f"{name:12} {value}" for name, value in shown.items()), f"{'by status':12} {facts}"]
    )


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
