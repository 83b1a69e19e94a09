"""Races, on both databases: told at once by several, a conversation, a message and a survey are still one."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from csat.connectors import applying, conversations, receiving, sweeping, writing_back
from csat.connectors.changes import Change, Customer, FoundBy, SaidThere
from csat.connectors.models import ConnectedMessage, Connection, ConversationOrigin, InboundEvent, WriteBack
from csat.connectors.rules import Rules
from csat.connectors.systems.chatwoot import Chatwoot
from csat.people import erasure
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery.scheduling import get_or_create_survey
from csat.surveys.models import Survey
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.connectors.fake_desk import ADA, FakeSystem, make_connection
from tests.connectors.fakes import payload, raw
from tests.factories import API, switch_on
from tests.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]
NADIA = {"email": "nadia@customer.example", "name": "Nadia Berg", "customer_id": "7"}
SAID = {"id": "m1", "sender": "contact", "text": "Where is my parcel?"}


@pytest.fixture(autouse=True)
def _at_once() -> Iterator[None]:
    """A worker does not linger for what may still come."""
    with mock.patch.object(applying, "LINGER", 0):
        yield


@pytest.fixture
def connection(shared_database: None, fake_system: FakeSystem) -> Connection:
    """Everybody is asked who is resolved from now on."""
    switch_on("email")
    return make_connection()


def fine(results: list[Any]) -> list[Any]:
    assert [result for result in results if isinstance(result, Exception)] == []
    return results


def solved(**more: Any) -> dict[str, Any]:
    """Conversation 42 as their webhook tells that it is solved."""
    now = timezone.now().isoformat()
    return {"id": "42", "status": "solved", "at": now, "messages": [SAID | {"at": now}], **NADIA, **more}


def arrive(connection: Connection, body: dict[str, Any]) -> None:
    token = connection.opened["address"]
    text = json.dumps(body).encode()
    assert receiving.receive(connection.kind, token, {}, text, connection.inbound_url).status == 200


def told(kind: str) -> int:
    return Event.objects.filter(kind=kind).count()


def counts() -> dict[str, int]:
    """What there must be one of, when one customer was helped once."""
    return {
        "conversations": Session.objects.count(),
        "origins": ConversationOrigin.objects.count(),
        "contacts": Contact.objects.count(),
        "surveys": Survey.objects.count(),
        "created": told(Kind.SESSION_CREATED),
        "resolved": told(Kind.SESSION_RESOLVED),
        "messages": told(Kind.MESSAGE_RECEIVED),
        "ids of messages": ConnectedMessage.objects.count(),
    }


def assert_one_of_each() -> None:
    assert {name: count for name, count in counts().items() if count != 1} == {}
    session = Session.objects.get()
    assert (session.status, session.customer_messages) == ("closed_resolved", 1)
    assert session.survey.state == "scheduled"


class TestTheSameTwice:
    def test_one_body_from_two_deliveries_at_once_is_one_event_one_conversation_one_survey(self) -> None:
        """Trap 1: Chatwoot sends the same body again with another delivery id and another signature."""
        switch_on()
        connection = make_chatwoot()
        body = raw(today(payload("chatwoot-conversation_status_changed")))
        answers = fine(race(lambda number: knock(connection, body, delivery=f"delivery-{number}")))
        assert [answer.status for answer in answers] == [200] * 8
        assert InboundEvent.objects.count() == 1
        assert applying.apply_due(connection.pk) == 1
        assert_one_of_each()

    def test_two_workers_on_one_connection_one_applies(self, connection: Connection) -> None:
        arrive(connection, solved())
        connection.system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)  # type: ignore[attr-defined]
        assert sorted(fine(race(lambda _: applying.apply_due(connection.pk), 4))) == [0, 0, 0, 1]
        assert_one_of_each()
        assert connection.again().lease_until is None

    def test_two_sweeps_of_one_connection_one_reads(
        self, connection: Connection, fake_system: FakeSystem
    ) -> None:
        fake_system.desk.put_conversation(
            "42", "solved", timezone.now(), **NADIA, messages=solved()["messages"]
        )
        assert sorted(fine(race(lambda _: sweeping.sweep(connection.pk), 4))) == [0, 0, 0, 1]
        assert_one_of_each()


SECRET = "secret of the webhook"


def make_chatwoot() -> Connection:
    from csat.connectors import connections

    connection = connections.add(
        kind=Chatwoot.kind,
        base_url="https://93.184.216.34",
        account="1",
        by=ADA,
        secrets_given={"inbound": SECRET},
    )
    connection.change(connected_at=timezone.now() - timedelta(hours=1))
    return connection


def today(body: dict[str, Any]) -> dict[str, Any]:
    """It happened just now."""
    return body | {"updated_at": time.time()}


def knock(connection: Connection, body: bytes, *, delivery: str) -> receiving.Response:
    at = str(int(time.time()))
    signature = hmac.digest(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
    headers = {
        "x-chatwoot-timestamp": at,
        "x-chatwoot-signature": f"sha256={signature}",
        "x-chatwoot-delivery": delivery,
    }
    token = connection.opened["address"]
    return receiving.receive("chatwoot", token, headers, body, connection.inbound_url)


class TestWebhookAndSweep:
    """Trap 15. The worker that applies and the one that sweeps hold different leases: both may apply one
    conversation at the same moment.
    """

    def apply_at_once(self, connection: Connection, *changes: Change, times: int = 1) -> list[Any]:
        """Each change by a worker of its own."""
        rules = Rules.of(connection.system, connection.rules)
        many = changes * times
        return race(lambda n: conversations.apply(connection.again(), rules, many[n]), len(many))

    @pytest.mark.parametrize("attempt", range(3))
    def test_a_conversation_that_both_see_first_is_made_once(
        self, connection: Connection, attempt: int
    ) -> None:
        webhook, poll = self.seen_by_both(connection)
        results = fine(self.apply_at_once(connection, webhook, poll, times=2))
        assert sorted(result.outcome for result in results) == [
            "applied",
            "duplicate",
            "duplicate",
            "duplicate",
        ]
        assert_one_of_each()

    @pytest.mark.parametrize("attempt", range(3))
    def test_a_known_one_that_both_find_resolved_is_resolved_once_and_its_new_message_stored_once(
        self, connection: Connection, attempt: int
    ) -> None:
        before = timezone.now() - timedelta(seconds=5)
        rules = Rules.of(connection.system, connection.rules)
        known = Change("42", before, status="open", channel="email", customer=customer())
        conversations.apply(connection, rules, known)
        results = fine(self.apply_at_once(connection, *self.seen_by_both(connection), times=2))
        assert sorted(result.outcome for result in results) == [
            "applied",
            "duplicate",
            "duplicate",
            "duplicate",
        ]
        assert_one_of_each()

    @pytest.mark.parametrize("attempt", range(3))
    def test_told_of_two_states_at_once_the_newer_one_stands(
        self, connection: Connection, attempt: int
    ) -> None:
        rules = Rules.of(connection.system, connection.rules)
        first, second, third = [timezone.now() - timedelta(seconds=age) for age in (9, 6, 3)]
        conversations.apply(connection, rules, Change("42", first, status="open", customer=customer()))
        old = Change("42", second, status="solved", customer=customer())
        new = Change("42", third, status="open", customer=customer(), found_by=FoundBy.POLL)
        fine(self.apply_at_once(connection, old, new, times=2))
        origin = ConversationOrigin.objects.get()
        assert (origin.status, origin.status_at) == ("open", third)
        assert origin.session.status == "open"
        assert told(Kind.SESSION_RESOLVED) == told(Kind.SESSION_REOPENED)

    def test_the_whole_way_by_the_door_the_worker_and_the_sweep(
        self, connection: Connection, fake_system: FakeSystem
    ) -> None:
        """Many conversations, so that the two really meet."""
        for number in range(20):
            body = solved(id=str(number), email=f"{number}@customer.example", customer_id=str(number))
            fake_system.desk.put_conversation(body["id"], "solved", timezone.now(), **without_state(body))
            arrive(connection, body)
        jobs = applying.apply_due, sweeping.sweep
        fine(race(lambda n: jobs[n](connection.pk), 2))
        assert connection.again().sweep_error == ""
        outcomes = set(InboundEvent.objects.values_list("outcome", flat=True))
        assert outcomes <= {"applied", "duplicate", "ignored"}  # the last: the sweep knew something newer
        assert set(counts().values()) == {20}
        assert set(Survey.objects.values_list("state", flat=True)) == {"scheduled"}

    def seen_by_both(self, connection: Connection) -> tuple[Change, Change]:
        """The same state, as a webhook and as a sweep tell it."""
        now = timezone.now()
        said = SaidThere("m1", "contact", "Where is my parcel?", now)
        values: dict[str, Any] = {"status": "solved", "customer": customer(), "messages": (said,)}
        webhook = Change("42", now, channel="email", **values)
        return webhook, Change("42", now, channel="email", found_by=FoundBy.POLL, **values)


def customer() -> Customer:
    return Customer(email=NADIA["email"], name=NADIA["name"], external_id="7")


def without_state(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("id", "status", "at")}


class TestWritingBack:
    def test_two_workers_write_a_score_once(self, connection: Connection, fake_system: FakeSystem) -> None:
        session = rated(connection, fake_system)
        tried = fine(race(lambda _: writing_back.write_due(connection.pk), 4))
        assert sum(tried) == 1
        assert len(fake_system.ratings) == len(fake_system.desk.notes) == 1
        assert WriteBack.objects.get().state == "written"
        assert session.conversation_origin.again().note_score == 4

    def test_two_workers_share_many_scores_and_write_each_once(
        self, connection: Connection, fake_system: FakeSystem
    ) -> None:
        for number in range(12):
            rated(connection, fake_system, number=str(number))
        tried = fine(race(lambda _: writing_back.write_due(connection.pk), 3))
        assert sum(tried) == 12
        assert sorted(rating.external_id for rating in fake_system.ratings) == sorted(map(str, range(12)))
        assert set(WriteBack.objects.values_list("state", flat=True)) == {"written"}


def rated(connection: Connection, fake_system: FakeSystem, number: str = "42") -> Session:
    """A resolved conversation there with a score that waits to be written."""
    body = solved(id=number, email=f"nadia.{number}@customer.example", customer_id=number)
    fake_system.desk.put_conversation(number, "solved", timezone.now(), **without_state(body))
    sweeping.sweep(connection.pk)
    session = Session.objects.get(external_id=f"{connection.uuid}:{number}")
    answering.answer(get_or_create_survey(session), score=4, comment="Quick", source="api", by=API)
    Event.objects.exclude(dispatch_after=None).update(dispatch_after=timezone.now())
    dispatching.fan_out()
    return session


class TestErasing:
    """Whoever comes first: no word of an erased person stays, and nothing is lost of the others."""

    @pytest.mark.parametrize("attempt", range(3))
    def test_while_an_event_about_them_is_applied(
        self, connection: Connection, fake_system: FakeSystem, attempt: int
    ) -> None:
        open_body = solved(status="open", messages=[])
        fake_system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)
        arrive(connection, open_body)
        applying.apply_due(connection.pk)
        contact = Contact.objects.get()
        arrive(connection, solved(messages=[SAID | {"at": timezone.now().isoformat()}]))
        jobs = (lambda: applying.apply_due(connection.pk)), (lambda: erasure.erase(contact.again(), by=ADA))
        fine(race(lambda n: jobs[n](), 2))
        Connection.objects.update(lease_until=None)
        applying.apply_due(connection.pk)
        assert_forgotten("nadia", "Nadia", "parcel")
        assert not Contact.objects.alive().exists()

    @pytest.mark.parametrize("attempt", range(3))
    def test_while_the_first_event_about_them_is_applied_and_a_contact_of_theirs_was_known(
        self, connection: Connection, fake_system: FakeSystem, attempt: int
    ) -> None:
        from csat.people import contacts

        contact, _new = contacts.find_or_create(email=NADIA["email"], name=NADIA["name"])
        fake_system.desk.put_conversation("42", "solved", timezone.now(), **NADIA)
        arrive(connection, solved())
        jobs = (lambda: applying.apply_due(connection.pk)), (lambda: erasure.erase(contact.again(), by=ADA))
        fine(race(lambda n: jobs[n](), 2))
        sessions = Session.objects.filter(contact__erased_at=None)
        # either it came before the erasure, or it is a new person for us
        assert sessions.count() == Contact.objects.alive().count() <= 1
        if not sessions:
            assert_forgotten("nadia", "Nadia", "parcel")

    def test_between_applying_an_event_and_noting_what_became_of_it(
        self, connection: Connection, fake_system: FakeSystem, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The erasure cannot know whose event it is yet, because it holds no address."""
        arrive(connection, solved(status="open", messages=[]))
        applying.apply_due(connection.pk)
        contact = Contact.objects.get()
        noted = applying.Worker._close

        def erase_first(worker: Any, event: InboundEvent, results: list[Any]) -> None:
            assert InboundEvent.objects.get(pk=event.pk).contact_id is None
            erasure.erase(contact.again(), by=ADA)
            noted(worker, event, results)

        monkeypatch.setattr(applying.Worker, "_close", erase_first)
        now = timezone.now().isoformat()
        arrive(connection, {"id": "42", "status": "open", "at": now, "messages": [SAID | {"at": now}]})
        assert applying.apply_due(connection.pk) == 1
        assert_forgotten("nadia", "Nadia", "parcel")
        assert InboundEvent.objects.filter(next_try=None).count() == 2

    def test_what_comes_in_about_them_afterwards_is_not_kept(
        self, connection: Connection, fake_system: FakeSystem
    ) -> None:
        arrive(connection, solved(status="open"))
        applying.apply_due(connection.pk)
        erasure.erase(Contact.objects.get(), by=ADA)
        later = SAID | {"id": "m2", "text": "Forget my parcel", "at": timezone.now().isoformat()}
        arrive(connection, solved(status="open", messages=[later]))
        assert applying.apply_due(connection.pk) == 1
        assert_forgotten("nadia", "Nadia", "parcel")
        last = InboundEvent.objects.order_by("id").last()
        assert last
        assert (last.outcome, last.text) == ("ignored", "Ignored: its customer was erased here.")


def assert_forgotten(*words: str) -> None:
    """In none of what came in or was told."""
    bodies = [*InboundEvent.objects.values_list("body", "text", "headers")]
    kept = [*bodies, *Event.objects.values_list("data"), *Contact.objects.values_list("name", "email")]
    found = {word for word in words if word in str(kept)}
    assert not found, (found, kept)
