"""Text → place mentions → regions: which are mentioned, which it is about, and the focus.

Countries follow from the vocabulary's tree, never from border polygons. A contested area counts for
the country above it in the tree; an area without one counts for those it is also listed under.
"""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.pipeline.gazetteer import Gazetteer
from aggregator.pipeline.mentions import LEAD_CHARS, find_names
from aggregator.pipeline.names import NEEDS_CUE, WORD, normalised
from aggregator.pipeline.placemodel import (
    Candidate,
    acts,
    features_of,
    gather,
    logits,
    probability,
    short_kind,
)
from aggregator.pipeline.placeroles import add_roles
from aggregator.pipeline.placetargets import TARGET, find_targets
from aggregator.pipeline.senses import Meant, choose_senses
from aggregator.pipeline.types import Located, Mention, RegionScore

PART_SHARE = 0.2  # of a country's evidence that a part needs to be shown by itself
AREA_EASE = 0.7
SURE = 0.3  # of either score, for a country to be the focus
PART_LEAD = 0.6  # of what a country's parts hold together, for one part to speak for it
PART_FOCUS = 0.25  # and to stand as focus instead of its country
MAX_MENTIONS = 200
SHORT_WORDS = 80  # below it a text is scored as headline and summary
DOUBTFUL = frozenset({NEEDS_CUE, WORD})
WIDE = frozenset({"root", "macro", "subregion"})


def locate(
    title: str, text: str, *, gazetteer: Gazetteer, home_region: str | None = None, language: str = ""
) -> Located:
    """Return where a text is set.

    `home_region` is the home of the outlet and only for outlets that report on it: it settles
    namesakes, it never adds a place. `language` is a hint and may be ''. Text beyond 20,000
    characters is not read. Empty texts and texts without places give an empty Located.
    """
    return judge(read_places(title, text, gazetteer, home_region), gazetteer)


@dataclass(frozen=True, slots=True)
class Reading:
    """The places of a text as candidates with features: what the scores are trained on and applied to."""

    meant: list[Meant]
    candidates: list[Candidate]
    features: list[dict[str, float]]
    is_short: bool  # a headline and a summary rather than a full text


def read_places(title: str, text: str, gazetteer: Gazetteer, home_region: str | None = None) -> Reading:
    """Return the candidates of a text; see `locate` for the arguments."""
    home = (gazetteer.tree.country(home_region) or "") if home_region else ""
    meant = choose_senses(find_names(title, text, gazetteer), gazetteer, home)
    words = (len(text) + len(title)) // 6
    head = f"{title} {text[:LEAD_CHARS]}"
    meant += find_targets(meant, head)
    candidates = gather(meant, gazetteer.tree)
    features = features_of(candidates, head=head, words=words, home=home) if candidates else []
    is_short = words < SHORT_WORDS
    if is_short and candidates:
        kinds = {id(name): short_kind(name) for name in meant}
        lead = normalised(text[: 2 * LEAD_CHARS])
        add_roles(features, [item.meant for item in candidates], kinds, normalised(title[:1000]), lead)
    return Reading(meant, candidates, features, is_short)


def judge(reading: Reading, gazetteer: Gazetteer) -> Located:
    """Return what the scores of `gazetteer.model` make of a reading."""
    return _Judge(gazetteer, reading).located() if reading.meant else Located()


@dataclass
class _Scored:
    candidate: Candidate
    mentioned: float
    about: float
    focus: float

    @property
    def is_guess(self) -> bool:
        """Tell whether names that need a second cue (Georgia, KIA, Reading) are all there is."""
        names = self.candidate.meant
        return all(DOUBTFUL & set(name.found.entry.flags) and not _counts(name) for name in names)


def _counts(meant: Meant) -> bool:
    return not meant.weak or meant.supported


def _is_implied(candidate: Candidate) -> bool:
    return all(meant.sense.kind == TARGET for meant in candidate.meant)


