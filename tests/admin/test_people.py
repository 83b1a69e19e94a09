"""The admin's contacts, agents, suppressions and keys."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from csat.admin.people import ContactForm
from csat.people import agents, keys, roles, suppression
from csat.people.models import Agent, Contact, Organization, Suppression, Team
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_contact, make_sent_survey, make_session

pytestmark = pytest.mark.django_db
CONTACTS = "/admin/csat/contact/"
ANA = {
    "name": "Ana",
    "email": "Ana@Shop.example",
    "phone": "+49 30 5551234",
    "external_id": "",
    "language": "de",
    "timezone": "",
    "custom_data": "{}",
}


@pytest.fixture(autouse=True)
def _roles(db: Any) -> None:
    roles.sync()


def do(client: Client, table: str, action: str, row: Any, **more: Any) -> Any:
    return client.post(f"/admin/csat/{table}/", {"action": action, "_selected_action": [row.pk], **more})


class TestContacts:
    def test_one_is_added_as_the_api_would(self, admin: Client) -> None:
        assert admin.post(f"{CONTACTS}add/", ANA).status_code == 302
        ana = Contact.objects.get()
        assert (ana.email, ana.phone, ana.language) == ("ana@shop.example", "+49305551234", "de")

    def test_one_that_is_known_is_not_added_again(self, admin: Client) -> None:
        make_contact(name="Ana", phone="+49305551234")
        answer = admin.post(f"{CONTACTS}add/", ANA)
        assert answer.status_code == 200
        assert b"already exists" in answer.content
        assert Contact.objects.count() == 1

    def test_a_wrong_number_is_told_beside_its_field_and_nothing_typed_is_lost(self, admin: Client) -> None:
        answer = admin.post(f"{CONTACTS}add/", ANA | {"phone": "030 5551234"})
        assert answer.context["adminform"].form.errors["phone"]
        assert b"030 5551234" in answer.content
        assert not Contact.objects.exists()

    def test_asking_whether_a_form_is_valid_writes_nothing(self) -> None:
        ana = make_contact(name="Ana", email="ana@shop.example")
        assert ContactForm(ANA | {"phone": ""}).is_valid()
        assert ContactForm(ANA | {"name": "Ana Souza", "phone": ""}, instance=ana).is_valid()
        assert Contact.objects.get().name == "Ana"
        assert not Event.objects.filter(kind=Kind.AUDIT).exists()

    def test_a_change_is_audited(self, agent: Client) -> None:
        ana = make_contact(
            name="Ana", email="ana@shop.example", phone="", custom_data={"plan": "gold", "vip": True}
        )
        values = ANA | {"name": "Ana Souza", "phone": "", "custom_data": '{"plan": "silver"}'}
        assert agent.post(f"{CONTACTS}{ana.pk}/change/", values).status_code == 302
        assert (ana.again().name, ana.again().custom_data) == ("Ana Souza", {"plan": "silver"})
        assert Event.objects.get(kind=Kind.AUDIT).data["after"] == {
            "changed": ["custom_data", "language", "name"]
        }

    def test_another_contacts_address_is_refused(self, agent: Client) -> None:
        make_contact(email="taken@shop.example")
        ana = make_contact(email="ana@shop.example")
        answer = agent.post(f"{CONTACTS}{ana.pk}/change/", ANA | {"email": "Taken@shop.example"})
        assert answer.context["adminform"].form.errors["email"]
        assert ana.again().email == "ana@shop.example"

    def test_a_manager_lets_a_customer_be_and_asks_again(self, manager: Client) -> None:
        ana = make_contact()
        do(manager, "contact", "opt_out", ana)
        assert ana.again().opted_out_at
        do(manager, "contact", "opt_in", ana)
        assert ana.again().opted_out_at is None

    def test_an_agent_undoes_no_opt_out_as_on_the_contacts_own_page(self, agent: Client) -> None:
        ana = make_contact()
        suppression.opt_out(ana, by=API)
        do(agent, "contact", "opt_in", ana)
        assert agent.post(f"/contacts/{ana.uuid}/opt-in/").status_code == 403
        assert ana.again().opted_out_at

    def test_erasing_asks_first(self, manager: Client) -> None:
        ana = make_session(contact=make_contact(name="Ana")).contact
        assert b"Are you sure?" in do(manager, "contact", "erase", ana).content
        assert ana.again().erased_at is None
        do(manager, "contact", "erase", ana, sure="yes")
        assert (ana.again().name, ana.again().email) == ("", "")
        assert "parcel" not in str(Event.objects.filter(kind=Kind.MESSAGE_RECEIVED).get().data)

    def test_an_agent_erases_nobody(self, agent: Client) -> None:
        ana = make_contact()
        do(agent, "contact", "erase", ana, sure="yes")
        assert ana.again().erased_at is None

    def test_an_erased_contact_is_not_changed_back(self, admin: Client) -> None:
        ana = make_contact()
        do(admin, "contact", "erase", ana, sure="yes")
        assert admin.post(f"{CONTACTS}{ana.pk}/change/", ANA).status_code == 403


class TestSuppressions:
    def test_a_manager_lifts_one(self, manager: Client) -> None:
        row = suppression.suppress("email", "ana@shop.example", reason="bounced")
        do(manager, "suppression", "lift", row)
        assert not suppression.is_suppressed("email", "ana@shop.example")
        assert Event.objects.get(kind=Kind.AUDIT).data["what"] == "suppression.lifted"

    def test_a_manager_adds_one(self, manager: Client) -> None:
        answer = manager.post(
            "/admin/csat/suppression/add/", {"medium": "phone", "address": "+49 30 5551234"}
        )
        assert answer.status_code == 302
        assert suppression.is_suppressed("sms", "+49305551234")
        assert Suppression.objects.get().reason == "staff"

    def test_an_agent_lifts_none(self, agent: Client) -> None:
        row = suppression.suppress("email", "ana@shop.example", reason="bounced")
        do(agent, "suppression", "lift", row)
        assert suppression.is_suppressed("email", "ana@shop.example")


class TestAgentsAndTeams:
    def test_an_agent_moves_to_a_team_and_it_is_audited(self, manager: Client) -> None:
        layla, team = make_agent("Layla"), Team.objects.create(name="Billing")
        manager.post(
            f"/admin/csat/agent/{layla.pk}/change/",
            {"name": "Layla", "email": "", "kind": "human", "team": team.pk, "user": ""},
        )
        assert Agent.objects.get(pk=layla.pk).team == team
        assert Event.objects.get(kind=Kind.AUDIT).data["after"] == {"team": "Billing"}

    def test_a_name_somebody_has_is_refused(self, manager: Client) -> None:
        make_agent("Layla")
        answer = manager.post(
            "/admin/csat/agent/add/", {"name": "Layla", "email": "", "kind": "human", "team": "", "user": ""}
        )
        assert answer.status_code == 200
        assert Agent.objects.filter(name="Layla").count() == 1

    def test_an_email_is_kept_folded_so_that_it_is_found(self, manager: Client) -> None:
        manager.post(
            "/admin/csat/agent/add/",
            {"name": "Omar", "email": "Omar@Acme.example", "kind": "human", "team": "", "user": ""},
        )
        assert Agent.objects.get(name="Omar").email == "omar@acme.example"

    def test_under_which_name_a_user_appears_only_an_admin_changes(
        self, manager: Client, admin: Client, manager_user: User
    ) -> None:
        """Otherwise a manager signs notes with another's name."""
        maria = agents.agent_for_user(manager_user)
        page = f"/admin/csat/agent/{maria.pk}/change/"
        forged = {"name": "Ada Lindqvist", "email": "", "kind": "ai", "team": "", "user": ""}
        assert manager.post(page, forged).status_code == 302
        assert (maria.again().name, maria.again().email) == ("Maria", "maria@acme.example")
        assert (maria.again().kind, maria.again().user) == ("human", manager_user)
        admin.post(page, forged | {"name": "Maria Silva", "kind": "human", "user": manager_user.pk})
        assert maria.again().name == "Maria Silva"

    def test_nor_does_a_manager_take_another_users_place(self, manager: Client, admin_user: User) -> None:
        layla = make_agent("Layla")
        form = {"name": "Layla", "email": "", "kind": "human", "team": "", "user": admin_user.pk}
        manager.post(f"/admin/csat/agent/{layla.pk}/change/", form)
        assert layla.again().user is None


