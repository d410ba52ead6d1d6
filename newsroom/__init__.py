"""The wiring: settings, addresses, processes. No news in here."""

from newsroom.celery import app as celery_app

__all__ = ["celery_app"]
