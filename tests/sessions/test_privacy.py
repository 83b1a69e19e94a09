"""Erasing a contact: their words leave the sessions, what others did stays."""

import pytest

from csat.lib.refusal import Refused
from csat.people import erasure
from csat.sessions import activity, creation, privacy, tagging
from csat.sessions.models import Handoff, Session, Tag
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    session = make_session(
        "slack", subject="My parcel", custom_data={"order": "A-1"}, assignee=make_agent("Layla")
    )
    activity.hand_off(session, reasons=["user_requested_human_assistance"], summary="Wants money", by=API)
    return session


def test_what_they_wrote_and_where_is_gone(session):
    privacy.erase(session.contact)
    row = session.again()
    assert (row.subject, row.slack_channel, row.thread_ts, row.custom_data) == ("", "", "", {})
    assert Handoff.objects.get().summary == ""


def test_who_served_when_and_why_stays(session):
    privacy.erase(session.contact)
    assert session.again().assignee.name == "Layla"
    assert session.again().created_at == session.created_at
    reasons = [row.reason for row in session.handoff_reasons.all()]
    assert reasons == ["user_requested_human_assistance"]


def test_events_of_the_session_that_name_no_contact_are_redacted_too(session):
    event = activity.add_note(session, "Nadia called", by=API)
    Event.objects.filter(pk=event.pk).update(contact_id=None)
    privacy.erase(session.contact)
    assert "Nadia" not in str(Event.objects.get(pk=event.pk).data)


def test_other_contacts_keep_their_words(session):
    other = make_session(subject="Another parcel")
    privacy.erase(session.contact)
    assert other.again().subject == "Another parcel"


def test_a_tag_of_their_own_goes_and_a_category_stays(session):
    tagging.tag(session, ["billing", "call Nadia back"], by=API)
    tagging.tag(make_session(), ["billing"], by=API)
    erasure.erase(session.contact, by=API)
    assert [tag.name for tag in session.tags.all()] == ["billing"]
    told = Event.objects.filter(kind="session.tagged", session_id=session.pk).order_by("pk")
    assert [event.data["tag"] for event in told] == ["billing", ""]


def test_a_tag_that_two_of_their_conversations_have_is_still_their_own(session):
    tagging.tag(session, ["Nadia again"], by=API)
    tagging.tag(make_session(contact=session.contact), ["Nadia again"], by=API)
    erasure.erase(session.contact, by=API)
    assert not Tag.objects.exists()


def test_of_the_external_id_a_keyed_hash_stays_by_which_it_is_found():
    session = make_session(external_id="nadia-4711")
    erasure.erase(session.contact, by=API)
    assert "4711" not in session.again().external_id
    assert creation.find("nadia-4711") == session
    assert creation.find_many(["nadia-4711", "other"]) == {"nadia-4711": session}


def test_sentiment_in_other_words_goes(session):
    for sentiment, kept in (("negative", "negative"), ("Nadia is cross", "")):
        activity.update(session, by=API, sentiment=sentiment)
        privacy.blank([session.pk])
        assert session.again().sentiment == kept


@pytest.mark.parametrize(
    "write",
    [
        lambda session: activity.add_message(session, sender="contact", text="Nadia", by=API),
        lambda session: activity.hand_off(session, reasons=["insufficient_tools"], summary="Nadia", by=API),
        lambda session: activity.add_note(session, "Nadia", by=API),
        lambda session: activity.update(session, by=API, subject="Nadia"),
        lambda session: tagging.tag(session, ["Nadia"], by=API),
    ],
)
def test_nothing_is_written_about_them_again_even_by_whoever_read_the_session_before(session, write):
    before = Session.objects.select_related("contact").get()
    erasure.erase(session.contact, by=API)
    with pytest.raises(Refused):
        write(before)
    assert "Nadia" not in str(list(Event.objects.values("data")))


def test_the_words_of_some_conversations_go_and_the_person_stays(session):
    """What retention asks for."""
    other = make_session(contact=session.contact, subject="My refund")
    privacy.forget(Session.objects.filter(pk=session.pk))
    assert (session.again().subject, other.again().subject) == ("", "My refund")
    assert session.contact.again().name


def test_their_data_holds_conversations_and_what_happened(session):
    data = privacy.export(session.contact)
    assert data["conversations"][0]["handoffs"][0]["summary"] == "Wants money"
    assert "message.received" in [event["kind"] for event in data["timeline"]]
