"""The hand-written lists under vocabulary/places that the name file is compiled from."""

from __future__ import annotations

import json
from typing import Any

from aggregator.pipeline.gazetteer import VOCABULARY
from aggregator.pipeline.names import NameRow

PLACES = VOCABULARY / "places"
PERSON_PRIOR = 36.0  # a town of a million; smaller ones lose their name to people
AT_WAR = frozenset(
    {
        "UA",
        "RU",
        "PS",
        "IL",
        "LB",
        "SY",
        "IQ",
        "IR",
        "YE",
        "SD",
        "SS",
        "ET",
        "ER",
        "SO",
        "CD",
        "CF",
        "ML",
        "BF",
        "NE",
        "NG",
        "TD",
        "CM",
        "MZ",
        "LY",
        "AF",
        "PK",
        "MM",
        "AZ",
        "AM",
        "GE",
        "HT",
    }
)
LOCAL_PRESS = frozenset({"US", "GB", "CA", "AU", "IE", "NZ"})  # whose towns English local news names


class NameLists:
    """The hand-written lists under vocabulary/places."""

    def __init__(self) -> None:
        self.given = set(self.lines("given_names.txt"))
        self.surnames = set(self.lines("surnames.txt"))
        self.common = set(self.lines("common_words.txt"))
        self.kinds = json.loads((PLACES / "kinds.json").read_text("utf-8"))
        self.weak: dict[str, Any] = json.loads((PLACES / "weak.json").read_text("utf-8"))
        self.parts = {
            (country, code): region
            for region, country, codes in self.table("parts.tsv")
            for code in codes.split()
        }

    def is_person(self, row: NameRow) -> bool:
        """Tell whether a small town's name is better known as a person's, outside the countries that news names it in."""
        if row.kind != "town" or row.country in LOCAL_PRESS:
            return False
        is_given = row.name in self.given and row.country not in AT_WAR
        return row.prior < PERSON_PRIOR and (row.name in self.surnames or is_given)

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
