import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat import signals
from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Refused
from csat.people import contacts, erasure, suppression
from csat.people.models import Contact, Suppression
from csat.sessions import activity
from csat.sessions.models import Session, Tag
from csat.surveys.models import Answer, Delivery, Score, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record
from csat.workflows.models import Run, Step
from tests.factories import API, CUSTOMER, make_agent, make_contact, make_session
from tests.workflows.builders import block, workflow

pytestmark = pytest.mark.django_db
SECRET = ("Nadia", "Berg", "nadia@", "+4930123456", "parcel", "4711")


@pytest.fixture
def nadia() -> Contact:
    return make_contact(
        name="Nadia Berg",
        email="nadia@customer.example",
        phone="+4930123456",
        external_id="crm-4711",
        custom_data={"customer_no": 4711},
    )


def told_of(contact: Contact) -> str:
    return json.dumps(list(Event.objects.filter(contact_id=contact.pk).values("data", "actor_name")))


def test_the_contact_is_blank_and_gone(nadia):
    assert erasure.erase(nadia, by=API)
    row = nadia.again()
    assert (row.name, row.email, row.phone, row.external_id, row.custom_data) == ("", "", "", None, {})
    assert row not in Contact.objects.alive()


def test_nobody_is_erased_twice(nadia):
    assert erasure.erase(nadia, by=API)
    assert not erasure.erase(nadia.again(), by=API)
    assert Event.objects.filter(kind=Kind.CONTACT_ERASED).count() == 1


def test_no_word_of_the_contact_stays_on_the_timeline(nadia):
    session = make_session(contact=nadia, subject="Nadia's parcel")
    activity.add_message(session, sender="agent", text="Dear Nadia Berg", agent=make_agent(), by=API)
    activity.hand_off(session, reasons=["user_requested_human_assistance"], summary="parcel of Nadia", by=API)
    activity.add_note(session, "Nadia sounds cross", by=API)
    contacts.change(nadia, custom_data={"customer_no": 47110}, by=API)
    record(
        Kind.CSAT_SUBMITTED,
        by=Actor(CUSTOMER.kind, "", "Nadia"),
        session_id=session.pk,
        score=2,
        comment="parcel",
        label="Poor",
    )
    erasure.erase(nadia, by=API)
    assert not [word for word in SECRET if word in told_of(nadia)]
    data = Event.objects.get(kind=Kind.CSAT_SUBMITTED).data
    assert data == {"score": 2, "comment": "", "label": "Poor"}


def test_who_served_when_and_why_stays(nadia):
    session = make_session(contact=nadia)
    activity.hand_off(session, reasons=["insufficient_tools", "prohibited_topic"], summary="parcel", by=API)
    erasure.erase(nadia, by=API)
    event = Event.objects.get(kind=Kind.SESSION_HANDED_OFF)
    assert event.data["reasons"] == ["insufficient_tools", "prohibited_topic"]
    assert event.data["handoff_id"] == str(session.handoffs.get().uuid)


def test_the_sessions_forget_too(nadia):
    session = make_session(
        "slack", contact=nadia, subject="Nadia's parcel", external_id="HD-1", custom_data={"who": "Nadia"}
    )
    activity.hand_off(session, reasons=["insufficient_tools"], summary="parcel of Nadia", by=API)
    erasure.erase(nadia, by=API)
    session = session.again()
    assert (session.subject, session.slack_channel, session.thread_ts, session.custom_data) == (
        "",
        "",
        "",
        {},
    )
    assert session.handoffs.get().summary == ""
    assert "HD-1" not in session.external_id  # its hash stays, see tests/sessions/test_importing.py


def test_other_contacts_keep_their_words(nadia):
    other = make_session()
    erasure.erase(nadia, by=API)
    assert "parcel" in told_of(other.contact)


def test_the_sandbox_forgets_the_messages_to_its_addresses(nadia):
    for kind, medium, to in (
        ("email", "email", nadia.email),
        ("sms", "sms", nadia.phone),
        ("email", "email", "else@customer.example"),
    ):
        SandboxMessage.objects.create(kind=kind, medium=medium, to=to, text="Hello")
    erasure.erase(nadia, by=API)
    assert [message.to for message in SandboxMessage.objects.all()] == ["else@customer.example"]


