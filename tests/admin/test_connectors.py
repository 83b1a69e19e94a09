"""The admin's connections, what came in and what goes back: watched, paused, tried again."""

from typing import Any

import pytest
from django.test import Client

from csat.connectors import connections
from csat.connectors.models import Connection, InboundEvent, WriteBack
from csat.people import roles
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.admin.rows import make_everything

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
PAGES = {"connection": Connection, "inboundevent": InboundEvent, "writeback": WriteBack}


@pytest.fixture(autouse=True)
def _rows(db: Any) -> None:
    roles.sync()
    make_everything()


def do(client: Client, table: str, action: str, row: Any) -> Any:
    data = {"action": action, "_selected_action": [row.pk]}
    return client.post(f"/admin/csat/{table}/", data, follow=True)


def page(client: Client, table: str) -> str:
    """The list and the page of its one row."""
    row = PAGES[table].objects.get()
    answers = [client.get(f"/admin/csat/{table}/{part}") for part in ("", f"{row.pk}/change/")]
    assert [answer.status_code for answer in answers] == [200, 200]
    return "".join(answer.content.decode() for answer in answers)


@pytest.mark.parametrize("table", PAGES)
def test_its_secrets_and_its_address_are_shown_nowhere(admin: Client, table: str) -> None:
    shown, connection = page(admin, table), Connection.objects.get()
    secrets = (connection.opened["address"], connection.secrets, connection.digest)
    for secret in ("signing-not-to-be-seen", "token-not-to-be-seen", *secrets):
        assert secret not in shown
    assert "Desk " in shown


def test_a_connection_shows_how_it_is_going_and_why(admin: Client) -> None:
    shown = page(admin, "connection")
    assert "amber" in shown
    assert "1 event failed today" in shown


def test_without_the_key_to_its_secrets_it_can_still_be_looked_at(admin: Client, settings: Any) -> None:
    settings.SECRETS_KEYS = ["another key"]
    assert "which is not set" in page(admin, "connection")


def test_a_connection_is_paused_and_resumed_and_both_are_audited(admin: Client) -> None:
    connection = Connection.objects.get()
    do(admin, "connection", "pause", connection)
    assert connection.again().paused_at is not None
    assert b"nothing to change" in do(admin, "connection", "pause", connection).content
    do(admin, "connection", "resume", connection)
    assert connection.again().paused_at is None
    audited = Event.objects.filter(kind=Kind.AUDIT, data__what__startswith="connection.").order_by("pk")
    assert [event.data["what"] for event in audited][-2:] == ["connection.paused", "connection.resumed"]
    assert {event.actor_name for event in audited.reverse()[:2]} == {"ada"}


def test_a_removed_connection_is_neither_paused_nor_resumed(admin: Client) -> None:
    connection = Connection.objects.get()
    connections.remove(connection, by=SYSTEM)
    do(admin, "connection", "pause", connection)
    assert connection.again().paused_at is None


def test_an_event_is_processed_again(admin: Client) -> None:
    InboundEvent.objects.update(outcome="failed", next_try=None, attempt=6, text="Something went wrong")
    do(admin, "inboundevent", "process_again", InboundEvent.objects.get())
    event = InboundEvent.objects.get()
    assert (event.outcome, event.text, event.attempt) == ("waiting", "", 0)
    assert event.next_try is not None


def test_a_refused_score_is_written_again_and_one_that_was_written_is_not(admin: Client) -> None:
    WriteBack.objects.update(state="failed", attempt=9, error="403: not allowed")
    do(admin, "writeback", "try_again", WriteBack.objects.get())
    row = WriteBack.objects.get()
    assert (row.state, row.attempt, row.error) == ("pending", 0, "")
    row.change(state="written")
    assert b"nothing to change" in do(admin, "writeback", "try_again", row).content
    assert row.again().state == "written"


def test_nothing_is_added_or_changed_by_hand(admin: Client) -> None:
    for table, model in PAGES.items():
        row = model.objects.get()
        assert admin.get(f"/admin/csat/{table}/add/").status_code == 403
        assert admin.post(f"/admin/csat/{table}/{row.pk}/change/", {"name": "Mine"}).status_code == 403
        assert admin.post(f"/admin/csat/{table}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_manager_reads_what_became_of_events_and_not_what_was_in_them(
    manager: Client, admin: Client
) -> None:
    assert "Zebra-secret words" in page(admin, "inboundevent")
    assert "Zebra-secret words" not in page(manager, "inboundevent")
    for table, action in (
        ("connection", "pause"),
        ("inboundevent", "process_again"),
        ("writeback", "try_again"),
    ):
        before = PAGES[table].objects.values().get()
        do(manager, table, action, PAGES[table].objects.get())
        assert PAGES[table].objects.values().get() == before


@pytest.mark.parametrize("table", PAGES)
def test_an_agent_sees_none_of_it(agent: Client, table: str) -> None:
    assert agent.get(f"/admin/csat/{table}/").status_code == 403
