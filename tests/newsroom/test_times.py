"""Times as they come from the database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2023-09-19 10:04:00+00", datetime(2023, 9, 19, 10, 4, tzinfo=UTC)),
        ("2023-09-19 10:04:00.250001+00", datetime(2023, 9, 19, 10, 4, 0, 250001, tzinfo=UTC)),
        ("2023-09-19 10:04:00+04:30", datetime(2023, 9, 19, 5, 34, tzinfo=UTC)),
        ("0044-03-15 12:00:00+00", datetime(44, 3, 15, 12, tzinfo=UTC)),
    ],
)
def test_a_time_comes_as_it_was_stored_and_in_utc(written, read):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz, ARRAY[%s::timestamptz]", [written, written])
        assert cursor.fetchone() == (read, [read])
        cursor.execute("SELECT NULL::timestamptz")
        assert cursor.fetchone() == (None,)


def test_what_python_has_no_time_for_is_an_error():
    with connection.cursor() as cursor, pytest.raises(DataError):
        cursor.execute("SELECT '12000-01-01'::timestamptz")
        cursor.fetchone()
