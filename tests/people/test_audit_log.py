"""Who did what, among the staff, and from where."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.lib import client_address
from csat.people import agents, audit_log, contacts, erasure, roles, suppression
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import PersonalDataRead, SuppressionReason
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import API, CUSTOMER, make_contact, make_session

pytestmark = pytest.mark.django_db
CHANGED = AuditAction.SETTINGS_CHANGED


def test_a_change_is_kept_with_who_made_it_and_what_was_before():
    audit(API, CHANGED, before={"auto_send": False}, after={"auto_send": True})
    event = Event.objects.get(kind="audit")
    assert event.data == {
        "what": "settings.changed",
        "before": {"auto_send": False},
        "after": {"auto_send": True},
    }
    assert (event.actor_kind, event.actor_name) == ("api", "Helpdesk")


def test_staff_are_named_by_their_account_whatever_name_they_show(manager_user):
    agent = agents.agent_for_user(manager_user)
    agent.change(name="Ada Lindqvist", email="")
    event = audit(roles.actor_of(manager_user), CHANGED)
    assert (event.actor_id, event.actor_name) == (f"user:{manager_user.pk}", "maria")


def test_it_stands_on_the_timeline_of_whom_it_is_about():
    session = make_session()
    event = audit(
        API, AuditAction.CONVERSATION_UNTAGGED, session_id=session.pk, contact_id=session.contact_id
    )
    assert (event.session_id, event.contact_id) == (session.pk, session.contact_id)
    assert (event.data["before"], event.data["after"]) == ({}, {})


def test_it_says_what_it_was_done_to_whatever_that_is_called_later(manager_user):
    contact = make_contact()
    assert audit(API, CHANGED, target=contact).data["target"] == f"contact:{contact.uuid}"
    assert audit(API, CHANGED, target=manager_user).data["target"] == f"user:{manager_user.pk}"


def test_it_says_from_where_and_a_worker_comes_from_nowhere():
    with client_address.as_current("203.0.113.7"):
        assert audit(API, CHANGED).data["client_address"] == "203.0.113.7"
    assert "client_address" not in audit(SYSTEM, CHANGED).data


def test_it_goes_out_by_webhook():
    assert audit(API, CHANGED).dispatch_after is not None


class TestReadingPersonalData:
    def reads(self) -> int:
        return Event.objects.filter(kind="audit", data__what="data.read").count()

    def test_one_entry_for_each_person_subject_and_hour(self, manager_user, admin_user):
        ana, omar = make_contact(), make_contact()
        noon = timezone.now().replace(hour=12, minute=5)
        with time_machine.travel(noon, tick=False):
            assert audit_log.read_by(manager_user, ana, contact_id=ana.pk)
            assert not audit_log.read_by(manager_user, ana, contact_id=ana.pk)
            assert self.reads() == 1
            audit_log.read_by(manager_user, omar)
            audit_log.read_by(admin_user, ana)
            assert self.reads() == 3
        with time_machine.travel(noon + timedelta(minutes=54), tick=False):
            assert not audit_log.read_by(manager_user, ana)
        with time_machine.travel(noon + timedelta(minutes=55), tick=False):
            assert audit_log.read_by(manager_user, ana)
        assert self.reads() == 4

    def test_it_names_the_account_and_the_contact_by_number(self, manager_user):
        ana = make_contact(name="Ana Souza")
        audit_log.read_by(manager_user, ana, contact_id=ana.pk)
        event = Event.objects.get(kind="audit")
        assert (event.actor_id, event.actor_name) == (f"user:{manager_user.pk}", "maria")
        assert (event.contact_id, event.data["target"]) == (ana.pk, f"contact:{ana.uuid}")
        assert "Souza" not in str(event.data)

    def test_what_it_remembers_of_earlier_hours_is_forgotten_and_the_log_is_not(self, manager_user):
        with time_machine.travel(timezone.now() - timedelta(hours=4), tick=False):
            audit_log.read_by(manager_user, make_contact())
        audit_log.read_by(manager_user, make_contact())
        assert audit_log.forget_reads() == 1
        assert PersonalDataRead.objects.count() == 1
        assert self.reads() == 2


class TestWhoMayRead:
    def test_admins_and_the_shell_and_nobody_else(self, admin_user, manager_user, agent_user, outsider_user):
        assert audit_log.may_read(roles.actor_of(admin_user))
        assert audit_log.may_read(SYSTEM)
        for user in (manager_user, agent_user, outsider_user):
            assert not audit_log.may_read(roles.actor_of(user))
        assert not audit_log.may_read(API)


class TestNoWordsOfCustomers:
    def test_of_a_changed_contact_only_the_names_of_the_fields_stand_there(self):
        contacts.change(make_contact(name="Ana"), by=API, name="Ana Souza", email="ana@customer.example")
        event = Event.objects.get(kind="audit")
        assert event.data["after"] == {"changed": ["email", "name"]}
        assert "Souza" not in str(event.data)
        assert "customer.example" not in str(event.data)

    def test_an_erasure_stands_there_and_the_person_does_not(self, manager_user):
        contact = make_contact(name="Ana Souza", email="ana@customer.example")
        erasure.erase(contact, by=roles.actor_of(manager_user))
        event = Event.objects.get(kind="audit")
        assert (event.data["what"], event.data["target"]) == ("contact.erased", f"contact:{contact.uuid}")
        assert event.actor_name == "maria"
        assert "Souza" not in str(event.data)

    def test_who_did_it_and_from_where_stays_when_the_customer_is_erased(self, manager_user):
        contact = make_contact()
        with client_address.as_current("203.0.113.7"):
            audit(
                roles.actor_of(manager_user),
                AuditAction.CONTACT_DATA_TAKEN,
                after={"note": "Ana"},
                target=contact,
                contact_id=contact.pk,
            )
        erasure.erase(contact, by=API)
        event = Event.objects.get(kind="audit", data__what="contact.data_taken")
        assert (event.actor_name, event.data["client_address"]) == ("maria", "203.0.113.7")
        assert event.data["target"] == f"contact:{contact.uuid}"
        assert event.data["after"] == {}


def test_stopping_and_allowing_surveys_stands_there_when_staff_did_it(manager_user):
    contact, maria = make_contact(), roles.actor_of(manager_user)
    suppression.opt_out(contact, by=CUSTOMER)
    suppression.opt_in(contact, by=CUSTOMER)
    assert not Event.objects.filter(kind="audit").exists()
    suppression.opt_out(contact, by=maria, reason=SuppressionReason.STAFF)
    suppression.opt_in(contact, by=maria)
    entries = Event.objects.filter(kind="audit", actor_name="maria").order_by("id")
    assert [entry.data["what"] for entry in entries] == ["contact.opted_out", "contact.opted_in"]
