"""The door of the help desks: what they send is verified and stored, and nothing else happens there."""

import hashlib
import hmac
import io
import json
from typing import Any

import pytest
from django.test import Client

from csat.connectors import connections
from csat.connectors.models import Connection, InboundEvent
from csat.connectors.systems.chatwoot import Chatwoot
from csat.connectors.systems.generic import Generic
from csat.sessions.models import Session
from csat.timeline.models import Event
from tests.connectors.fake_desk import ADA, SIGNATURE, FakeSystem, make_connection

pytestmark = pytest.mark.django_db
BODY = {
    "id": "42",
    "status": "solved",
    "at": "2026-11-20T10:20:00Z",
    "email": "zebra@customer.example",
    "name": "Nadia Zebra",
    "token": "pubsub-zebra",
}


@pytest.fixture
def connection(db: Any, fake_system: FakeSystem) -> Connection:
    return make_connection()


def path(connection: Connection) -> str:
    return f"/connect/{connection.kind}/{connection.opened['address']}"


def post(address: str, body: Any = BODY, **headers: str) -> Any:
    """As a machine does: no cookie, no CSRF token, nobody logged in."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(enforce_csrf_checks=True)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(address, raw, content_type="application/json", headers=named)


def signed(secret: str, body: Any = BODY) -> str:
    return hmac.new(secret.encode(), json.dumps(body).encode(), hashlib.sha256).hexdigest()


def test_an_event_is_stored_once_and_nothing_else_happens_at_the_door(connection: Connection) -> None:
    answers = [post(path(connection)) for _time in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * 2
    assert answers[0].headers["Content-Type"].startswith("text/plain")
    event = InboundEvent.objects.get()
    assert (event.outcome, event.parsed["id"]) == ("waiting", "42")
    assert not Session.objects.exists()


def test_the_address_that_is_shown_is_the_address_that_takes_events(
    connection: Connection, settings: Any
) -> None:
    assert connection.inbound_url == settings.SITE_URL + path(connection)
    assert post(connection.inbound_url.removeprefix(settings.SITE_URL)).status_code == 200


def test_a_bad_signature_is_401_in_words_is_counted_and_stores_nothing(fake_system: FakeSystem) -> None:
    connection = make_connection(inbound="s3cret")
    answer = post(path(connection), **{SIGNATURE: signed("another")})
    assert answer.status_code == 401
    assert answer.content == b"The signature does not match: another secret, or a changed body."
    assert connection.again().rejected == 1
    assert not InboundEvent.objects.exists()
    assert post(path(connection), **{SIGNATURE: signed("s3cret")}).status_code == 200


@pytest.mark.parametrize("kind", ["fake_desk", "chatwoot", "nonsense"])
def test_an_address_that_nobody_has_is_404(connection: Connection, kind: str) -> None:
    assert post(f"/connect/{kind}/{'x' * 43}").status_code == 404
    assert not InboundEvent.objects.exists()


def test_the_address_is_good_for_its_kind_alone(connection: Connection) -> None:
    assert post(path(connection).replace("fake_desk", "chatwoot")).status_code == 404


@pytest.mark.parametrize("megabytes", [2.1, 3, 12])
def test_a_body_that_is_too_large_is_413_whoever_refuses_it(connection: Connection, megabytes: float) -> None:
    assert post(path(connection), b"x" * int(megabytes * 1024 * 1024)).status_code == 413
    assert not InboundEvent.objects.exists()


def test_a_large_body_that_is_not_too_large_is_taken(connection: Connection) -> None:
    assert post(path(connection), BODY | {"text": "x" * 1_900_000}).status_code == 200


def test_only_a_post_is_an_event(connection: Connection) -> None:
    assert Client().get(path(connection)).status_code == 405
    assert Client().put(path(connection), b"{}").status_code == 405


def test_a_paused_connection_still_stores(connection: Connection) -> None:
    connections.pause(connection, reason="", by=ADA)
    assert post(path(connection)).status_code == 200
    assert InboundEvent.objects.get().outcome == "waiting"


def test_without_the_key_to_its_secrets_they_are_asked_to_come_again(
    connection: Connection, settings: Any
) -> None:
    address = path(connection)
    settings.SECRETS_KEYS = ["another key"]
    assert post(address).status_code == 503
    assert connection.again().paused_at is not None
    assert not InboundEvent.objects.exists()


def test_what_is_no_json_is_kept_as_failed_so_that_an_admin_can_see_it(connection: Connection) -> None:
    assert post(path(connection), b"status=solved&id=42").status_code == 200
    event = InboundEvent.objects.get()
    assert (event.outcome, event.parsed) == ("failed", "status=solved&id=42")


def test_tokens_in_a_body_are_not_kept_and_a_handshake_is_answered(connection: Connection) -> None:
    post(path(connection))
    assert "pubsub-zebra" not in InboundEvent.objects.get().body
    assert post(path(connection), x_desk_challenge="abc").content == b"abc"
    assert InboundEvent.objects.count() == 1


def test_nothing_of_a_customer_or_a_secret_stands_in_the_logs_or_on_the_timeline(
    fake_system: FakeSystem, written: io.StringIO
) -> None:
    connection = make_connection(inbound="s3cret-zebra")
    address = connection.opened["address"]
    raw = b"Nadia Zebra, zebra@customer.example"
    post(path(connection), **{SIGNATURE: signed("s3cret-zebra")})
    post(path(connection), **{SIGNATURE: signed("another-zebra")})
    post(path(connection), raw)
    post(path(connection), raw, **{SIGNATURE: hmac.new(b"s3cret-zebra", raw, "sha256").hexdigest()})
    post(path(connection).replace("fake_desk", "chatwoot"))
    told = "".join([written.getvalue(), *map(str, Event.objects.values_list("data", flat=True))])
    assert InboundEvent.objects.count() == 2
    assert "a request to a connection was refused" in told
    assert "Unauthorized: /connect/fake_desk/…" in told
    assert str(connection.uuid) in told
    for word in ("zebra", "Zebra", address):
        assert word not in told


def test_a_tool_that_can_say_what_happened_in_the_address_alone_says_it_there() -> None:
    connection = connections.add(kind=Generic.kind, by=ADA)
    assert post(f"{path(connection)}?event=resolved", {"ticket": 42}).status_code == 200
    assert InboundEvent.objects.get().event == "resolved"
    assert InboundEvent.objects.get().headers == {"x-csat-event": "resolved"}


def test_chatwoot_knocks_as_its_documentation_says() -> None:
    connection = connections.add(kind=Chatwoot.kind, base_url="https://93.184.216.34", by=ADA)
    body = {"event": "conversation_status_changed", "id": 4821, "status": "resolved"}
    assert post(path(connection), body).status_code == 200
    assert InboundEvent.objects.get().event == "conversation_status_changed"
