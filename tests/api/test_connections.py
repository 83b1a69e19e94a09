"""/connections"""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from csat.connectors import applying, connections, receiving
from csat.connectors.models import Connection, InboundEvent
from csat.lib.outcomes import Never, Retry
from csat.people.models import IdempotencyRecord
from csat.sessions.models import Session
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.api.conftest import Machine, machine
from tests.connectors.fake_desk import FakeSystem, make_connection
from tests.factories import switch_on

pytestmark = pytest.mark.django_db
PUBLIC = "https://93.184.216.34"
CHATWOOT = {
    "kind": "chatwoot",
    "name": "Support",
    "base_url": PUBLIC,
    "secrets": {"inbound": "signing-zebra", "token": "token-zebra"},
    "rules": {"account": "7", "channels": {"4": "email"}, "write_back": {"tag": True}},
}


def made(api: Machine, **more: Any) -> dict[str, Any]:
    answer = api.post("/connections", {"kind": "fake_desk"} | more)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def told(connection: Connection, id: str, **more: Any) -> InboundEvent:
    """An event of the fake desk, taken in."""
    body = {"id": id, "status": "solved", "at": timezone.now().isoformat(), **more}
    token = connection.opened["address"]
    assert receiving.receive(connection.kind, token, {}, json.dumps(body).encode(), "").status == 200
    return connection.events.latest("id")