def test_a_suppressed_address_stays_suppressed_by_its_hash_alone(nadia):
    suppression.suppress("email", nadia.email, reason="complained")
    erasure.erase(nadia, by=API)
    assert [row.address for row in Suppression.objects.all()] == [""]
    assert suppression.is_suppressed("email", "nadia@customer.example")


def test_a_wish_not_to_be_asked_outlives_the_erasure(nadia):
    suppression.opt_out(nadia, by=CUSTOMER)
    erasure.erase(nadia, by=API)
    assert suppression.is_suppressed("email", "nadia@customer.example")
    assert suppression.is_suppressed("sms", "+4930123456")
    assert not Suppression.objects.exclude(address="").exists()
    back = make_contact(email="nadia@customer.example", phone="+4930123456")
    assert suppression.opt_in(back, by=API)
    assert not suppression.suppressions_of(back)


def test_rooms_above_are_told_in_the_same_transaction(nadia):
    heard = []

    def hear(contact, event, **_):
        heard.append((contact.erased_at is not None, event.kind))

    signals.contact_erased.connect(hear)
    erasure.erase(nadia, by=API)
    signals.contact_erased.disconnect(hear)
    assert heard == [(True, "contact.erased")]


def live(conversations: int) -> Contact:
    """So many conversations, each with everything that hangs on it, written row by row."""
    contact, now = make_contact(name="Nadia"), timezone.now()
    common = {"contact": contact, "channel": "email"}
    sessions = Session.objects.bulk_create(
        Session(external_id=f"{contact.pk}-{n}", subject="Nadia", last_activity_at=now, **common)
        for n in range(conversations)
    )
    surveys = Survey.objects.bulk_create(Survey(session=one, message="Nadia", **common) for one in sessions)
    deliveries = Delivery.objects.bulk_create(
        Delivery(survey=one, channel="email", medium="email", address=contact.email, next_try=now)
        for one in surveys
    )
    answers = Answer.objects.bulk_create(
        Answer(survey=one, revision=1, score=2, comment="Nadia", source="page") for one in surveys
    )
    Score.objects.bulk_create(
        Score(
            session=one.survey.session, survey=one.survey, answer=one, score=2, comment="Nadia",
            source="page", submitted_at=now, **common,
        )
        for one in answers
    )  # fmt: skip
    Tag.objects.bulk_create(Tag(session=one, name=f"Nadia {one.pk % 7}") for one in sessions)
    Event.objects.bulk_create(
        Event(kind=kind, session_id=one.pk, contact_id=contact.pk, actor_kind="api", data={"text": "Nadia"})
        for one in sessions
        for kind in (Kind.SESSION_NOTE, Kind.MESSAGE_SENT, Kind.MESSAGE_RECEIVED)
    )
    flow = workflow(block("note", text="Hello"), trigger="ticket-tag-added")
    runs = Run.objects.bulk_create(
        Run(workflow=flow, version=flow.active, session=one, trigger_type="manual-trigger", state="failed")
        for one in sessions
    )
    steps = Step.objects.bulk_create(
        Step(run=one, block_id="a", type="note", output={"text": "Nadia"}) for one in runs
    )
    SandboxMessage.objects.bulk_create(
        SandboxMessage(kind="email", medium="email", to="boss@acme.example", reference=str(one.uuid))
        for one in [*deliveries, *steps]
    )
    return contact


def statements(contact: Contact) -> int:
    with CaptureQueriesContext(connection) as captured:
        erasure.erase(contact, by=API)
    return len(captured)


def test_a_thousand_conversations_cost_as_few_statements_as_one():
    """glific/glific#2602, freescout-help-desk/freescout#4792: many conversations, and no deletion ends."""
    few, many = statements(live(1)), statements(live(1000))
    assert many <= few + 10
    assert many < 90
    assert not Session.objects.exclude(subject="").exists()
    assert not SandboxMessage.objects.exists()


def test_their_data_is_what_the_rooms_answer(nadia):
    make_session(contact=nadia)
    assert set(erasure.data_of(nadia)) >= {"contact", "conversations", "surveys", "timeline", "workflows"}


def test_no_words_about_an_erased_contact_are_stored_again(nadia: Contact) -> None:
    erasure.refuse_erased(nadia)
    erasure.erase(nadia, by=API)
    with pytest.raises(Refused, match="This contact was erased"):
        erasure.refuse_erased(nadia)
