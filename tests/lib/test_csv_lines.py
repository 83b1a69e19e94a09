"""CSV that spreadsheets open without running anything in it."""

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from csat.lib import csv_lines

FORMULA = tuple("=+-@＝＋－＠")
NASTY = [
    "nice;=1+2;x",
    "nice;=1+2;x\n=3+4;y",
    "a\t=1\tb|@SUM(A1)|-2",
    'x";"=1+2',
    "x;  =1",
    "well,=1+2",
    "＝1+1;＋1;－1;＠SUM",
    '"=1+1',
    "\r\n=1",
    ";=1;=2;=3",
]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_text_that_could_be_a_formula_is_defused(sign: str) -> None:
    assert csv_lines.guard_cell(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("start", ["\t", "\r", "\n"])
def test_text_that_begins_with_a_control_character_is_defused(start: str) -> None:
    assert csv_lines.guard_cell(f"{start}=1") == f"'{start}'=1"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("read_as", [",", ";", "\t", "|"])
@pytest.mark.parametrize("cell", NASTY)
def test_no_cell_of_any_reader_starts_a_formula(cell: str, read_as: str, delimiter: str) -> None:
    """OWASP/www-community#443: a quoted field is cut where the reader's separator is another one.
    layer5io/mui-datatables#89: separators, quotes and full-width signs.
    """
    text = "".join(csv_lines.lines([["a", cell, "z"]], delimiter=delimiter)).removeprefix("\ufeff")
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        lines = io.StringIO(text, newline="")
        for row in csv.reader(lines, delimiter=read_as, quoting=quoting):
            starts = [one.lstrip(' "') for one in row]
            assert not [one for one in starts if one.startswith(FORMULA)], row


@pytest.mark.parametrize("cell", ["Ana", "", "3 = 3", "well-known; a+b", "a@b.example", -2, None])
def test_anything_else_is_left_alone(cell: object) -> None:
    assert csv_lines.guard_cell(cell) == cell


@pytest.mark.parametrize("number", ["+4930123456", "+14155550100"])
def test_a_phone_number_is_written_as_it_is(number: str) -> None:
    """iris-connect/iris-client#443, chatwoot/chatwoot#15334: no formula of a stranger."""
    assert csv_lines.guard_cell(number) == number
    assert csv_lines.guard_cell(f"{number}*2") == f"'{number}*2"


def test_a_time_says_its_offset() -> None:
    """elastic/kibana#31131, Automattic/woocommerce-payments#8522: without it, it is another day elsewhere."""
    time = datetime(2026, 11, 28, 16, 28, 17, 999_999, tzinfo=UTC)
    written = [csv_lines.moment(time, ZoneInfo(name)) for name in ("UTC", "Europe/Berlin", "Asia/Kolkata")]
    assert written == ["2026-11-28T16:28:17Z", "2026-11-28T17:28:17+01:00", "2026-11-28T21:58:17+05:30"]


def test_a_reader_gets_back_what_was_written() -> None:
    rows = [["a", 'quote " and, comma'], ["two\nlines", "😍"]]
    text = "".join(csv_lines.lines(rows))
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))) == rows