class TestAdding:
    def test_it_answers_the_address_and_what_the_rules_became(self, api: Machine, settings: Any) -> None:
        answer = api.post("/connections", CHATWOOT)
        assert answer.status_code == 201
        body = answer.json()
        assert body["inbound_url"].startswith(f"{settings.SITE_URL}/connect/chatwoot/")
        assert body["rules"] == {
            "account": "7",
            "resolved": ["resolved"],
            "inboxes": [],
            "channels": {"4": "email"},
            "brand": "",
            "brands": {},
            "language": "conversation",
            "agents": "email_or_name",
            "write_back": {"note": True, "fields": True, "tag": True},
            "send": False,
            "mapping": {},
        }
        assert (body["kind"], body["name"], body["base_url"]) == ("chatwoot", "Support", PUBLIC)
        assert (body["state"], body["text"]) == ("new", "Nothing has come in yet")
        row = Connection.objects.get()
        assert (row.config.token, row.config.inbound_secrets) == ("token-zebra", ["signing-zebra"])
        assert row.account == "7"

    def test_the_secrets_are_never_shown_again(self, api: Machine) -> None:
        id = api.post("/connections", CHATWOOT).json()["id"]
        answers = [
            api.get(f"/connections/{id}"),
            api.get("/connections"),
            api.patch(f"/connections/{id}", {"name": "Desk"}),
            api.post(f"/connections/{id}/pause"),
            api.post(f"/connections/{id}/resume"),
        ]
        for answer in answers:
            assert answer.status_code == 200
            assert b"zebra" not in answer.content

    def test_the_address_is_told_only_to_a_key_that_may_write(
        self, api: Machine, fake_system: FakeSystem
    ) -> None:
        body = made(api)
        reader = machine("connections:read")
        for path in ("/connections", f"/connections/{body['id']}"):
            assert b"/connect/" not in reader.get(path).content
        assert api.patch(f"/connections/{body['id']}", {}).json()["inbound_url"] == body["inbound_url"]

    def test_only_a_kind_is_needed_where_the_help_desk_is_the_same_for_everybody(
        self, fake_system: FakeSystem, api: Machine
    ) -> None:
        body = made(api)
        assert body["name"] == "Fake Desk"
        assert body["rules"]["write_back"] == {"note": True, "fields": True, "tag": False}

    def test_any_other_tool_is_connected_without_an_address_of_it(self, api: Machine) -> None:
        rows = [{"to": "external_id", "path": "ticket.id", "required": True}]
        body = made(api, kind="generic", rules={"mapping": rows})
        assert body["rules"]["mapping"] == rows

    def test_an_account_may_be_given_as_the_number_it_looks_like(self, api: Machine) -> None:
        body = api.post("/connections", CHATWOOT | {"rules": {"account": 7}}).json()
        assert body["rules"]["account"] == "7"

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"kind": "pigeon"}, "kind"),
            ({"kind": None}, "kind"),
            ({"name": "x" * 201}, "name"),
            ({"base_url": ""}, "base_url"),
            ({"base_url": "chat.acme.example"}, "base_url"),
            ({"base_url": "http://127.0.0.1:3000"}, "base_url"),
            ({"base_url": "https://user:word@93.184.216.34"}, "base_url"),
            ({"secrets": {"password": "x"}}, "secrets.password"),
            ({"secrets": {"token": {"a": 1}}}, "secrets.token"),
            ({"secrets": "x"}, "secrets"),
            ({"fields": {"colour": "red"}}, "fields"),
            ({"fields": ["red"]}, "fields"),
            ({"rules": []}, "rules"),
            ({"rules": {"colour": "red"}}, "rules"),
            ({"rules": {"account": "x" * 201}}, "rules.account"),
            ({"rules": {"account": ["7"]}}, "rules.account"),
            ({"rules": {"resolved": "resolved"}}, "rules.resolved"),
            ({"rules": {"channels": {"4": "pigeon"}}}, "rules.channels"),
            ({"rules": {"channels": {"4": ["email"]}}}, "rules.channels"),
            ({"rules": {"write_back": {"note": "yes"}}}, "rules.write_back"),
            ({"rules": {"write_back": {"smoke": True}}}, "rules.write_back"),
            ({"rules": {"send": 1}}, "rules.send"),
            ({"rules": {"mapping": "x"}}, "rules.mapping"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_made(self, api: Machine, given: Any, field: str) -> None:
        answer = api.post("/connections", CHATWOOT | given)
        assert answer.status_code == 422, answer.content
        assert list(answer.json()["fields"]) == [field]
        assert field in answer.json()["message"]
        assert not Connection.objects.exists()

    def test_an_address_inside_says_what_allows_it(self, api: Machine, settings: Any) -> None:
        inside = CHATWOOT | {"base_url": "http://127.0.0.1:3000"}
        assert "CONNECT_ALLOW" in api.post("/connections", inside).json()["fields"]["base_url"][0]
        settings.CONNECT_ALLOW = ["127.0.0.1:3000"]
        assert api.post("/connections", inside).status_code == 201

    def test_what_is_sent_twice_under_one_key_is_made_once_and_its_address_is_not_kept(
        self, api: Machine
    ) -> None:
        first, second = (api.post("/connections", CHATWOOT, Idempotency_Key="once") for _time in range(2))
        assert first.json() == second.json()
        assert Connection.objects.count() == 1
        address = Connection.objects.get().opened["address"]
        assert address in first.json()["inbound_url"]
        [kept] = IdempotencyRecord.objects.values_list("body", flat=True)
        assert address not in kept
        assert "zebra" not in kept

    def test_it_is_audited_with_the_key_that_made_it(self, api: Machine) -> None:
        api.post("/connections", CHATWOOT)
        event = Event.objects.filter(kind=Kind.AUDIT, data__what="connection.added").get()
        assert event.actor_name == "Helpdesk"
        assert "zebra" not in str(event.data)


@pytest.mark.usefixtures("fake_system")
class TestChanging:
    def test_what_is_left_out_stays(self, api: Machine) -> None:
        id = made(api, secrets={"token": "first"}, rules={"resolved": ["done"], "send": True})["id"]
        body = api.patch(f"/connections/{id}", {"name": "Desk", "rules": {"inboxes": ["4"]}}).json()
        assert (body["name"], body["rules"]["inboxes"]) == ("Desk", ["4"])
        assert (body["rules"]["resolved"], body["rules"]["send"]) == (["done"], True)
        assert Connection.objects.get().config.token == "first"

    def test_one_of_the_things_written_back_is_switched_without_the_others(self, api: Machine) -> None:
        id = made(api, rules={"write_back": {"note": False}})["id"]
        body = api.patch(f"/connections/{id}", {"rules": {"write_back": {"tag": True}}}).json()
        assert body["rules"]["write_back"] == {"note": False, "fields": True, "tag": True}

    def test_what_it_answers_may_be_sent_back_and_changes_nothing(self, api: Machine) -> None:
        id = made(api, rules={"account": "7", "channels": {"4": "sms"}}, fields={"brand": "Acme"})["id"]
        before = api.get(f"/connections/{id}").json()
        sent = {name: before[name] for name in ("kind", "name", "base_url", "own_user", "fields", "rules")}
        after = api.patch(f"/connections/{id}", sent)
        assert after.status_code == 200, after.content
        assert {name: after.json()[name] for name in sent} == sent

    def test_empty_and_null_clear_what_may_be_empty(self, api: Machine) -> None:
        id = made(api, base_url=PUBLIC, own_user="9", rules={"account": "7"})["id"]
        given = {"base_url": None, "own_user": "", "rules": {"account": None}}
        body = api.patch(f"/connections/{id}", given).json()
        assert (body["base_url"], body["own_user"], body["rules"]["account"]) == ("", None, "")
        assert api.patch(f"/connections/{id}", {"name": ""}).json()["fields"] == {"name": ["Give it a name."]}

    def test_it_stays_with_its_help_desk(self, api: Machine) -> None:
        id = made(api)["id"]
        answer = api.patch(f"/connections/{id}", {"kind": "chatwoot"})
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["kind"])

    def test_a_new_signing_secret_and_the_one_before_both_count(self, api: Machine) -> None:
        id = made(api, secrets={"inbound": "former"})["id"]
        api.patch(f"/connections/{id}", {"secrets": {"inbound": "new", "token": ""}})
        assert Connection.objects.get().config.inbound_secrets == ["new", "former"]

    def test_without_the_key_to_its_secrets_it_says_so_and_keeps_them(
        self, api: Machine, settings: Any
    ) -> None:
        id = made(api, secrets={"token": "first"})["id"]
        keys, settings.SECRETS_KEYS = settings.SECRETS_KEYS, ["another key"]
        shown = api.get(f"/connections/{id}").json()
        assert (shown["state"], "which is not set" in shown["text"]) == ("red", True)
        assert api.patch(f"/connections/{id}", {"name": "Desk"}).json()["inbound_url"] is None
        for path, body in (("", {"secrets": {"token": "second"}}), ("/test", None), ("/resume", None)):
            send = api.post if path else api.patch
            answer = send(f"/connections/{id}{path}", body)
            assert answer.status_code == 409
            assert "cannot be read" in answer.json()["message"]
        settings.SECRETS_KEYS = keys
        assert Connection.objects.get().config.token == "first"

    def test_it_is_removed_and_its_conversations_stay(self, api: Machine) -> None:
        id = made(api)["id"]
        connection = Connection.objects.get()
        told(connection, "42")
        applying.apply_due(connection.pk)
        assert api.delete(f"/connections/{id}").status_code == 204
        assert api.get(f"/connections/{id}").status_code == 404
        assert api.get("/connections").json()["items"] == []
        [session] = api.get("/chat/sessions").json()["items"]
        assert session["origin"]["external_id"] == "42"


