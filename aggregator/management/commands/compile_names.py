"""Compile the name file that locate reads: python manage.py compile_names."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aggregator.pipeline.gazetteer import NAMES_PATH
from aggregator.services import name_file


class Command(BaseCommand):
    """Read vocabulary, CLDR and GeoNames; write vocabulary/names.tsv.gz."""

    help = (
        "Compile the name file from the vocabulary, CLDR and GeoNames (needs the development requirements)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, default=NAMES_PATH)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = name_file.write_names(options["out"])
        except ImportError as error:
            raise CommandError(f"{error.name} is missing: install requirements-dev.txt first.") from error
        self.stdout.write(f"{count:,} names, {options['out'].stat().st_size:,} bytes: {options['out']}")
