"""A file of past conversations: uploaded, imported in the background, told to nobody, undone."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.db import DataError
from django.utils import timezone

from csat import tasks
from csat.imports import importing, storing
from csat.imports.models import Import
from csat.lib.refusal import Invalid, Refused
from csat.people.models import Agent, Contact
from csat.reports import queries, rollup
from csat.reports.filters import parse
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.models import Answer, CsatSettings, Delivery, FollowUp, Score, Survey
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks.models import WebhookAttempt
from csat.workflows.models import Run
from tests.imports.conftest import CHATWOOT_IN_GERMAN, many, upload

pytestmark = pytest.mark.django_db


def test_trap_22_a_chatwoot_csv_in_german_imported_twice_gives_the_same_rows_once(bring_in):
    """Trap 22: `'+49`, a last line about the period, an agent as "Name (mail)", and one without an agent."""
    first = bring_in(CHATWOOT_IN_GERMAN, "chatwoot")
    assert (first.state, first.counts) == (
        "done",
        {"new": 2, "updated": 0, "unchanged": 0, "refused": 0},
    )
    score = Score.objects.get(session__external_id="import:chatwoot:4021")
    assert (score.score, score.comment, score.imported) == (5, "Schnell, danke!", True)
    assert (score.contact.email, score.contact.phone) == ("ana@acme.example", "+491701234567")
    assert (score.agent.name, score.agent.email) == ("Ben Groß", "ben@acme.example")
    assert score.submitted_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    other = Score.objects.get(session__external_id="import:chatwoot:4022")
    assert (other.agent, other.contact.phone, other.comment) == (None, "+491709876543", "=weh")
    again = bring_in(CHATWOOT_IN_GERMAN, "chatwoot")
    assert again.counts == {"new": 0, "updated": 0, "unchanged": 2, "refused": 0}
    assert (Session.objects.count(), Answer.objects.count(), Agent.objects.count()) == (2, 2, 1)


def test_nothing_imported_is_surveyed_told_or_followed_up(bring_in, django_capture_on_commit_callbacks):
    CsatSettings.objects.update_or_create(pk=1, defaults={"auto_send": True})
    now = timezone.now().isoformat()
    with django_capture_on_commit_callbacks(execute=True):
        bring_in(f"ticket,score,email,date\n1,1,ana@acme.example,{now}\n2,,kim@acme.example,{now}\n")
    assert set(Survey.objects.values_list("state", flat=True)) == {"answered", "skipped"}
    assert not Delivery.objects.exists()
    assert not FollowUp.objects.exists()
    assert not Event.objects.filter(session_id__isnull=False, dispatch_after__isnull=False).exists()
    tasks.fan_out()
    assert not WebhookAttempt.objects.exists()
    assert not Run.objects.exists()


def test_imported_ratings_count_in_reports_and_can_be_left_out(bring_in):
    rollup.recount()
    bring_in("ticket,score,date\n1,5,2026-01-02\n2,1,2026-01-02\n")
    rollup.recount()
    year = {"from": "2026-01-01", "to": "2026-02-01"}
    assert queries.figures(parse(year)).n == 2
    assert queries.figures(parse(year | {"imported": "true"})).n == 2
    assert queries.figures(parse(year | {"imported": "false"})).n == 0
    assert queries.figures(parse(year)).requested == 0


def test_a_corrected_file_updates_the_rating(bring_in):
    bring_in("ticket,score,comment,date\n1,2,slow,2026-01-02\n")
    source = bring_in("ticket,score,comment,date\n1,4,fine in the end,2026-01-05\n")
    assert source.counts == {"new": 0, "updated": 1, "unchanged": 0, "refused": 0}
    score = Score.objects.get()
    assert (score.score, score.comment, score.submitted_at.day) == (4, "fine in the end", 5)
    assert list(Answer.objects.values_list("revision", "score")) == [(1, 2), (2, 4)]


def test_of_several_ratings_of_a_conversation_the_newest_counts_in_whichever_order(bring_in):
    lines = ["1,5,2026-01-05", "1,1,2026-01-02", "1,3,2026-01-03"]
    source = bring_in("\n".join(["ticket,score,date", *lines]))
    assert source.counts == {"new": 1, "updated": 2, "unchanged": 0, "refused": 0}
    assert Score.objects.get().score == 5
    assert Survey.objects.get().answers.count() == 3
    assert bring_in("\n".join(["ticket,score,date", *reversed(lines)])).unchanged == 3


def test_a_rating_given_here_is_not_replaced_by_a_file(bring_in):
    bring_in("ticket,score,date\n1,,2026-01-02\n")
    answering.answer(Survey.objects.get(), score=2, source="page")
    assert bring_in("ticket,score,date\n1,5,2026-01-03\n").unchanged == 1
    score = Score.objects.get()
    assert (score.score, score.imported) == (2, False)


def test_a_rating_given_here_replaces_an_imported_one(bring_in):
    bring_in("ticket,score,date\n1,5,2026-01-02\n")
    answering.answer(Survey.objects.get(), score=2, source="page")
    score = Score.objects.get()
    assert (score.score, score.imported) == (2, False)


def test_one_killed_in_the_middle_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr("csat.imports.reading.BATCH", 100)
    source, store, calls = upload(many(350)), storing.store, []

    def die_in_the_third(*args: Any) -> None:
        calls.append(1)
        store(*args)
        if len(calls) == 3:
            raise KeyboardInterrupt

    importing.start(source, by=SYSTEM)
    monkeypatch.setattr(storing, "store", die_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        importing.run(source.pk)
    source = source.again()
    assert (source.state, source.progress, source.new, Session.objects.count()) == ("running", 200, 200, 200)
    assert not importing.run(source.pk)  # its lease still runs
    source.change(lease_until=timezone.now() - timedelta(seconds=1))
    assert importing.import_due() == 1
    assert importing.run(source.pk)
    source = source.again()
    assert (source.state, source.progress, source.total) == ("done", 350, 350)
    assert source.counts == {"new": 350, "updated": 0, "unchanged": 0, "refused": 0}
    assert (Session.objects.count(), Score.objects.count()) == (350, 350)


def test_two_thousand_rows_keep_a_small_number_of_queries(bring_in, django_assert_max_num_queries):
    with django_assert_max_num_queries(440):  # SQLite takes 40 rows of a wide table at once
        source = bring_in(many(2000))
    assert (source.state, source.new) == ("done", 2000)
    assert Contact.objects.count() == 1001


def test_a_workbook_is_imported_like_any_other_file(bring_in):
    book, data = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Ticket", "Score", "Date"])
    for number in range(1, 31):
        book.active.append([number, number % 5 + 1, datetime(2026, 1, number)])
    book.save(data)
    source = bring_in(data.getvalue(), name="past.xlsx")
    assert (source.state, source.new, source.total, source.progress) == ("done", 30, 30, 30)
    assert Score.objects.get(session__external_id="import:generic:7").submitted_at.day == 7


def test_a_cancelled_import_stops_and_can_be_undone(monkeypatch):
    monkeypatch.setattr("csat.imports.reading.BATCH", 100)
    source = upload(many(250))
    importing.start(source, by=SYSTEM)
    between_batches = "csat.lib.advisory_lock.yield_to_others"
    monkeypatch.setattr(between_batches, lambda: importing.cancel(source.again()))
    assert not importing.run(source.pk)
    source = source.again()
    assert (source.state, source.file.name, Session.objects.count()) == ("cancelled", "", 100)
    assert not importing.cancel(source)
    importing.undo(source, by=SYSTEM)
    assert tasks.import_file(source.pk)
    assert (source.again().state, Session.objects.count()) == ("undone", 0)


def test_the_stored_file_goes_when_the_import_has_ended(
    bring_in, tmp_path, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        source = bring_in("ticket,score,date\n1,5,2026-01-02\n")
    assert source.file.name == ""
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_row_the_database_refuses_costs_only_itself(bring_in, monkeypatch):
    store = storing.store

    def refuse_the_seventh(matches: Any, *args: Any) -> None:
        store(matches, *args)
        if any(match.conversation.external_id == "import:generic:7" for match in matches):
            raise DataError

    monkeypatch.setattr(storing, "store", refuse_the_seventh)
    source = bring_in(many(20))
    assert source.counts == {"new": 19, "updated": 0, "unchanged": 0, "refused": 1}
    assert source.rows.get(outcome="refused").number == 9


def test_what_is_no_table_is_refused_with_the_field_named_and_nothing_is_kept(tmp_path):
    for data, kind, field in (
        (b"", "generic", "file"),
        (b"score,date\n", "generic", "file"),
        (b"\x00\x01\x02binary", "generic", "file"),
        (b"PK\x03\x04 not a workbook", "generic", "file"),
        (b"score,date\n5,2026-01-02\n", "sheet", "kind"),
    ):
        with pytest.raises(Invalid) as refused:
            importing.upload(ContentFile(data, name="x.csv"), kind, by=SYSTEM)
        assert list(refused.value.fields) == [field]
    assert not Import.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_columns_can_be_chosen_by_hand_until_it_is_started():
    source = upload("a,b,c\n9,2026-01-02,good\n")
    with pytest.raises(Invalid) as refused:
        importing.start(source, by=SYSTEM)
    assert set(refused.value.fields) == {"when", "score"}
    importing.map_columns(source, {"score": "c", "when": 2, "ticket": "1", "scale": "words"})
    assert source.mapping["columns"] == {"score": 2, "when": 1, "ticket": 0}
    importing.start(source, by=SYSTEM)
    importing.run(source.pk)
    assert Score.objects.get().score == 5
    with pytest.raises(Refused):
        importing.start(source.again(), by=SYSTEM)


def test_what_is_chosen_by_hand_leaves_the_rest_as_it_was_recognised():
    source = upload("ticket,score,stars,date\n1,9,4,2026-01-02\n")
    importing.map_columns(source, {"score": "stars"})
    assert source.mapping["columns"] == {"ticket": 0, "when": 3, "score": 2}
    importing.map_columns(source, {"comment": 1, "ticket": ""})
    assert source.mapping["columns"] == {"when": 3, "score": 2, "comment": 0}


def test_what_cannot_be_used_leaves_no_trace(tmp_path):
    importing.discard(upload(many(3)))
    assert not Import.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_withdrawing_cancels_what_waits_and_undoes_what_is_stored(bring_in):
    waiting, done = upload(many(3)), bring_in(many(5))
    importing.withdraw(waiting, by=SYSTEM)
    importing.withdraw(done, by=SYSTEM)
    assert (waiting.again().state, done.again().state) == ("cancelled", "undoing")


def test_a_check_counts_what_an_import_would_do():
    source = upload(many(30) + "\nx,9,,,,2026-01-01\n")
    importing.check(source)
    assert importing.run(source.pk)
    source = source.again()
    assert (source.state, source.total) == ("ready", 31)
    assert source.counts == {"new": 30, "updated": 0, "unchanged": 0, "refused": 1}
    assert not Session.objects.exists()
    importing.start(source, by=SYSTEM)
    assert importing.run(source.pk)
    assert source.again().counts == {"new": 30, "updated": 0, "unchanged": 0, "refused": 1}


def test_a_failure_is_told(monkeypatch):
    source = upload(many(3))
    importing.start(source, by=SYSTEM)
    monkeypatch.setattr(storing, "store", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        importing.run(source.pk)
    source = source.again()
    assert source.state == "failed"
    assert "failed" in source.error


def test_undoing_what_was_never_imported_is_refused():
    with pytest.raises(Refused):
        importing.undo(upload(many(3)), by=SYSTEM)


def test_files_that_nobody_needs_any_more_go_after_a_week():
    waiting = upload(many(3))
    assert importing.expire() == 0
    Import.objects.update(updated_at=timezone.now() - timedelta(days=8))
    assert importing.expire() == 1
    waiting = waiting.again()
    assert (waiting.state, waiting.file.name) == ("cancelled", "")


def test_who_imported_and_undid_is_audited(admin_user, bring_in):
    source = bring_in("ticket,score,date\n1,5,2026-01-02\n")
    importing.undo(source, by=SYSTEM)
    audited = Event.objects.filter(kind="audit").values_list("data__what", flat=True)
    assert list(audited) == ["import.started", "import.undone"]
