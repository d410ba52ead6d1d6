"""Is it a place at all? People, newspapers, streets and firms that bear the name of a place."""

from __future__ import annotations

from aggregator.pipeline.gazetteer import Gazetteer
from aggregator.pipeline.mentions import Found
from aggregator.pipeline.names import GIVEN, WORD
from aggregator.pipeline.placewords import FIRMS, HEADS_OF_STATE, PERSON_TITLES, STREETS

PLACE_KINDS = frozenset({"name", "capital", "town", "division"})


def is_namesake(found: Found, gazetteer: Gazetteer) -> bool:
    """Tell whether a name belongs to a person or a street: such a mention counts for nothing."""
    if found.entry.senses[0].kind not in PLACE_KINDS or " " in found.entry.name:
        return False
    return (
        _is_surname(found, gazetteer)
        or _is_given_name(found, gazetteer)
        or (found.after in STREETS and found.field != "title")
    )


def is_firm(found: Found) -> bool:
    """Tell whether a name is part of a firm's, club's or newspaper's name: weak evidence of the place."""
    return found.after in FIRMS


def _is_surname(found: Found, gazetteer: Gazetteer) -> bool:
    before = found.before
    if before in PERSON_TITLES:
        return True
    kind = found.entry.senses[0].kind
    if before in HEADS_OF_STATE and kind in ("town", "division"):
        return True
    if len(before) == 2 and before[1] == "." and before[0].isupper() and kind != "name":
        return True  # an initial: "John F. Kennedy"
    return before in gazetteer.given_names and (
        before.lower() not in gazetteer.common_words or kind == "town"
    )


def _is_given_name(found: Found, gazetteer: Gazetteer) -> bool:
    """Tell whether a surname follows: a word with a capital that is neither common nor a sure place."""
    if GIVEN not in found.entry.flags and found.entry.senses[0].kind != "town":
        return False
    after = found.after.rstrip(".,;:'\"’s") or found.after
    return (
        len(after) > 2
        and after[0].isupper()
        and not after.isupper()
        and after.lower() not in gazetteer.common_words
        and not _is_sure_name(after, gazetteer)
    )


def _is_sure_name(word: str, gazetteer: Gazetteer) -> bool:
    """Tell whether a word is a country, people or party; towns share their names with families."""
    entry = gazetteer.named(word)
    return entry is not None and entry.senses[0].kind not in ("town", "division")


def is_ordinary_word(found: Found) -> bool:
    """Tell whether a name that is also a word stands where any word has a capital."""
    return WORD in found.entry.flags and (
        not found.before or found.before[-1] in ".!?:" or found.field == "title"
    )
