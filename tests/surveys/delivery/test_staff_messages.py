"""What staff write to a customer: once, on the conversation's channel, where and when a survey might go."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import time_machine
from django.utils import timezone

from csat.channels import registry
from csat.channels.outbox import SandboxMessage
from csat.connectors import conversations
from csat.connectors.changes import Change, Customer
from csat.connectors.rules import Rules
from csat.lib.outcomes import Never, Retry, Unknown
from csat.lib.refusal import Invalid, Refused
from csat.people import erasure, suppression
from csat.people.models import SuppressionReason
from csat.sessions import privacy as session_privacy
from csat.sessions.models import Session
from csat.surveys.delivery import staff_messages
from csat.surveys.models import StaffMessage
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.connectors.fake_desk import make_connection
from tests.factories import API, make_contact, make_session

pytestmark = pytest.mark.django_db


def said():
    sent = Event.objects.filter(kind="message.sent").order_by("id")
    return [(event.data["text"], event.data["agent_name"]) for event in sent]


@pytest.mark.parametrize(
    ("channel", "medium"), [("email", "email"), ("sms", "sms"), ("slack", "slack"), ("phone_voice", "sms")]
)
def test_it_goes_out_on_the_conversations_own_channel_and_is_told(channel, medium, manager_user):
    session = make_session(channel)
    staff_messages.write(session, "It is solved.", by=manager_user)
    assert staff_messages.send_due() == 1
    assert SandboxMessage.objects.get().medium == medium
    assert said() == [("It is solved.", "Maria")]
    message = StaffMessage.objects.get()
    assert (message.state, bool(message.sent_at)) == ("sent", True)
    assert staff_messages.send_due() == 0


def test_in_a_chat_it_stands_in_the_conversation(manager_user):
    staff_messages.write(make_session("web"), "It is solved.", by=manager_user)
    staff_messages.send_due()
    assert StaffMessage.objects.get().via == "conversation"
    assert said() == [("It is solved.", "Maria")]


def test_whoever_opted_out_is_closed_or_has_no_address_is_not_written_to(manager_user):
    out, closed, nowhere = make_session(), make_session(), make_session(contact=make_contact(email=""))
    suppression.opt_out(out.contact, by=API, reason=SuppressionReason.STAFF)
    suppression.suppress("email", closed.contact.email, reason=SuppressionReason.BOUNCED)
    for session in (out, closed, nowhere):
        with pytest.raises(Refused):
            staff_messages.write(session.again(), "Hello", by=manager_user)
    assert not StaffMessage.objects.exists()


def test_an_opt_out_before_it_left_holds_it(manager_user):
    session = make_session()
    staff_messages.write(session, "Hello", by=manager_user)
    suppression.opt_out(session.contact, by=API, reason=SuppressionReason.STAFF)
    staff_messages.send_due()
    message = StaffMessage.objects.get()
    assert (message.state, message.error) == ("failed", "The customer asked not to be written to.")
    assert not SandboxMessage.objects.exists()


def test_it_waits_for_sending_hours(manager_user):
    settings.change(by=API, sending_hours={"mon": [["09:00", "18:00"]]})
    with time_machine.travel(datetime(2026, 11, 29, 20, tzinfo=UTC)) as clock:  # a Sunday
        staff_messages.write(make_session(), "Hello", by=manager_user)
        staff_messages.send_due()
        message = StaffMessage.objects.get()
        assert (message.state, message.attempt) == ("due", 0)
        assert message.next_try > timezone.now()
        clock.move_to(message.next_try)
        assert staff_messages.send_due() == 1
    assert SandboxMessage.objects.count() == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_no_words_or_too_many_are_refused_beside_the_field(text, manager_user):
    with pytest.raises(Invalid) as refused:
        staff_messages.write(make_session(), text, by=manager_user)
    assert "text" in refused.value.fields


def test_free_words_by_whatsapp_only_within_a_day(manager_user):
    session = make_session("whatsapp")
    session.change(last_customer_message_at=timezone.now() - timedelta(days=2))
    with pytest.raises(Refused, match="24 hours"):
        staff_messages.write(session, "Hello", by=manager_user)


def test_a_refused_send_fails_and_a_passing_trouble_is_tried_again(manager_user):
    staff_messages.write(make_session(), "Hello", by=manager_user)
    email = registry.get("email")
    with mock.patch.object(email, "send", side_effect=Retry("busy")):
        staff_messages.send_due()
    message = StaffMessage.objects.get()
    assert (message.state, message.error) == ("due", "busy")
    message.change(next_try=timezone.now())
    with mock.patch.object(email, "send", side_effect=Never("no such mailbox")):
        staff_messages.send_due()
    assert (message.again().state, message.again().error) == ("failed", "no such mailbox")
    assert said() == []


def test_what_may_have_been_sent_is_looked_up_first(manager_user):
    session = make_session("sms")
    staff_messages.write(session, "Hello", by=manager_user)
    sms = registry.get("sms")
    with mock.patch.object(sms, "send", side_effect=Unknown("cut")):
        staff_messages.send_due()
    message = StaffMessage.objects.get()
    assert message.uncertain_since
    message.change(next_try=timezone.now())
    receipt = mock.Mock(provider_id="SM1")
    with mock.patch.object(sms, "find", return_value=receipt), mock.patch.object(sms, "send") as send:
        staff_messages.send_due()
    assert not send.called
    assert (message.again().state, message.again().provider_id) == ("sent", "SM1")
    assert len(said()) == 1


def test_a_killed_workers_message_is_looked_up_and_one_claim_wins(manager_user):
    message = staff_messages.write(make_session("sms"), "Hello", by=manager_user)
    assert staff_messages._claim(message.again())
    assert staff_messages.send_due() == 0
    message.again().change(
        next_try=timezone.now() - timedelta(seconds=1), lease_until=timezone.now() - timedelta(seconds=1)
    )
    with mock.patch.object(registry.get("sms"), "find", return_value=None) as find:
        assert staff_messages.send_due() == 1
    assert find.called
    assert message.again().state == "sent"


def test_each_is_claimed_just_before_it_is_sent(manager_user):
    for number in range(3):
        staff_messages.write(make_session("sms"), f"Hello {number}", by=manager_user)
    claimed = []

    def send(message):
        claimed.append(StaffMessage.objects.filter(state="sending").count())
        return mock.Mock(provider_id="SM1")

    with mock.patch.object(registry.get("sms"), "send", side_effect=send):
        assert staff_messages.send_due() == 3
    assert claimed == [1, 1, 1]


def test_of_two_workers_each_sends_another(manager_user):
    for number in range(2):
        staff_messages.write(make_session("sms"), f"Hello {number}", by=manager_user)
    sms, sent = registry.get("sms"), []

    def send(message):
        sent.append(message.text)
        if len(sent) == 1:  # while the first one is with the provider, another worker comes
            assert staff_messages.send_due() == 1
        return mock.Mock(provider_id=f"SM{len(sent)}")

    with mock.patch.object(sms, "send", side_effect=send):
        assert staff_messages.send_due() == 1
    assert sent == ["Hello 0", "Hello 1"]
    assert len(said()) == 2


def test_one_that_breaks_its_worker_holds_up_no_other_and_is_given_up_in_the_end(manager_user):
    first, second = (staff_messages.write(make_session("sms"), text, by=manager_user) for text in ("a", "b"))
    sms, sent = registry.get("sms"), registry.get("sms").send

    def send(message):
        if message.text == "a":
            raise ZeroDivisionError
        return sent(message)

    with mock.patch.object(sms, "send", side_effect=send):
        assert staff_messages.send_due() == 2
        assert (first.again().state, second.again().state) == ("sending", "sent")
        for _again in range(staff_messages.MOST_ATTEMPTS):
            first.change(next_try=timezone.now())
            staff_messages.send_due()
    assert (first.again().state, first.again().error) == ("failed", "It was tried too often.")


def test_words_that_expire_while_it_waits_are_not_sent_empty(manager_user):
    message = staff_messages.write(make_session(), "Hello", by=manager_user)
    session_privacy.forget(Session.objects.all())
    assert staff_messages.send_due() == 0
    assert (message.again().state, message.again().text) == ("failed", "")
    assert "no longer kept" in message.again().error
    emptied = staff_messages.write(make_session(), "Hello", by=manager_user)
    emptied.change(text="")
    staff_messages.send_due()
    assert (emptied.again().state, emptied.again().error) == ("failed", "There are no words left to send.")
    assert not SandboxMessage.objects.exists()


def test_one_whose_time_is_over_is_not_sent_late(manager_user):
    message = staff_messages.write(make_session(), "We call you tomorrow", by=manager_user)
    with time_machine.travel(timezone.now() + staff_messages.LONGEST + timedelta(hours=1)):
        staff_messages.send_due()
    assert message.again().state == "failed"
    assert "too long" in message.again().error
    assert not SandboxMessage.objects.exists()


def test_sending_hours_make_none_late(manager_user):
    settings.change(by=API, sending_hours={"mon": [["09:00", "18:00"]]})
    with time_machine.travel(datetime(2026, 11, 24, 20, tzinfo=UTC)) as clock:  # a Tuesday
        message = staff_messages.write(make_session(), "Hello", by=manager_user)
        staff_messages.send_due()
        clock.move_to(message.again().next_try)
        staff_messages.send_due()
    assert message.again().state == "sent"


def test_words_that_go_while_it_is_handed_over_leave_nothing(manager_user):
    message = staff_messages.write(make_session(), "Zyxmark", by=manager_user)
    email, sent = registry.get("email"), registry.get("email").send

    def send(parcel):
        receipt = sent(parcel)
        session_privacy.forget(Session.objects.all())
        return receipt

    with mock.patch.object(email, "send", side_effect=send):
        staff_messages.send_due()
    assert message.again().state == "failed"
    assert not SandboxMessage.objects.exists()
    assert said() == []


def test_a_help_desks_conversation_is_answered_there_or_not_at_all(fake_system, manager_user):
    connection = make_connection(name="Acme desk")
    rules = Rules.of(fake_system, connection.rules)
    change = Change("42", timezone.now(), status="open", customer=Customer(email="nadia@customer.example"))
    conversations.apply(connection, rules, change)
    fake_system.desk.put_conversation("42", "open", timezone.now())
    session = Session.objects.get()
    with pytest.raises(Refused, match="help desk"):
        staff_messages.write(session, "It is solved.", by=manager_user)
    connection.change(rules=connection.rules | {"send": True})
    registry.of_medium("helpdesk")._known.clear()
    staff_messages.write(session, "It is solved.", by=manager_user)
    staff_messages.send_due()
    assert [reply["text"] for reply in fake_system.desk.replies] == ["It is solved."]
    assert StaffMessage.objects.get().via == "helpdesk"
    assert not SandboxMessage.objects.exists()


def test_an_erasure_takes_the_words_and_what_waits(manager_user):
    sent, waiting = make_session(), make_session()
    staff_messages.write(sent, "Zyxmark", by=manager_user)
    staff_messages.send_due()
    staff_messages.write(waiting, "Zyxmark", by=manager_user)
    for session in (sent, waiting):
        erasure.erase(session.contact, by=API)
    assert staff_messages.send_due() == 0
    assert {message.text for message in StaffMessage.objects.all()} == {""}
    assert not SandboxMessage.objects.exists()


def test_the_draft_is_in_the_customers_language():
    session = make_session(language="de", contact=make_contact(name="Nadia Berg"))
    draft = staff_messages.draft(session, "Neu verschickt.", apologize=True)
    assert draft.startswith("Guten Tag Nadia Berg,")
    assert "Neu verschickt." in draft
