"""Which named conflicts is an article about? By area, party or name, with evidence.

Four rules, first that holds per conflict: its name is in the text, or a word that stands for it where the text
lies in a country of it; the text is about one of its areas; it names a party and lies where that fights; the
conflict is the only one of its country (or of two opposed states) and the topic is one of force, talks or their
effects. An article dated before a conflict's start never joins it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aggregator.pipeline.cues import CueBook, RawHit, TopicRule
from aggregator.pipeline.types import Located, Reason

LIMIT = 4  # conflicts of one article
HOT = frozenset(("active-war", "armed-conflict", "ceasefire"))
GREAT = frozenset(
    ["united-states", "russia", "china", "india", "mexico", "turkey", "thailand", "indonesia", "philippines"]
)
STATE_KINDS = frozenset(("state", "government"))
NAMED_TOO_WIDELY = re.compile(
    r",|/| and |groups|forces|authorit|government|leadership|format|movement|parties|institutions|protesters",
    re.I,
)


@dataclass(frozen=True, slots=True)
class PartyRule:
    """A party as it is named in texts; `names` is empty for what only its country shows."""

    name: str
    side: str = ""
    kind: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConflictRule:
    """What shows a conflict. `countries` are region slugs; `areas` its own areas and waters."""

    slug: str
    name: str = ""
    status: str = ""
    countries: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    waters: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()  # words that stand for it where the text lies in one of its countries
    topics: tuple[str, ...] = ()  # where given, area, party and country are evidence only with one of these
    parties: tuple[PartyRule, ...] = ()
    started_on: date | None = None


def party_names(name: str, aliases: Sequence[str], kind: str) -> tuple[str, ...]:
    """Return the names by which a text shows a party; a state is shown by its places, not by its name."""
    core = re.sub(r"\s*\([^)]*\)", "", name).strip()
    own = () if kind in STATE_KINDS or NAMED_TOO_WIDELY.search(core) else (core,)
    return tuple(dict.fromkeys((*own, *aliases)))


class ConflictBook:
    """All conflicts with their names compiled as cues."""

    def __init__(self, rules: Iterable[ConflictRule]) -> None:
        self.rules = tuple(rules)
        self._names = CueBook(_as_topics(self.rules))
        self.areas = frozenset(a for rule in self.rules for a in (*rule.areas, *rule.waters))
        self.countries = frozenset(c for rule in self.rules for c in rule.countries if _is_hot(rule, c))
        self._owners = _owners(self.rules)
        self._by_place: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for place in {*rule.areas, *rule.waters, *rule.countries}:
                self._by_place.setdefault(place, []).append(number)
        self._by_slug = {rule.slug: number for number, rule in enumerate(self.rules)}

    @property
    def names(self) -> CueBook:
        """The cue book of conflict and party names: topics are `slug` and `slug/party`."""
        return self._names

    def find(
        self, located: Located, hits: Sequence[RawHit], topics: Sequence[str], reported_on: date | None
    ) -> tuple[tuple[str, Reason], ...]:
        """Return the conflicts of an article, surest first, each with its reason; at most LIMIT.

        `hits` come from `names`; `topics` are the article's, best first; without a topic only a
        conflict's own name or area counts.
        """
        about = {r.region for r in located.regions if r.about} | ({located.focus} if located.focus else set())
        mentioned = {r.region for r in located.regions} | {m.region for m in located.mentions}
        named: dict[str, list[RawHit]] = {}
        for hit in hits:
            named.setdefault(hit.topic, []).append(hit)
        found = []
        for rule in self._candidates(about, named):
            if rule.started_on and reported_on and reported_on < rule.started_on:
                continue
            reason = self._reason(rule, about, mentioned, named, located.focus, topics)
            if reason:
                found.append((rule.slug, reason))
        order = ("conflict_named", "conflict_area", "conflict_party", "conflict_states", "conflict_country")
        found.sort(key=lambda pair: order.index(pair[1].code))
        return tuple(found[:LIMIT])

    def _candidates(self, about: set[str], named: Mapping[str, Sequence[RawHit]]) -> Iterable[ConflictRule]:
        """Return the conflicts that a place or a name speaks for, in the order of the vocabulary."""
        numbers = {number for place in about for number in self._by_place.get(place, ())}
        numbers.update(self._by_slug[topic.partition("/")[0]] for topic in named)
        return (self.rules[number] for number in sorted(numbers))

    def _reason(
        self,
        rule: ConflictRule,
        about: set[str],
        mentioned: set[str],
        named: Mapping[str, Sequence[RawHit]],
        focus: str | None,
        topics: Sequence[str],
    ) -> Reason | None:
        nearby = bool(about & set(rule.countries) or mentioned & set(rule.areas))
        for key in (rule.slug, f"{rule.slug}/" if nearby else ""):
            if key in named:
                return Reason("conflict_named", {"names": [hit.cue for hit in named[key]][:3]})
        water = next((w for w in rule.waters if w in about), None)
        if water and topics and any(c in mentioned for c in rule.countries):
            return Reason("conflict_area", {"area": water})
        if rule.topics and not set(rule.topics) & set(topics):
            return None
        area = next((a for a in rule.areas if a in about), None)
        if area and (topics or focus == area):
            return Reason("conflict_area", {"area": area})
        party = next(
            (
                p
                for p in rule.parties
                if f"{rule.slug}/{p.name}" in named and self._meets(p, rule, about, mentioned, focus)
            ),
            None,
        )
        if party:
            return Reason(
                "conflict_party",
                {"party": party.name, "names": [h.cue for h in named[f"{rule.slug}/{party.name}"]][:3]},
            )
        return self._by_country(rule, about, focus, topics)

    def _meets(
        self, party: PartyRule, rule: ConflictRule, about: set[str], mentioned: set[str], focus: str | None
    ) -> bool:
        """Say whether the text lies where the party fights.

        A state acts in other places, too: its own country is evidence only where no place of another conflict is
        named ("the Kremlin" beside Russia in a report from Nagorno-Karabakh says nothing of Ukraine).
        """
        countries = set(rule.countries)
        if party.kind in STATE_KINDS and (own := _slug(party)) in countries:
            elsewhere = (mentioned & self._by_place.keys()) - countries - set(rule.areas) - set(rule.waters)
            if focus == own and (not elsewhere or (countries - {own}) & mentioned):
                return True
            countries.discard(own)
        return bool(countries & about or set(rule.areas) & mentioned)

    def _by_country(
        self, rule: ConflictRule, about: set[str], focus: str | None, topics: Sequence[str]
    ) -> Reason | None:
        if not topics:
            return None
        sides: dict[str, str] = {}
        for party in rule.parties:
            slug = _slug(party)
            if party.kind in STATE_KINDS and slug in about and len(party.side) == 1:
                sides.setdefault(party.side, slug)
        if len(sides) > 1 and focus in rule.countries:
            return Reason("conflict_states", {"states": sorted(sides.values())})
        if focus and self._owners.get(focus) == rule.slug:
            return Reason("conflict_country", {"country": focus, "topic": topics[0]})
        return None


def _slug(party: PartyRule) -> str:
    """Return the slug of the region that a state is."""
    return party.name.lower().replace(" ", "-")


def _is_hot(rule: ConflictRule, country: str) -> bool:
    """Say whether a country counts as being at conflict: not the great powers that are party to many."""
    return rule.status in HOT and country not in GREAT


def _owners(rules: Sequence[ConflictRule]) -> dict[str, str]:
    """Return the countries that lie in one conflict only and are its first party's ground."""
    seen: dict[str, list[ConflictRule]] = {}
    for rule in rules:
        for country in rule.countries:
            seen.setdefault(country, []).append(rule)
    return {c: found[0].slug for c, found in seen.items() if len(found) == 1 and _is_hot(found[0], c)}


def _as_topics(rules: Sequence[ConflictRule]) -> Iterable[TopicRule]:
    for rule in rules:
        yield TopicRule(rule.slug, strong=rule.aliases, everywhere=True)
        if rule.cues:
            yield TopicRule(f"{rule.slug}/", strong=rule.cues, everywhere=True)
        for party in rule.parties:
            if party.names:
                yield TopicRule(f"{rule.slug}/{party.name}", strong=party.names, everywhere=True)
