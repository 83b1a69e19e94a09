"""Trap 14: the door answers while no worker runs, and what waited is applied later with the same result."""

import hashlib
import hmac
import statistics
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from csat.connectors import applying, connections
from csat.connectors.models import ConnectedMessage, Connection, InboundEvent
from csat.sessions.models import Session
from csat.surveys.models import Survey
from csat.timeline.models import Event
from tests.connectors.fake_desk import ADA
from tests.connectors.fakes import payload, raw
from tests.factories import switch_on

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]
SECRET = "secret of the webhook"
REQUESTS = 50
STORY = ("conversation_created", "message_created-incoming", "conversation_status_changed")


@pytest.fixture
def chatwoot(shared_database: None) -> Connection:
    switch_on()
    return make_chatwoot()


def make_chatwoot() -> Connection:
    connection = connections.add(
        kind="chatwoot",
        base_url="https://93.184.216.34",
        account="1",
        by=ADA,
        secrets_given={"inbound": SECRET},
    )
    connection.change(connected_at=timezone.now() - timedelta(hours=2))
    return connection


def knock(connection: Connection, body: bytes) -> Any:
    at = str(int(time.time()))
    signature = hmac.digest(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
    headers = {"x-chatwoot-signature": f"sha256={signature}", "x-chatwoot-timestamp": at}
    path = f"/connect/chatwoot/{connection.opened['address']}"
    return Client().post(path, body, content_type="application/json", headers=headers)


def story(number: int) -> list[bytes]:
    """A conversation of today and a customer of its own: begun, a message, resolved."""
    now, bodies = time.time(), []
    for place, name in enumerate(STORY):
        body = payload(f"chatwoot-{name}")
        conversation = body.get("conversation", body)
        sender = conversation["meta"]["sender"]
        sender |= {"id": number, "email": f"ana.{number}@customer.example", "phone_number": None}
        conversation |= {"id": number, "created_at": now - 60, "updated_at": now - 30 + place}
        bodies.append(raw(body))
    return bodies


def milliseconds(call: Callable[[bytes], None], bodies: list[bytes]) -> list[float]:
    taken = []
    for body in bodies:
        began = time.perf_counter()
        call(body)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def bare_insert(connection: Connection) -> Callable[[bytes], None]:
    """A row of the same size by the database's own driver."""
    columns = "uuid, created_at, updated_at, connection_id, key, event, headers, body, outcome, text, attempt"
    place = "%s" if database.vendor == "postgresql" else "?"
    statement = f"INSERT INTO csat_inboundevent ({columns}) VALUES ({', '.join([place] * 11)})"

    def insert(body: bytes) -> None:
        now, text = str(timezone.now()), body.decode()
        key = uuid.uuid4().hex
        values = key, now, now, connection.pk, key, "bare", "{}", text, "applied", "", 0
        database.connection.execute(statement, values)

    return insert


def outcome_of(connection: Connection) -> dict[str, Any]:
    """What became of the conversations, in a form that two connections can share."""
    sessions = Session.objects.filter(conversation_origin__connection=connection)
    return {
        "conversations": sorted(
            (row.conversation_origin.external_id, row.status, row.customer_messages, row.contact.email)
            for row in sessions.select_related("contact", "conversation_origin")
        ),
        "surveys": sorted(Survey.objects.filter(session__in=sessions).values_list("state", flat=True)),
        "messages": ConnectedMessage.objects.filter(origin__connection=connection).count(),
        "told": sorted(
            Event.objects.filter(session_id__in=sessions.values("pk")).values_list("kind", flat=True)
        ),
    }


def apply_all(connection: Connection) -> int:
    with mock.patch.object(applying, "LINGER", 0):
        return applying.apply_due(connection.pk)


def test_while_no_worker_runs_it_answers_and_stores_and_what_waited_is_applied_later(
    chatwoot: Connection, record_property: Callable[[str, object], None]
) -> None:
    """Trap 14."""
    bodies = [body for number in range(5000, 5000 + REQUESTS // 3 + 1) for body in story(number)]

    def through_the_door(body: bytes) -> None:
        answer = knock(chatwoot, body)
        assert (answer.status_code, answer.content) == (200, b"")

    through_the_door(bodies[0])  # the first request of a process loads the addresses
    door = statistics.median(milliseconds(through_the_door, bodies[1:]))
    assert not Session.objects.exists()
    assert chatwoot.events.filter(outcome="waiting").count() == len(bodies) == 51
    bare = statistics.median(milliseconds(bare_insert(chatwoot), bodies))
    chatwoot.events.filter(event="bare").delete()
    print(f"the door {door:.1f} ms, a bare INSERT {bare:.2f} ms, the median of {REQUESTS}")
    record_property("door_ms", round(door, 1))
    assert apply_all(chatwoot) == 51
    assert chatwoot.events.exclude(outcome="applied").count() == 0
    result = outcome_of(chatwoot)
    assert {row[1:3] for row in result["conversations"]} == {("closed_resolved", 2)}
    assert len(result["conversations"]) == len(result["surveys"]) == 17


def test_what_waited_ends_as_what_was_applied_at_once(chatwoot: Connection) -> None:
    """Trap 14."""
    at_once = make_chatwoot()
    stories = [story(number) for number in (6001, 6002, 6003)]
    for body in [body for bodies in stories for body in bodies]:
        assert knock(at_once, body).status_code == 200
        assert apply_all(at_once) == 1
    before = outcome_of(at_once)
    for body in [body for bodies in stories for body in bodies]:
        assert knock(chatwoot, body).status_code == 200
    assert InboundEvent.objects.filter(connection=chatwoot, outcome="waiting").count() == 9
    assert apply_all(chatwoot) == 9
    assert outcome_of(chatwoot) == before
    assert len(before["conversations"]) == 3
