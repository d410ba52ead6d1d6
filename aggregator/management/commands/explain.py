"""Print every decision about an article: `manage.py explain ARTICLE_OR_URL`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator.errors import CurationError
from aggregator.services import explaining


class Command(BaseCommand):
    """One line a decision, with its evidence."""

    help = "Explains how an article was read, traced, tagged and grouped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("article", help="the article's id or address")

    def handle(self, *args: Any, article: str, **options: Any) -> None:
        try:
            found = explaining.find_article(article)
        except CurationError as error:
            raise CommandError(error.sentence) from error
        for what, why in explaining.explain(found):
            self.stdout.write(f"{what:<13} {why}")
