"""Settings → Audit."""

import csv
import html
import io
import re
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from csat.channels.outbox import SandboxMessage
from csat.lib import client_address
from csat.people import erasure, keys, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.sessions import resolving
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, record
from csat.webhooks import endpoints
from csat.workflows import editing
from csat.workflows.models import Run
from tests.factories import API, make_contact, make_sent_survey, make_session

pytestmark = pytest.mark.django_db
PAGE = "/settings/audit/"
HTMX = {"HX-Request": "true"}


def text_of(answer: Any) -> str:
    """What a reader is shown, without tags."""
    without_tags = re.sub(r"<[^>]*>", " ", answer.content.decode())
    return " ".join(html.unescape(without_tags).split())


def page(admin: Client, **filters: str) -> str:
    return text_of(admin.get(f"{PAGE}?{urlencode(filters)}", headers=HTMX))


def entries() -> list[Event]:
    return list(Event.objects.filter(kind=Kind.AUDIT).order_by("id"))


class TestReading:
    def test_each_row_says_who_did_what_from_where_and_what_was_before(
        self, admin: Client, manager_user: User
    ) -> None:
        with client_address.as_current("203.0.113.7"):
            audit(
                roles.actor_of(manager_user),
                AuditAction.SETTINGS_CHANGED,
                before={"auto_send": False, "channels": ["email"], "reply_to": ""},
                after={"auto_send": True, "channels": ["email", "sms"], "reply_to": "help@acme.example"},
            )
        shown = page(admin)
        for words in (
            "CSAT settings changed",
            "auto send before: no → after: yes",
            "channels before: email → after: email, sms",
            "reply to after: help@acme.example",
            "maria",
            "203.0.113.7",
        ):
            assert words in shown

    def test_what_it_was_done_to_is_a_link_while_it_exists(self, admin: Client) -> None:
        contact = make_contact(name="Ana Souza")
        audit(API, AuditAction.CONTACT_DATA_TAKEN, target=contact, contact_id=contact.pk)
        linked = f'<a class="audit-target" href="/contacts/{contact.uuid}/">Ana Souza</a>'
        assert linked in admin.get(PAGE).content.decode()
        erasure.erase(contact, by=API)
        after = admin.get(PAGE).content.decode()
        assert "Data of a contact taken out" in after
        assert str(contact.uuid) not in after
        assert "Souza" not in after

    def test_so_is_a_person(self, admin: Client, manager_user: User) -> None:
        audit(API, AuditAction.PERSON_DEACTIVATED, target=manager_user)
        linked = f'<a class="audit-target" href="/settings/people/{manager_user.pk}/">maria</a>'
        assert linked in admin.get(PAGE).content.decode()

    def test_times_are_those_of_the_reader(self, admin: Client) -> None:
        admin.cookies["tz"] = "Asia/Kolkata"
        with time_machine.travel("2026-11-28T20:00:00Z", tick=False):
            audit(SYSTEM, AuditAction.KEY_CREATED, after={"expires_at": "2026-12-01T20:00:00+00:00"})
        shown = page(admin)
        assert "29 Nov 2026, 01:30" in shown
        assert "2 Dec 2026, 01:30" in shown

    def test_what_somebody_typed_is_escaped(self, admin: Client) -> None:
        audit(API, AuditAction.SENDING_PAUSED, after={"<i>": "<b>now</b>"})
        shown = admin.get(PAGE).content.decode()
        assert "&lt;b&gt;now&lt;/b&gt;" in shown
        assert "<b>now" not in shown

    def test_rows_from_before_the_list_of_what_is_done_are_readable(self, admin: Client) -> None:
        record(Kind.AUDIT, by=API, what="webhook secret rotated", before={}, after={})
        record(Kind.AUDIT, by=API, what="user changed: sam", before={}, after={"groups": ["agent"]})
        shown = page(admin)
        assert "Secret of a webhook rotated" in shown
        assert "user changed: sam" in shown

    def test_pages_go_on_where_the_last_ended_whatever_happens_meanwhile(self, admin: Client) -> None:
        for number in range(35):
            audit(SYSTEM, AuditAction.LOGIN_FAILED, after={"number": number})
        first = admin.get(PAGE)
        older = first.context["page"].older
        audit(SYSTEM, AuditAction.LOGIN_FAILED, after={"number": 99})
        second = admin.get(f"{PAGE}?before={older}")
        numbers = [
            row.data["after"]["number"]
            for answer in (first, second)
            for row in answer.context["page"].rows
            if row.data["what"] == "login.failed"
        ]
        assert numbers == list(range(34, -1, -1))

    def test_it_takes_the_same_queries_for_one_row_and_for_thirty(
        self, admin: Client, django_assert_max_num_queries: Any
    ) -> None:
        def add() -> None:
            audit(API, AuditAction.CONTACT_CHANGED, target=make_contact())
            audit(API, AuditAction.CONVERSATION_CHANGED, target=make_session())

        add()
        with django_assert_max_num_queries(20) as one:
            admin.get(PAGE)
        for _ in range(14):
            add()
        with django_assert_max_num_queries(len(one)):
            admin.get(PAGE)

    def test_nobody_changes_or_deletes_a_row(self, admin: Client, admin_user: User) -> None:
        entry = audit(SYSTEM, AuditAction.LOGIN_FAILED)
        address = f"/admin/csat/event/{entry.pk}/"
        assert admin.post(f"{address}change/", {"data": "{}"}).status_code == 403
        assert admin.post(f"{address}delete/", {"post": "yes"}).status_code == 403
        assert b"delete_selected" not in admin.get("/admin/csat/event/").content
        assert entry in entries()

    def test_a_manager_finds_none_of_it_in_the_admin_either(self, manager: Client, admin: Client) -> None:
        entry = audit(SYSTEM, AuditAction.LOGIN_FAILED)
        address = f"/admin/csat/event/{entry.pk}/change/"
        assert manager.get(address).status_code == 302
        assert admin.get(address).status_code == 200
        assert b"Change by staff" not in _rows(manager.get("/admin/csat/event/").content)
        assert b"Change by staff" in _rows(admin.get("/admin/csat/event/").content)


