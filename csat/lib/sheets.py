"""CSV that spreadsheets open without running anything in it."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

BOM = "\ufeff"  # so that Excel reads UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets a ' before it (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """RFC 4180 lines, one row at a time."""
    writer = csv.writer(_Echo())
    yield BOM
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text
