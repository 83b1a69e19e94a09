"""What a customer writes back: a rating, a comment after it, STOP or START, or a message to the team."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels.base import EventType, ProviderEvent
from csat.people import suppression
from csat.surveys.answers import answering, inbound
from csat.surveys.answers.inbound import InboundResult, Intent, match_reply
from csat.surveys.delivery import scheduling
from csat.surveys.models import Answer, Score
from csat.timeline.models import Event
from tests.factories import API, make_contact, make_sent_survey
from tests.tokens import rate_token

pytestmark = pytest.mark.django_db
NO_SUCH_USER = "550 5.1.1 no such user"


@pytest.fixture
def text_message():
    return make_sent_survey("sms").deliveries.get()


@pytest.fixture
def mail():
    return make_sent_survey("email").deliveries.get()


def reply(delivery, text, **fields):
    return inbound.handle(
        ProviderEvent(
            EventType.REPLIED, medium=delivery.medium, address=delivery.address, text=text, **fields
        )
    )


def written(delivery, text, address, **fields):
    """By somebody who has our mail."""
    return inbound.handle(
        ProviderEvent(
            EventType.REPLIED,
            medium="email",
            address=address,
            text=text,
            thread=(f"{delivery.uuid}@x",),
            **fields,
        )
    )


def last_message():
    return Event.objects.filter(kind="message.received").latest("id")


def test_a_typed_number_is_the_rating_and_its_event_is_named(text_message):
    result = reply(text_message, "4")
    assert result == InboundResult(Intent.RATED, 4, "en", Event.objects.get(kind="csat.submitted").pk)
    assert (Score.objects.get().score, Score.objects.get().source) == (4, "sms")


def test_words_after_the_rating_are_its_comment_for_half_an_hour(text_message, time_machine):
    reply(text_message, "2")
    assert reply(text_message, "You were slow") == InboundResult(Intent.COMMENTED, 2, "en")
    assert Score.objects.get().comment == "You were slow"
    time_machine.move_to(timezone.now() + inbound.COMMENT_WINDOW + timedelta(seconds=1))
    result = reply(text_message, "Are you there?")
    assert result == InboundResult(Intent.LEFT, 0, "en", last_message().pk)


def test_what_is_no_rating_stays_in_the_conversation(text_message):
    result = reply(text_message, "Where is my parcel?")
    assert result == InboundResult(Intent.LEFT, 0, "en", last_message().pk)
    assert last_message().data["text"] == "Where is my parcel?"
    assert not Score.objects.exists()


def test_a_stop_word_closes_the_number_and_a_start_opens_it_again(text_message):
    result = reply(text_message, "STOP")
    assert result == InboundResult(Intent.STOPPED, 0, "en", last_message().pk)
    assert suppression.is_suppressed("sms", text_message.address)
    result = reply(text_message, "START")
    assert result == InboundResult(Intent.STARTED, 0, "en", last_message().pk)
    assert not suppression.is_suppressed("sms", text_message.address)


def test_a_withdrawn_survey_takes_no_answer_but_keeps_the_words(text_message):
    scheduling.withdraw(text_message.survey.session, by=API)
    result = reply(text_message, "5")
    assert result == InboundResult(Intent.LEFT, 0, "en", last_message().pk)
    assert not Score.objects.exists()


def test_an_automatic_mail_is_a_note_and_never_a_rating():
    mail = make_sent_survey("email").deliveries.get()
    result = reply(mail, "5", automatic=True, thread=(f"{mail.uuid}@x",))
    note = Event.objects.get(kind="session.note")
    assert result == InboundResult(Intent.NOTED, event_id=note.pk)
    assert note.data["text"] == "Automatic reply: 5"
    assert not Score.objects.exists()


class TestWhoWroteBeforeWhatWasWritten:
    """Only the customer's own words count as a message of theirs, as a rating or as having written again."""

    def nothing_credited(self, session):
        before = (session.customer_messages, session.last_customer_message_at)
        session.refresh_from_db()
        return (session.customer_messages, session.last_customer_message_at) == before

    @pytest.mark.parametrize("address", ["assistant@example.com", "mailer-daemon@mx.example", ""])
    def test_a_robots_answer_is_a_note_whoever_it_is_from(self, mail, address):
        """freescout-help-desk/freescout#634, #4250, frappe/helpdesk#3628."""
        session = mail.survey.session
        result = inbound.handle(
            ProviderEvent(
                "replied",
                medium="email",
                address=address,
                text="I am on leave.",
                automatic=True,
                thread=(f"{mail.uuid}@x",),
            )
        )
        assert result.intent is Intent.NOTED
        assert self.nothing_credited(session)
        assert Event.objects.get(kind="session.note").data["text"] == "Automatic reply: I am on leave."

    def test_somebody_else_in_our_thread_writes_a_note(self, mail):
        session = mail.survey.session
        result = written(mail, "Ann is away", "boss@example.com")
        note = Event.objects.get(kind="session.note")
        assert result == InboundResult(Intent.NOTED, event_id=note.pk)
        assert (note.actor_kind, note.actor_name, note.data["text"]) == (
            "integration",
            "boss@example.com",
            "Ann is away",
        )
        assert self.nothing_credited(session)

    @pytest.mark.parametrize("text", ["STOP", "Unsubscribe\n\nSent from my iPhone", "please remove me"])
    def test_a_stop_from_another_address_that_holds_our_mail_stops_the_one_we_wrote_to(self, mail, text):
        """thunderbird-conversations#1877, nylas-mail#1709: answered from the account, not from its alias."""
        result = written(mail, text, "bob@example.com")
        assert result.intent is Intent.STOPPED
        assert suppression.is_suppressed("email", mail.address)
        assert not suppression.is_suppressed("email", "bob@example.com")

    def test_a_rating_from_another_address_is_quarantined_until_staff_restore_it(self, mail):
        inbound.handle(
            ProviderEvent(
                "replied",
                medium="email",
                address="bob@example.com",
                text="5",
                event_id="m1",
                thread=(f"{mail.uuid}@x",),
            )
        )
        answer = Answer.objects.get()
        assert (answer.score, answer.state, answer.reason) == (5, "quarantined", "other_sender")
        assert not Score.objects.exists()
        answering.restore(answer, by=API)
        assert Event.objects.get(kind="csat.submitted").data["pressed_by"] == "bob@example.com"

    def test_the_customers_comment_does_not_join_somebody_elses_rating(self, mail):
        written(mail, "1", "bob@example.com")
        assert reply(mail, "All was well", thread=(f"{mail.uuid}@x",)).intent is Intent.LEFT
        assert Answer.objects.get().comment == ""

    def test_nobody_else_can_start_again(self, mail):
        suppression.suppress("email", mail.address, reason="stop_word")
        written(mail, "START", "bob@example.com")
        assert suppression.is_suppressed("email", mail.address)


