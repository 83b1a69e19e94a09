"""Adding, changing, pausing and removing connections."""

import json
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.connectors import applying, connections, sweeping, writing_back
from csat.connectors.models import Connection, InboundEvent, WriteBack
from csat.lib.refusal import Invalid, Refused
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints
from tests.connectors.fake_desk import ADA, make_connection

pytestmark = pytest.mark.django_db


class TestAdding:
    def test_it_gets_an_address_of_its_own_and_its_secrets_are_encrypted(self, fake_system):
        first = make_connection(name="Acme desk", token="their-token", inbound="their-secret")
        second = make_connection()
        assert first.inbound_url != second.inbound_url
        stored = Connection.objects.get(pk=first.pk)
        row = " ".join(str(value) for value in vars(stored).values())
        for secret in ("their-token", "their-secret", stored.opened["address"]):
            assert secret not in row
        assert stored.config.token == "their-token"
        assert stored.config.inbound_secrets == ["their-secret"]

    def test_it_is_audited_without_its_secrets(self, fake_system):
        make_connection(token="their-token")
        told = str(list(Event.objects.filter(kind=Kind.AUDIT).values_list("data", flat=True)))
        assert "connection.added" in told
        assert "their-token" not in told

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"kind": "none"}, "kind"),
            ({"name": "x" * 201}, "name"),
            ({"base_url": "desk.example.com"}, "base_url"),
            ({"base_url": "https://user:pass@desk.example.com"}, "base_url"),
            ({"fields": {"colour": "red"}}, "fields"),
            ({"secrets_given": {"password": "x"}}, "secrets.password"),
            ({"rules_given": {"send": "yes"}}, "rules.send"),
        ],
    )
    def test_what_is_wrong_is_named_by_its_field_and_nothing_is_stored(self, fake_system, values, field):
        with pytest.raises(Invalid) as refused:
            connections.add(**{"kind": "fake_desk", "by": ADA} | values)
        assert list(refused.value.fields) == [field]
        assert not Connection.objects.exists()

    def test_an_address_inside_says_exactly_how_to_allow_it(self, fake_system, settings):
        """Trap 20."""
        with pytest.raises(Invalid) as refused:
            make_connection(base_url="http://127.0.0.1:3000")
        assert "CONNECT_ALLOW=127.0.0.1:3000" in refused.value.fields["base_url"][0]
        settings.CONNECT_ALLOW = ["127.0.0.1:3000"]
        assert make_connection(base_url="http://127.0.0.1:3000/").base_url == "http://127.0.0.1:3000"

    def test_one_without_an_address_is_asked_for_it(self, fake_system):
        fake_system.needs_address, fake_system.default_address = True, ""
        with pytest.raises(Invalid) as refused:
            make_connection()
        assert "Enter the address of your Fake Desk." in refused.value.fields["base_url"]


class TestChanging:
    def test_a_secret_that_is_left_empty_stays(self, connection):
        connections.change(connection, by=ADA, name="New", secrets_given={"token": "", "inbound": "new"})
        connection.refresh_from_db()
        assert (connection.name, connection.config.token) == ("New", "token")
        assert connection.config.inbound_secrets == ["new"]

    def test_a_token_goes_to_another_host_only_when_it_is_given_anew(self, fake_system):
        connection = make_connection(base_url="https://93.184.216.34")
        connections.change(connection, by=ADA, base_url="https://93.184.216.34/desk")
        with pytest.raises(Invalid) as refused:
            connections.change(connection, by=ADA, base_url="https://93.184.216.35")
        assert list(refused.value.fields) == ["secrets.token"]
        connections.change(
            connection, by=ADA, base_url="https://93.184.216.35", secrets_given={"token": "new"}
        )
        assert connection.again().config.token == "new"

    def test_after_a_rotation_both_signing_secrets_verify_for_a_day(self, fake_system):
        """Trap 10: rotated secret."""
        connection = make_connection(inbound="old")
        connections.change(connection, by=ADA, secrets_given={"inbound": "new"})
        assert connection.config.inbound_secrets == ["new", "old"]
        with time_machine.travel(timezone.now() + timedelta(hours=25)):
            assert connection.config.inbound_secrets == ["new"]

    def test_a_new_token_may_be_another_users_so_it_is_asked_whose_it_is(
        self, connection, fake_system, monkeypatch
    ):
        """Else what that user writes for us would come back as somebody else's."""
        monkeypatch.setattr(type(fake_system), "own_user", lambda *_: "8", raising=False)
        connection.change(own_user="7")
        connections.change(connection, by=ADA, own_user="7", secrets_given={"token": "token"})
        assert connection.again().own_user == "7"
        connections.change(connection, by=ADA, own_user="7", secrets_given={"token": "another"})
        assert connection.again().own_user == ""
        sweeping.sweep(connection.pk)
        assert connection.again().own_user == "8"
        connections.change(connection, by=ADA, own_user="9", secrets_given={"token": "a third"})
        assert connection.again().own_user == "9"

    def test_its_address_stays_whatever_changes(self, connection):
        url = connection.inbound_url
        connections.change(connection, by=ADA, secrets_given={"token": "new"}, rules_given={"send": True})
        assert connection.inbound_url == url
        assert connection.rules == {"send": True}


