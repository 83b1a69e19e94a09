import json

import pytest

from csat import signals
from csat.channels.outbox import SandboxMessage
from csat.people import contacts, erasing, suppressing
from csat.people.models import Contact, Suppression
from csat.sessions import conversing
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record
from tests.factories import API, CUSTOMER, make_agent, make_contact, make_session

pytestmark = pytest.mark.django_db
SECRET = ("Nadia", "Berg", "nadia@", "+4930123456", "parcel", "4711")


@pytest.fixture
def nadia() -> Contact:
    return make_contact(
        name="Nadia Berg", email="nadia@customer.example", phone="+4930123456", external_id="crm-4711", custom_data={"customer_no": 4711}
    )


def told_of(contact: Contact) -> str:
    return json.dumps(list(Event.objects.filter(contact_id=contact.pk).values("data", "actor_name")))


def test_the_contact_is_blank_and_gone(nadia):
    assert erasing.erase(nadia, by=API)
    row = nadia.again()
    assert (row.name, row.email, row.phone, row.external_id, row.custom_data) == ("", "", "", None, {})
    assert row not in Contact.objects.alive()


def test_nobody_is_erased_twice(nadia):
    assert erasing.erase(nadia, by=API)
    assert not erasing.erase(nadia.again(), by=API)
    assert Event.objects.filter(kind=Kind.CONTACT_ERASED).count() == 1


def test_no_word_of_the_contact_stays_on_the_timeline(nadia):
    session = make_session(contact=nadia, subject="Nadia's parcel")
    conversing.add_message(session, sender="agent", text="Dear Nadia Berg", agent=make_agent(), by=API)
    conversing.hand_off(session, reasons=["user_requested_human_assistance"], summary="parcel of Nadia", by=API)
    conversing.note(session, "Nadia sounds cross", by=API)
    contacts.change(nadia, custom_data={"customer_no": 47110}, by=API)
    record(Kind.CSAT_SUBMITTED, by=Actor(CUSTOMER.kind, "", "Nadia"), session_id=session.pk, score=2, comment="parcel", label="Poor")
    erasing.erase(nadia, by=API)
    assert not [word for word in SECRET if word in told_of(nadia)]
    data = Event.objects.get(kind=Kind.CSAT_SUBMITTED).data
    assert data == {"score": 2, "comment": "", "label": "Poor"}


def test_who_served_when_and_why_stays(nadia):
    session = make_session(contact=nadia)
    conversing.hand_off(session, reasons=["insufficient_tools", "prohibited_topic"], summary="parcel", by=API)
    erasing.erase(nadia, by=API)
    event = Event.objects.get(kind=Kind.SESSION_HANDED_OFF)
    assert event.data["reasons"] == ["insufficient_tools", "prohibited_topic"]
    assert event.data["handoff_id"] == str(session.handoffs.get().uuid)


def test_the_sessions_forget_too(nadia):
    session = make_session("slack", contact=nadia, subject="Nadia's parcel", external_id="HD-1", custom_data={"who": "Nadia"})
    conversing.hand_off(session, reasons=["insufficient_tools"], summary="parcel of Nadia", by=API)
    erasing.erase(nadia, by=API)
    session = session.again()
    assert (session.subject, session.slack_channel, session.thread_ts, session.custom_data) == ("", "", "", {})
    assert session.handoffs.get().summary == ""
    assert session.external_id == "HD-1"  # so that the helpdesk's next import does not bring the person back


def test_other_contacts_keep_their_words(nadia):
    other = make_session()
    erasing.erase(nadia, by=API)
    assert "parcel" in told_of(other.contact)


def test_the_sandbox_forgets_the_messages_to_its_addresses(nadia):
    for kind, medium, to in (("email", "email", nadia.email), ("sms", "sms", nadia.phone), ("email", "email", "else@customer.example")):
        SandboxMessage.objects.create(kind=kind, medium=medium, to=to, text="Hello")
    erasing.erase(nadia, by=API)
    assert [message.to for message in SandboxMessage.objects.all()] == ["else@customer.example"]


def test_a_suppressed_address_stays_suppressed_by_its_hash_alone(nadia):
    suppressing.suppress("email", nadia.email, reason="complained")
    erasing.erase(nadia, by=API)
    assert [row.address for row in Suppression.objects.all()] == [""]
    assert suppressing.is_suppressed("email", "nadia@customer.example")


def test_a_wish_not_to_be_asked_outlives_the_erasure(nadia):
    suppressing.opt_out(nadia, by=CUSTOMER)
    erasing.erase(nadia, by=API)
    assert suppressing.is_suppressed("email", "nadia@customer.example")
    assert suppressing.is_suppressed("sms", "+4930123456")
    assert not Suppression.objects.exclude(address="").exists()
    back = make_contact(email="nadia@customer.example", phone="+4930123456")
    assert suppressing.opt_in(back, by=API)
    assert not suppressing.of(back)


def test_rooms_above_are_told_in_the_same_transaction(nadia):
    heard = []

    def hear(contact, event, **_):
        heard.append((contact.erased_at is not None, event.kind))

    signals.contact_erased.connect(hear)
    erasing.erase(nadia, by=API)
    signals.contact_erased.disconnect(hear)
    assert heard == [(True, "contact.erased")]
