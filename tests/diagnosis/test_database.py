"""The database, its version, its clock and its copies."""

from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.db import OperationalError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from csat.diagnosis import database
from csat.diagnosis.findings import Level
from csat.timeline.models import Heartbeat, WorkerProcess
from tests.newest import newest_migration

pytestmark = pytest.mark.django_db


def test_it_answers_with_its_name_and_size() -> None:
    finding = database.answers()
    assert finding.level == Level.OK
    assert finding.text.startswith(f"{connection.display_name} ")


def test_away_it_is_an_error() -> None:
    with mock.patch.object(connection, "ensure_connection", side_effect=OperationalError("no\n\troute")):
        finding = database.answers()
    assert finding.level == Level.ERROR
    assert finding.text == "The database does not answer: no route"


def test_of_this_version_and_writable_it_is_well_and_nothing_is_left_behind() -> None:
    assert [finding.level for finding in database.examine()] == [Level.OK, Level.OK]
    assert not Heartbeat.objects.filter(name="doctor").exists()


def test_older_and_newer_than_the_code() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("csat", "9999_later")
    newer = next(iter(database.examine()))
    assert (newer.level, newer.todo) == (Level.ERROR, "Install that version.")
    newest = newest_migration()
    recorder.record_unapplied("csat", newest)
    [older] = database.examine()
    assert older.level == Level.ERROR
    assert f"csat.{newest}" in older.text


def test_a_database_that_takes_no_changes() -> None:
    full = OperationalError("database or disk is full")
    with mock.patch.object(Heartbeat.objects, "update_or_create", side_effect=full):
        finding = database.takes_changes()
    assert finding.level == Level.ERROR
    assert finding.text == "Nothing can be written to the database: database or disk is full"


def test_clocks_that_agree() -> None:
    WorkerProcess.objects.create(cluster="surveys", host="b", pid=1, beat_at=timezone.now())
    assert [finding.level for finding in database.clocks()] == [Level.OK]


def test_our_own_clock_is_compared_with_the_databases() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite goes by our clock")
    with time_machine.travel(timezone.now() + timedelta(seconds=20)):
        [finding] = database.clocks()
    assert finding.level == Level.WARNING
    with time_machine.travel(timezone.now() + timedelta(minutes=4)):
        [finding] = database.clocks()
    assert finding.level == Level.ERROR
    assert "apart" in finding.text


def test_another_machine_that_is_ahead_is_named() -> None:
    at = timezone.now() + timedelta(minutes=5, seconds=30)
    WorkerProcess.objects.create(cluster="surveys", host="machine-2", pid=1, beat_at=at)
    [finding] = database.clocks()
    assert finding.level == Level.ERROR
    assert "machine-2 is 5 min ahead" in finding.text


def test_without_replicas_nothing_is_said_of_them() -> None:
    assert list(database.replicas()) == []


def test_a_replica_that_is_away_or_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    replica = mock.MagicMock(vendor="postgresql")
    replica.cursor.return_value.__enter__.return_value.fetchone.return_value = (480.0,)
    copies = mock.MagicMock(
        __iter__=lambda _self: iter(["default", "replica"]), __getitem__=lambda *_: replica
    )
    monkeypatch.setattr(database, "connections", copies)
    [finding] = database.replicas()
    assert (finding.level, finding.text) == (Level.WARNING, "The replica answers and is 8 min behind.")
    replica.cursor.side_effect = OperationalError("refused")
    [finding] = database.replicas()
    assert (finding.level, finding.text) == (Level.WARNING, "The replica does not answer: refused")
    assert list(connections) == ["default"]
