"""Exports in the background: progress, cancelling, keeping, forgetting."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from csat import tasks
from csat.lib.refusal import Invalid
from csat.people import erasure
from csat.people.models import Contact, Team
from csat.reports import exports, spreadsheet
from csat.reports.filters import parse
from csat.reports.models import Export
from csat.surveys.visibility import visible_teams
from csat.timeline.models import Event
from tests import stored
from tests.factories import API
from tests.reports import past

YEAR = {"from": "2025-03-01", "to": "2026-03-01"}


@pytest.fixture(autouse=True)
def _facts(db: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    past.write(60, start=datetime(2025, 3, 1, tzinfo=UTC), days=360)


def start(user: Any, format: str = "csv", **asked: Any) -> Export:
    return exports.start(user, parse({**YEAR, **asked}), [], format)


def test_a_worker_makes_the_file(manager_user, monkeypatch):
    monkeypatch.setattr(exports, "PAGE", 25)
    export = start(manager_user)
    assert (export.state, export.rows_total) == ("due", 60)
    assert tasks.export(export.pk)
    export = export.again()
    assert (export.state, export.rows_done) == ("done", 60)
    rows = list(csv.reader(io.StringIO(export.file.read().decode("utf-8-sig"), newline="")))
    streamed = b"".join(spreadsheet.stream_csv(parse(YEAR))).decode("utf-8-sig")
    assert sorted(rows) == sorted(csv.reader(io.StringIO(streamed, newline="")))


def test_a_workbook_too(manager_user):
    export = start(manager_user, "xlsx", channel="email")
    exports.run(export.pk)
    export = export.again()
    book = openpyxl.load_workbook(export.file, read_only=True)
    assert len(list(book.active.values)) == export.rows_total + 1 > 1


@pytest.mark.parametrize(("format", "delimiter"), [("scsv", ";"), ("tsv", "\t")])
def test_a_csv_with_another_separator(manager_user, format, delimiter):
    export = start(manager_user, format)
    exports.run(export.pk)
    export = export.again()
    assert export.file.name.endswith(".csv")
    text = export.file.read().decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))) == 60


def test_who_took_what_is_audited(manager_user):
    start(manager_user, channel="email")
    told = Event.objects.get(kind="audit", data__what="export.made")
    assert told.actor_name == "maria"
    assert told.data["after"]["filters"]["channel"] == ["email"]


def test_an_export_of_a_lead_is_of_the_teams_it_was_asked_for_and_says_so(lead_user):
    lead_user.profile.teams.set(Team.objects.filter(name__in=["Billing", "Shipping"]))
    export = exports.start(lead_user, parse(YEAR, scope=visible_teams(lead_user)), ["Team"], "csv")
    assert Event.objects.latest("pk").data["after"]["teams"] == ["Billing", "Shipping"]
    assert exports.run(export.pk)
    rows = csv.reader(io.StringIO(export.again().file.read().decode("utf-8-sig"), newline=""))
    assert {team for (team,) in rows} == {"Team", "Billing", "Shipping"}
    lead_user.profile.teams.add(Team.objects.get(name="Care"))
    assert exports.may_fetch(export, lead_user)  # more than what is in it
    lead_user.profile.teams.remove(Team.objects.get(name="Billing"))
    assert not exports.may_fetch(export, lead_user)


def test_whose_teams_or_role_have_changed_gets_no_file(lead_user, manager_user, analyst_user):
    waiting = exports.start(lead_user, parse(YEAR, scope=visible_teams(lead_user)), [], "csv")
    of_everything = start(manager_user)
    lead_user.profile.teams.set([])
    assert not exports.run(waiting.pk)
    assert waiting.again().error == "Your role or your teams have changed since. Export again."
    assert exports.may_fetch(of_everything, analyst_user)
    assert not exports.may_fetch(of_everything, lead_user)
    manager_user.groups.clear()
    assert not exports.run(of_everything.pk)


def test_an_export_of_somebody_who_is_gone_is_not_made(analyst_user):
    export = start(analyst_user)
    analyst_user.delete()
    assert not exports.run(export.pk)
    assert export.again().state == "failed"


def test_progress_is_seen_and_a_cancelled_export_stops(manager_user, monkeypatch):
    monkeypatch.setattr(exports, "PAGE", 25)
    export, seen = start(manager_user), []
    progress = exports._progress

    def cancel_after_the_first_page(running: Export, done: int) -> bool:
        told = progress(running, done)
        seen.append(export.again().rows_done)
        exports.cancel(export.again())
        return told

    monkeypatch.setattr(exports, "_progress", cancel_after_the_first_page)
    assert not exports.run(export.pk)
    assert seen == [25, 25]
    assert (export.again().state, export.again().file.name) == ("cancelled", "")


def test_one_worker_makes_it(manager_user):
    export = start(manager_user)
    assert exports.run(export.pk)
    assert not exports.run(export.pk)
    export.change(state="running", lease_until=timezone.now() + timedelta(minutes=1))
    assert not exports.run(export.pk)


def test_one_whose_worker_was_lost_is_made_again(manager_user):
    export = start(manager_user)
    export.change(state="running", lease_until=timezone.now() - timedelta(seconds=1))
    assert exports.export_due() == 1
    assert exports.run(export.pk)


def test_a_failure_is_told(manager_user, monkeypatch):
    export = start(manager_user)
    monkeypatch.setattr(exports, "_make", lambda export: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        exports.run(export.pk)
    assert export.again().state == "failed"
    assert export.again().error


def test_files_go_with_exports_that_were_asked_for_before_a_time(manager_user):
    export = start(manager_user)
    exports.run(export.pk)
    waiting = start(manager_user)
    assert exports.expire(export.created_at) == 0
    assert stored.names("exports")
    assert exports.expire(timezone.now()) == 1
    assert not stored.names("exports")
    assert list(Export.objects.all()) == [waiting]


def test_an_erased_person_is_in_no_file(manager_user, django_capture_on_commit_callbacks):
    kept, waiting = start(manager_user), start(manager_user)
    elsewhere = exports.start(manager_user, parse({"from": "2020-01-01", "to": "2020-02-01"}), [], "csv")
    for export in (kept, elsewhere):
        exports.run(export.pk)
    file = kept.again().file
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(Contact.objects.filter(surveys__isnull=False).first(), by=API)
    assert (kept.again().state, kept.again().file.name) == ("failed", "")
    assert not file.storage.exists(file.name)
    assert (waiting.again().state, elsewhere.again().state) == ("due", "done")


@pytest.mark.parametrize(("names", "format"), [(["Password"], "csv"), ([], "pdf")])
def test_what_there_is_not_is_refused(manager_user, names, format):
    with pytest.raises(Invalid):
        exports.start(manager_user, parse(YEAR), names, format)


def test_a_file_that_no_export_names_goes_once_it_is_old(time_machine) -> None:
    storage = Export._meta.get_field("file").storage
    orphan = storage.save("exports/of-a-worker-that-died.csv", ContentFile(b"half"))
    assert exports.delete_orphans() == 0, "its worker may be about to name it"
    time_machine.move_to(timezone.now() + exports.PATIENCE + timedelta(minutes=1))
    assert exports.delete_orphans() == 1
    assert not storage.exists(orphan)
