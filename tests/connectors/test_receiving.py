"""What a help desk sends is taken in: verified, redacted, stored once; refused for good reasons."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from csat.connectors import connections, receiving
from csat.connectors.base import System
from csat.connectors.models import Connection, InboundEvent
from csat.connectors.receiving import MAX_BYTES, receive
from csat.jobs import Job
from csat.sessions.models import Session
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.connectors.fake_desk import ADA, SIGNATURE, make_connection

pytestmark = pytest.mark.django_db
BODY = {"id": "42", "status": "solved", "at": "2026-11-20T10:20:00Z", "type": "status"}


def send(connection: Connection, body: Any = BODY, **more: Any) -> receiving.Response:
    """As the door passes it on; bytes go in as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    values = {
        "kind": connection.kind,
        "token": connection.opened["address"],
        "headers": {},
        "raw": raw,
    } | more
    return receive(url=connection.inbound_url, **values)


def woken(connection: Connection, sent: mock.Mock) -> int:
    return sent.call_args_list.count(mock.call(Job.APPLY_EVENTS, connection.pk))


@pytest.fixture
def enqueued() -> Any:
    with mock.patch("csat.connectors.receiving.enqueue") as enqueue:
        yield enqueue


class TestTakingIn:
    def test_it_is_stored_to_be_applied_later(self, connection: Connection) -> None:
        assert send(connection) == receiving.Response(200, "")
        event = InboundEvent.objects.get()
        assert (event.connection, event.outcome, event.parsed) == (connection, "waiting", BODY)
        assert event.event == "status"
        assert event.next_try is not None
        assert not Session.objects.exists()

    def test_that_something_came_in_is_noted_and_a_worker_is_woken_once(
        self, connection: Connection, enqueued: mock.Mock
    ) -> None:
        for number in range(5):
            send(connection, BODY | {"event_id": number})
        assert connection.again().last_event_at is not None
        assert InboundEvent.objects.count() == 5
        assert woken(connection, enqueued) == 1

    def test_the_time_of_the_last_event_moves_on_but_not_with_each_event(
        self, connection: Connection
    ) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            send(connection)
            first = connection.again().last_event_at
            assert first
            clock.shift(5)
            send(connection.again(), BODY | {"event_id": "2"})
            assert connection.again().last_event_at == first
            clock.shift(60)
            send(connection.again(), BODY | {"event_id": "3"})
            assert connection.again().last_event_at == first + timedelta(seconds=65)

    def test_only_the_headers_that_reading_needs_are_kept(self, connection: Connection) -> None:
        send(connection, headers={"x-desk-topic": "ticket.solved", "cookie": "secret=1"})
        event = InboundEvent.objects.get()
        assert event.headers == {"x-desk-topic": "ticket.solved"}
        assert event.event == "ticket.solved"

    def test_tokens_in_it_are_not_kept(self, connection: Connection) -> None:
        send(connection, BODY | {"token": "pubsub-1", "customer": {"token": "pubsub-2", "name": "Ana"}})
        assert "pubsub" not in InboundEvent.objects.get().body
        assert InboundEvent.objects.get().parsed["customer"]["name"] == "Ana"

    def test_a_handshake_is_answered_and_not_stored(self, connection: Connection) -> None:
        assert send(connection, headers={"x-desk-challenge": "abc"}) == receiving.Response(200, "abc")
        assert not InboundEvent.objects.exists()

    def test_a_paused_connection_still_stores_and_wakes_nobody(
        self, connection: Connection, enqueued: mock.Mock
    ) -> None:
        connections.pause(connection, reason="", by=ADA)
        assert send(connection).status == 200
        assert InboundEvent.objects.get().outcome == "waiting"
        assert woken(connection, enqueued) == 0

    @pytest.mark.parametrize("text", ["\ud83d half an emoji", "a \x00 in it", "Zoë 🙂"])
    def test_characters_that_no_database_takes_lose_themselves_and_not_the_event(
        self, connection: Connection, text: str
    ) -> None:
        assert send(connection, BODY | {"subject": text, "type": text}).status == 200
        event = InboundEvent.objects.get()
        assert event.parsed["id"] == "42"
        assert event.parsed["subject"] == text.replace("\ud83d", "").replace("\x00", "")
        assert event.outcome == "waiting"

    def test_a_header_from_an_address_may_hold_such_characters_too(self, connection: Connection) -> None:
        assert send(connection, headers={"x-desk-topic": "solved\x00\ud83d"}).status == 200
        assert InboundEvent.objects.get().event == "solved"


class TestTwice:
    def test_the_same_body_again_is_stored_once(self, connection: Connection) -> None:
        assert [send(connection).status for _time in range(3)] == [200, 200, 200]
        assert InboundEvent.objects.count() == 1

    def test_their_own_id_of_the_event_decides_where_they_give_one(self, connection: Connection) -> None:
        send(connection, BODY | {"event_id": "7"})
        send(connection, BODY | {"event_id": "7", "delivery": 2})
        send(connection, BODY | {"event_id": "8"})
        assert InboundEvent.objects.count() == 2

    def test_the_same_body_to_two_connections_is_two_events(self, connection: Connection) -> None:
        send(connection)
        send(make_connection())
        assert InboundEvent.objects.count() == 2

    def test_a_body_without_a_clock_may_truly_come_again_after_a_minute(
        self, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(connection.system), "has_clock", False)
        with time_machine.travel("2026-11-20T10:20:10Z", tick=False) as clock:
            send(connection)
            clock.shift(20)
            send(connection)
            assert InboundEvent.objects.count() == 1
            clock.shift(60)
            send(connection)
        assert InboundEvent.objects.count() == 2


