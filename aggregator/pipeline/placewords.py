"""Words and endings around a place name that say what it is and what the text does with it."""

from __future__ import annotations

import json
import re
from pathlib import Path

_PATH = Path(__file__).resolve().parent.parent / "vocabulary" / "places" / "context.json"
_TOKEN = re.compile(r"'s\b|’s\b|[^\W_]+|[:;,.–—?!|-]")
_CONTEXT = json.loads(_PATH.read_text("utf-8"))


def _words(value: str) -> frozenset[str]:
    return frozenset(value.split())


def _by_word(groups: dict[str, str]) -> dict[str, str]:
    return {word: group for group, words in groups.items() for word in words.split()}


PERSON_TITLES = _words(_CONTEXT["person_titles"])
HEADS_OF_STATE = _words(_CONTEXT["heads_of_state"])
STREETS = _words(_CONTEXT["streets"])
FIRMS = _words(_CONTEXT["firms"])
RELATIONS = _by_word(_CONTEXT["relations"])  # the word before a name → what the text does with the place
DEEDS = _by_word(_CONTEXT["deeds"])  # the word after a name → what the place does
ACTS = _by_word(_CONTEXT["acts"])  # a word of a headline → what is done
TROOPS = _words(_CONTEXT["acts"]["army"]) | _words(_CONTEXT["air_strikes"])  # what a state fights with
PREPOSITIONS = _by_word(_CONTEXT["prepositions"])
ASIDE = _words(_CONTEXT["aside"])  # what follows is said in passing
PEOPLE = _words(_CONTEXT["people"])
HARMED = _words(_CONTEXT["harmed"])
PASSED_OVER = _words(_CONTEXT["passed_over"])  # articles and directions between a preposition and a place
SMALL_WORDS = _words(_CONTEXT["small_words"])  # of a headline, too common to say anything
RAIDS_LAND: dict[str, str] = _CONTEXT["raids_land"]  # country of an armed party → where its raids have landed
CYRILLIC_ENDINGS = _words(_CONTEXT["endings"]["cyrillic"])
LATIN_ENDINGS = _words(_CONTEXT["endings"]["latin"])
ARABIC_PREFIXES = _words(_CONTEXT["endings"]["arabic_before"])
ARABIC_ENDINGS = _words(_CONTEXT["endings"]["arabic"])
HEBREW_ENDINGS = _words(_CONTEXT["endings"]["hebrew"])


def tokens(text: str) -> list[str]:
    """Return words and clause marks of a text in lower case; a possessive is a token of its own."""
    return ["'s" if token in ("'s", "’s") else token for token in _TOKEN.findall(text.lower())]