@pytest.mark.usefixtures("fake_system")
class TestHowItIsGoing:
    def test_it_is_paused_and_resumed_as_often_as_one_likes(self, api: Machine) -> None:
        id = made(api)["id"]
        for _time in range(2):
            body = api.post(f"/connections/{id}/pause").json()
            assert (body["state"], body["text"], body["paused_reason"]) == ("red", "Paused: by hand", None)
            assert body["paused_at"] is not None
            assert body["next_sweep"] is None
        for _time in range(2):
            body = api.post(f"/connections/{id}/resume").json()
            assert (body["state"], body["paused_at"]) == ("new", None)
            assert body["next_sweep"] is not None

    def test_its_figures_are_those_of_the_last_day(self, api: Machine) -> None:
        id = made(api)["id"]
        connection = Connection.objects.get()
        for number, outcome in enumerate(("applied", "applied", "ignored", "duplicate", "failed", "waiting")):
            told(connection, str(number)).change(
                outcome=outcome, next_try=timezone.now() if outcome == "waiting" else None
            )
        old = told(connection, "9")
        old.change(outcome="applied", next_try=None, created_at=timezone.now() - timedelta(hours=25))
        body = api.get(f"/connections/{id}").json()
        oldest = body["figures"].pop("oldest_waiting_at")
        assert body["figures"] == {
            "events": 6, "applied": 2, "ignored": 2, "failed": 1, "waiting_write_backs": 0,
            "refused_write_backs": 0,
        }  # fmt: skip
        assert oldest is not None
        assert (body["state"], body["text"]) == ("amber", "1 event failed today")
        assert body["last_event_at"] is not None

    def test_a_list_takes_as_many_queries_for_many_as_for_one(
        self, api: Machine, django_assert_max_num_queries: Any
    ) -> None:
        for _number in range(5):
            told(make_connection(), "42")
        api.get("/connections")
        with django_assert_max_num_queries(4):  # the key, the connections, their events, their write-backs
            assert len(api.get("/connections").json()["items"]) == 5

    def test_pages_lead_to_all_of_them(self, api: Machine) -> None:
        ids = [made(api)["id"] for _number in range(3)]
        assert [item["id"] for item in api.all("/connections", limit=1)] == ids[::-1]


