"""A story for reference managers and calendars: nothing in a headline breaks the format."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.pipeline.calendar import LINE, ical
from aggregator.pipeline.citation import Citation, bibtex, ris
from aggregator.pipeline.faces import Face, FaceItem

AT = datetime(2023, 9, 19, 12, 5, tzinfo=UTC)


def cited(title: str) -> Citation:
    return Citation(7, title, "Newsroom", "https://n.example/stories/7/", "en", date(2023, 9, 19), AT, 3)


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        pytest.param("Two hurt", "Two hurt", id="plain"),
        pytest.param("100 % of {them} & more_$ #1 ~^\\", r"100 \% of \{them\} \& more\_\$ \#1 \textasciitilde{}\textasciicircum{}\textbackslash{}", id="specials"),
        pytest.param("a},\n@online{b,", r"a\}, @online\{b,", id="an entry within an entry"),
        pytest.param("Обстрел\x00", "Обстрел", id="another alphabet"),
    ],
)  # fmt: skip
def test_bibtex_escapes_what_a_headline_brings(title, inside):
    text = bibtex(cited(title))
    assert f"  title = {{{{{inside}}}}}," in text
    assert text.count("\n@") == 0
    assert text.startswith("@online{story-7,\n")
    assert text.endswith("}\n")


def test_ris_has_one_line_a_field_and_an_end():
    lines = ris(cited("Two\r\nER  - \r\nTY  - BOOK")).split("\r\n")
    assert lines[0] == "TY  - NEWS"
    assert lines[2] == "TI  - Two ER - TY - BOOK"
    assert lines[-2:] == ["ER  - ", ""]
    assert len(lines) == 11


def test_a_calendar_has_a_day_for_each_story_and_lines_of_seventy_five_octets():
    item = FaceItem(
        id="https://n.example/stories/7/",
        number=7,
        url="https://n.example/stories/7-x/",
        title="Обстрел; города, \\ снова\r\nBEGIN:VEVENT " + "очень " * 30,
        summary="Said so.",
        published_at=AT,
        updated_at=AT + timedelta(hours=1),
        happened_on=date(2023, 9, 18),
        tags=("Shelling, rockets",),
    )
    raw = ical(Face("Armenia", "https://n.example/", "https://n.example/x.ics", (item, item)))
    lines = raw.split(b"\r\n")
    assert all(len(line) <= LINE for line in lines)
    whole = raw.decode().replace("\r\n ", "").split("\r\n")
    assert whole.count("BEGIN:VEVENT") == whole.count("END:VEVENT") == 2
    assert whole[0] == "BEGIN:VCALENDAR"
    assert whole[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART;VALUE=DATE:20230918" in whole
    assert "DTEND;VALUE=DATE:20230919" in whole
    assert "CATEGORIES:Shelling\\, rockets" in whole
    assert next(line for line in whole if line.startswith("SUMMARY")).startswith(
        "SUMMARY:Обстрел\\; города\\, \\\\ снова\\nBEGIN:VEVENT"
    )