def _rows(page: bytes) -> bytes:
    return page.partition(b'id="result_list"')[2].partition(b"</table>")[0]


class TestFilters:
    def test_by_person_kind_date_address_and_text(self, admin: Client, manager_user: User) -> None:
        with (
            time_machine.travel("2026-11-28T20:00:00Z", tick=False),
            client_address.as_current("203.0.113.7"),
        ):
            audit(roles.actor_of(manager_user), AuditAction.WORKFLOW_CREATED, after={"name": "Greeting"})
        with time_machine.travel("2026-11-27T12:00:00Z", tick=False):
            audit(SYSTEM, AuditAction.PROVIDER_AWAY, after={"provider": "smtp"})
        for asked in (
            {"person": f"user:{manager_user.pk}"},
            {"kind": "workflow"},
            {"kind": "workflow.created"},
            {"start": "2026-11-28", "end": "2026-11-28"},
            {"address": "203.0.113.7"},
            {"q": "greet"},
        ):
            shown = page(admin, **asked)
            assert "Workflow created" in shown, asked
            assert "Provider away" not in shown, asked

    def test_days_are_those_of_the_reader(self, admin: Client) -> None:
        admin.cookies["tz"] = "Asia/Kolkata"
        with time_machine.travel("2026-11-28T20:00:00Z", tick=False):
            audit(SYSTEM, AuditAction.PROVIDER_AWAY)
        assert "Provider away" in page(admin, start="2026-11-29", end="2026-11-29")
        assert "Nothing found" in page(admin, start="2026-11-28", end="2026-11-28")

    @pytest.mark.parametrize("filters", [{"start": "0001-01-01"}, {"end": "9999-12-31"}])
    def test_a_day_that_no_zone_has_is_named(self, admin: Client, filters: dict[str, str]) -> None:
        admin.cookies["tz"] = "Asia/Kolkata"
        answer = admin.get(PAGE, filters)
        assert answer.status_code == 422
        assert "Use a day between 1970 and 2100." in text_of(answer)
        assert f'value="{next(iter(filters.values()))}"' in answer.content.decode()

    def test_nobody_has_so_long_a_number(self, admin: Client) -> None:
        assert "Nothing found" in page(admin, person="user:" + "9" * 40)

    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            ({"address": "here"}, "Address: Give one address"),
            ({"start": "yesterday"}, "From: Enter a valid date."),
        ],
    )
    def test_what_cannot_be_read_is_named_and_kept(
        self, admin: Client, asked: dict[str, str], text: str
    ) -> None:
        answer = admin.get(PAGE, asked)
        assert answer.status_code == 422
        assert text in text_of(answer)
        assert all(f'value="{value}"' in answer.content.decode() for value in asked.values())

    def test_they_stay_while_paging(self, admin: Client) -> None:
        for _ in range(31):
            audit(SYSTEM, AuditAction.LOGIN_FAILED)
        shown = admin.get(f"{PAGE}?kind=login.failed").content.decode()
        assert "?kind=login.failed&amp;before=" in shown


class TestExport:
    def test_a_file_of_what_the_filters_find_and_who_took_it(self, admin: Client) -> None:
        audit(API, AuditAction.WORKFLOW_CREATED, after={"name": "Greeting"})
        audit(API, AuditAction.LOGIN_FAILED)
        answer = admin.post(f"{PAGE}export/?kind=workflow&q=greeting")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer["Content-Disposition"]
        text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")  # type: ignore[attr-defined]
        assert [row["what"] for row in csv.DictReader(io.StringIO(text))] == ["workflow.created"]
        taken = entries()[-1]
        assert (taken.actor_name, taken.data["what"]) == ("ada", "export.made")
        assert taken.data["after"] == {
            "what": "audit log",
            "filters": {"kind": "workflow"},
            "searched": True,
            "format": "csv",
        }
        assert taken.data["client_address"] == "127.0.0.1"

    def test_what_cannot_be_read_makes_no_file(self, admin: Client) -> None:
        answer = admin.post(f"{PAGE}export/?address=here")
        assert answer.status_code == 422
        assert "Address: Give one address" in text_of(answer)
        assert not Event.objects.filter(kind=Kind.AUDIT, data__what="export.made").exists()

    def test_managers_take_none(self, manager: Client) -> None:
        assert manager.post(f"{PAGE}export/").status_code == 403