class TestTesting:
    def test_the_last_conversations_are_shown_as_they_would_arrive_and_nothing_is_stored(
        self, api: Machine, fake_system: FakeSystem
    ) -> None:
        switch_on()
        connection, now = make_connection(), timezone.now()
        fake_system.desk.put_conversation("1", "solved", now, email="ana@customer.example", inbox="4")
        fake_system.desk.put_conversation("2", "solved", now + timedelta(seconds=1))
        answer = api.post(f"/connections/{connection.uuid}/test")
        assert answer.status_code == 200
        first, second = answer.json()["items"]
        assert first.pop("at").startswith(now.strftime("%Y-%m-%dT"))
        assert first == {
            "external_id": "1", "their_status": "solved", "status": "closed_resolved", "channel": "email",
            "inbox": "4", "url": "https://desk.example.com/c/1", "asked": True,
            "text": "would be asked by Email",
        }  # fmt: skip
        assert (second["asked"], second["text"]) == (False, "would not be asked: No address for Email")
        assert b"ana@customer.example" not in answer.content
        assert not Session.objects.exists()
        assert not InboundEvent.objects.exists()

    def test_without_a_token_it_says_what_to_do_instead(self, api: Machine, fake_system: FakeSystem) -> None:
        answer = api.post(f"/connections/{make_connection(token='').uuid}/test")
        assert answer.status_code == 409
        assert "Without a token" in answer.json()["message"]

    @pytest.mark.parametrize("trouble", [Never("401: bad token", account=True), Retry("no route to host")])
    def test_what_their_api_said_is_the_answer(
        self, api: Machine, fake_system: FakeSystem, trouble: Exception
    ) -> None:
        fake_system.desk.answers["GET /conversations"] = trouble
        connection = make_connection()
        answer = api.post(f"/connections/{connection.uuid}/test")
        assert answer.status_code == 409
        assert str(trouble) in answer.json()["message"]
        assert connection.again().paused_at is None


class TestEvents:
    def test_each_says_what_became_of_it_and_shows_no_body(
        self, api: Machine, fake_system: FakeSystem
    ) -> None:
        switch_on()
        connection = make_connection()
        told(connection, "42", email="zebra@customer.example", subject="Zebra", type="created")
        told(connection, "42", ours=True)
        applying.apply_due(connection.pk)
        told(connection, "43")
        answer = api.get(f"/connections/{connection.uuid}/events")
        waiting, ours, applied = answer.json()["items"]
        assert set(applied) == {"id", "received_at", "event", "outcome", "text", "session_id"}
        assert (waiting["outcome"], waiting["text"], waiting["session_id"]) == ("waiting", "", None)
        assert (ours["outcome"], ours["text"]) == ("ignored", "Ignored: we wrote it ourselves.")
        session = Session.objects.get()
        assert (applied["event"], applied["outcome"]) == ("created", "applied")
        assert applied["session_id"] == str(session.uuid)
        assert f"New conversation #{session.pk}" in applied["text"]
        assert b"ebra" not in answer.content

    def test_they_are_found_by_outcome_and_page_by_page(self, api: Machine, fake_system: FakeSystem) -> None:
        connection = make_connection()
        for number in range(3):
            told(connection, str(number))
        told(connection, "9").change(outcome="failed", next_try=None)
        path = f"/connections/{connection.uuid}/events"
        assert len(api.all(path, limit=1)) == 4
        assert [item["outcome"] for item in api.get(path, outcome="failed").json()["items"]] == ["failed"]
        assert api.get(path, outcome="lost").status_code == 422

    def test_one_is_processed_again(self, api: Machine, fake_system: FakeSystem) -> None:
        connection = make_connection()
        event = told(connection, "42")
        event.change(outcome="failed", text="Something went wrong with it here.", attempt=6, next_try=None)
        path = f"/connections/{connection.uuid}/events"
        answer = api.post(f"{path}/{event.uuid}/process")
        assert (answer.status_code, answer.json()["outcome"]) == (202, "waiting")
        applying.apply_due(connection.pk)
        assert api.get(path).json()["items"][0]["outcome"] == "applied"

    def test_an_event_belongs_to_its_connection(self, api: Machine, fake_system: FakeSystem) -> None:
        event = told(make_connection(), "42")
        assert (
            api.post(f"/connections/{make_connection().uuid}/events/{event.uuid}/process").status_code == 404
        )


def test_a_removed_connection_is_gone_for_every_address(api: Machine, fake_system: FakeSystem) -> None:
    connection = make_connection()
    event = told(connection, "42")
    connections.remove(connection, by=SYSTEM)
    path = f"/connections/{connection.uuid}"
    for verb in ("test", "pause", "resume", f"events/{event.uuid}/process"):
        assert api.post(f"{path}/{verb}").status_code == 404
    assert api.get(f"{path}/events").status_code == 404
    assert api.patch(path, {"name": "x"}).status_code == 404