class TestRefusing:
    def test_an_address_that_nobody_has(self, connection: Connection) -> None:
        assert send(connection, token="x" * 43).status == 404
        assert send(connection, kind="chatwoot").status == 404

    def test_the_address_of_a_connection_that_was_removed(self, connection: Connection) -> None:
        token, url = connection.opened["address"], connection.inbound_url
        connections.remove(connection, by=ADA)
        assert receive("fake_desk", token, {}, b"{}", url).status == 404

    def test_a_body_that_is_too_large(self, connection: Connection) -> None:
        assert send(connection, b" " * (MAX_BYTES + 1)).status == 413
        assert not InboundEvent.objects.exists()

    @pytest.mark.parametrize("given", ["", "deadbeef", "ü"])
    def test_a_bad_signature_is_counted_and_nothing_is_stored(self, fake_system: System, given: str) -> None:
        connection = make_connection(inbound="s3cret")
        for _time in range(2):
            assert send(connection, headers={SIGNATURE: given} if given else {}).status == 401
        row = connection.again()
        assert (row.rejected, InboundEvent.objects.count(), row.last_event_at) == (2, 0, None)
        assert row.rejected_at is not None
        assert "signature" in row.rejected_reason

    def test_a_good_signature_of_the_new_and_for_a_day_of_the_former_secret(
        self, fake_system: System
    ) -> None:
        connection = make_connection(inbound="former")
        connections.change(connection, by=ADA, secrets_given={"inbound": "new"})
        raw = json.dumps(BODY).encode()

        def signed_by(secret: str) -> int:
            given = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
            return send(connection.again(), raw, headers={SIGNATURE: given}).status

        assert [signed_by(secret) for secret in ("new", "former", "other")] == [200, 200, 401]
        with time_machine.travel(timezone.now() + timedelta(hours=25)):
            assert [signed_by(secret) for secret in ("new", "former")] == [200, 401]

    def test_while_the_key_to_its_secrets_is_missing_it_is_paused_and_they_shall_send_it_again(
        self, connection: Connection, settings: Any
    ) -> None:
        token, url, keys = connection.opened["address"], connection.inbound_url, settings.SECRETS_KEYS
        settings.SECRETS_KEYS = ["another key"]
        answer = receive("fake_desk", token, {}, b"{}", url)
        assert answer == receiving.Response(503, "")
        row = connection.again()
        assert row.paused_at is not None
        assert "which is not set" in row.paused_reason
        settings.SECRETS_KEYS = ["another key", *keys]
        connections.resume(row, by=ADA)
        assert receive("fake_desk", token, {}, b"{}", url).status == 200


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("raw", [b"", b"ticket=42&status=solved", b"{", b"\xff\xfe", b"[" * 100_000])
    def test_it_is_kept_as_failed_with_what_is_wrong(self, connection: Connection, raw: bytes) -> None:
        assert send(connection, raw).status == 200
        event = InboundEvent.objects.get()
        assert (event.outcome, event.next_try) == ("failed", None)
        assert "not JSON" in event.text
        assert event.parsed == raw.decode(errors="replace")[:20_000]

    @pytest.mark.parametrize("depth", range(400, 1000, 50))
    def test_it_is_kept_however_deeply_it_is_nested(self, connection: Connection, depth: int) -> None:
        assert send(connection, b"[" * depth + b"]" * depth).status == 200
        assert InboundEvent.objects.get().body

    def test_it_wakes_nobody_for_it_has_nothing_to_apply(self, connection: Connection) -> None:
        send(connection, b"{")
        assert not InboundEvent.objects.filter(next_try__isnull=False).exists()


class TestProcessingAgain:
    def test_it_is_as_if_it_had_just_come_in(self, connection: Connection, enqueued: mock.Mock) -> None:
        send(connection)
        event = InboundEvent.objects.get()
        event.change(outcome="failed", text="Something went wrong", attempt=6, next_try=None)
        enqueued.reset_mock()
        receiving.retry_event(event, by=SYSTEM)
        row = InboundEvent.objects.get()
        assert (row.outcome, row.text, row.attempt) == ("waiting", "", 0)
        assert row.next_try is not None
        entry = Event.objects.get(kind="audit", data__what="connection.event_retried")
        assert entry.data["target"] == f"connection:{connection.uuid}"
        assert woken(connection, enqueued) == 1


def test_a_secret_that_another_process_has_just_changed_verifies_at_once(connection):
    """Chatwoot, for one, sends nothing twice: what is refused is lost until the sweep."""
    connections.change(connection, by=ADA, secrets_given={"inbound": "old"})
    assert send(connection, b"{}", headers=signed("old")).status == 200
    sealed = Connection.objects.get(pk=connection.pk).sealed(inbound="new")
    Connection.objects.filter(pk=connection.pk).update(secrets=sealed)
    assert send(connection, b"{}", headers=signed("new")).status == 200
    assert send(connection, b"{}", headers=signed("old")).status == 401


def signed(secret: str) -> dict[str, str]:
    """The header of an empty object."""
    return {SIGNATURE: hmac.new(secret.encode(), b"{}", hashlib.sha256).hexdigest()}
