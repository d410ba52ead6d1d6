"""The wiring: no news in here."""

from __future__ import annotations

from django.apps import AppConfig


class NewsroomConfig(AppConfig):
    """Installs the project's clock."""

    name = "newsroom"

    def ready(self) -> None:
        """Give the aggregator the clock that the settings ask for."""
        from django.conf import settings

        from aggregator import clock
        from newsroom import clocks

        clock.install(clocks.reader(settings.CLOCK, settings.DATA_DIR))
