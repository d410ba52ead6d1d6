"""Agencies write by formula: the same words of another place are another happening."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from aggregator.pipeline.features import Features, read_features
from aggregator.pipeline.gazetteer import Gazetteer, load_gazetteer
from aggregator.pipeline.group_places import whereabouts
from aggregator.pipeline.locate import locate
from aggregator.pipeline.repair import Standing, regroup

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR_APART = ("Kherson", "Omdurman", "Jenin", "Kabul", "Marib", "Goma", "Idlib", "Mekelle", "Mogadishu", "Maiduguri",
             "Sittwe", "Tripoli", "Caracas", "Quetta", "Bamako", "Belgorod", "Bangui", "Ouagadougou")  # fmt: skip
ONE_COUNTRY = ("Kherson", "Kharkiv", "Odesa", "Sumy", "Zaporizhzhia", "Mykolaiv", "Dnipro", "Chernihiv")
FORMULAS = {
    "headline alone": ("Heavy shelling in {}", ""),
    "headline of two words": ("{} under fire", ""),
    "with a number": (
        "Five police officers die in ambush near {}",
        "Gunmen killed five police officers near {}.",
    ),
    "long": (
        "Warplanes hit market in {}",
        "Warplanes hit a crowded market in {} on Sunday morning, doctors said. Ambulances took the wounded away.",
    ),
}


@cache
def names() -> Gazetteer:
    return load_gazetteer()


def report(title: str, text: str, minutes: int, outlet: str) -> Features:
    located = locate(title, text, gazetteer=names(), home_region=None, language="en")
    at = NOON + timedelta(minutes=minutes)
    return read_features(title, text, at=at, outlet=outlet, where=whereabouts(located))


def stories(reports: list[Features]) -> list[set[int]]:
    """Return the reports of each story, by their number."""
    out: dict[int, set[int]] = defaultdict(set)
    for n, place in regroup([Standing(n, one) for n, one in enumerate(reports)]).items():
        out[place.group].add(n)
    return list(out.values())


@pytest.mark.parametrize("places", [FAR_APART, ONE_COUNTRY], ids=["far apart", "one country"])
@pytest.mark.parametrize("outlets", [1, 5])
@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_a_formula_over_many_places_is_no_one_story(
    formula: tuple[str, str], outlets: int, places: tuple[str, ...]
) -> None:
    title, text = formula
    reports = [
        report(title.format(place), text.format(place), 20 * n, f"outlet{n % outlets}")
        for n, place in enumerate(places)
    ]
    assert max(map(len, stories(reports))) == 1


@pytest.mark.parametrize("place", ["Kherson", "Omdurman", "Goma"])
def test_two_tellings_of_one_place_still_meet(place: str) -> None:
    one = report(f"Warplanes hit market in {place}", f"Warplanes hit a crowded market in {place}.", 0, "one")
    two = report(
        f"Air strike on {place} market kills dozens", f"Jets bombed the market of {place}.", 90, "two"
    )
    other = report("Warplanes hit market in Idlib", "Warplanes hit a crowded market in Idlib.", 30, "one")
    assert sorted(map(sorted, stories([one, other, two]))) == [[0, 2], [1]]
