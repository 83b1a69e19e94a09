"""Files of past conversations: CSV with any delimiter and encoding, and XLSX, read row by row."""

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import IO, Any, cast

from django.core.files.base import File
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid

MAX_SIZE = 100 * 1024 * 1024
MAX_UNPACKED = 1024 * 1024 * 1024  # of a workbook
MAX_HELD = 64 * 1024 * 1024  # of it, but for its sheets
MAX_COLUMNS = 200
MAX_ROWS = 1_048_576  # of a workbook
SAMPLE = 64 * 1024
DELIMITERS = ",;\t|"
PREVIEW_ROWS = 20
ZIP = b"PK\x03\x04"
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ERRORS = {"cp1252": "replace"}  # a few bytes mean nothing in it
# what openpyxl raises for a workbook that is damaged (SyntaxError: its XML)
BROKEN = (
    zipfile.BadZipFile, zlib.error, KeyError, IndexError, ValueError, TypeError, AttributeError, OSError,
    EOFError, SyntaxError, NotImplementedError, RuntimeError,
)  # fmt: skip
Cells = list[str]


@contextmanager
def rows(file: "File[bytes]") -> Iterator[Iterator[tuple[int, Cells]]]:
    """The rows as texts, with their number in the file (the first is 1); empty rows are left out.

    Raises Invalid with the field `file` for what is neither CSV nor XLSX, also while rows are read.
    """
    with file.open("rb") as opened:
        start = opened.read(SAMPLE)
        opened.seek(0)
        if start.startswith(ZIP):
            with _workbook(opened) as sheet_rows:
                yield _numbered(sheet_rows)
        else:
            encoding = _encoding(opened, start)
            text = io.TextIOWrapper(_raw(opened), encoding=encoding, errors=ERRORS.get(encoding), newline="")
            try:
                yield _numbered(_csv_rows(text))
            finally:
                text.detach()  # the file underneath stays open


def preview(file: "File[bytes]", limit: int = PREVIEW_ROWS) -> tuple[Cells, list[Cells]]:
    """The header and the first rows. Raises Invalid, also for a file without any row below its header."""
    with rows(file) as found:
        lines = [cells for (_number, cells), _n in zip(found, range(limit + 1), strict=False)]
    if len(lines) < 2:
        raise refused(_("There is no row below the header."))
    return lines[0], lines[1:]


def count(file: "File[bytes]") -> int:
    """The rows with the header, as a workbook says itself: counting them takes as long as reading it."""
    with file.open("rb") as opened:
        if opened.read(len(ZIP)) == ZIP:
            opened.seek(0)
            with _sheet(opened) as sheet:
                return min(sheet.max_row or 0, MAX_ROWS)
    with rows(file) as found:
        return max((number for number, _cells in found), default=0)


def check_size(size: int | None) -> None:
    if not size:
        raise refused(_("This file is empty."))
    if size > MAX_SIZE:
        raise refused(_("Give a file of at most %(size)d MB.") % {"size": MAX_SIZE // 1024 // 1024})


def refused(text: str) -> Invalid:
    return Invalid(text, fields={"file": [text]})


def _raw(file: Any) -> IO[bytes]:
    """What Django's files wrap."""
    while isinstance(file, File):
        file = file.file
    return cast("IO[bytes]", file)


def _numbered(found: Iterator[Cells]) -> Iterator[tuple[int, Cells]]:
    for number, cells in enumerate(found, start=1):
        if len(cells) > MAX_COLUMNS:
            text = _("Row %(number)d has more than %(count)d columns.")
            raise refused(text % {"number": number, "count": MAX_COLUMNS})
        if any(cell.strip() for cell in cells):
            yield number, cells


def _csv_rows(text: io.TextIOWrapper) -> Iterator[Cells]:
    try:
        sample = text.read(SAMPLE)
        if "\0" in sample:
            raise refused(_("This is no CSV or XLSX file."))
        text.seek(0)
        yield from csv.reader(text, delimiter=_delimiter(sample))
    except (csv.Error, UnicodeError) as error:
        raise refused(_("This file cannot be read: %(why)s") % {"why": error}) from error


def _delimiter(sample: str) -> str:
    """The one that parts the first lines into the most columns."""
    lines = sample.splitlines()[:20]
    return max(DELIMITERS, key=lambda one: sum(len(row) - 1 for row in csv.reader(lines, delimiter=one)))


def _encoding(file: IO[bytes], start: bytes) -> str:
    """By its mark, else UTF-8 when all of it is, else what Excel writes in the west."""
    for mark, encoding in BOMS:
        if start.startswith(mark):
            return encoding
    if start[1:2] == b"\0":
        return "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(SAMPLE):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        file.seek(0)
    return "utf-8"


@contextmanager
def _workbook(file: IO[bytes]) -> Iterator[Iterator[Cells]]:
    with _sheet(file) as sheet:
        sheet.reset_dimensions()  # what a file says of its size need not be true
        yield _sheet_rows(sheet.iter_rows(values_only=True))


@contextmanager
def _sheet(file: IO[bytes]) -> Iterator[Any]:
    from openpyxl import load_workbook  # slow to load

    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_bomb(archive)
        file.seek(0)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
    except BROKEN as error:
        raise refused(_("This is no CSV or XLSX file.")) from error
    try:
        yield sheet
    finally:
        book.close()


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
    """Sheets are read row by row; the texts that they share, and all else, are held in memory."""
    from openpyxl.packaging.manifest import Manifest
    from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS
    from openpyxl.xml.functions import fromstring

    sizes = {member.filename: member.file_size for member in archive.infolist()}
    held = sum(size for name, size in sizes.items() if not name.startswith("xl/worksheets/"))
    if held <= MAX_HELD:
        shared = Manifest.from_tree(fromstring(archive.read(ARC_CONTENT_TYPES))).find(SHARED_STRINGS)
        held = max(held, sizes.get(shared.PartName[1:], 0) if shared else 0)
    if held > MAX_HELD or sum(sizes.values()) > MAX_UNPACKED:
        raise refused(_("This workbook is too large."))


def _sheet_rows(found: Iterator[tuple[Any, ...]]) -> Iterator[Cells]:
    try:
        for number, row in enumerate(found, start=1):
            if number > MAX_ROWS:  # one cell far below makes empty rows of all above it
                raise refused(_("This workbook has more than %(count)d rows.") % {"count": MAX_ROWS})
            yield [_text(value) for value in row]
    except BROKEN as error:
        raise refused(_("This workbook cannot be read to its end.")) from error


def _text(value: Any) -> str:
    """A cell as a CSV would have it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)
