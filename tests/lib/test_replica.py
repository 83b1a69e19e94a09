"""Lists come from the replica as long as it keeps up; nobody misses what they wrote; when it fails, nobody
notices. Against a real standby of the tests' own PostgreSQL.
"""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import Client

from csat.lib import replica
from csat.people.models import Contact, Team
from csat.reports import exports
from csat.reports.filters import parse
from csat.surveys.models import CsatSettings
from project import databases
from tests import beside_postgres, workers
from tests.api.conftest import Machine, machine
from tests.beside_postgres import Standby
from tests.factories import make_contact, make_sent_survey

NEW = "new@customer.example"


def names() -> list[str]:
    return list(Contact.objects.values_list("email", flat=True))


def there() -> bool:
    return NEW in replica.read(names)


class TestWithoutOne:
    @pytest.mark.django_db
    def test_everything_is_read_where_it_is_written(self) -> None:
        make_contact(email=NEW)
        replica.wrote("user:1")
        assert not replica.is_there()
        assert replica.read(names, by="user:1", wait=5) == [NEW]
        assert replica.alias(wait=5) == "default"
        assert "wrote:user:1" not in cache


class TestRouter:
    router = replica.Router()

    def test_outside_of_read_django_decides(self) -> None:
        assert self.router.db_for_read(Contact) is None

    def test_a_row_from_the_replica_is_written_and_followed_on_the_primary(self) -> None:
        contact = Contact()
        contact._state.db = "replica"
        assert self.router.db_for_write(Contact, instance=contact) == "default"
        assert self.router.db_for_read(Team, instance=contact) == "default"

    def test_rows_of_both_may_be_joined_and_nothing_is_migrated_there(self) -> None:
        here, there = Contact(), Contact()
        here._state.db, there._state.db = "default", "replica"
        assert self.router.allow_relation(here, there) is True
        assert self.router.allow_migrate("replica", "csat") is False
        assert self.router.allow_migrate("default", "csat") is None


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Standby]:
    with django_db_blocker.unblock(), beside_postgres.standby() as standby:
        yield standby


@pytest.fixture
def standby(server: Standby, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standby]:
    """Known to Django as the replica, and not behind."""
    monkeypatch.setenv("DATABASE_REPLICA_URL", server.url)
    entry = databases.read_replica("DATABASE_REPLICA_URL", of=connection.settings_dict)
    monkeypatch.setitem(connections.settings, "replica", connection.settings_dict | entry)
    monkeypatch.setattr(connections["replica"], "ensure_connection", connect)
    monkeypatch.setattr(replica, "_standing", replica._Standing())
    monkeypatch.setattr(replica, "MAX_LAG", 60.0)
    monkeypatch.setattr(replica, "CHECK_EVERY", 0.05)
    CsatSettings.current()
    server.catch_up()
    assert workers.wait_for(replica._standing.is_usable)
    yield server
    server.release()
    connections["replica"].close()
    del connections["replica"]


def connect() -> None:
    """As Django does it itself where no test case asks which databases are allowed."""
    there = connections["replica"]
    if there.connection is None:
        with there.wrap_database_errors:
            there.connect()


