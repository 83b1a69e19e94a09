"""CSV of any delimiter and encoding, and XLSX, read row by row."""

import io
import zipfile

import openpyxl
import pytest
from django.core.files.base import ContentFile
from openpyxl.xml.constants import SHARED_STRINGS

from csat.imports import files
from csat.lib.refusal import Invalid

HEADER, ROW = ["Wertung", "Größe"], ["5", "schön"]
CELL = '<c t="inlineStr"><is><t>Score</t></is></c>'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def read(data: bytes) -> list[tuple[int, list[str]]]:
    with files.rows(ContentFile(data, name="x")) as found:
        return list(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_in_any_encoding(encoding, delimiter):
    text = "\r\n".join(delimiter.join(cells) for cells in (HEADER, ROW))
    assert read(text.encode(encoding)) == [(1, HEADER), (2, ROW)]


def test_a_comment_of_several_lines_is_one_cell():
    assert read(b'score,comment\n5,"two\nlines; with, all of it"\n')[1] == (
        2,
        ["5", "two\nlines; with, all of it"],
    )


def test_letters_that_are_no_utf_8_far_down_in_the_file_are_read_too():
    data = b"score,comment\n" + b"5,fine\n" * 20_000 + "5,schön".encode("latin-1")
    assert read(data)[-1][1] == ["5", "schön"]


def test_empty_rows_are_left_out_and_counted():
    assert read(b"a,b\n\n,\n1,2\n") == [(1, ["a", "b"]), (4, ["1", "2"])]


def test_a_workbook_whatever_size_it_claims_to_have():
    book = openpyxl.Workbook()
    for row in (["Score", "When", "Ticket"], [5, "2026-01-02", 4711.0], [None, None, None], [4.5, None, "x"]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    expected = [(1, ["Score", "When", "Ticket"]), (2, ["5", "2026-01-02", "4711"]), (4, ["4.5", "", "x"])]
    assert read(data.getvalue()) == expected


@pytest.mark.parametrize("data", [b"PK\x03\x04 nothing", b"a,b\n\0\0\0,1\n", b'a,b\n"' + b"x" * 200_000])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(Invalid) as refused:
        read(data)
    assert list(refused.value.fields) == ["file"]


def test_a_row_with_too_many_columns_is_refused():
    with pytest.raises(Invalid, match="Row 2"):
        read(b"a,b\n" + b"," * 300 + b"1\n")


def test_a_preview_is_the_header_and_the_first_rows():
    text = "a,b\n" + "\n".join(f"{number},x" for number in range(50))
    header, rows = files.preview(ContentFile(text.encode(), name="x"))
    assert (header, len(rows), rows[-1]) == (["a", "b"], 20, ["19", "x"])
    with pytest.raises(Invalid):
        files.preview(ContentFile(b"a,b\n", name="x"))


def test_rows_are_counted_and_a_workbook_says_how_many_it_has():
    assert files.count(ContentFile(b"a,b\n1,2\n\n3,4\n", name="x")) == 4
    book, data = openpyxl.Workbook(), io.BytesIO()
    for number in range(30):
        book.active.append([number])
    book.save(data)
    assert files.count(ContentFile(data.getvalue(), name="x")) == 30


@pytest.mark.parametrize("size", [0, None, files.MAX_SIZE + 1])
def test_a_file_without_size_or_with_too_much_of_it_is_refused(size):
    with pytest.raises(Invalid):
        files.check_size(size)
    files.check_size(files.MAX_SIZE)


def workbook(sheet: bytes = b"") -> bytes:
    """A workbook with one cell; or with this XML as its sheet."""
    book, data, changed = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["Score"])
    book.save(data)
    with zipfile.ZipFile(data) as plain, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in plain.namelist():
            archive.writestr(name, sheet if sheet and "/sheet1." in name else plain.read(name))
    return changed.getvalue()


def test_a_workbook_that_unpacks_to_more_than_its_limit_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(files, "MAX_UNPACKED", 100_000)
    assert read(workbook()) == [(1, ["Score"])]
    bomb = workbook(b" " * 1_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(Invalid, match="too large"):
        read(bomb)


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/texts.xml"])
def test_a_workbook_whose_texts_would_fill_the_memory_is_refused_before_they_are_read(monkeypatch, part):
    """Wherever they are kept."""
    monkeypatch.setattr(files, "MAX_HELD", 100_000)

    def with_texts(count: int) -> bytes:
        data = io.BytesIO(workbook())
        with zipfile.ZipFile(data) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        declared = f'<Override PartName="/{part}" ContentType="{SHARED_STRINGS}"/></Types>'
        types = members["[Content_Types].xml"].decode()
        members["[Content_Types].xml"] = types.replace("</Types>", declared).encode()
        members[part] = f'<sst xmlns="{MAIN}">{"<si><t>x</t></si>" * count}</sst>'.encode()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return data.getvalue()

    assert read(with_texts(10)) == [(1, ["Score"])]
    with pytest.raises(Invalid, match="too large"):
        read(with_texts(10_000))


def sheet(cell: str, entity: str = "") -> bytes:
    declared = f'<!DOCTYPE worksheet [<!ENTITY b "{"b" * 100}"><!ENTITY a {entity}>]>' if entity else ""
    xml = f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="inlineStr"><is><t>{cell}</t></is></c></row>'
    return f"{declared}{xml}</sheetData></worksheet>".encode()


def test_a_workbook_fetches_nothing_and_does_not_grow_while_it_is_read():
    assert read(workbook(sheet("Score"))) == [(1, ["Score"])]
    fetching, growing = (
        sheet("&a;", 'SYSTEM "file:///etc/hostname"'),
        sheet("&a;" * 20_000, f'"{"&b;" * 100}"'),
    )
    for found in (fetching, growing, sheet("Score", '"kind"')):
        with pytest.raises(Invalid):
            read(workbook(found))


def test_a_cell_that_says_it_is_a_million_rows_below_takes_no_time(monkeypatch):
    monkeypatch.setattr(files, "MAX_ROWS", 1000)
    rows = f'<row r="1">{CELL}</row><row r="{{}}">{CELL}</row>'
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    assert read(workbook(xml.format(1000).encode())) == [(1, ["Score"]), (1000, ["Score"])]
    with pytest.raises(Invalid, match="more than 1000 rows"):
        read(workbook(xml.format(2_000_000_000).encode()))
