"""Who was erased is written beside the database, without a word of theirs, and read again after a restore."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from csat.people import erasure, erasure_journal, suppression
from csat.people.erasure_journal import Wish
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
    assert "an erasure or opt-out is not in the journal yet" in caplog.text
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


class TestWishes:
    """Opt-outs and their ends, between a backup and its restore."""

    @pytest.fixture
    def noted(self, journal: Path, django_capture_on_commit_callbacks: Any) -> Any:
        """Do something, as it is committed; the lines it left."""

        def do(*verbs: Any) -> list[Wish]:
            with django_capture_on_commit_callbacks(execute=True):
                for verb in verbs:
                    verb()
            return erasure_journal.wishes(journal, since=timezone.now() - timedelta(hours=1))

        return do

    def forget_suppressions(self) -> None:
        Suppression.objects.all().delete()
        Contact.objects.update(opted_out_at=None, opt_out_reason="")

    def stop(self, address: str) -> None:
        suppression.suppress("phone", address, reason=SuppressionReason.STOP_WORD)

    def test_a_stop_holds_again_and_leaves_no_address_in_the_file(self, noted: Any, journal: Path) -> None:
        [wish] = noted(lambda: self.stop("+4930123456"), lambda: self.stop("+4930123456"))
        assert (wish["stops"], wish["contact"], len(wish["addresses"])) == (True, "", 1)
        assert "4930123456" not in journal.read_text()
        self.forget_suppressions()
        suppression.wish_again([wish, wish], by=API)
        assert suppression.is_suppressed("phone", "+4930123456")
        assert suppression.lift("phone", "+4930123456")

    def test_who_said_start_afterwards_is_asked(self, noted: Any) -> None:
        wishes = noted(lambda: self.stop("+4930123456"), lambda: suppression.lift("phone", "+4930123456"))
        assert [wish["stops"] for wish in wishes] == [True, False]
        self.forget_suppressions()
        suppression.wish_again(wishes, by=API)
        assert not suppression.is_suppressed("phone", "+4930123456")

    def test_a_stop_of_then_that_staff_lifted_since_is_lifted(self, noted: Any) -> None:
        self.stop("+4930123456")
        row = Suppression.objects.get()
        wishes = noted(lambda: suppression.lift_by_staff(row, by=API))
        row.change(lifted_at=None)
        suppression.wish_again(wishes, by=API)
        assert not suppression.is_suppressed("phone", "+4930123456")

    def test_a_contact_who_opted_out_is_opted_out(self, noted: Any) -> None:
        nadia = make_contact()
        wishes = noted(lambda: suppression.opt_out(nadia, by=API))
        self.forget_suppressions()
        suppression.wish_again(wishes, by=API)
        assert nadia.again().opted_out_at
        assert nadia.again().opt_out_reason == SuppressionReason.UNSUBSCRIBED
        back = noted(lambda: suppression.opt_in(nadia.again(), by=API))
        assert [wish["stops"] for wish in back] == [True, False]
        suppression.wish_again(back, by=API)
        assert not nadia.again().opted_out_at

    def test_one_whom_the_backup_does_not_know_is_known_by_the_addresses(self, noted: Any) -> None:
        nadia = make_contact(email="nadia@customer.example", phone="+4930123456")
        wishes = noted(lambda: suppression.opt_out(nadia, by=API))
        Contact.objects.all().delete()
        suppression.wish_again(wishes, by=API)
        assert suppression.is_suppressed("email", "Nadia@customer.example")
        assert suppression.is_suppressed("phone", "+4930123456")

    def test_what_was_wished_before_the_backup_is_in_the_backup(self, noted: Any, journal: Path) -> None:
        assert noted(lambda: self.stop("+4930123456"))
        assert erasure_journal.wishes(journal, since=timezone.now()) == []
        assert list(erasure_journal.read(journal)) == []  # and it is no erasure

    def test_several_machines_journals_are_read_in_the_order_of_what_happened(
        self, noted: Any, journal: Path
    ) -> None:
        noted(lambda: self.stop("+4930123456"))
        first = journal.rename(journal.with_name("first"))
        noted(lambda: suppression.lift("phone", "+4930123456"))
        wishes = erasure_journal.wishes(journal, first, since=timezone.now() - timedelta(hours=1))
        assert [wish["stops"] for wish in wishes] == [True, False]
