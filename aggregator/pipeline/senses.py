"""Which of its places does a name mean? Pairs ("Athens, Georgia"), its company, the outlet's home."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.pipeline.gazetteer import Gazetteer, Sense
from aggregator.pipeline.mentions import Found
from aggregator.pipeline.names import WORD
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
    acting: bool | None = None  # see placemodel.acts, which keeps its answer here


def choose_senses(found: list[Found], gazetteer: Gazetteer, home_country: str = "") -> list[Meant]:
    """Return the names that are places, each with its likeliest sense in this text, in order."""
    places = _join_pairs([name for name in found if name.entry.senses[0].kind != "veto"], gazetteer)
    votes = _votes(places)
    if home_country:
        votes.setdefault(home_country, {})["(home)"] = HOME_VOTE
    chosen: dict[int, _Chosen] = {}  # what is decided once for a name, wherever it stands
    return [_paired(name, pair) if pair else _choose(name, votes, chosen) for name, pair in places]


def _join_pairs(found: list[Found], gazetteer: Gazetteer) -> list[tuple[Found, str]]:
    """Drop namesakes; mark each name with the country that the name after its comma gives it."""
    kept: list[tuple[Found, str]] = []
    last = len(found) - 1
    for index, name in enumerate(found):
        joined = index < last and found[index + 1].gap == ", "
        country = _country_after(name, found[index + 1]) if joined else ""
        if country or not is_namesake(name, gazetteer):
            kept.append((name, country))
    return kept


def _country_after(name: Found, after: Found) -> str:
    """Return the country named right after a comma, if the name before it can lie in it."""
    if after.field != name.field:
        return ""
    here, there = name.entry.senses, after.entry.senses
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
        entry = name.entry
        senses = entry.senses
        country = pair or senses[0].country
        if not country or (not pair and len(senses) > 1 and any(s.country != country for s in senses)):
            continue
        if WORD not in entry.flags or not is_ordinary_word(name):
            is_weak = senses[0].weak and not pair
            vote = WEAK_VOTE if is_weak else VOTES.get(senses[0].kind, 1.0)
            votes.setdefault(country, {})[entry.name] = vote
    return votes


def _paired(name: Found, country: str) -> Meant:
    sense = next((sense for sense in name.entry.senses if sense.country == country), None)
    return Meant(name, sense or Sense("", country, "town", 1.0, weak=False), False, True, False, paired=True)


_Chosen = tuple[
    Sense, bool, bool
]  # the sense, whether it is weak by itself, whether another name supports it


def _choose(name: Found, votes: dict[str, dict[str, float]], chosen: dict[int, _Chosen]) -> Meant:
    key = id(name.entry)
    if key not in chosen:
        chosen[key] = _likeliest(name, votes)
    sense, weak, supported = chosen[key]
    weak = weak or (WORD in name.entry.flags and is_ordinary_word(name))
    return Meant(name, sense, weak, supported, is_firm(name))


def _likeliest(name: Found, votes: dict[str, dict[str, float]]) -> _Chosen:
    senses = name.entry.senses
    best = senses[0]
    if len(senses) > 1:
        best = max(senses, key=lambda sense: sense.prior * (ALONE + _support(name, sense, votes)))
    supported = _is_supported(name, best, votes)
    rivals = [sense for sense in senses if (sense.country or sense.region) != (best.country or best.region)]
    ambiguous = not supported and any(sense.prior > 0.5 * best.prior for sense in rivals)
    return best, best.weak or ambiguous, supported


def _support(name: Found, sense: Sense, votes: dict[str, dict[str, float]]) -> float:
    return sum(vote for other, vote in votes.get(sense.country, {}).items() if other != name.entry.name)


def _is_supported(name: Found, sense: Sense, votes: dict[str, dict[str, float]]) -> bool:
    """Tell whether another name votes for the country of a sense: every vote is more than nought."""
    found = votes.get(sense.country)
    return found is not None and (len(found) > 1 or name.entry.name not in found)
