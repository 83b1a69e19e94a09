"""Settings → Connections: admins change, managers read, agents are refused."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat.connectors import applying, connections, receiving, registry
from csat.connectors.models import Connection, InboundEvent, WriteBack
from csat.connectors.systems.generic import Generic
from csat.people import brands
from csat.surveys.models import CsatSettings
from csat.timeline.recording import SYSTEM
from csat.workflows import ticketing
from csat.workflows.models import Workflow
from tests.connectors.fake_desk import ADA, FakeSystem, fake_system, make_connection

__all__ = ["fake_system"]
pytestmark = pytest.mark.django_db
PAGE = "/settings/connections/"
HTMX = {"HX-Request": "true"}
NOW = "2026-11-20T12:00:00Z"


@pytest.fixture
def desk(fake_system: FakeSystem, db: None) -> Connection:
    return make_connection(name="Acme desk")


def read(client: Client, connection: Connection, part: str = "", **query: str) -> str:
    answer = client.get(f"{PAGE}{connection.uuid}/{part}", query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def press(client: Client, connection: Connection, name: str, **data: str) -> str:
    answer = client.post(f"{PAGE}{connection.uuid}/{name}/", data, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def come_in(connection: Connection, *, apply: bool = True, **body: Any) -> InboundEvent:
    """An event of theirs, through the door, applied by the worker."""
    told = {"id": "42", "status": "open", "at": NOW, "email": "li@customer.example"} | body
    address = connection.opened["address"]
    answer = receiving.receive(connection.kind, address, {}, json.dumps(told).encode(), "")
    assert answer.status == 200
    if apply:
        applying.apply_due(connection.pk)
    event = connection.events.first()
    assert event
    return event


class TestGallery:
    def test_it_offers_every_system_and_a_file(self, admin: Client) -> None:
        page = unescape(admin.get(PAGE).content.decode())
        assert "No help desk is connected yet" in page
        for system in registry.all():
            assert f"{PAGE}new/{system.kind}/" in page
            assert str(system.label) in page
        assert "A file of past conversations or ratings" in page
        assert f"{PAGE}file/" in page

    def test_a_connection_is_listed_with_its_state_in_words_and_its_figures(
        self, manager: Client, desk: Connection
    ) -> None:
        page = unescape(manager.get(PAGE).content.decode())
        assert "waiting for the first event" in page
        assert "no events today" in page
        come_in(desk)
        page = unescape(manager.get(PAGE).content.decode())
        assert '<span class="dot good"></span>working' in page
        assert "1 event today" in page

    def test_ten_connections_cost_as_many_queries_as_one(self, admin: Client, desk: Connection) -> None:
        def queries() -> int:
            with CaptureQueriesContext(database) as found:
                admin.get(PAGE)
            return len(found)

        queries()
        few = queries()
        for number in range(9):
            make_connection(name=f"Desk {number}")
        assert queries() == few


class TestConnecting:
    def test_an_admin_connects_one_and_finds_its_address_to_copy(
        self, admin: Client, admin_user: Any, fake_system: FakeSystem
    ) -> None:
        answer = admin.post(
            f"{PAGE}new/fake_desk/",
            {
                "name": "Acme desk",
                "account": "7",
                "ask_brand": "acme",
                "secret_inbound": "their-signing-secret",
                "secret_token": "their-api-token",
            },
        )
        connection = Connection.objects.get()
        assert answer["Location"] == f"{PAGE}{connection.uuid}/"
        assert (connection.account, connection.fields) == ("7", {"brand": "acme"})
        assert connection.created_by == admin_user
        page = read(admin, connection)
        for step in fake_system.steps:
            assert str(step.text) in page
        assert f'value="{connection.inbound_url}"' in page

    def test_no_secret_is_in_any_page_after_it_was_saved(self, admin: Client, fake_system: Any) -> None:
        secrets = {"inbound": "their-secret", "token": "their-token", "token_user": "their-login"}
        admin.post(
            f"{PAGE}new/fake_desk/",
            {"name": "Acme", **{f"secret_{name}": value for name, value in secrets.items()}},
        )
        connection = Connection.objects.get()
        assert {name: connection.opened.get(name) for name in secrets} == secrets
        for part in ("", "status/", "events/", "rules/"):
            assert not [value for value in secrets.values() if value in read(admin, connection, part)]
        assert read(admin, connection).count('<span class="pill good">set</span>') == 3

    def test_an_empty_secret_stays_and_a_new_one_replaces_it(self, admin: Client, desk: Connection) -> None:
        admin.post(f"{PAGE}{desk.uuid}/", {"name": "Renamed", "secret_token": ""})
        assert (desk.again().name, desk.again().opened["token"]) == ("Renamed", "token")
        admin.post(f"{PAGE}{desk.uuid}/", {"name": "Renamed", "secret_token": "another"})
        assert desk.again().opened["token"] == "another"

    def test_a_private_address_is_refused_beside_its_field_with_what_allows_it(self, admin: Client) -> None:
        typed = {"name": "Our Chatwoot", "base_url": "http://10.0.0.8:3000", "account": "3"}
        answer = admin.post(f"{PAGE}new/chatwoot/", typed | {"secret_token": "typed-token"})
        page = unescape(answer.content.decode())
        assert answer.status_code == 422
        assert not Connection.objects.exists()
        assert re.search(r'id="id_base_url_error">[^<]*CONNECT_ALLOW=10\.0\.0\.8:3000', page)
        assert "SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true" in page
        for value in (*typed.values(), "typed-token"):
            assert f'value="{value}"' in page

    def test_what_was_typed_stays_when_a_change_is_refused(self, admin: Client, desk: Connection) -> None:
        answer = admin.post(f"{PAGE}{desk.uuid}/", {"name": " ", "account": "typed", "ask_brand": "kept"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert re.search(r'id="id_name_error">Give it a name\.', page)
        assert 'value="typed"' in page
        assert 'value="kept"' in page
        assert desk.again().name == "Acme desk"

    def test_a_system_that_is_none_has_no_page(self, admin: Client) -> None:
        assert admin.get(f"{PAGE}new/full_moon/").status_code == 404


class TestTest:
    def test_it_shows_the_last_conversations_as_they_would_arrive_and_creates_nothing(
        self, admin: Client, desk: Connection, fake_system: FakeSystem
    ) -> None:
        at = timezone.now()
        fake_system.desk.put_conversation("77", "solved", at, subject="Where is it?", name="Li Wei")
        fake_system.desk.put_conversation("78", "open", at)
        answer = admin.post(f"{PAGE}{desk.uuid}/test/", headers=HTMX)
        page = unescape(answer.content.decode())
        assert "<html" not in page
        assert "#77" in page
        assert "Where is it?" in page
        assert "would not be asked:" in page
        assert "not resolved (open)" in page
        assert not InboundEvent.objects.exists()

    def test_without_javascript_the_whole_page_comes_back_with_it(
        self, admin: Client, desk: Connection, fake_system: FakeSystem
    ) -> None:
        fake_system.desk.put_conversation("77", "solved", timezone.now())
        page = press(admin, desk, "test")
        assert "<html" in page
        assert "#77" in page

    def test_without_a_token_it_says_what_to_do(self, admin: Client, fake_system: FakeSystem) -> None:
        assert "Without a token" in press(admin, make_connection(token=""), "test")

    def test_a_private_address_says_what_allows_it_in_both_directions(
        self, admin: Client, settings: Any
    ) -> None:
        """Trap 20."""
        settings.CONNECT_ALLOW = ["127.0.0.1:9"]
        connection = connections.add(
            kind="chatwoot",
            by=ADA,
            base_url="http://127.0.0.1:9",
            account="1",
            secrets_given={"token": "secret-token"},
        )
        settings.CONNECT_ALLOW = []
        page = press(admin, connection, "test")
        tested = page.split('id="tested"')[1]
        assert "CONNECT_ALLOW=127.0.0.1:9" in tested
        assert "SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true" in tested


class TestMakingTheWebhook:
    @pytest.fixture(autouse=True)
    def _makes_webhooks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def set_up(self: FakeSystem, config: Any, api: Any, url: str) -> str:
            return str(api.post("/webhooks", {"url": url})["secret"])

        monkeypatch.setattr(FakeSystem, "set_up", set_up)

    def test_in_one_press(self, admin: Client, desk: Connection, fake_system: FakeSystem) -> None:
        fake_system.desk.answers["POST /webhooks"] = {"secret": "made-there"}
        assert "Make the webhook for me" in read(admin, desk)
        assert "The webhook is there" in press(admin, desk, "make-webhook")
        assert desk.again().config.inbound_secrets == ["made-there"]
        assert "made-there" not in read(admin, desk)

    def test_what_they_refuse_is_said(self, admin: Client, desk: Connection) -> None:
        answer = admin.post(f"{PAGE}{desk.uuid}/make-webhook/")
        assert answer.status_code == 422
        assert "The webhook could not be made: 404 Not Found" in answer.content.decode()

    def test_without_a_token_it_says_what_to_do(self, admin: Client, desk: Connection) -> None:
        page = read(admin, make_connection(token=""))
        assert "Make the webhook for me" not in page
        assert "Once the token of an administrator is saved" in page


class TestWhoDecides:
    def test_their_system_decides_in_one_press(self, admin: Client, desk: Connection) -> None:
        assert "is active" in press(admin, desk, "decide-there")
        assert CsatSettings.current().ticketing_system == "other"
        assert Workflow.objects.get().active_id
        assert ticketing.decider() == "there"

    def test_open_here_in_one_press(self, admin: Client, desk: Connection) -> None:
        press(admin, desk, "decide-there")
        page = press(admin, desk, "decide-here")
        assert CsatSettings.current().ticketing_system == "open"
        assert Workflow.objects.get().active_id is None
        assert "Auto-send is off: nobody is asked yet." in page


class TestHowItIsGoing:
    def test_paused_with_the_reason_and_resumed(self, admin: Client, desk: Connection) -> None:
        page = press(admin, desk, "pause")
        assert "Paused: pressed by Ada" in page
        assert desk.again().paused_at
        assert "Resumed" in press(admin, desk, "resume")
        assert desk.again().paused_at is None

    def test_its_figures_and_times(self, manager: Client, desk: Connection) -> None:
        come_in(desk)
        come_in(desk, id="43", ours=True)
        desk.change(rejected=3, rejected_at=timezone.now(), rejected_reason="the signature is wrong")
        page = read(manager, desk, "status/")
        figures = dict(re.findall(r'label">([^<]*)</dt>\s*<dd class="value">(\d+)<', page))
        assert figures == {"Events": "2", "Applied": "1", "Ignored": "1", "Failed": "0"}
        assert "the signature is wrong" in page
        assert "Requests were refused" in page

    def test_a_score_that_was_refused_there_is_listed_with_the_reason(
        self, manager: Client, desk: Connection
    ) -> None:
        session = come_in(desk).session
        assert session
        WriteBack.objects.create(
            connection=desk, session=session, revision=1, state="failed", error="403: not allowed"
        )
        page = read(manager, desk, "status/")
        assert "403: not allowed" in page
        assert f"/inbox/{session.uuid}/" in page

    def test_polled_it_is_the_figures_alone(self, manager: Client, desk: Connection) -> None:
        page = manager.get(f"{PAGE}{desk.uuid}/status/", headers=HTMX).content.decode()
        assert page.lstrip().startswith('<div class="stack" id="going"')

    def test_secrets_that_cannot_be_read_are_told_and_break_no_page(
        self, admin: Client, desk: Connection, settings: Any
    ) -> None:
        settings.SECRETS_KEYS = ["another key"]
        for part in ("", "status/", "events/", "rules/"):
            assert "Its secrets cannot be read" in read(admin, desk, part)
        assert "Its secrets cannot be read" in unescape(admin.get(PAGE).content.decode())
        answer = admin.post(f"{PAGE}{desk.uuid}/", {"name": "Acme", "secret_token": "new"})
        assert answer.status_code == 422


class TestEvents:
    def test_each_tells_what_became_of_it_and_its_body_is_for_admins(
        self, admin: Client, manager: Client, desk: Connection
    ) -> None:
        event = come_in(desk, subject="Words of the customer", token="left-out")
        for client in (admin, manager):
            page = read(client, desk, "events/")
            assert event.text
            assert event.text[0].upper() + event.text[1:] in page
            assert "Words of the customer" not in page
        address = f"{PAGE}{desk.uuid}/events/{event.uuid}/"
        page = unescape(admin.get(address).content.decode())
        assert '"subject": "Words of the customer"' in page
        assert "left-out" not in page
        assert manager.get(address).status_code == 403
        assert address not in read(manager, desk, "events/")

    def test_it_says_what_is_read_in_it_by_the_rules_of_now(self, admin: Client, desk: Connection) -> None:
        event = come_in(desk, status="finished")
        address = f"{PAGE}{desk.uuid}/events/{event.uuid}/"
        assert "not resolved (finished)" in admin.get(address).content.decode()
        connections.change(desk, by=ADA, rules_given={"resolved": ["finished"]})
        assert "would not be asked" in admin.get(address).content.decode()

    def test_one_is_processed_again(self, admin: Client, desk: Connection) -> None:
        event = come_in(desk)
        event.change(outcome="failed", text="it was broken")
        assert "Process again" in read(admin, desk, "events/", outcome="failed")
        address = f"{PAGE}{desk.uuid}/events/{event.uuid}/process/"
        assert "processed again" in admin.post(address, follow=True).content.decode()
        assert event.again().next_try is not None
        applying.apply_due(desk.pk)
        assert event.again().outcome != "failed"

    def test_an_event_of_another_connection_is_not_found_here(self, admin: Client, desk: Connection) -> None:
        event = come_in(make_connection(name="Another"))
        assert admin.get(f"{PAGE}{desk.uuid}/events/{event.uuid}/").status_code == 404
        assert admin.post(f"{PAGE}{desk.uuid}/events/{event.uuid}/process/").status_code == 404

    def test_it_is_filtered_and_paged(self, admin: Client, desk: Connection) -> None:
        now = timezone.now()
        InboundEvent.objects.bulk_create(
            InboundEvent(
                connection=desk,
                key=f"{number}",
                body="{}",
                text=f"sentence {number}.",
                outcome="applied" if number % 2 else "ignored",
                next_try=None,
                created_at=now - timedelta(minutes=number),
            )
            for number in range(40)
        )
        first = read(admin, desk, "events/")
        assert "Sentence 0." in first
        assert "Sentence 35." not in first
        older = re.search(r'rel="next" href="\?outcome=&before=([^"]*)"', first)
        assert older
        answer = admin.get(f"{PAGE}{desk.uuid}/events/?before={older[1]}")
        assert "Sentence 35." in answer.content.decode()
        applied = read(admin, desk, "events/", outcome="applied")
        assert "Sentence 1." in applied
        assert "Sentence 2." not in applied

    def test_polled_nothing_is_sent_while_nothing_changed(self, admin: Client, desk: Connection) -> None:
        come_in(desk)
        address = f"{PAGE}{desk.uuid}/events/"
        version = re.search(r"v=([\d.]+)", read(admin, desk, "events/"))
        assert version
        assert admin.get(f"{address}?v={version[1]}", headers=HTMX).status_code == 204
        come_in(desk, id="50", apply=False)
        assert admin.get(f"{address}?v={version[1]}", headers=HTMX).status_code == 200


class TestRules:
    RULES: dict[str, str] = {"resolved": "solved", "scope": "all", "write_note": "on"}

    def save(self, client: Client, connection: Connection, **more: str) -> Any:
        return client.post(f"{PAGE}{connection.uuid}/rules/", self.RULES | more)

    def test_statuses_inboxes_channels_and_what_goes_back_are_saved(
        self, admin: Client, desk: Connection
    ) -> None:
        come_in(desk, inbox="12")
        assert 'name="inbox_0" value="12"' in read(admin, desk, "rules/")
        answer = self.save(
            admin,
            desk,
            resolved="solved, archived",
            scope="chosen",
            inbox_0="12",
            counts_0="on",
            channel_0="whatsapp",
            inbox_1="13",
            write_tag="on",
            send="on",
            language="customer",
            agents="email",
        )
        assert answer.status_code == 302
        assert desk.again().rules == {
            "resolved": ["solved", "archived"],
            "inboxes": ["12"],
            "channels": {"12": "whatsapp"},
            "language": "customer",
            "agents": "email",
            "write_back": {"note": True, "fields": False, "tag": True},
            "send": True,
        }

    def test_brands_can_be_chosen_once_there_are_two(self, admin: Client, desk: Connection) -> None:
        come_in(desk, inbox="12")
        assert "id_brand" not in read(admin, desk, "rules/")
        brands.create(by=SYSTEM, slug="zebra", name="Zebra")
        page = read(admin, desk, "rules/")
        assert 'id="id_brand"' in page
        assert 'name="brand_0"' in page
        chosen = {"inbox_0": "12", "brand_0": "default", "brand": "zebra"}
        assert self.save(admin, desk, **chosen).status_code == 302
        assert desk.again().rules["brand"] == "zebra"
        assert desk.again().rules["brands"] == {"12": "default"}
        assert self.save(admin, desk, inbox_0="12", brand_0="okapi").status_code == 422

    def test_the_page_shows_the_rules_as_they_are(self, manager: Client, desk: Connection) -> None:
        page = read(manager, desk, "rules/")
        assert 'name="resolved" value="solved"' in page
        assert 'value="all" checked' in page
        assert re.search(r'name="write_note"[^>]* checked', page)
        assert not re.search(r'name="write_tag"[^>]* checked', page)
        rules = {"resolved": ["gone"], "inboxes": ["7"], "channels": {"7": "sms"}}
        connections.change(desk, by=ADA, rules_given=rules | {"write_back": {"note": False, "tag": True}})
        page = read(manager, desk, "rules/")
        assert 'name="resolved" value="gone"' in page
        assert 'value="chosen" checked' in page
        assert 'name="counts_0" checked' in page
        assert '<option value="sms" selected>' in page
        assert not re.search(r'name="write_note"[^>]* checked', page)
        assert re.search(r'name="write_tag"[^>]* checked', page)

    def test_the_systems_own_statuses_are_not_written_down(self, admin: Client, desk: Connection) -> None:
        self.save(admin, desk)
        assert desk.again().rules["resolved"] == []

    def test_what_is_refused_stands_beside_its_field_and_what_was_typed_stays(
        self, admin: Client, desk: Connection
    ) -> None:
        answer = self.save(admin, desk, resolved="my status", scope="chosen", inbox_0="99", channel_0="email")
        page = answer.content.decode()
        assert answer.status_code == 422
        assert re.search(r'id="id_scope_error">Tick at least one inbox\.', page)
        assert 'value="my status"' in page
        assert 'value="99"' in page
        assert '<option value="email" selected>' in page
        answer = self.save(admin, desk, inbox_0="99", channel_0="pigeon")
        assert re.search(r'id="id_scope_error">There is no channel pigeon', answer.content.decode())
        assert desk.again().rules == {}

    def test_a_dry_run_judges_what_came_in_by_the_rules_as_typed_and_saves_nothing(
        self, admin: Client, desk: Connection
    ) -> None:
        come_in(desk, status="finished")
        address = f"{PAGE}{desk.uuid}/rules/dry-run/"
        before = admin.post(address, self.RULES, headers=HTMX).content.decode()
        assert "0 would be asked, 0 not; 1 end nothing" in before
        after = admin.post(address, self.RULES | {"resolved": "finished"}, headers=HTMX).content.decode()
        assert "0 would be asked, 1 not; 0 end nothing" in after
        assert "<html" not in after
        assert desk.again().rules == {}

    def test_a_dry_run_of_rules_that_are_wrong_names_the_field(self, admin: Client, desk: Connection) -> None:
        address = f"{PAGE}{desk.uuid}/rules/dry-run/"
        page = admin.post(address, self.RULES | {"scope": "chosen"}, headers=HTMX).content.decode()
        assert "Inboxes that count: Tick at least one inbox." in page


class TestMapping:
    ROWS = '{"rows": [{"to": "external_id", "path": "ticket.id"}, {"to": "status", "path": "ticket.state"}]}'

    @pytest.fixture
    def tool(self, monkeypatch: pytest.MonkeyPatch) -> Connection:
        system = Generic()
        monkeypatch.setattr(registry, "_BY_KIND", {**registry._BY_KIND, "generic": system})
        return Connection.objects.create(
            kind="generic", name="Tool", digest="d", secrets=Connection().sealed(address="a" * 40)
        )

    @pytest.fixture
    def event(self, tool: Connection) -> InboundEvent:
        body = json.dumps({"ticket": {"id": 815, "state": "done"}})
        return InboundEvent.objects.create(connection=tool, key="k", body=body, next_try=None)

    def typed(self, text: str) -> dict[str, str]:
        return {"resolved": "", "scope": "all", "write_note": "on", "mapping": text}

    def test_its_rows_are_shown_on_the_last_body_while_it_is_typed(
        self, admin: Client, tool: Connection, event: InboundEvent
    ) -> None:
        address = f"{PAGE}{tool.uuid}/rules/mapping/"
        page = unescape(admin.post(address, self.typed(self.ROWS)).content.decode())
        assert re.search(r'"mono">external_id</td>\s*<td class="mono">815<', page)
        assert "#815" in page
        assert tool.again().rules == {}

    def test_what_is_no_json_says_where(self, admin: Client, tool: Connection, event: InboundEvent) -> None:
        wrong = '{"rows": [}'
        page = admin.post(f"{PAGE}{tool.uuid}/rules/mapping/", self.typed(wrong)).content.decode()
        assert "This is not JSON: line 1, column" in page
        answer = admin.post(f"{PAGE}{tool.uuid}/rules/", self.typed(wrong))
        assert answer.status_code == 422
        assert wrong in unescape(answer.content.decode())
        assert re.search(r'id="id_mapping_error">This is not JSON', answer.content.decode())

    def test_a_row_that_is_wrong_is_named_and_nothing_is_saved(self, admin: Client, tool: Connection) -> None:
        wrong = '{"rows": [{"to": "moon", "path": "ticket.id"}]}'
        answer = admin.post(f"{PAGE}{tool.uuid}/rules/", self.typed(wrong))
        page = unescape(answer.content.decode())
        assert answer.status_code == 422
        assert re.search(r'id="id_mapping_error">rows\.0\.to: ', page)
        assert wrong in page
        assert tool.again().rules == {}

    def test_it_is_saved_and_shown_again(self, admin: Client, tool: Connection) -> None:
        assert admin.post(f"{PAGE}{tool.uuid}/rules/", self.typed(self.ROWS)).status_code == 302
        assert tool.again().rules["mapping"] == json.loads(self.ROWS)
        assert '"path": "ticket.state"' in read(admin, tool, "rules/")

    def test_before_the_first_event_it_says_to_send_one(self, admin: Client, tool: Connection) -> None:
        answer = admin.post(f"{PAGE}{tool.uuid}/rules/mapping/", self.typed(self.ROWS))
        assert "Send one event first" in answer.content.decode()


class TestRemoving:
    def test_it_is_confirmed_and_its_conversations_stay(self, admin: Client, desk: Connection) -> None:
        session = come_in(desk).session
        assert session
        page = admin.get(f"{PAGE}{desk.uuid}/remove/").content.decode()
        assert "1 conversation that came from it stays" in page
        answer = admin.post(f"{PAGE}{desk.uuid}/remove/", follow=True)
        assert "Acme desk is removed." in answer.content.decode()
        assert admin.get(f"{PAGE}{desk.uuid}/").status_code == 404
        assert session.again().pk == session.pk


class TestWhoMay:
    def test_a_manager_reads_everything_and_changes_nothing(self, manager: Client, desk: Connection) -> None:
        event = come_in(desk)
        for part in ("", "status/", "events/", "rules/"):
            page = read(manager, desk, part)
            assert not re.findall(">(Save changes|Pause|Test|Dry run|Remove|Process again)<", page)
        typed = {"name": "Mine", "resolved": "open", "scope": "all"}
        addresses = [
            *("", "rules/", "rules/dry-run/", "rules/mapping/"),
            *("remove/", "test/", "pause/", "decide-there/"),
            f"events/{event.uuid}/process/",
        ]
        for address in addresses:
            answer = manager.post(f"{PAGE}{desk.uuid}/{address}", typed)
            assert answer.status_code == 403, address
        assert manager.post(f"{PAGE}new/fake_desk/", {"name": "Mine"}).status_code == 403
        after = desk.again()
        assert (after.name, after.rules, after.paused_at, after.deleted_at) == ("Acme desk", {}, None, None)
        assert Connection.objects.count() == 1

    def test_our_address_is_shown_to_admins_only(
        self, admin: Client, manager: Client, desk: Connection
    ) -> None:
        assert desk.opened["address"] in read(admin, desk)
        assert desk.opened["address"] not in read(manager, desk)

    def test_an_agent_is_refused_everywhere(self, agent: Client, desk: Connection) -> None:
        event = come_in(desk)
        for part in ("", "status/", "events/", f"events/{event.uuid}/", "rules/", "remove/"):
            assert agent.get(f"{PAGE}{desk.uuid}/{part}").status_code == 403, part
        assert agent.get(PAGE).status_code == 403
        assert agent.get(f"{PAGE}new/fake_desk/").status_code == 403

    def test_an_action_that_is_none_is_not_found(self, admin: Client, desk: Connection) -> None:
        assert admin.post(f"{PAGE}{desk.uuid}/explode/").status_code == 404
