"""What is exported is read back by those who read such files: csv and openpyxl."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.db import connection

from csat.lib import csv_lines
from csat.lib.refusal import Invalid
from csat.reports import columns, queries, spreadsheet
from csat.reports.filters import parse
from tests.reports import past

YEAR = {"from": "2025-03-01", "to": "2026-03-01"}
pytestmark = pytest.mark.django_db


def read(**asked: Any) -> list[dict[str, str]]:
    data = b"".join(spreadsheet.stream_csv(parse({**YEAR, **asked})))
    assert data.startswith("\ufeffSession ID,Ticket Number,".encode())
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.fixture
def facts(db: Any) -> list[past.Fact]:
    return past.write(150, start=datetime(2025, 3, 1, tzinfo=UTC), days=360)


def test_the_columns_are_those_of_the_contract():
    assert columns.NAMES == [
        "Session ID",
        "Ticket Number",
        "Channel",
        "Status",
        "Contact ID",
        "Contact Name",
        "Contact Email",
        "Contact Phone",
        "Agent",
        "Agent Type",
        "Team",
        "Language",
        "Handoff Reasons",
        "Resolved At",
        "CSAT Requested At",
        "CSAT Delivered Via",
        "CSAT Score",
        "CSAT Label",
        "CSAT Comment",
        "CSAT Submitted At",
        "CSAT Source",
        "Brand",
        "Themes",
        "Seconds to Resolve",
        "CSAT Target %",
        "Reopened by Customer At",
        "Follow-up Due At",
        "Follow-up Done At",
        "Customer Told At",
        "Rated Anew At",
    ]


def test_every_session_is_a_row_that_says_what_is_known(facts):
    rows = {int(row["Ticket Number"]): row for row in read()}
    assert len(rows) == len(facts)
    for fact in facts:
        assert_told(rows[fact.number], fact)


def assert_told(row: dict[str, str], fact: past.Fact) -> None:
    at = fact.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    agent = fact.agents["resolver"]
    guarded = "'" + fact.comment if fact.comment.startswith("=") else fact.comment
    assert row["Channel"] == fact.channel
    assert (row["Agent"], row["Agent Type"]) == ((agent.name, agent.kind) if agent else ("", ""))
    assert (row["Team"], row["Language"], row["Handoff Reasons"]) == (
        fact.team,
        fact.language,
        "; ".join(sorted(fact.reasons)),
    )
    assert row["CSAT Requested At"] == (at if fact.requested else "")
    assert row["CSAT Delivered Via"] == (fact.channel if fact.delivered else "")
    assert (row["CSAT Score"], row["CSAT Comment"]) == (str(fact.score or ""), guarded)
    assert row["CSAT Label"] == ["", "Terrible", "Poor", "Okay", "Good", "Excellent"][fact.score or 0]
    assert (row["CSAT Submitted At"], row["CSAT Source"]) == ((at, "page") if fact.score else ("", ""))


@pytest.mark.parametrize(
    "asked",
    [{}, {"channel": "email"}, {"handoff_reason": past.REASONS[0]}, {"score": "1,2"}, {"from": "2025-09-01"}],
)
def test_the_figures_can_be_counted_from_the_export(facts, asked):
    rows = read(**asked)
    rated = [int(row["CSAT Score"]) for row in rows if row["CSAT Score"]]
    delivered = [row for row in rows if row["CSAT Delivered Via"]]
    scores = tuple(rated.count(score) for score in range(1, 6))
    requested = sum(bool(row["CSAT Requested At"]) for row in rows)
    answered = sum(bool(row["CSAT Score"]) for row in delivered)
    assert past.told(queries.figures(parse({**YEAR, **asked}))) == (
        requested,
        len(delivered),
        answered,
        scores,
    )


def test_a_workbook_says_the_same(facts, tmp_path):
    path = tmp_path / "sessions.xlsx"
    assert spreadsheet.write_xlsx(parse(YEAR), [], path) == len(facts)
    header, *rows = openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True)
    assert [name.removesuffix(" (UTC)") for name in header] == columns.NAMES
    assert [name for name in header if name.endswith(" (UTC)")] == [
        "Resolved At (UTC)",
        "CSAT Requested At (UTC)",
        "CSAT Submitted At (UTC)",
        "Reopened by Customer At (UTC)",
        "Follow-up Due At (UTC)",
        "Follow-up Done At (UTC)",
        "Customer Told At (UTC)",
        "Rated Anew At (UTC)",
    ]
    for row, line in zip(rows, read(), strict=True):
        assert [told(cell) for cell in row] == [value.removeprefix("'") for value in line.values()]


def told(cell: Any) -> str:
    if isinstance(cell, datetime):
        seconds = (cell + timedelta(microseconds=500_000)).replace(
            microsecond=0
        )  # a spreadsheet keeps days as fractions
        return seconds.strftime("%Y-%m-%dT%H:%M:%SZ")
    return "" if cell is None else str(cell)


def test_a_workbook_goes_on_on_a_further_sheet(facts, tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheet, "SHEET_ROWS", 100)
    spreadsheet.write_xlsx(parse(YEAR), ["Ticket Number"], tmp_path / "sessions.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "sessions.xlsx", read_only=True).worksheets
    assert [len(list(sheet.values)) for sheet in sheets] == [101, 51]


@pytest.mark.parametrize(
    "words",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "nice;=1+2;x\n=3+4", "＝1", '";"=1', "+4930123456"),
        *('"quoted", and\nmore', "日本語 😍", "100% %s", "it's"),
    ],
)
def test_no_comment_becomes_a_formula(facts, words):
    from csat.surveys.models import Score

    Score.objects.update(comment=words)
    guarded = {row["CSAT Comment"] for row in read() if row["CSAT Score"]}
    assert guarded == {csv_lines.guard_cell(words)}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata"])
def test_times_are_those_of_the_zone_and_say_so(facts, tmp_path, zone):
    asked = parse({**YEAR, "timezone": zone})
    rows = read(timezone=zone)
    by_number = {fact.number: fact for fact in facts}
    for row in rows:
        at = by_number[int(row["Ticket Number"])].at
        if row["CSAT Requested At"]:
            assert row["CSAT Requested At"] == csv_lines.moment(at, ZoneInfo(zone))
    spreadsheet.write_xlsx(asked, ["CSAT Requested At"], tmp_path / "sessions.xlsx")
    book = openpyxl.load_workbook(tmp_path / "sessions.xlsx", read_only=True)
    (header,), *cells = book.active.iter_rows(values_only=True)
    assert header == f"CSAT Requested At ({zone})"
    local = [f"{told(cell).removesuffix('Z')}"[:19] for (cell,) in cells]
    assert local == [row["CSAT Requested At"][:19] for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separator_is_a_choice(facts, delimiter):
    data = b"".join(spreadsheet.stream_csv(parse(YEAR), delimiter=delimiter)).decode("utf-8-sig")
    assert list(csv.DictReader(io.StringIO(data, newline=""), delimiter=delimiter)) == read()


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="COPY is PostgreSQL's")
def test_copy_writes_what_the_iterator_writes(facts, monkeypatch):
    copied = read()
    monkeypatch.setattr(spreadsheet, "_copy_chunks", spreadsheet._row_chunks)
    assert read() == copied


def test_some_columns_in_their_own_order_and_a_preview(facts):
    names = ["CSAT Score", "Session ID"]
    header, *rows = spreadsheet.preview(parse(YEAR), names, limit=5)
    assert header == ["Session ID", "CSAT Score"]
    assert rows == [[row["Session ID"], row["CSAT Score"]] for row in read()[:5]]
    with pytest.raises(Invalid):
        spreadsheet.preview(parse(YEAR), ["Password"])


def test_nothing_is_a_header(db):
    assert read() == []
