"""The hand-written lists under vocabulary/places that the name file is compiled from."""

from __future__ import annotations

import json
from typing import Any

from aggregator.pipeline.gazetteer import VOCABULARY
from aggregator.pipeline.names import NameRow

PLACES = VOCABULARY / "places"


class NameLists:
    """The hand-written lists under vocabulary/places."""

    def __init__(self) -> None:
        self.given = set(self.lines("given_names.txt"))
        self.common = set(self.lines("common_words.txt"))
        self.kinds = json.loads((PLACES / "kinds.json").read_text("utf-8"))
        self.weak: dict[str, Any] = json.loads((PLACES / "weak.json").read_text("utf-8"))
        self.parts = {
            (country, code): region
            for region, country, codes in self.table("parts.tsv")
            for code in codes.split()
        }

    def is_rare_surname(self, row: NameRow, towns: set[str]) -> bool:
        """Tell whether a leader's surname is rare enough to stand alone."""
        return (
            row.kind == "leader"
            and len(row.name) > 5
            and row.name not in towns
            and row.name not in self.given
            and row.name.lower() not in self.common
            and row.name not in self.weak["common_surnames"]
            and row.name not in self.weak["weak"]
        )

    def lines(self, name: str) -> list[str]:
        """Return the lines of a list, without comments."""
        text = (PLACES / name).read_text("utf-8")
        return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]

    def table(self, name: str) -> list[list[str]]:
        """Return the lines of a list, parted at tabs."""
        return [line.split("\t") for line in self.lines(name)]
