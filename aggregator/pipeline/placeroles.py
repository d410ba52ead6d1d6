"""What a headline does with each place in it: is it struck, does it speak, is it said in passing?

Read for short texts only, from the words between the names; names of roles are what the focus score learns from.
The words are English: in other languages little but the order of the names is seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.pipeline.placegrounds import add_grounds
from aggregator.pipeline.placesides import add_words
from aggregator.pipeline.placetargets import TARGET
from aggregator.pipeline.placewords import ACTS, ASIDE, HARMED, PEOPLE, PREPOSITIONS, tokens
from aggregator.pipeline.senses import Meant

PREFIX = "role:"
CAP = 2.0
LEAD_SHARE = 0.7  # a lead's roles count less than a headline's
PLACING = frozenset({"in", "on", "into", "to", "of", "from"})
DOING = frozenset({"strike", "raid", "act", "send", "say"})
HAVING_A_DEED = frozenset(
    {"state", "army", "people", "fighters", "held"}
)  # "Israeli forces strike": the deed comes next
REACH_BEFORE, REACH_AFTER, REACH_DEED = 8, 7, 4  # words
TAG_CHARS = 32  # "Israel attack: …"

_STOPS = frozenset(":;?!,.")
_CLAUSE_ENDS = frozenset(":;?!")
_SAYS_SO = re.compile(r"[,:’'”\"]?\s*\w*\s*(?:says|say|said|according to|reports?)\W*$")


def add_roles(
    rows: Sequence[dict[str, float]],
    places: Sequence[list[Meant]],
    kinds: dict[int, str],
    title: str,
    lead: str,
) -> None:
    """Add to each row the roles that its mentions play in title and lead.

    `places` are the mentions of each row's candidate, `kinds` their short kinds by id: N a place, D a people, L a
    leader or institution, Y an armed party, T the country that a party's raid has reached. `title` and `lead` are the normalised texts that offsets refer to.
    """
    add_words(rows, places, kinds, tokens(title), PREFIX + "with|")
    add_grounds(rows, places, kinds, {"title": title, "lead": lead}, PREFIX)
    for field, text in (("title", title), ("lead", lead)):
        found = sorted(
            (
                (meant.found.start, number, meant)
                for number, mentions in enumerate(places)
                for meant in mentions
                if meant.found.field == field and _is_read(meant)
            ),
            key=lambda item: item[:2],
        )
        if found:
            owners = [number for _, number, _ in found]
            _add_field(rows, owners, [meant for _, _, meant in found], kinds, _Read(field, text))


def _is_read(meant: Meant) -> bool:
    return meant.sense.kind != TARGET and (not meant.weak or meant.supported)


@dataclass(frozen=True, slots=True)
class _Read:
    field: str
    text: str

    @property
    def share(self) -> float:
        return 1.0 if self.field == "title" else LEAD_SHARE


def _add_field(
    rows: Sequence[dict[str, float]],
    owners: list[int],
    found: list[Meant],
    kinds: dict[int, str],
    read: _Read,
) -> None:
    spans = [(meant.found.start, meant.found.end) for meant in found]
    roles = _roles(read.text, spans)
    harmed = not HARMED.isdisjoint(tokens(read.text))
    for place, (owner, meant) in enumerate(zip(owners, found, strict=True)):
        kind = kinds[id(meant)]
        names = [
            form for role in roles[place] for form in (f"{read.field}|{role}", f"{read.field}|{kind}>{role}")
        ]
        for name in names:
            _add(rows[owner], name, read.share)
        if meant.sense.kind == "demonym" and _are_people(read.text[meant.found.end :]):
            _add(rows[owner], read.field + "|people", 1.0)
            if harmed:
                _add(rows[owner], read.field + "|people harmed", 1.0)
        if read.field == "title":
            for word in _neighbours(read.text, spans, place, [kinds[id(meant)] for meant in found]):
                _add(rows[owner], word, LEAD_SHARE)
    rows[owners[0]][f"{PREFIX}{read.field}|first"] = 1.0
    if read.field == "title" and len(set(owners)) == 1:
        rows[owners[0]][PREFIX + "title|only"] = 1.0


def _add(row: dict[str, float], name: str, value: float) -> None:
    name = PREFIX + name
    row[name] = min(CAP, row.get(name, 0.0) + value)


def _are_people(after: str) -> bool:
    return not PEOPLE.isdisjoint(tokens(after[:40])[:3])


def _between(text: str, spans: list[tuple[int, int]], place: int) -> tuple[list[str], list[str]]:
    """Return the words between a name and its neighbours, or the ends of the text."""
    start, end = spans[place]
    left = spans[place - 1][1] if place else 0
    right = spans[place + 1][0] if place + 1 < len(spans) else len(text)
    return tokens(text[left:start]), tokens(text[end:right])


def _roles(text: str, spans: list[tuple[int, int]]) -> list[list[str]]:
    out, aside = [], False
    length = len(text.rstrip(" .?!'’\"”"))
    for place, (_, end) in enumerate(spans):
        left, right = _between(text, spans, place)
        for token in left:
            aside = token in ASIDE or (aside and token not in _CLAUSE_ENDS)
        is_last = place + 1 == len(spans)
        roles = [*_before(left, is_object=place > 0), *_after(right, is_last=is_last)]
        if not place:
            roles.append("opens")
        if is_last and end >= length - 1:
            roles.append("last")
        if is_last and (
            (end >= length - 1 and left[-1:] in ([":"], ["–"], ["-"], ["—"]))
            or _SAYS_SO.search(text[end : end + 30])
        ):
            roles.append("signed")
        out.append([_setting(text, spans, place, aside=aside) + role for role in roles])
    return out


def _setting(text: str, spans: list[tuple[int, int]], place: int, *, aside: bool) -> str:
    """Name where a mention stands: in an aside ("after …"), in a tag before a colon, joined to another name."""
    end = spans[place][1]
    is_tag = place < 2 and 0 <= text.find(":", end) - end < TAG_CHARS
    gaps = [
        text[spans[near][1] : spans[near + 1][0]] for near in (place - 1, place) if 0 <= near < len(spans) - 1
    ]
    joined = "j:" if any(gap in ("-", "–") for gap in gaps) else ""
    return ("s:" if aside else "g:" if is_tag else "") + joined


def _before(left: list[str], *, is_object: bool) -> list[str]:
    """Return what leads to a name: "siege on", "to send … to", or nothing."""
    act, preposition = "none", "0"
    for token in left[::-1][:REACH_BEFORE]:
        if token in _CLAUSE_ENDS:
            break
        if preposition == "0":
            preposition = PREPOSITIONS.get(token, "0")
        if token in ASIDE:
            act = "sub"
            break
        if token in ACTS:
            act = ACTS[token]
            break
    placed = preposition == "0" or preposition in PLACING
    roles = [f"L:{act}_{preposition}" if placed else "L:" + preposition]
    if preposition != "0":
        roles.append("Lp:" + preposition)
    elif is_object and act != "none":
        roles.append("obj:" + act)
    return roles


def _after(right: list[str], *, is_last: bool) -> list[str]:
    """Return what a name goes on to do, or what follows it."""
    act, at = "none", 0
    for at, word in enumerate(right[:REACH_AFTER]):
        if word in _STOPS or word in ASIDE:
            act = "stop" if not at and word in _STOPS else act
            break
        if word in PREPOSITIONS and word != "to":
            owns = right[0] == "'s"
            act = "p" + PREPOSITIONS[word] if at == int(owns) else act
            break
        if word in ACTS:
            act = ACTS[word]
            break
    roles = ["R:" + act]
    if act in HAVING_A_DEED:
        for word in right[at + 1 : at + 1 + REACH_DEED]:
            if word in ASIDE or word in _STOPS:
                break
            if ACTS.get(word, act) != act:
                roles.append(f"R2:{act}>{ACTS[word]}")
                break
    if act in DOING:
        roles.append(f"Ro:{act}{'-' if is_last else '+'}")
    return roles


def _neighbours(text: str, spans: list[tuple[int, int]], place: int, kinds: list[str]) -> list[str]:
    """Return the two words on either side of a name as they stand; a name is told by its kind."""
    left, right = _between(text, spans, place)
    before, after = left[::-1][:2], right[:2]
    if len(before) < 2:
        before.append(f"<{kinds[place - 1]}>" if place else "^")
    if len(after) < 2:
        after.append(f"<{kinds[place + 1]}>" if place + 1 < len(spans) else "$")
    return [
        *(f"{'before' if near else 'just before'}={word}" for near, word in enumerate(before)),
        *(f"{'after' if near else 'just after'}={word}" for near, word in enumerate(after)),
    ]