class TestFromWhere:
    @pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
    def test_staff_come_from_the_address_of_the_one_function(
        self, admin: Client, settings: Any, proxies: int, address: str
    ) -> None:
        settings.TRUSTED_PROXIES = proxies
        key, _secret = keys.create("Helpdesk", scopes=["csat:read"])
        admin.post(f"/settings/api-keys/{key.uuid}/revoke/", headers={"X-Forwarded-For": "203.0.113.7"})
        entry = entries()[-1]
        assert (entry.data["what"], entry.data["client_address"]) == ("key.revoked", address)

    def test_nothing_of_a_request_is_left_behind(self, admin: Client) -> None:
        admin.get(PAGE)
        assert client_address.current() == ""

    def test_the_address_of_a_customer_is_kept_nowhere(self, customer: Client, monkeypatch: Any) -> None:
        seen: list[str] = []
        monkeypatch.setattr(
            "csat.surveys.links.find", lambda *_a, **_b: seen.append(client_address.current())
        )
        for path in ("/r/" + "a" * 30, "/u/" + "a" * 30):
            customer.get(path)
        assert seen
        assert set(seen) == {""}


class TestReadsOfPersonalData:
    def reads(self) -> list[str]:
        return [entry.data["target"] for entry in entries() if entry.data["what"] == "data.read"]

    def test_opening_a_contact_is_kept_once_an_hour_whatever_the_request_claims_to_be(
        self, agent: Client, manager: Client
    ) -> None:
        contact = make_contact()
        address = f"/contacts/{contact.uuid}/"
        agent.get(address, headers={"X-Poll": "1"})
        assert self.reads() == [f"contact:{contact.uuid}"]
        agent.get(address)
        agent.get(address)
        assert self.reads() == [f"contact:{contact.uuid}"]
        manager.get(address)
        assert len(self.reads()) == 2

    def test_so_is_the_same_contact_in_the_admin(self, manager: Client) -> None:
        contact = make_contact()
        manager.get(f"/admin/csat/contact/{contact.pk}/change/")
        manager.get(f"/contacts/{contact.uuid}/")
        assert self.reads() == [f"contact:{contact.uuid}"]

    def test_so_are_kept_bodies_of_webhooks(self, manager: Client) -> None:
        endpoint = endpoints.add(url="https://93.184.216.34/csat", events=["csat.requested"], by=SYSTEM)
        address = f"/settings/webhooks/{endpoint.uuid}/"
        manager.get(address)
        manager.get(f"{address}calls/")
        assert self.reads() == []  # nothing was sent yet
        call = endpoint.calls.create(type="csat.requested", body='{"email": "ana@customer.example"}')
        manager.get(address)
        assert self.reads() == [f"endpoint:{endpoint.uuid}"]
        manager.get(f"/admin/csat/webhookattempt/{call.pk}/change/")
        assert self.reads()[1:] == [f"webhookattempt:{call.uuid}"]

    def test_so_is_their_log_alone(self, manager: Client) -> None:
        endpoint = endpoints.add(url="https://93.184.216.34/csat", events=["csat.requested"], by=SYSTEM)
        endpoint.calls.create(type="csat.requested", body='{"email": "ana@customer.example"}')
        manager.get(f"/settings/webhooks/{endpoint.uuid}/calls/", headers={"X-Poll": "1"})
        assert self.reads() == [f"endpoint:{endpoint.uuid}"]

    def test_so_is_a_mail_in_the_outbox_without_the_page_around_it(self, agent: Client) -> None:
        make_sent_survey(contact=make_contact())
        message = SandboxMessage.objects.get()
        agent.get(f"/outbox/{message.uuid}/mail/")
        assert self.reads() == [f"sandboxmessage:{message.uuid}"]

    def test_so_are_the_steps_of_a_workflow_run(self, manager: Client) -> None:
        steps = [{"id": "tag", "type": "add_tag", "params": {"tag": "seen"}}]
        workflow = editing.create(name="Tag", by=SYSTEM, trigger_type="ticket-resolved", blocks=steps)
        editing.activate(workflow, by=SYSTEM)
        resolving.resolve(make_session(), by=SYSTEM)
        dispatching.fan_out()
        run = Run.objects.get()
        address = f"/workflows/{workflow.uuid}/runs/{run.uuid}/"
        manager.get(address, headers={"X-Poll": "1", "HX-Request": "true"})
        manager.get(address)
        manager.get(f"/admin/csat/run/{run.pk}/change/")
        assert self.reads() == [f"run:{run.uuid}"]
