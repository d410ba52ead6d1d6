from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.pipeline.dates import read_date


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        pytest.param("Mon, 02 Oct 2023 10:00:00 +0200", datetime(2023, 10, 2, 8), id="RFC 822"),
        pytest.param("Mon, 2 Oct 2023 10:00:00 EST", datetime(2023, 10, 2, 15), id="named zone"),
        pytest.param("2023-10-02T10:00:00Z", datetime(2023, 10, 2, 10), id="ISO 8601"),
        pytest.param("2023-10-02T10:00:00+03:00", datetime(2023, 10, 2, 7), id="ISO with zone"),
        pytest.param("2023-10-02", datetime(2023, 10, 2), id="day alone"),
        pytest.param("2 octobre 2023 18:30", datetime(2023, 10, 2, 18, 30), id="French"),
        pytest.param("13 февраля 2023, 10:11", datetime(2023, 2, 13, 10, 11), id="Russian"),
        pytest.param("2 жовтня 2023", datetime(2023, 10, 2), id="Ukrainian"),
        pytest.param("2 de octubre de 2023", datetime(2023, 10, 2), id="Spanish"),
        pytest.param("٢ أكتوبر 2023", datetime(2023, 10, 2), id="Arabic with its digits"),
        pytest.param("02.10.2023 14:03", datetime(2023, 10, 2, 14, 3), id="numbers with dots"),
        pytest.param("10/25/2023", datetime(2023, 10, 25), id="month first where day cannot be"),
        pytest.param("2023年10月2日 10:11", datetime(2023, 10, 2, 10, 11), id="Chinese"),
        pytest.param("Oct. 2, 2023 4:05 pm", datetime(2023, 10, 2, 16, 5), id="American"),
        pytest.param("1700000000", datetime(2023, 11, 14, 22, 13, 20), id="Unix seconds"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", None, id="clock at zero"),
        pytest.param("Mon, 01 Jan 0001 00:00:00 GMT", None, id="an empty date"),
        pytest.param("01 Jan 0001 00:00:00 +0000", None, id="an empty date without a weekday"),
        pytest.param("0001-01-01T00:00:00Z", None, id="an empty ISO date"),
        pytest.param("Sat, 30 Nov 0099 12:00:00 GMT", None, id="a year of the first century"),
        pytest.param(
            "Mon, 02 Oct 23 10:00:00 +0030",
            datetime(2023, 10, 2, 9, 30),
            id="two digits, zone of half an hour",
        ),
        pytest.param("Mon, 32 Foo 2023 99:99:99 GMT", None, id="no date"),
        pytest.param("now", None, id="a word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_dates_are_read(words: str, moment: datetime | None) -> None:
    assert read_date(words) == (moment.replace(tzinfo=UTC) if moment else None)


@given(st.text(alphabet="0123456789 -:/.TZ+OctGMTам年", max_size=60))
def test_no_words_break_the_reader(words: str) -> None:
    found = read_date(words)
    assert found is None or found.tzinfo is UTC