class TestReactions:
    """Words that a program wrote are nobody's comment and no message."""

    GMAIL = (
        "{}\n\nJane Roe reacted via Gmail\n<https://www.google.com/gmail/about/?utm_source=gmail-in-product>"
    )

    def test_a_face_by_gmail_is_the_rating_and_its_reason_still_joins(self, mail):
        """dyaskur/google-chat-poll#140, roundcube/roundcubemail#9434"""
        thread = {"thread": (f"{mail.uuid}@x",)}
        assert reply(mail, self.GMAIL.format("😡"), **thread).intent is Intent.RATED
        assert (Score.objects.get().score, Score.objects.get().comment) == (1, "")
        assert reply(mail, "You were slow\n\nSent from my iPhone", **thread).intent is Intent.COMMENTED
        assert Score.objects.get().comment == "You were slow"

    @pytest.mark.parametrize(
        "text", ["Liked “How was it? Reply 1 to 5”", "👍 to “How was it?”", "Loved an image"]
    )
    def test_a_tapback_that_names_no_face_is_asked_back_and_noted(self, text_message, text):
        session = text_message.survey.session
        messages = session.customer_messages
        assert reply(text_message, text).intent is Intent.UNCLEAR
        session.refresh_from_db()
        assert session.customer_messages == messages
        assert Event.objects.get(kind="session.note").data["text"] == f"Reaction: {text}"

    def test_one_to_our_thank_you_is_no_comment_and_not_asked_back(self, text_message):
        reply(text_message, "5")
        assert reply(text_message, "Liked “Thank you! You rated us 5 of 5.”").intent is Intent.NOTED
        assert (Answer.objects.count(), Score.objects.get().comment) == (1, "")

    def test_one_that_is_taken_back_says_nothing(self, text_message):
        for text in ("Removed a like from “How was it?”", "Removed 😍 from “How was it?”"):
            assert reply(text_message, text).intent is Intent.NOTED
        assert not Answer.objects.exists()


class TestABounceThatComesByMail:
    """As if the provider had told it: the delivery has failed, and the address is not written to again."""

    def bounce(self, mail, event_type="bounced", address=None, **fields):
        address = mail.address if address is None else address
        defaults = {"medium": "email", "text": NO_SUCH_USER, "code": "5.1.1", "automatic": True}
        event = ProviderEvent(
            EventType(event_type), address=address, thread=(f"{mail.uuid}@x",), **(defaults | fields)
        )
        return inbound.handle(event)

    def test_it_fails_the_delivery_and_suppresses_the_address(self, mail):
        """freescout-help-desk/freescout#4250, odoo/odoo#132666"""
        messages = mail.survey.session.customer_messages
        assert self.bounce(mail, suppress=True).intent is Intent.BOUNCED
        failed = mail.again()
        assert (failed.state, failed.error, failed.error_code) == (
            "failed",
            "550 5.1.1 no such user",
            "5.1.1",
        )
        assert suppression.is_suppressed("email", mail.address)
        mail.survey.session.refresh_from_db()
        assert mail.survey.session.customer_messages == messages
        assert not Event.objects.filter(kind="session.note").exists()

    def test_told_twice_it_counts_once(self, mail):
        for _ in range(2):
            self.bounce(mail, event_id="m1")
        assert Event.objects.filter(kind="csat.delivery_failed").count() == 1

    def test_one_that_may_pass_suppresses_nothing(self, mail):
        self.bounce(mail, "failed", code="5.2.2")
        assert mail.again().state == "failed"
        assert not suppression.is_suppressed("email", mail.address)

    def test_one_of_an_address_it_was_forwarded_to_suppresses_nothing(self, mail):
        self.bounce(mail, address="old@elsewhere.example", suppress=True)
        assert mail.again().state == "failed"
        assert not suppression.is_suppressed("email", mail.address)
        assert not suppression.is_suppressed("email", "old@elsewhere.example")

    def test_one_of_a_mail_that_is_not_ours_changes_nothing(self, mail):
        stranger = ProviderEvent(
            EventType.BOUNCED, medium="email", address="x@elsewhere.example", suppress=True, thread=("a@b",)
        )
        assert inbound.handle(stranger) is None
        assert not suppression.is_suppressed("email", "x@elsewhere.example")


