"""Who was erased is written beside the database, without a word of theirs, and read again after a restore."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from csat.people import erasure, erasure_journal, suppression
from csat.people.models import Contact, Suppression, SuppressionReason
from tests.factories import API, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def journal(tmp_path: Path, settings: Any) -> Path:
    settings.ERASURE_JOURNAL = str(tmp_path / "made" / "erasures.jsonl")
    return tmp_path / "made" / "erasures.jsonl"


def erase(contact: Contact, capture: Any) -> None:
    with capture(execute=True):
        erasure.erase(contact, by=API)


def test_an_erasure_is_a_line_without_a_word_of_the_person(
    journal: Path, django_capture_on_commit_callbacks: Any
) -> None:
    nadia = make_contact(name="Nadia Berg", email="nadia@customer.example", phone="+4930123456")
    suppression.opt_out(nadia, by=API)
    erase(nadia, django_capture_on_commit_callbacks)
    [entry] = erasure_journal.read(journal)
    assert entry["contact"] == str(nadia.uuid)
    kept = Suppression.objects.filter(address="").values("medium", "digest", "key_id", "reason")
    assert sorted(entry["suppressed"], key=str) == sorted(kept, key=str)
    assert len(entry["suppressed"]) == 2
    text = journal.read_text()
    assert not [word for word in ("Nadia", "nadia", "4930123456") if word in text]
    assert journal.stat().st_mode & 0o077 == 0


def test_what_is_rolled_back_was_no_erasure(journal: Path, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        try:
            with transaction.atomic():
                erasure.erase(make_contact(), by=API)
                raise ValueError
        except ValueError:
            pass
    assert not journal.exists()


def test_one_that_cannot_be_written_is_logged_erased_all_the_same_and_written_by_the_next_backup(
    journal: Path, settings: Any, caplog: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ERASURE_JOURNAL = "/proc/nowhere/erasures.jsonl"
    nadia = make_contact()
    erase(nadia, django_capture_on_commit_callbacks)
    assert nadia.again().erased_at
    assert "an erasure is not in the journal yet" in caplog.text
    settings.ERASURE_JOURNAL = str(journal)
    assert [erasure_journal.complete(), erasure_journal.complete()] == [1, 0]
    assert [entry["contact"] for entry in erasure_journal.read(journal)] == [str(nadia.uuid)]


def test_after_a_line_that_was_cut_off_the_next_begins_anew(
    journal: Path, caplog: Any, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = make_contact(), make_contact()
    erase(first, django_capture_on_commit_callbacks)
    with journal.open("a") as file:
        file.write('{"at": "2026-')
    erase(second, django_capture_on_commit_callbacks)
    found = [entry["contact"] for entry in erasure_journal.read(journal, journal.with_name("not there"))]
    assert found == [str(first.uuid), str(second.uuid)]
    assert "a line of the journal of erasures cannot be read" in caplog.text


def test_a_line_that_says_something_else_is_skipped(journal: Path) -> None:
    journal.parent.mkdir()
    journal.write_text('\n[]\n{"at": "yesterday", "contact": "x", "suppressed": []}\n{"at": 3}\n')
    assert list(erasure_journal.read(journal)) == []


def test_a_database_from_before_forgets_again_and_keeps_asking_nobody_who_said_no(journal: Path) -> None:
    """The contact opted out and was erased after the backup: only the journal knows of either."""
    nadia, other = make_contact(email="nadia@customer.example", phone=""), make_contact()
    digest = suppression.digests("email", "nadia@customer.example")[0]
    journal.parent.mkdir()
    kept = {"medium": "email", "digest": digest, "key_id": "", "reason": SuppressionReason.UNSUBSCRIBED}
    gone = "00000000-0000-4000-8000-000000000000"  # made and erased since
    journal.write_text(
        "".join(
            json.dumps({"at": "2026-11-29T10:00:00+00:00", "contact": str(uuid), "suppressed": hashes}) + "\n"
            for uuid, hashes in ((nadia.uuid, [kept]), (gone, []))
        )
    )
    for expected in (1, 0):
        assert erasure.erase_again(erasure_journal.read(journal), by=API) == expected
    assert (nadia.again().email, nadia.again().name) == ("", "")
    assert other.again().erased_at is None
    assert suppression.is_suppressed("email", "Nadia@customer.example")
