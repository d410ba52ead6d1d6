"""Draw static/map/ from Natural Earth borders (public domain), as npm's world-atlas 2.0.2 packs them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from aggregator.pipeline import cartography
from aggregator.services.map_points import DRAWINGS


class Command(BaseCommand):
    help = "Draw static/map/*.svg from countries-110m.json and countries-50m.json of a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the unpacked world-atlas package")

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(settings.BASE_DIR) / "static" / "map"
        coarse, fine = (
            json.loads((options["folder"] / f"countries-{n}m.json").read_text()) for n in (110, 50)
        )
        (target / "world.svg").write_text(cartography.draw(coarse, tolerance=0.1, scale=2))
        for name, box in DRAWINGS.items():
            (target / f"{name}.svg").write_text(cartography.draw(fine, tolerance=0.09, scale=6, box=box))