def test_what_is_about_no_survey_is_nothing(text_message):
    assert inbound.handle(ProviderEvent(EventType.DELIVERED, reference=str(text_message.uuid))) is None
    stranger = ProviderEvent(EventType.REPLIED, medium="sms", address="+4930999999999", text="5")
    assert inbound.handle(stranger) is None


def replied(medium, **fields):
    return ProviderEvent(EventType.REPLIED, medium=medium, text="5", **fields)


def test_a_text_answers_the_message_it_was_given_to_else_the_last_one_of_its_number():
    contact = make_contact()
    first, last = (make_sent_survey("sms", contact=contact).deliveries.get() for _ in range(2))
    first.change(provider_id="SM1")
    assert match_reply(replied("sms", address=contact.phone, provider_id="SM1")).delivery == first
    assert match_reply(replied("sms", address=contact.phone)).delivery == last
    assert match_reply(replied("sms", address="+4930999999999")) is None


def test_a_mail_that_quotes_ours_is_certain(mail):
    match = match_reply(
        replied("email", address=mail.address, thread=("elsewhere@x.example", f"{mail.uuid}@acme.example"))
    )
    assert (match.delivery, match.certain, match.by_customer) == (mail, True, True)


def test_a_quoted_rating_link_is_certain_too(mail):
    match = match_reply(replied("email", address=mail.address, tokens=(rate_token(mail.survey),)))
    assert (match.delivery, match.certain) == (mail, True)


def test_a_mail_known_by_its_address_alone_is_not(mail):
    match = match_reply(replied("email", address=mail.address))
    assert (match.delivery, match.certain) == (mail, False)


def test_a_colleague_in_the_thread_is_not_the_customer(mail):
    match = match_reply(
        replied("email", address="colleague@customer.example", thread=(f"{mail.uuid}@acme.example",))
    )
    assert not match.by_customer


def test_what_was_never_delivered_is_not_answered(mail):
    mail.change(failed_at=mail.sent_at)
    assert match_reply(replied("email", address=mail.address)) is None


@pytest.mark.parametrize(
    ("kept", "wrote"),
    [
        ("+525598765432", "+5215598765432"),
        ("+5541988887777", "+554188887777"),
        ("+541143211234", "+5491143211234"),
    ],
)
class TestTwoSpellingsOfANumber:
    """chatwoot#14048, #12655, #14264: WhatsApp answers from another spelling than the help desk keeps."""

    def test_a_rating_counts(self, kept: str, wrote: str) -> None:
        delivery = make_sent_survey("whatsapp", contact=make_contact(phone=kept)).deliveries.get()
        event = ProviderEvent(EventType.REPLIED, medium="whatsapp", address=wrote, text="5")
        result = inbound.handle(event)
        assert result
        assert (result.intent, result.score) == (Intent.RATED, 5)
        assert Score.objects.get().survey == delivery.survey

    def test_a_swipe_names_the_message(self, kept: str, wrote: str) -> None:
        contact = make_contact(phone=kept)
        first = make_sent_survey("whatsapp", contact=contact).deliveries.get()
        make_sent_survey("whatsapp", contact=contact)
        match = match_reply(
            ProviderEvent(
                EventType.REPLIED, medium="whatsapp", address=wrote, provider_id=first.provider_id, text="5"
            )
        )
        assert match
        assert match.delivery == first

    def test_a_stop_stops(self, kept: str, wrote: str) -> None:
        make_sent_survey("whatsapp", contact=make_contact(phone=kept))
        inbound.handle(ProviderEvent(EventType.REPLIED, medium="whatsapp", address=wrote, text="STOP"))
        assert suppression.is_suppressed("sms", kept)


def test_a_reply_to_an_address_in_other_letters_is_the_customers() -> None:
    delivery = make_sent_survey("email", contact=make_contact(email="x@münchen.example")).deliveries.get()
    match = match_reply(
        ProviderEvent(
            EventType.REPLIED,
            medium="email",
            address="x@xn--mnchen-3ya.example",
            thread=(f"{delivery.uuid}@localhost",),
        )
    )
    assert match
    assert match.by_customer
