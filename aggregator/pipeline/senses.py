"""Which of its places does a name mean? Pairs ("Athens, Georgia"), its company, the outlet's home."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.pipeline.gazetteer import Gazetteer, Sense
from aggregator.pipeline.mentions import Found
from aggregator.pipeline.names import AFTER_COMMA
from aggregator.pipeline.namesakes import is_firm, is_namesake, is_ordinary_word

VOTES = {
    "name": 3.0,
    "area": 3.0,
    "capital": 2.0,
    "town": 1.0,
    "division": 1.5,
    "demonym": 2.0,
    "leader": 1.5,
    "party": 1.5,
    "institution": 1.0,
}
HOME_VOTE = 2.0
WEAK_VOTE = 0.3  # two weak names speak for each other
NAMESAKE_STATES = frozenset({"US", "CA"})  # full of towns called after countries: Lebanon, Tennessee
ALONE = 0.15  # what a sense is worth that nothing else in the text supports


@dataclass(slots=True)
class Meant:
    """A name with the sense chosen for it. `supported`: another name speaks for the same country."""

    found: Found
    sense: Sense
    weak: bool
    supported: bool
    firm: bool
    paired: bool = False
    weight: float = 0.0  # what it adds to its candidate; set when gathered


def choose_senses(found: list[Found], gazetteer: Gazetteer, home_country: str = "") -> list[Meant]:
    """Return the names that are places, each with its likeliest sense in this text, in order."""
    places = _join_pairs([name for name in found if name.entry.senses[0].kind != "veto"], gazetteer)
    votes = _votes(places)
    if home_country:
        votes.setdefault(home_country, {})["(home)"] = HOME_VOTE
    return [_choose(name, pair, votes) for name, pair in places]


def _join_pairs(found: list[Found], gazetteer: Gazetteer) -> list[tuple[Found, str]]:
    """Drop namesakes; mark each name with the country that the name after its comma gives it."""
    kept: list[tuple[Found, str]] = []
    for index, name in enumerate(found):
        country = _country_after(found, index)
        if AFTER_COMMA in name.entry.flags and not (
            kept and kept[-1][1] and kept[-1][0].end + 2 == name.start
        ):
            country = "" if country == "" else country
        if country or not is_namesake(name, gazetteer):
            kept.append((name, country))
    return kept


def _country_after(found: list[Found], index: int) -> str:
    """Return the country named right after a comma, if this name can lie in it."""
    if (
        index + 1 >= len(found)
        or found[index + 1].gap != ", "
        or found[index + 1].field != found[index].field
    ):
        return ""
    here, there = found[index].entry.senses, found[index + 1].entry.senses
    if here[0].kind not in ("town", "capital", "division", "area", "name"):
        return ""
    countries = {sense.country for sense in there if sense.kind in ("division", "name")}
    for sense in here:
        if sense.country in countries and sense.kind != "name":
            return sense.country
    in_state = [sense.country for sense in there if sense.kind == "division"]
    is_city = here[0].kind in ("town", "capital")
    if in_state and (is_city or (in_state[0] in NAMESAKE_STATES and here[0].kind == "name")):
        return in_state[0]
    return ""


def _votes(places: list[tuple[Found, str]]) -> dict[str, dict[str, float]]:
    """Return votes for each country by name; a name votes once, however often it stands there."""
    votes: dict[str, dict[str, float]] = {}
    for name, pair in places:
        senses = name.entry.senses
        alone = len({sense.country for sense in senses}) == 1
        country = pair or (senses[0].country if alone else "")
        if country and not is_ordinary_word(name):
            is_weak = senses[0].weak and not pair
            vote = WEAK_VOTE if is_weak else VOTES.get(senses[0].kind, 1.0)
            votes.setdefault(country, {})[name.entry.name] = vote
    return votes


def _choose(name: Found, pair: str, votes: dict[str, dict[str, float]]) -> Meant:
    senses = name.entry.senses
    if pair:
        sense = next((sense for sense in senses if sense.country == pair), None) or Sense(
            "", pair, "town", 1.0, weak=False
        )
        return Meant(name, sense, False, True, False, paired=True)
    best = senses[0]
    if len(senses) > 1:
        best = max(senses, key=lambda sense: sense.prior * (ALONE + _support(name, sense, votes)))
    supported = _support(name, best, votes) > 0
    rivals = [sense for sense in senses if (sense.country or sense.region) != (best.country or best.region)]
    ambiguous = not supported and any(sense.prior > 0.5 * best.prior for sense in rivals)
    weak = best.weak or ambiguous or is_ordinary_word(name)
    return Meant(name, best, weak, supported, is_firm(name))


def _support(name: Found, sense: Sense, votes: dict[str, dict[str, float]]) -> float:
    return sum(vote for other, vote in votes.get(sense.country, {}).items() if other != name.entry.name)
