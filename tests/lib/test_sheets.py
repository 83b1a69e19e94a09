"""CSV that spreadsheets open without running anything in it."""

import csv
import io

import pytest

from csat.lib import sheets


@pytest.mark.parametrize("cell", ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_text_that_could_be_a_formula_is_defused(cell: str) -> None:
    assert sheets.safe(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["Ana", "", "3 = 3", -2, None])
def test_anything_else_is_left_alone(cell: object) -> None:
    assert sheets.safe(cell) == cell


def test_a_reader_gets_back_what_was_written() -> None:
    rows = [["a", 'quote " and, comma'], ["two\nlines", "😍"]]
    text = "".join(sheets.lines(rows))
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))) == rows
