"""The refused rows as a file."""

import csv
import io

import pytest

from csat.imports import checking, rejects
from csat.imports.models import Import
from tests import stored
from tests.imports.conftest import upload

pytestmark = pytest.mark.django_db


def rows(source: Import) -> list[list[str]]:
    return list(csv.reader(io.StringIO(source.rejects.read().decode("utf-8-sig"))))


def test_a_refused_row_comes_back_as_it_was_with_the_reason_last(bring_in):
    text = "ticket;score;comment;date\n1;5;;2026-01-02\n2;lovely;two\n3;;=cmd;soon\n"
    source = bring_in(text)
    assert source.counts == {"new": 1, "updated": 0, "unchanged": 0, "refused": 2}
    header, second, third = rows(source)
    assert header == ["ticket", "score", "comment", "date", "Reason"]
    assert second[:4] == ["2", "lovely", "two", ""]
    assert "score: This value is not on the scale" in second[4]
    assert third[:4] == ["3", "", "'=cmd", "soon"]


def test_mended_it_is_imported(bring_in):
    source = bring_in("ticket,score,comment,date\n3,4,=cmd,soon\n")
    mended = "\n".join(",".join(row).replace("soon", "2026-01-02") for row in rows(source))
    assert bring_in(mended).new == 1


def test_without_a_refused_row_there_is_no_file(bring_in):
    assert bring_in("ticket,score,date\n1,5,2026-01-02\n").rejects.name == ""


def test_a_later_file_replaces_the_earlier_one(tmp_path):
    source = upload("ticket,score,date\n1,9,2026-01-02\n2,9,2026-01-02\n")
    checking.add_refused(source, [(2, "no")])
    rejects.write(source)
    source.rows.all().delete()
    checking.add_refused(source, [(3, "never")])
    rejects.write(source)
    assert [row[-1] for row in rows(source.again())] == ["Reason", "never"]
    assert len([name for name in stored.names("imports") if "-refused" in name]) == 1
    source.rows.all().delete()
    rejects.write(source)
    assert source.again().rejects.name == ""
