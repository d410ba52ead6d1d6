"""Where a raid lands when only the party that raids is named: "Hamas gunmen took the family from its home".

Which country that is stands in the vocabulary (`raids_land`), for parties whose raids reach beyond their own area.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.pipeline.gazetteer import Sense
from aggregator.pipeline.placewords import RAIDS_LAND
from aggregator.pipeline.senses import Meant

TARGET = "target"
_HEAD = frozenset({"title", "lead"})
_RAID = re.compile(
    r"(?i)\b(?:attack\w*|assault\w*|hostages?|kidnap\w*|abduct\w*|captives?|captured|gunm[ae]n|infiltrat\w*|"
    r"storm(?:ed|s)|massacre\w*|incursion|rampage|rockets?|raid\w*|onslaught|atrocit\w*)\b"
)


def find_targets(meant: Sequence[Meant], head: str) -> list[Meant]:
    """Return a mention of each country that a raid told of in `head` (title and lead) is known to reach.

    The mention stands on the party's name. None where the country is named itself, nor without words of a raid.
    """
    named = {name.sense.country for name in meant}
    targets: dict[str, Meant] = {}
    for name in meant:
        country = RAIDS_LAND.get(name.sense.country, "")
        if country and country not in named and name.found.field in _HEAD and name.sense.kind == "party":
            sense = Sense("", country, TARGET, 1.0, weak=False)
            targets.setdefault(country, Meant(name.found, sense, False, False, False))
    return list(targets.values()) if targets and _RAID.search(head) else []
