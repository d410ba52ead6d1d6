"""The aggregator application."""

from django.apps import AppConfig


class AggregatorConfig(AppConfig):
    """Reads feeds, traces texts, groups stories, shows timelines."""

    name = "aggregator"
    verbose_name = "Newsroom"
    default_auto_field = "django.db.models.BigAutoField"