class _Judge:
    """Scores the candidates of one text and picks regions and focus."""

    def __init__(self, gazetteer: Gazetteer, reading: Reading) -> None:
        self.tree, self.model, self.meant = gazetteer.tree, gazetteer.model, reading.meant
        about, focus = ("about_short", "focus_short") if reading.is_short else ("about", "focus")
        self.about_at: float = self.model[about + "_at"]
        heads = [self.model["heads"][head] for head in ("mentioned", about, focus)]
        scores = [logits(row, heads) for row in reading.features]
        self.scored = [
            _Scored(item, probability(score[0]), probability(score[1]), score[2])
            for item, score in zip(reading.candidates, scores, strict=True)
        ]
        self.scored.sort(key=lambda item: -item.focus)

    def located(self) -> Located:
        about = self._about()
        focus = self._focus(about)
        regions = [
            score for item in self.scored for score in self._regions(item, focus, is_about=item in about)
        ]
        return Located(
            mentions=tuple(
                self._mention(meant)
                for meant in self.meant[:MAX_MENTIONS]
                if (not meant.weak or meant.supported) and meant.sense.kind != TARGET
            ),
            regions=tuple(sorted(regions, key=lambda score: (not score.about, -score.score))),
            focus=focus,
            countries=tuple(self._countries(about)),
            countries_mentioned=tuple(self._mentioned()),
            focus_country=self._focus_country(about),
        )

    def _mentioned(self) -> list[str]:
        limit = self.model["mentioned_at"]
        named = [item.candidate for item in self.scored if item.mentioned >= limit]
        return [item.key for item in named if len(item.key) == 2 and not _is_implied(item)]

    def _about(self) -> list[_Scored]:
        sure = [item for item in self.scored if not item.is_guess]
        about = [item for item in sure if item.about >= self._limit(item)]
        narrow = [item for item in about if not self._is_wide(item)]
        shown = narrow or about
        focus = self._focus_order(shown)[:1]
        return shown if focus and focus[0] in shown else [*focus, *shown]

    def _limit(self, item: _Scored) -> float:
        """Return what a candidate has to reach; the scores have learned little of seas and theatres."""
        is_narrow_area = len(item.candidate.key) > 2 and not self._is_wide(item)
        return self.about_at * AREA_EASE if is_narrow_area else self.about_at

    def _is_wide(self, item: _Scored) -> bool:
        node = self.tree.nodes.get(item.candidate.key)
        return node is not None and node.kind in WIDE

    def _countries(self, about: list[_Scored]) -> list[str]:
        found: dict[str, None] = {}
        own = {item.candidate.key for item in about}
        for item in about:
            for country in self._counts_for(item.candidate.key, own):
                found[country] = None
        return list(found)

    def _counts_for(self, key: str, own: set[str]) -> list[str]:
        """Return a candidate's countries: its own, or those that an area across borders is listed under."""
        if len(key) == 2:
            return [key]
        node = self.tree.nodes.get(key)
        if node is None or node.kind not in ("contested-area", "theatre"):
            return []
        shared = list(self.tree.countries(key))
        if any(country in own for country in shared):
            return []
        return shared[: 2 if node.kind == "contested-area" else 1]

    def _focus_order(self, about: list[_Scored]) -> list[_Scored]:
        """Return what may be the focus, best first: the focus score alone decides among sure names."""
        sure = [item for item in self.scored if max(item.mentioned, item.about) >= SURE and not item.is_guess]
        return [item for item in sure if not self._is_wide(item)] or about

    def _focus_country(self, about: list[_Scored]) -> str | None:
        for item in self._focus_order(about):
            countries = self._counts_for(item.candidate.key, {item.candidate.key})
            if countries:
                return countries[0]
        return None

    def _focus(self, about: list[_Scored]) -> str | None:
        """Return the deepest region that holds enough of the focus, going by places and peoples alone."""
        order = self._focus_order(about)
        if not order:
            return None
        top, own = order[0], self._own_slug(order[0])
        parts = self._parts(top, only_places=True)
        rest = {part: share for part, share in parts.items() if part != own}
        best = max(rest, key=lambda part: rest[part], default=own)
        is_clear = rest.get(best, 0.0) >= PART_FOCUS and rest[best] >= PART_LEAD * sum(rest.values())
        return best if is_clear else own

    def _own_slug(self, item: _Scored) -> str:
        key = item.candidate.key
        return (self.tree.slug_of(key) or "") if len(key) == 2 else key

    def _parts(self, item: _Scored, *, only_places: bool = False) -> dict[str, float]:
        """Return the share of a candidate's evidence that each of its regions holds."""
        weights: dict[str, float] = {}
        for meant in item.candidate.meant:
            if only_places and acts(meant):
                continue
            region = meant.sense.region or self._own_slug(item)
            weights[region] = weights.get(region, 0.0) + meant.weight
        total = sum(weights.values()) or 1.0
        return {region: weight / total for region, weight in weights.items()}

    def _regions(self, item: _Scored, focus: str | None, *, is_about: bool) -> list[RegionScore]:
        own, parts = self._own_slug(item), self._parts(item)
        large = {part for part, share in parts.items() if share >= PART_SHARE or part == focus}
        shown = large - {own}
        is_own_about = is_about and (
            not shown or own == focus or (own in large and self._is_named(item, own))
        )
        scores = [
            self._region(item, part, item.about * (0.5 + share / 2), is_about and part in shown)
            for part, share in parts.items()
            if part != own
        ]
        return [*scores, self._region(item, own, item.about, is_own_about)]

    def _is_named(self, item: _Scored, own: str) -> bool:
        """Tell whether a whole is named itself; its people's name beside a part of it says no more than the part."""
        return any(
            meant.sense.kind != "demonym" and not acts(meant) and (meant.sense.region or own) == own
            for meant in item.candidate.meant
        )

    def _region(self, item: _Scored, region: str, score: float, is_about: bool) -> RegionScore:
        names = dict.fromkeys(
            meant.found.entry.name
            for meant in item.candidate.meant
            if (meant.sense.region or self._own_slug(item)) == region
        )
        return RegionScore(region, round(score, 4), is_about, tuple(names)[:5], "names")

    def _mention(self, meant: Meant) -> Mention:
        found, sense = meant.found, meant.sense
        field = "text" if found.field == "dateline" else found.field
        region = sense.region or self.tree.slug_of(sense.country) or ""
        weight = round(meant.weight, 3)
        return Mention(region, found.entry.name, sense.kind, field, found.start, weight, sense.lat, sense.lon)
