"""Practice conversations: asked by the real path, and gone without a trace."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.channels.circuits import SendCount
from csat.channels.outbox import SandboxMessage
from csat.lib import latency
from csat.lib.latency import Latency
from csat.lib.refusal import Missing, Refused
from csat.people import roles, suppression
from csat.people.models import Contact
from csat.sessions import resolving
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import practice, sending
from csat.surveys.models import Answer, Delivery, Score, Survey
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import make_contact, make_sent_survey, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(agent_user: User) -> Session:
    return practice.begin(agent_user)


class TestBegin:
    def test_it_is_a_resolved_conversation_of_three_messages_with_oneself(
        self, session: Session, agent_user: User
    ) -> None:
        assert session.practice
        assert session.status == Session.Status.RESOLVED
        assert session.contact.email == agent_user.email
        assert session.resolver
        assert session.resolver.user == agent_user
        kinds = Event.objects.filter(session_id=session.pk).values_list("kind", flat=True)
        assert list(kinds).count(Kind.MESSAGE_RECEIVED) == 2
        assert list(kinds).count(Kind.MESSAGE_SENT) == 1

    def test_its_survey_goes_out_though_nothing_is_switched_on(
        self, session: Session, agent_user: User
    ) -> None:
        assert not settings.as_dict()["auto_send"]
        sending.send_due()
        message = SandboxMessage.objects.get()
        assert message.to == agent_user.email
        assert "/r/" in message.text

    def test_how_long_sending_it_takes_counts_nowhere(self, session: Session, settings: Any) -> None:
        settings.METRICS_TOKEN = "token"
        latency._counted.clear()
        sending.send_due()
        make_sent_survey("sms")
        latency.write()
        assert list(Latency.objects.values_list("what", "label", "number")) == [("send", "sms", 1)]
        assert list(SendCount.objects.values_list("channel", "outcome")) == [("sms", "sent")]

    def test_it_is_rated_like_any_other(self, session: Session) -> None:
        sending.send_due()
        answering.answer(session.survey, score=2, source="page", comment="Too slow")
        assert Score.objects.get(session=session).score == 2
        assert session.survey.again().counted_at is None

    def test_one_of_us_is_asked_again_when_auto_send_is_on(self, session: Session) -> None:
        sending.send_due()
        settings.change(by=SYSTEM, auto_send=True, channels={"email": {"enabled": True}})
        resolving.reopen(session, by=SYSTEM)
        resolving.resolve(session, by=SYSTEM)
        gates = {gate["name"]: gate["passed"] for gate in session.survey.again().gates}
        assert gates["is_staff"]
        assert session.survey.state == "scheduled"

    def test_an_account_without_an_address_is_told_so(self, agent_user: User) -> None:
        agent_user.email = ""
        with pytest.raises(Refused, match="no email address"):
            practice.begin(agent_user)

    def test_whoever_opted_out_is_told_so_and_nothing_is_left(self, agent_user: User) -> None:
        contact = make_contact(email=agent_user.email, custom_data=practice.MADE_FOR_PRACTICE)
        suppression.opt_out(contact, by=SYSTEM)
        with pytest.raises(Refused, match="opted out"):
            practice.begin(agent_user)
        assert not Session.objects.exists()

    @pytest.mark.parametrize("custom_data", [{}, {"practice": True}])
    def test_no_customer_is_written_to_or_renamed(
        self, agent_user: User, custom_data: dict[str, bool]
    ) -> None:
        """Neither one who was there before, nor one who was made for practice and came in earnest."""
        ana = make_contact(name="Ana Souza", email="ana@shop.example", custom_data=custom_data)
        real = make_session(contact=ana)
        agent_user.email = ana.email
        agent_user.save()
        with pytest.raises(Refused, match="A customer has your email address"):
            practice.begin(agent_user)
        assert ana.again().name == "Ana Souza"
        assert Session.objects.get() == real
        assert not Delivery.objects.exists()

    def test_the_contact_of_an_earlier_practice_is_taken_again_and_keeps_its_name(
        self, session: Session, agent_user: User
    ) -> None:
        agent_user.first_name = "Somebody Else"
        agent_user.save()
        again = practice.begin(agent_user)
        assert again.contact == session.contact
        assert again.contact.name == "Sam"

    def test_who_began_it_is_known(self, session: Session, agent_user: User, manager_user: User) -> None:
        assert list(Session.objects.filter(practice.made_by(agent_user))) == [session]
        assert not Session.objects.filter(practice.made_by(manager_user))


class TestRemove:
    def test_nothing_is_left_but_the_audit_log(self, session: Session, agent_user: User) -> None:
        sending.send_due()
        answering.answer(session.survey, score=1, source="page", comment="Nobody came")
        practice.remove(session, by=roles.actor_of(agent_user))
        for model in (Session, Survey, Delivery, Answer, Score, SandboxMessage, Contact):
            assert not model.objects.exists(), model.__name__
        entries = Event.objects.all()
        assert [entry.data["what"] for entry in entries if entry.data["what"].startswith("conv")] == [
            "conversation.practice_made",
            "conversation.practice_removed",
        ]
        assert {entry.kind for entry in entries} == {Kind.AUDIT}

    def test_who_became_a_customer_meanwhile_stays(self, session: Session) -> None:
        make_session(contact=session.contact)
        practice.remove(session, by=SYSTEM)
        assert Contact.objects.get() == session.contact

    def test_of_two_practices_the_other_one_stays(self, session: Session, agent_user: User) -> None:
        other = practice.begin(agent_user)
        practice.remove(session, by=SYSTEM)
        assert Session.objects.get() == other

    def test_a_customer_s_conversation_is_never_removed(self) -> None:
        session = make_session()
        with pytest.raises(Missing):
            practice.remove(session, by=SYSTEM)
        assert session.again()
