"""Text → place mentions → regions: which are mentioned, which it is about, and the focus.

Countries follow from the vocabulary's tree, never from border polygons. A contested area counts for
the country above it in the tree; an area without one counts for those it is also listed under.
"""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.pipeline.gazetteer import Gazetteer
from aggregator.pipeline.mentions import Found, find_names
from aggregator.pipeline.placemodel import Candidate, features_of, gather, logit, probability, weigh
from aggregator.pipeline.senses import Meant, choose_senses
from aggregator.pipeline.types import Located, Mention, RegionScore

PART_SHARE = 0.2  # of a country's evidence that a part needs to be shown by itself
PART_FOCUS = 0.4  # and to stand as focus instead of its country
MAX_MENTIONS = 200
WIDE = frozenset({"root", "macro", "subregion"})


def locate(
    title: str, text: str, *, gazetteer: Gazetteer, home_region: str | None = None, language: str = ""
) -> Located:
    """Return where a text is set.

    `home_region` is the home of the outlet and only for outlets that report on it: it settles
    namesakes, it never adds a place. `language` is a hint and may be ''. Text beyond 20,000
    characters is not read. Empty texts and texts without places give an empty Located.
    """
    meant, home = _read(title, text, gazetteer, home_region)
    if not meant:
        return Located()
    return _Judge(gazetteer, meant, words=_words(title, text), home=home).located()


def candidates_of(
    title: str, text: str, gazetteer: Gazetteer, home_region: str | None
) -> tuple[list[Candidate], int, str]:
    """Return what the scores are trained on: candidates, length in words, home country ('' for none)."""
    meant, home = _read(title, text, gazetteer, home_region)
    return gather(meant, gazetteer.tree), _words(title, text), home


def _read(title: str, text: str, gazetteer: Gazetteer, home_region: str | None) -> tuple[list[Meant], str]:
    home = (gazetteer.tree.country(home_region) or "") if home_region else ""
    return choose_senses(find_names(title, text, gazetteer), gazetteer, home), home


def _words(title: str, text: str) -> int:
    return (len(text) + len(title)) // 6


@dataclass
class _Scored:
    candidate: Candidate
    mentioned: float
    about: float
    focus: float


class _Judge:
    """Scores the candidates of one text and picks regions and focus."""

    def __init__(self, gazetteer: Gazetteer, meant: list[Meant], *, words: int, home: str) -> None:
        self.tree, self.model, self.meant = gazetteer.tree, gazetteer.model, meant
        self.candidates = gather(meant, self.tree)
        rows = features_of(self.candidates, words=words, home=home)
        self.scored = [self._score(item, row) for item, row in zip(self.candidates, rows, strict=True)]
        self.scored.sort(key=lambda item: -item.focus)

    def _score(self, item: Candidate, row: dict[str, float]) -> _Scored:
        heads = self.model.get("heads", {})
        mentioned = probability(logit(row, heads.get("mentioned", {})))
        about = probability(logit(row, heads.get("about", {})))
        return _Scored(item, mentioned, about, logit(row, heads.get("focus", {})))

    def located(self) -> Located:
        about = self._about()
        regions = [score for item in self.scored for score in self._regions(item, is_about=item in about)]
        focus_country = self._focus_country(about)
        return Located(
            mentions=tuple(
                self._mention(meant)
                for meant in self.meant[:MAX_MENTIONS]
                if not meant.weak or meant.supported
            ),
            regions=tuple(sorted(regions, key=lambda score: (not score.about, -score.score))),
            focus=self._focus(about),
            countries=tuple(self._countries(about)),
            countries_mentioned=tuple(
                item.candidate.key
                for item in self.scored
                if len(item.candidate.key) == 2 and item.mentioned >= self.model.get("mentioned_at", 0.5)
            ),
            focus_country=focus_country,
        )

    def _about(self) -> list[_Scored]:
        limit = self.model.get("about_at", 0.5)
        about = [item for item in self.scored if item.about >= limit]
        narrow = [item for item in about if not self._is_wide(item)]
        return narrow or about

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
        """Return the countries of a candidate: its own, or those that a contested area or theatre is listed under."""
        if len(key) == 2:
            return [key]
        node = self.tree.nodes.get(key)
        if node is None or node.kind not in ("contested-area", "theatre"):
            return []
        shared = list(self.tree.countries(key))
        if any(country in own for country in shared):
            return []
        return shared[: 2 if node.kind == "contested-area" else 1]

    def _focus_country(self, about: list[_Scored]) -> str | None:
        for item in about or [item for item in self.scored if item.mentioned >= 0.5]:
            countries = self._counts_for(item.candidate.key, {item.candidate.key})
            if countries:
                return countries[0]
        return None

    def _focus(self, about: list[_Scored]) -> str | None:
        if not about:
            return None
        top = about[0]
        parts = [(part, share) for part, share in self._parts(top).items() if part != self._own_slug(top)]
        best = max(parts, key=lambda pair: pair[1], default=("", 0.0))
        return best[0] if best[1] >= PART_FOCUS else self._own_slug(top)

    def _own_slug(self, item: _Scored) -> str:
        key = item.candidate.key
        return (self.tree.slug_of(key) or "") if len(key) == 2 else key

    def _parts(self, item: _Scored) -> dict[str, float]:
        """Return the share of a candidate's evidence that each of its regions holds."""
        weights: dict[str, float] = {}
        for meant in item.candidate.meant:
            region = meant.sense.region or self._own_slug(item)
            weights[region] = weights.get(region, 0.0) + weigh(meant)
        total = sum(weights.values()) or 1.0
        return {region: weight / total for region, weight in weights.items()}

    def _regions(self, item: _Scored, *, is_about: bool) -> list[RegionScore]:
        own = self._own_slug(item)
        parts = self._parts(item)
        parts.setdefault(own, 0.0)
        shown = {part: share for part, share in parts.items() if part != own and share >= PART_SHARE}
        scores = [
            self._region(item, part, item.about * (0.5 + share / 2), is_about)
            for part, share in shown.items()
        ]
        scores += [
            self._region(item, part, item.about * share, False)
            for part in parts
            if part != own and part not in shown
            for share in (parts[part],)
        ]
        is_own_about = is_about and not (shown and parts[own] < PART_SHARE)
        return [*scores, self._region(item, own, item.about, is_own_about)]

    def _region(self, item: _Scored, region: str, score: float, is_about: bool) -> RegionScore:
        names = dict.fromkeys(
            meant.found.entry.name
            for meant in item.candidate.meant
            if (meant.sense.region or self._own_slug(item)) == region
        )
        return RegionScore(region, round(score, 4), is_about, tuple(names)[:5], "names")

    def _mention(self, meant: Meant) -> Mention:
        found: Found = meant.found
        region = meant.sense.region or self.tree.slug_of(meant.sense.country) or ""
        return Mention(
            region=region,
            name=found.entry.name,
            kind=meant.sense.kind,
            field="text" if found.field == "dateline" else found.field,
            start=found.start,
            weight=round(weigh(meant), 3),
            lat=meant.sense.lat,
            lon=meant.sense.lon,
        )
