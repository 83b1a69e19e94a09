"""CSV that spreadsheets open without running anything in it."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Any

BOM = "\ufeff"  # so that Excel reads UTF-8
# a reader with another separator begins a cell inside the text, and takes quotes and blanks before it away
CELL_STARTS = r"(^|[;,|\t\r\n])([ \"]*)([=+\-@＝＋－＠])"
CONTROL_FIRST = r"^([\t\r\n])"
PHONE_NUMBER = r"^\+[1-9][0-9]{6,14}$"  # E.164
_CELL_STARTS, _CONTROL_FIRST, _PHONE_NUMBER = map(re.compile, (CELL_STARTS, CONTROL_FIRST, PHONE_NUMBER))


def guard_cell(cell: Any) -> Any:
    """Text in which a spreadsheet would find a formula gets a ' before it (OWASP, CSV injection)."""
    if not isinstance(cell, str) or _PHONE_NUMBER.fullmatch(cell):
        return cell
    return _CONTROL_FIRST.sub(r"'\1", _CELL_STARTS.sub(r"\1\2'\3", cell))


def guarded_sql(column: str) -> str:
    """`guard_cell` in the words of PostgreSQL."""
    starts = f"regexp_replace({column}, '{CELL_STARTS}', '\\1\\2''\\3', 'g')"
    guarded = f"regexp_replace({starts}, '{CONTROL_FIRST}', '''\\1')"
    return f"CASE WHEN {column} ~ '{PHONE_NUMBER}' THEN {column} ELSE {guarded} END"


def moment(time: datetime, zone: tzinfo) -> str:
    """ISO 8601 with the offset of the zone: `2026-11-28T17:28:17+01:00`, `Z` for none."""
    return time.astimezone(zone).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def moment_sql(column: str, zone: str) -> str:
    """`moment` in the words of PostgreSQL."""
    local = f"{column} AT TIME ZONE '{zone}'"
    seconds = f"extract(epoch FROM ({local}) - ({column} AT TIME ZONE 'UTC'))::int"
    sign = f"CASE WHEN {seconds} < 0 THEN '-' ELSE '+' END"
    offset = f"{sign} || to_char(make_interval(secs => abs({seconds})), 'HH24:MI')"
    written = f"to_char({local}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    return f"{written} || CASE WHEN {seconds} = 0 THEN 'Z' ELSE {offset} END"


def lines(rows: Iterable[Iterable[Any]], *, delimiter: str = ",") -> Iterator[str]:
    """RFC 4180 lines, one row at a time."""
    writer = csv.writer(_Echo(), delimiter=delimiter)
    yield BOM
    for row in rows:
        yield writer.writerow([guard_cell(cell) for cell in row])


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text