class TestKeys:
    def test_the_digest_is_shown_nowhere(self, admin: Client) -> None:
        row, key = keys.create("Helpdesk", scopes=["csat:read"])
        for page in ("/admin/csat/apikey/", f"/admin/csat/apikey/{row.pk}/change/"):
            content = admin.get(page).content.decode()
            assert row.digest not in content
            assert key not in content

    def test_revoking_ends_it(self, admin: Client) -> None:
        row, key = keys.create("Helpdesk", scopes=["csat:read"])
        do(admin, "apikey", "revoke", row)
        assert keys.authenticate(key) is None

    def test_a_manager_does_not_even_see_them(self, manager: Client) -> None:
        assert manager.get("/admin/csat/apikey/").status_code == 403


class TestOrganization:
    def test_its_zone_is_one_that_exists(self, admin: Client) -> None:
        page = f"/admin/csat/organization/{Organization.current().pk}/change/"
        assert admin.post(page, {"timezone": "Mars/Olympus", "language": "en"}).status_code == 200
        assert admin.post(page, {"timezone": "Europe/Berlin", "language": "de"}).status_code == 302
        assert (Organization.current().timezone, Organization.current().language) == ("Europe/Berlin", "de")
        assert Event.objects.get(kind=Kind.AUDIT).data["before"]["timezone"] == "UTC"

    def test_what_waits_for_sending_hours_is_judged_by_the_new_clock(self, admin: Client) -> None:
        delivery = make_sent_survey().deliveries.get()
        began, opening = timezone.now(), timezone.now() + timedelta(hours=9)
        waits = {"state": "due", "held_from": began, "next_try": opening}
        delivery.change(**waits)
        page = f"/admin/csat/organization/{Organization.current().pk}/change/"
        admin.post(page, {"timezone": "UTC", "language": "de"})
        assert delivery.again().next_try == opening
        admin.post(page, {"timezone": "Asia/Tokyo", "language": "de"})
        assert delivery.again().next_try == began


def test_no_more_rows_than_can_be_done_at_once(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csat.admin.verbs.AT_ONCE", 1)
    one, other = make_contact(), make_contact()
    answer = manager.post(CONTACTS, {"action": "opt_out", "_selected_action": [one.pk, other.pk]})
    assert "at most 1 rows" in str(next(iter(get_messages(answer.wsgi_request))))
    assert one.again().opted_out_at is None
