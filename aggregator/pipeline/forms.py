"""What kind of text is it? Report, live page, analysis and so on, by its headline, address and lead.

The forms are tried in the order of the vocabulary; the first whose pattern is found wins, and
a text that shows none is a report. Patterns are the vocabulary's (regular expressions without
case); a pattern that cannot be compiled is left out. A weak pattern gives way where the headline
tells a new act (`form_acts.py`): a bomb at the anniversary parade is news.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import ahocorasick

from aggregator.pipeline.form_acts import ActBook
from aggregator.pipeline.letters import folded, needed_letters
from aggregator.pipeline.types import Reason

REPORT = "report"
HEADLINE_LIMIT, LEAD_LIMIT = 300, 400  # characters that a pattern may look at
LONG = 260  # characters of a pattern


@dataclass(frozen=True, slots=True)
class FormRule:
    """How one form shows itself; `broad` is the form it counts as outside: a digest is a situation report."""

    slug: str
    name: str = ""
    broad: str = ""
    counts_for_events: bool = True
    headline: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Of headlines, by language; those under "en" hold for all.
    weak: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Sign:
    """The patterns of a form for one field, and letters of which a text holds one where they match."""

    slug: str
    where: str
    pattern: re.Pattern[str]
    letters: tuple[str, ...]  # empty: nothing can be said without a search
    weak: bool  # gives way to a new act in the headline


class _Signs:
    """The signs of a language in the order in which they are tried."""

    def __init__(self, signs: Iterable[_Sign]) -> None:
        self.signs = tuple(signs)
        self._always = [number for number, sign in enumerate(self.signs) if not sign.letters]
        self._machines: dict[str, Any] = {}
        for where in ("headline", "lead", "url"):
            by_run: dict[str, list[int]] = {}
            for number, sign in enumerate(self.signs):
                for run in sign.letters if sign.where == where else ():
                    by_run.setdefault(run, []).append(number)
            machine = ahocorasick.Automaton()
            for run, numbers in by_run.items():
                machine.add_word(run, numbers)
            if by_run:
                machine.make_automaton()
                self._machines[where] = machine

    def to_try(self, fields: Mapping[str, str]) -> list[_Sign]:
        """Return the signs that can be in a text: those of whose letters its fields hold some."""
        numbers = {number for number in self._always if fields[self.signs[number].where]}
        for where, machine in self._machines.items():
            if fields[where]:
                for _, found in machine.iter(folded(fields[where])):
                    numbers.update(found)
        return [self.signs[number] for number in sorted(numbers)]


class FormBook:
    """All forms, compiled per language on first use; languages without patterns of their own share one."""

    def __init__(self, rules: Iterable[FormRule], acts: ActBook | None = None) -> None:
        self.rules = tuple(rules)
        self.acts = acts or ActBook()
        self._languages = {lang for rule in self.rules for lang in (*rule.by_language, *rule.weak)} | {"en"}
        self._compiled: dict[str, _Signs] = {}

    def find(self, title: str, lead: str, url: str, language: str) -> tuple[str, Reason]:
        """Return the form of a text and the pattern's words that show it."""
        fields = {"headline": title[:HEADLINE_LIMIT], "lead": lead[:LEAD_LIMIT], "url": path_of(url)}
        for sign in self._for(language).to_try(fields):
            found = sign.pattern.search(fields[sign.where])
            if found and not (sign.weak and self._gives_way(sign, found, fields["headline"], language)):
                words = found.group()[:80].strip()
                return sign.slug, Reason("form_pattern", {"field": sign.where, "words": words})
        return REPORT, Reason("form_default")

    def _gives_way(self, sign: _Sign, found: re.Match[str], headline: str, language: str) -> bool:
        """True where the headline tells a new act beside what was found."""
        span = found.span() if sign.where == "headline" else (0, 0)
        return self.acts.tells(headline, span, language if language in self._languages else "en")

    def _for(self, language: str) -> _Signs:
        language = language if language in self._languages else "en"
        if language not in self._compiled:
            self._compiled[language] = _Signs(self._compile(language))
        return self._compiled[language]

    def _compile(self, language: str) -> Iterable[_Sign]:
        for rule in self.rules:
            own = rule.by_language.get(language, ()) if language != "en" else ()
            weak = rule.weak.get(language, ()) if language != "en" else ()
            for where, patterns, is_weak in (
                ("headline", own + rule.headline, False),
                ("headline", weak + rule.weak.get("en", ()), True),
                ("lead", rule.lead, bool(rule.weak)),
                ("url", rule.url, False),
            ):
                pattern = either(patterns)
                if pattern:
                    usable = [p for p in patterns if p and not bad_pattern(p)]
                    yield _Sign(rule.slug, where, pattern, needed_letters(usable), is_weak)


def either(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """Return one pattern that finds any of `patterns`; None when none of them can be used."""
    usable = [p for p in patterns if p and not bad_pattern(p)]
    return re.compile("|".join(f"(?:{p})" for p in usable), re.IGNORECASE) if usable else None


def bad_pattern(pattern: str) -> str:
    """Say in one sentence why a pattern cannot be used; '' when it can."""
    if len(pattern) > 4 * LONG:
        return "The pattern is too long."
    if re.search(r"[*+}]\)*[*+{]", pattern.replace("\\+", "").replace("\\*", "")):
        return "A repeated repetition can take for ever."
    try:
        re.compile(pattern, re.IGNORECASE)
    except re.error as wrong:
        return f"Not a regular expression: {wrong}."
    return ""


def path_of(url: str) -> str:
    """Return host and path of an address in lower case, without query; '' when it has none."""
    try:
        parts = urlsplit(url[:600])
    except ValueError:
        return ""
    return f"{parts.netloc}{parts.path}".lower()
