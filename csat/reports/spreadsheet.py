"""The sessions of a report as a spreadsheet: CSV or XLSX."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import QuerySet

from csat.lib import csv_lines
from csat.reports import cohort, columns
from csat.reports.columns import Column
from csat.reports.filters import Filters
from csat.surveys.models import Survey

CHUNK = 64 * 1024
AT_A_TIME = 2000
SHEET_ROWS = 1_048_575  # what a worksheet holds below its header
Rows = QuerySet[Survey, Any]


def count(filters: Filters) -> int:
    return cohort.surveys(filters).count()


def preview(filters: Filters, names: Sequence[str] = (), *, limit: int = 20) -> list[list[str]]:
    """The header and the first rows, as the CSV will have them."""
    chosen = columns.chosen(names)
    rows = columns.rows(filters, chosen)[:limit]
    names = [column.name for column in chosen]
    return [names, *([str(cell) for cell in columns.csv_row(row, chosen, filters.zone)] for row in rows)]


def stream_csv(
    filters: Filters, names: Sequence[str] = (), *, delimiter: str = ",", using: str = DEFAULT_DB_ALIAS
) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a BOM, in chunks; memory does not grow with the rows. `using`: the database."""
    chosen = columns.chosen(names)
    yield header(chosen, delimiter)
    yield from csv_chunks(columns.rows(filters, chosen).using(using), chosen, filters.zone, delimiter)


def header(chosen: Sequence[Column], delimiter: str) -> bytes:
    return (csv_lines.BOM + _lines([[column.name for column in chosen]], delimiter)).encode()


def csv_chunks(rows: Rows, chosen: Sequence[Column], zone: ZoneInfo, delimiter: str) -> Iterator[bytes]:
    """The lines of these rows: PostgreSQL writes them itself, other databases are read row by row."""
    chunks = _copy_chunks if connection.vendor == "postgresql" else _row_chunks
    return chunks(rows, chosen, zone, delimiter)


def write_xlsx(filters: Filters, names: Sequence[str], path: str | Path) -> int:
    """A workbook of any length in constant memory; how many rows."""
    chosen = columns.chosen(names)
    with Book(path, chosen, filters.zone) as book:
        for row in columns.rows(filters, chosen).iterator(chunk_size=AT_A_TIME):
            book.add(columns.cells(row, chosen))
    return book.rows


class Book:
    """A workbook written row by row. Text stays text: nothing in it runs. Headers name the zone of times.

    Its library is loaded here: 2 MB that no process needs before.
    """

    def __init__(self, path: str | Path, chosen: Sequence[Column], zone: ZoneInfo) -> None:
        import xlsxwriter

        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.book = xlsxwriter.Workbook(str(path), options)
        self.names = [f"{column.name} ({zone.key})" if column.is_time else column.name for column in chosen]
        self.zone = zone
        self.bold = self.book.add_format({"bold": True})
        self.time = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.rows = 0

    def __enter__(self) -> "Book":
        self._new_sheet()
        return self

    def __exit__(self, *_: Any) -> None:
        self.book.close()

    def add(self, cells: Sequence[Any]) -> None:
        if self.rows and self.rows % SHEET_ROWS == 0:
            self._new_sheet()
        line = self.rows % SHEET_ROWS + 1
        for n, cell in enumerate(cells):
            self._write(line, n, cell)
        self.rows += 1

    def _write(self, line: int, n: int, cell: Any) -> None:
        if isinstance(cell, datetime):
            self.sheet.write_datetime(
                line, n, cell.astimezone(self.zone).replace(tzinfo=None, microsecond=0), self.time
            )
        elif isinstance(cell, int):
            self.sheet.write_number(line, n, cell)
        elif cell:
            self.sheet.write_string(line, n, cell)

    def _new_sheet(self) -> None:
        self.sheet = self.book.add_worksheet()
        self.sheet.freeze_panes(1, 0)
        for n, name in enumerate(self.names):
            self.sheet.write_string(0, n, name, self.bold)


def _copy_chunks(rows: Rows, chosen: Sequence[Column], zone: ZoneInfo, delimiter: str) -> Iterator[bytes]:
    statement, params = columns.copy_statement(rows, chosen, zone, delimiter)
    buffer = bytearray()
    with connections[rows.db].cursor() as cursor, cursor.copy(statement, params) as copy:
        for data in copy:
            buffer += data
            if len(buffer) >= CHUNK:
                yield bytes(buffer)
                buffer.clear()
    yield bytes(buffer)


def _row_chunks(rows: Rows, chosen: Sequence[Column], zone: ZoneInfo, delimiter: str) -> Iterator[bytes]:
    lines: list[list[Any]] = []
    for row in rows.iterator(chunk_size=AT_A_TIME):
        lines.append(columns.csv_row(row, chosen, zone))
        if len(lines) == AT_A_TIME:
            yield _lines(lines, delimiter).encode()
            lines.clear()
    yield _lines(lines, delimiter).encode()


def _lines(rows: list[list[Any]], delimiter: str) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue()
