"""The figures of the rules that decide something for a reader, each with its unit and what it does.

The values are read from the rules' own constants and models, so that the page cannot lie; only the sentences stand here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from aggregator.pipeline import gazetteer, group_model, linear

SPAN, SHARE, SCORE, NUMBER, WORDS, CHARACTERS = "span", "share", "score", "number", "words", "characters"


@dataclass(frozen=True)
class Figure:
    """A figure of a rule: what it does, its value in its unit (a span in seconds, a share of 1), and where it stands."""

    sentence: str
    value: float
    unit: str
    place: str


@dataclass(frozen=True)
class Station:
    """A step of the line with the figures of its rules."""

    slug: str
    name: str
    figures: tuple[Figure, ...]


# station: (its name, (where the value stands, its unit, what it does))
_TOLD: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "poll": (_("Asking feeds"), (
        ("schedule.MIN_WAIT", SPAN, _("A feed is asked again after this time at the earliest.")),
        ("schedule.MAX_EVERY", SPAN, _("A feed that gives little is asked at least so often.")),
        ("schedule.MAX_WAIT", SPAN, _("No feed waits longer than this, however often it failed.")),
        ("schedule.JITTER", SHARE, _("Each wait is moved by up to this share, so that outlets are not asked all at once.")),
        ("schedule.MAX_CRAWL_DELAY", SPAN, _("A pause between two requests that a site's robots.txt asks for is kept up to this length.")),
    )),
    "extract": (_("Reading texts"), (
        ("extract.EXTRACT_LENGTH", CHARACTERS, _("So much of a text is shown, in the outlet's own words.")),
        ("extract.MAX_TEXT", CHARACTERS, _("So much of a text is kept at most, for search and comparison.")),
        ("boilerplate.MAX_CUE_WORDS", WORDS, _("A sentence that asks to subscribe or follow is taken out of the text up to this length; a longer one is prose.")),
        ("boilerplate.LEARN_MIN_CHARACTERS", CHARACTERS, _("A line that an outlet repeats is learned as boilerplate from this length on.")),
    )),
    "trace": (_("Whose text it is"), (
        ("fingerprint.SHINGLE_WORDS", NUMBER, _("Texts are compared by runs of so many words.")),
        ("fingerprint.MIN_WORDS", WORDS, _("A shorter text is not compared: nobody can tell whose words they are.")),
        ("trace.CONTAINMENT", SHARE, _("A text is a copy when another holds at least this share of it.")),
        ("trace.CREDITED_CONTAINMENT", SHARE, _("Where one names the other as its source, this share is enough.")),
        ("trace.COVERAGE", SHARE, _("What is shared must be at least this share of the longer text; less is a quotation.")),
        ("trace.NARRATIVE", SHARE, _("And at least this share of the shorter text outside quotation marks.")),
        ("trace_issues.WHOLE", SHARE, _("From this share on, a text stands in the other as a whole: padded or shortened, by which of the two it is.")),
        ("trace.COMMON_ORIGINALS", NUMBER, _("A run of words that stands in so many different originals is boilerplate and proves nothing.")),
        ("trace_issues.BULLETIN_GAP", SPAN, _("Bulletins with other numbers, so far apart, are reports of their own, however alike their words.")),
        ("trace_first.REMOTE", SPAN, _("A date so long before we found a text is no claim to be first, unless a poll bears it out.")),
    )),
    "locate": (_("Where it is"), (
        ("locate_model.mentioned_at", SCORE, _("A region is taken as mentioned from this score on (0 to 1).")),
        ("locate_model.about_at", SCORE, _("A text is taken to be about a region from this score on (0 to 1).")),
        ("locate_model.about_short_at", SCORE, _("The same for texts that are a headline and a summary only.")),
        ("locate.SURE", SCORE, _("A country needs this score to be the place a report is mainly about.")),
        ("locate.PART_SHARE", SHARE, _("A part of a country is named by itself when it holds this share of the evidence.")),
    )),
    "classify": (_("What it is about"), (
        ("classify.READ", CHARACTERS, _("So much of the text is read for relevance and topics, after the headline.")),
        ("relevance.in", SCORE, _("A text belongs here from this score on (0 to 1), and readers see it.")),
        ("relevance.ask", SCORE, _("Between this score and that one a curator is asked; below it the text is kept, and not shown.")),
        ("topics.first", SCORE, _("The likeliest topic is given from this score on (0 to 1).")),
        ("topics.further", SCORE, _("Each further topic needs this score.")),
        ("classify.MOST_TOPICS", NUMBER, _("A text has at most so many topics.")),
    )),
    "group": (_("Stories"), (
        ("group_model.threshold", SCORE, _("A report joins the likeliest story from this score on (0 to 1); below it, it opens one.")),
        ("group.SPAN", SPAN, _("A story spans at most this time from its first report.")),
        ("group.WINDOW", SPAN, _("Stories that have been silent for longer are not compared with.")),
        ("group.CANDIDATES", NUMBER, _("An article is measured against so many stories, those with most of its rare words.")),
        ("group.LEAST_WORDS", NUMBER, _("It must share at least so many words with a story, numbers left out.")),
    )),
    "timeline": (_("Timelines"), (
        ("timeline.MIN_GAP_DAYS", NUMBER, _("So many days without a report are shown as a gap.")),
        ("timeline.MIN_LARGE_ORIGINS", NUMBER, _("A turning point has at least so many origins.")),
        ("timeline.LARGE_SHARE", NUMBER, _("At most one story in so many is a turning point.")),
        ("timeline.MAX_DOTS", NUMBER, _("So many dots are drawn at most; more cannot be read at a glance.")),
        ("timeline.TREND_FACTOR", NUMBER, _("A rise or fall is told when the number changed by this factor.")),
        ("timeline.TREND_MIN", NUMBER, _("And by at least so many stories.")),
        ("dates.FIRST_YEAR", NUMBER, _("A date before this year is taken as missing.")),
    )),
}  # fmt: skip


@lru_cache(maxsize=1)
def stations() -> tuple[Station, ...]:
    """Return the steps of the line in order, with their figures as they run."""
    return tuple(
        Station(slug, name, tuple(_figure(*row) for row in rows)) for slug, (name, rows) in _TOLD.items()
    )


def _figure(place: str, unit: str, sentence: str) -> Figure:
    module, name = place.split(".")
    value = (
        _models()[place] if name.islower() else getattr(import_module(f"aggregator.pipeline.{module}"), name)
    )
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return Figure(sentence, round(float(seconds), 3), unit, place)


@lru_cache(maxsize=1)
def _models() -> dict[str, float]:
    """Return what was fitted, and stands with the trained models."""
    card = _read(linear.FOLDER / "classify.json")
    found = {"group_model.threshold": group_model.load_model().threshold}
    found |= {f"relevance.{name}": card["relevance"][name] for name in ("in", "ask")}
    found |= {f"topics.{name}": card["topics"][name] for name in ("first", "further")}
    located = _read(gazetteer.VOCABULARY / "locate_model.json")
    return found | {
        f"locate_model.{name}": value for name, value in located.items() if isinstance(value, float)
    }


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
