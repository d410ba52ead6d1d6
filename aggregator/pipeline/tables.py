"""Rows → CSV that a spreadsheet can open without running anything, and back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from aggregator.errors import ParseError
from aggregator.pipeline.clean import one_line

STARTS = ("=", "+", "-", "@", "\t", "\r")  # a cell that starts so is a formula to a spreadsheet (OWASP)
MAX_BYTES = 20_000_000
MAX_ROWS = 100_000


def safe_cell(value: object) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STARTS) else text


def write_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with a heading, each cell made safe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return out.getvalue()


def read_csv(document: bytes) -> list[Mapping[str, str]]:
    """Return the rows of a table by lower-case heading; cells are one line, without the quote that made them safe.

    Raises ParseError (`bad_csv`) with one sentence when it is too large, no text, or no table.
    """
    if len(document) > MAX_BYTES:
        raise _refused(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("The file's encoding cannot be read; save it as UTF-8.") from None
    if "\x00" in text:
        raise _refused("The file is not a table.")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise _refused(f"The file is not a table: {one_line(str(error), 120)}.") from None
    if len(lines) > MAX_ROWS:
        raise _refused(f"The table has more than {MAX_ROWS:,} rows.")
    heads = [one_line(head, 60).lower() for head in lines[0]] if lines else []
    if "url" not in heads:
        raise _refused("The table needs a column named 'url'.")
    return [dict(zip(heads, map(_cell, line), strict=False)) for line in lines[1:] if any(line)]


def _cell(text: str) -> str:
    text = text[1:] if text[:1] == "'" and text[1:2] in STARTS else text
    return one_line(text, 500)


def _refused(sentence: str) -> ParseError:
    return ParseError(sentence, code="bad_csv", permanent=True)