@pytest.mark.postgres
class TestReading:
    def test_a_list_is_read_from_the_replica(self, standby: Standby, manager: Client) -> None:
        standby.catch_up()
        standby.hold()
        make_contact(email=NEW)
        assert NEW not in manager.get("/contacts/").content.decode()
        standby.release()
        standby.catch_up()
        assert NEW in manager.get("/contacts/").content.decode()

    def test_a_single_page_and_a_transaction_are_read_from_the_primary(
        self, standby: Standby, manager: Client
    ) -> None:
        standby.hold()
        contact = make_contact(email=NEW)
        assert manager.get(f"/contacts/{contact.uuid}/").status_code == 200
        with transaction.atomic():
            assert there()
        assert not there()

    def test_what_is_written_while_reading_goes_to_the_primary(self, standby: Standby) -> None:
        def find_and_rename() -> None:
            contact = Contact.objects.get(email=NEW)
            assert contact._state.db == "replica"
            contact.name = "Renamed"
            contact.save()

        make_contact(email=NEW)
        standby.catch_up()
        replica.read(find_and_rename)
        assert Contact.objects.get().name == "Renamed"

    def test_who_wrote_by_the_api_sees_it_and_others_a_little_later(self, standby: Standby) -> None:
        writer, other = machine(), machine()
        standby.catch_up()
        standby.hold()
        assert writer.post("/contacts", {"email": NEW}).status_code == 201
        assert emails(writer) == [NEW]
        assert emails(other) == []

    def test_who_posts_a_form_sees_what_it_did(
        self, standby: Standby, manager: Client, agent: Client
    ) -> None:
        contact = make_contact(email=NEW)
        standby.catch_up()
        standby.hold()
        assert manager.post(f"/contacts/{contact.uuid}/opt-out/").status_code == 302
        assert NEW in manager.get("/contacts/?asking=opted-out").content.decode()
        assert NEW not in agent.get("/contacts/?asking=opted-out").content.decode()

    def test_who_keeps_a_copy_by_updated_after_reads_the_primary(self, standby: Standby) -> None:
        api = machine()
        standby.catch_up()
        standby.hold()
        make_contact(email=NEW)
        assert emails(api, updated_after="2020-01-01T00:00:00Z") == [NEW]
        assert emails(api) == []

    def test_an_export_waits_for_what_was_there_when_it_was_asked_for(
        self, standby: Standby, manager_user: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read_from = []
        monkeypatch.setattr(exports, "_keep", lambda export, path: read_from.append(path.read_text()) or True)
        replica.read(names)
        standby.hold()
        make_sent_survey()
        export = exports.start(manager_user, parse({}), ["CSAT Requested At"], "csv")
        timer = threading.Timer(0.5, standby.release)
        timer.start()
        began = time.monotonic()
        assert exports.run(export.pk)
        timer.join()
        assert time.monotonic() - began >= 0.4
        assert len(read_from[0].splitlines()) == 2

    def test_a_stream_is_copied_by_the_replica_itself(self, standby: Standby) -> None:
        from csat.reports import spreadsheet

        make_sent_survey()
        using = replica.alias(wait=5)
        assert using == "replica"
        before = standby.ask(COPIES)
        lines = b"".join(spreadsheet.stream_csv(parse({}), ["CSAT Requested At"], using=using))
        assert len(lines.splitlines()) == 2
        connections["replica"].close()  # PostgreSQL counts when a connection rests
        assert standby.ask(COPIES) >= before


COPIES = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


@pytest.mark.postgres
class TestTrouble:
    def test_one_that_is_too_far_behind_is_not_read_from(
        self, standby: Standby, monkeypatch: pytest.MonkeyPatch, caplog: Any, settings: Any
    ) -> None:
        monkeypatch.setattr(replica, "MAX_LAG", 0.4)
        standby.hold()
        make_contact(email=NEW)
        until = time.monotonic() + 5
        while not there() and time.monotonic() < until:
            time.sleep(0.05)
        assert there()
        for _ in range(3):
            time.sleep(0.06)
            assert there()
        assert said(caplog) == [f"{NOT_USED}: it is too far behind"]
        assert replica.measure()[0] is False
        assert (replica.measure()[1] or 0) > 0
        settings.METRICS_TOKEN = "s3cret"
        metrics = Client().get("/metrics", headers={"Authorization": "Bearer s3cret"}).content.decode()
        assert "csat_replica_used 0.0" in metrics
        assert "csat_replica_behind_bytes " in metrics
        standby.release()
        standby.catch_up()
        assert workers.wait_for(lambda: there() and len(said(caplog)) > 1)
        assert said(caplog)[1:] == ["the replica is used again"]
        usable, behind = replica.measure()
        assert usable
        assert behind is not None  # others write on this server, too

    def test_one_that_is_away_is_not_missed(
        self, standby: Standby, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        monkeypatch.setattr(replica, "AWAY_FOR", 0.2)
        make_contact(email=NEW)
        replica.read(names)
        standby.stop()
        try:
            assert there()  # by a connection that is broken now
            assert there()
            assert replica.alias(wait=5) == "default"
            assert replica.measure() == (False, None)
        finally:
            standby.start()
        standby.catch_up()
        time.sleep(0.3)
        assert there()
        first, *rest = said(caplog)
        assert first.startswith(f"{NOT_USED}: it does not answer")
        assert rest == ["the replica is used again"]

    def test_what_fails_in_the_middle_is_read_again_from_the_primary(self, standby: Standby) -> None:
        asked = []

        def list_and_lose_the_line() -> list[str]:
            found = names()
            asked.append(Contact.objects.all().db)
            if asked == ["replica"]:
                with connections["replica"].cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            return found

        assert replica.read(list_and_lose_the_line) == []
        assert asked == ["replica", "default"]

    def test_one_that_was_promoted_is_no_replica(self, standby: Standby, caplog: Any) -> None:
        connections["replica"].close()
        connections["replica"].settings_dict["PORT"] = connection.settings_dict["PORT"]
        make_contact(email=NEW)
        time.sleep(2 * replica.CHECK_EVERY)
        assert there()
        assert said(caplog) == [f"{NOT_USED}: it does not answer: it follows no primary"]

    def test_while_nobody_knows_who_wrote_the_primary_is_read(
        self, standby: Standby, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from csat.lib.cache import FaultTolerantCache

        gone = FaultTolerantCache("redis://127.0.0.1:1", {})
        monkeypatch.setattr(replica, "cache", gone)
        standby.hold()
        make_contact(email=NEW)
        assert NEW in replica.read(names, by="user:1")


NOT_USED = "the replica is not used, reads go to the primary"


def said(caplog: Any) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "csat.lib.replica" and record.levelno >= logging.WARNING
    ]


def emails(api: Machine, **query: str) -> list[str]:
    return [item["email"] for item in api.get("/contacts", **query).json()["items"]]
