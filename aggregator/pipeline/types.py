"""Frozen values that one station of the line hands to the next.

All times are aware and in UTC. Dates are dates of the place. Scores are 0.0-1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a decision was made: a code from a fixed list, and its evidence (JSON values)."""

    code: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a feed gave it, made safe: text fields are text, links are http(s) or ''."""

    guid: str
    url: str
    title: str
    summary: str = ""  # text, no markup
    content: str = ""  # text, paragraphs separated by newlines; '' when the feed has only a summary
    author: str = ""
    published_at: datetime | None = None
    published_kind: str = "missing"  # feed | clamped | missing
    language: str = ""  # BCP 47 primary tag, lower case; '' when the feed does not say
    categories: tuple[str, ...] = ()
    source_name: str = ""  # RSS <source> or Atom <source>: the outlet named by an aggregating feed
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """A line taken out of a text: boilerplate, promo or credit."""

    line: str
    rule: str  # promo_cue | credit_cue | learned_line | ...
    position: str = "end"  # start | middle | end


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What a page (or a feed entry) says, with boilerplate out.

    `full_text` is the text before boilerplate is removed: revisions compare it. `text` has
    paragraphs separated by newlines.
    """

    title: str
    text: str
    full_text: str = ""
    author: str = ""
    language: str = ""
    published_at: datetime | None = None
    published_local: str = ""  # ISO 8601 in the zone that the page itself names
    published_kind: str = "missing"  # json_ld | meta | feed | url | guessed | clamped | missing
    modified_at: datetime | None = None
    canonical_url: str = ""
    original_url: str = ""  # original-source / syndication-source metas
    extract: str = ""  # at most 300 characters, in the outlet's own words
    kind: str = "text"  # text | stub (paywall, consent wall) | empty
    method: str = ""  # trafilatura | json_ld | feed | selector
    removed: tuple[Removed, ...] = ()
    noindex: tuple[str, ...] = ()  # of nosnippet, noarchive


@dataclass(frozen=True, slots=True)
class Credit:
    """Whose text an article says it carries."""

    kind: str  # agency | outlet
    name: str
    url: str = ""
    slug: str = ""  # agency slug, when kind is agency
    how: str = ""  # byline | dateline | source_line | canonical | meta | promo_address
    evidence: str = ""  # the words that say so


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Sampled shingle hashes (31 bit, sorted), LSH bands and what the trace rule needs."""

    shingles: tuple[int, ...]
    bands: tuple[int, ...]  # one key a band, in band order; () when the text is too short
    words: int
    text_hash: int
    title_hash: int
    numbers: tuple[str, ...] = ()
    quoted: tuple[int, ...] = ()  # the shingles that lie wholly inside quotation marks


@dataclass(frozen=True, slots=True)
class TraceCandidate:
    """An article as the tracing rule sees it: the one asked about, or a stored one that may carry its text."""

    article_id: int
    fingerprint: Fingerprint
    source_id: int
    family: str
    reported_at: datetime
    found_at: datetime
    url: str = ""
    original_id: int | None = None  # the original it was traced to; None when it is one itself
    absent_at: datetime | None = None  # its feed was read then, and it was not there; None: first poll
    is_dated: bool = True  # the outlet said when; False: reported_at is only our guess
    domains: tuple[str, ...] = ()  # its outlet's own
    credits: tuple[Credit, ...] = ()
    kind: str = "text"  # text | stub | empty, as ArticleText
    is_own: bool = False  # a curator's word: it is an original


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of two texts is the same, boilerplate not counted. Shares are 0.0-1.0."""

    shared: int  # sampled shingles in both
    of_first: float  # share of the first text's shingles
    of_second: float
    narrative: float = 1.0  # share of the shorter's unquoted shingles

    @property
    def containment(self) -> float:
        """The larger share: near 1.0 when one text lies in the other."""
        return max(self.of_first, self.of_second)

    @property
    def coverage(self) -> float:
        """The smaller share: near 1.0 when the texts are the same."""
        return min(self.of_first, self.of_second)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A text much alike that is not the same report, and the rule that said so."""

    article_id: int
    why: str  # quotes_only | recurring_bulletin | too_little | stub
    overlap: Overlap


@dataclass(frozen=True, slots=True)
class Traced:
    """Whose text an article carries.

    `takes_over` are originals (with kind and score) that turn out to be copies of this one, or of
    its original, and have to be re-pointed with all their copies.
    """

    kind: str  # original | exact | republished | truncated | padded | updated
    original_id: int | None = None
    twin_id: int | None = None  # the article it was recognised by
    score: float = 0.0
    reason: Reason = Reason("no_match")
    takes_over: tuple[tuple[int, str, float], ...] = ()
    near: tuple[NearMiss, ...] = ()
    leaves_bands: bool = True  # False: says nothing that its twin's bands do not find already


class Mention(NamedTuple):
    """A place (or a demonym, leader, party) found in a text. A tuple: a text has dozens, and it is quickly made."""

    region: str  # slug of the deepest region
    name: str  # as it stands in the text
    kind: str  # place | demonym | capital | town | division | party | leader | area
    field: str  # title | lead | text
    start: int  # offset in that field
    weight: float = 1.0
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class RegionScore:
    """How strongly a text is about a region, and by which names."""

    region: str
    score: float
    about: bool
    names: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """Regions of a text, deepest first, without ancestors; `focus` is the main one."""

    mentions: tuple[Mention, ...] = ()
    regions: tuple[RegionScore, ...] = ()  # best first; `about` tells the two outputs apart
    focus: str | None = None
    countries: tuple[str, ...] = ()  # ISO2 it is about, best first
    countries_mentioned: tuple[str, ...] = ()
    focus_country: str | None = None


@dataclass(frozen=True, slots=True)
class CueHit:
    """A matched cue with its place in the text."""

    topic: str
    cue: str
    field: str
    start: int
    strength: str = "strong"  # strong | weak | negative


@dataclass(frozen=True, slots=True)
class TopicScore:
    """A topic that an article gets, with the cues or the model behind it."""

    topic: str
    score: float
    rule: str  # cue | model | both
    cues: tuple[CueHit, ...] = ()


@dataclass(frozen=True, slots=True)
class Classified:
    """Relevance, topics (best first, at most three), form and conflicts of an article."""

    relevance_score: float
    relevance: str  # in | ask | out
    relevance_reason: Reason
    topics: tuple[TopicScore, ...] = ()
    form: str = "report"
    form_reason: Reason = Reason("form_default")
    conflicts: tuple[tuple[str, Reason], ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """When it happened: a date of the place, how exact, and how we know."""

    on: date
    precision: str  # day | month | year | reported (no better knowledge than the report)
    reason: Reason