class TestPausing:
    def test_pausing_by_itself_writes_to_the_admins_and_says_why(self, connection, admin_user):
        assert connections.pause(connection, reason="401: bad token")
        assert not connections.pause(connection, reason="again")
        letter = SandboxMessage.objects.get()
        assert letter.to == admin_user.email
        assert "401: bad token" in letter.text
        assert f"/settings/connections/{connection.uuid}/" in letter.text

    def test_other_systems_hear_of_it_by_webhook(self, connection, listener):
        endpoints.add(url=listener.url, events=["connection.paused"], by=SYSTEM)
        connections.pause(connection, reason="401: bad token")
        dispatching.fan_out()
        attempts.call_due()
        data = json.loads(listener.heard[0].body)["data"]
        assert {name: data[name] for name in ("connection_id", "system", "name", "reason")} == {
            "connection_id": str(connection.uuid),
            "system": "fake_desk",
            "name": "Acme desk",
            "reason": "401: bad token",
        }

    def test_pausing_by_hand_writes_to_nobody(self, connection, admin_user):
        connections.pause(connection, reason="holidays", by=ADA)
        assert not SandboxMessage.objects.exists()

    def test_without_the_key_to_its_secrets_it_is_not_resumed(self, connection, settings):
        connections.pause(connection, reason="", by=ADA)
        settings.SECRETS_KEYS = ["another"]
        with pytest.raises(Refused, match="is not set"):
            connections.resume(connection, by=ADA)
        assert connection.again().paused_at

    def test_resuming_one_that_goes_on_changes_nothing(self, connection):
        assert not connections.resume(connection, by=SYSTEM)


def test_removing_deletes_its_secrets_and_events_and_keeps_the_conversations(connection):
    InboundEvent.objects.create(connection=connection, key="1")
    connections.remove(connection, by=ADA)
    stored = Connection.objects.get()
    assert (stored.secrets, stored.deleted_at is not None) == ("", True)
    assert not InboundEvent.objects.exists()
    assert not WriteBack.objects.exists()
    assert not Connection.objects.alive().exists()


class TestTheDoorsMemory:
    """Each process reads a connection once in a few seconds for the events that come in."""

    def test_it_is_read_once_and_anew_after_a_few_seconds(self, connection, django_assert_num_queries):
        token = connection.opened["address"]
        with django_assert_num_queries(1):
            for _event in range(3):
                assert connections.find("fake_desk", token).connection == connection
        with mock.patch.object(connections, "KEPT", 0), django_assert_num_queries(1):
            connections.find("fake_desk", token)

    def test_what_this_process_changes_is_known_at_once(self, connection):
        token = connection.opened["address"]
        connections.find("fake_desk", token)
        connections.change(connection, by=ADA, secrets_given={"inbound": "new"})
        assert connections.find("fake_desk", token).config.inbound_secrets == ["new"]
        connections.remove(connection, by=ADA)
        assert connections.find("fake_desk", token) is None

    def test_another_kinds_address_finds_nothing(self, connection):
        assert connections.find("chatwoot", connection.opened["address"]) is None


def test_a_help_desk_that_only_a_later_version_knows_stops_nothing(connection, another_connection):
    """A version with one more connector was here, and was taken back."""
    Connection.objects.filter(pk=another_connection.pk).update(kind="later")
    assert list(Connection.objects.alive()) == [connection]
    assert (sweeping.wake_all(), applying.wake_all(), writing_back.wake_all()) == (1, 0, 0)
    assert another_connection.again().tool == "Another desk"
