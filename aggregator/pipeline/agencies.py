"""Wire agencies: the forms in which outlets name them, and the expressions that find those."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .domains import owners_domain


@dataclass(frozen=True)
class Agency:
    """A wire agency and the forms in which other outlets name it."""

    slug: str
    name: str
    domains: tuple[str, ...]
    forms: tuple[str, ...]
    personal: tuple[str, ...] = ()  # those of the forms that are names of people too
    state_control: int = 0  # 0-3


@dataclass(frozen=True)
class Agencies:
    """All agencies, with the expressions that find them; made once by `agencies_from`."""

    by_form: Mapping[str, Agency]
    by_domain: Mapping[str, Agency]
    dateline: re.Pattern[str] = field(repr=False)
    line: re.Pattern[str] = field(repr=False)
    ending: re.Pattern[str] = field(repr=False)
    anywhere: re.Pattern[str] = field(repr=False)

    def named(self, form: str) -> Agency | None:
        """Return the agency of a form as it stands in a text."""
        return self.by_form.get(" ".join(form.split()).strip("/ "))

    def is_personal(self, form: str) -> bool:
        """Tell whether a form is a name of people too, so that a byline alone does not make it the agency."""
        agency, said = self.named(form), " ".join(form.split()).strip("/ ")
        return agency is not None and said in {one.strip("/ ") for one in agency.personal}

    def at(self, domain: str) -> Agency | None:
        """Return the agency whose site `domain` is, or is part of."""
        return self.by_domain.get(owners_domain(domain))


def agencies_from(rows: Iterable[Mapping[str, Any]]) -> Agencies:
    """Build the agencies from rows as in vocabulary/agencies.json; of two with one form the later has it.

    Rows that are not `active` are left out.
    """
    agencies = [
        Agency(
            row["slug"],
            row["name"],
            tuple(row.get("domains", ())),
            tuple(row.get("forms", ())),
            tuple(row.get("personal", ())),
            row.get("state_control", 0),
        )
        for row in rows
        if row.get("active", True)
    ]
    by_form = {form.strip("/ "): agency for agency in agencies for form in agency.forms}
    words = "|".join(
        re.escape(form).replace(r"\ ", r"\s+") for form in sorted(by_form, key=len, reverse=True)
    )
    forms = rf"(?P<form>{words or '(?!)'})"
    others = rf"(?:\s*[/,+&]\s*(?:{words or '(?!)'}))*"
    return Agencies(
        by_form=by_form,
        by_domain={owners_domain(domain): agency for agency in agencies for domain in agency.domains},
        # "KYIV, Oct 5 (Reuters) -", "(AFP) –", "AP —", "/ТАСС/.", "新华社北京9月1日电", "【共同社】"
        dateline=re.compile(
            rf"^\W{{0,6}}(?:[^\n.()]{{0,70}}?[,.\s]?\s*[(\[/【（]\s*{forms}{others}\s*(?:[)\]/]\s*(?:[-\u2013\u2014:.,\u060c]|$)|[】）])"
            rf"|[^\n.()]{{2,60}}\s[-\u2013\u2014]\s*{forms.replace('<form>', '<dashed>')}{others}\s*(?:\.|[-\u2013\u2014])\s"
            rf"|{forms.replace('<form>', '<bare>')}{others}\s*(?:[-\u2013\u2014:|]|\.\s*[-\u2013\u2014])\s"
            rf"|(?=[\u4e00-\u9fff]){forms.replace('<form>', '<joined>')}[\u4e00-\u9fff\d、，,（）()]{{0,24}}[电電])"
        ),
        line=re.compile(rf"^\W{{0,6}}{forms}{others}\W{{0,6}}$"),
        ending=re.compile(
            rf"(?:[(\[/（【]\s*{forms}{others}\s*[)\]/）】]|[-\u2013\u2014|]\s*{forms.replace('<form>', '<bare>')}{others})\W{{0,4}}$"
        ),
        anywhere=re.compile(rf"(?<![^\W_]){forms}(?![^\W_])"),
    )


@cache
def load_agencies() -> Agencies:
    """Return the agencies of the packaged vocabulary."""
    path = Path(__file__).parent.parent / "vocabulary" / "agencies.json"
    return agencies_from(json.loads(path.read_text("utf-8"))["agencies"])
