"""What this room keeps of a person, the admin's log and the idempotency keys included."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from csat.channels.outbox import SandboxMessage
from csat.people import erasure, privacy, suppression
from csat.people.models import Contact, Suppression
from tests.factories import API, make_contact

pytestmark = pytest.mark.django_db


def log(user, row):
    content_type = ContentType.objects.get_for_model(row)
    return LogEntry.objects.create(
        user=user, content_type=content_type, object_id=row.pk, object_repr=str(row), action_flag=CHANGE
    )


def test_the_admins_log_names_them_no_longer_and_still_says_who_changed_a_contact_when(admin_user):
    """jazzband/django-auditlog#818, thelia/thelia#3589"""
    nadia, other = make_contact(name="Nadia"), make_contact(name="Omar")
    row = suppression.suppress("email", nadia.email, reason="staff")
    entries = [log(admin_user, thing) for thing in (nadia, row, other)]
    erasure.erase(nadia, by=API)
    named = [LogEntry.objects.get(pk=entry.pk) for entry in entries]
    assert [entry.object_repr for entry in named] == ["–", "–", "Omar"]
    assert [entry.user for entry in named] == [admin_user] * 3


def test_of_earlier_addresses_only_the_hash_stays():
    suppression.suppress("email", "old@customer.example", reason="bounced")
    SandboxMessage.objects.create(kind="email", medium="email", to="old@customer.example", text="Hello")
    privacy.erase_addresses([("email", "old@customer.example")])
    assert Suppression.objects.get().address == ""
    assert suppression.is_suppressed("email", "old@customer.example")
    assert not SandboxMessage.objects.exists()


def test_their_data_holds_the_contact_and_what_stops_surveys():
    nadia = make_contact(name="Nadia", external_id="crm-1")
    suppression.suppress("email", nadia.email, reason="bounced")
    data = privacy.export(Contact.objects.get())
    assert (data["contact"]["name"], data["contact"]["external_id"]) == ("Nadia", "crm-1")
    assert data["suppressions"] == [{"medium": "email", "reason": "bounced"}]
