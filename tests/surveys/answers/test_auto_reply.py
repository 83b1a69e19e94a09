"""What goes back by itself: so much and no more; by mail one short answer a reply."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from csat import tasks
from csat.channels import circuits
from csat.channels.base import EventType, ProviderEvent
from csat.channels.circuits import Way
from csat.channels.outbox import SandboxMessage
from csat.channels.replies import confirmations
from csat.jobs import Job
from csat.lib.outcomes import Never, Retry, Unknown
from csat.people import suppression
from csat.surveys.answers import auto_reply, inbound
from csat.surveys.delivery import scheduling, sending
from csat.timeline.models import Event
from tests.factories import API, CUSTOMER, make_sent_survey

pytestmark = pytest.mark.django_db
UNCLEAR = "4 or 5"
AWAY = Retry("no connection to the mail server", outage=True)
MAIL = Way("email", "smtp")


@pytest.fixture
def delivery():
    return make_sent_survey("email").deliveries.get()


@pytest.fixture
def queued(monkeypatch):
    """What the workers are asked to do."""
    jobs = []
    monkeypatch.setattr(auto_reply, "enqueue", lambda job, pk: jobs.append((job, pk)))
    return jobs


def hear(delivery, text):
    """The event of this reply, as a worker gets it."""
    before = SandboxMessage.objects.count()
    auto_reply.handle_email(
        ProviderEvent(
            EventType.REPLIED,
            medium="email",
            address=delivery.address,
            text=text,
            thread=(f"{delivery.uuid}@x",),
        )
    )
    assert SandboxMessage.objects.count() == before  # nothing goes out before the worker runs
    return Event.objects.filter(kind__in=["csat.submitted", "message.received"]).latest("id").pk


def last_mail():
    return SandboxMessage.objects.latest("id")


def test_a_rating_is_thanked_for_once(delivery):
    event = hear(delivery, "5")
    assert auto_reply.send_auto_reply(event)
    assert not auto_reply.send_auto_reply(event)
    assert SandboxMessage.objects.count() == 2
    assert last_mail().to == delivery.address
    assert confirmations.thanks(5, language="en") in last_mail().text


def test_an_unclear_one_is_asked_back(delivery, queued):
    assert auto_reply.send_auto_reply(hear(delivery, UNCLEAR))
    assert confirmations.ask_again(language="en") in last_mail().text


class TestALimitOfEveryMedium:
    """Two robots must not talk to each other, whatever carries their words. Twilio's error 14107."""

    def results(self, delivery, *texts, **fields):
        for text in texts:
            event = ProviderEvent(
                EventType.REPLIED, medium=delivery.medium, address=delivery.address, text=text, **fields
            )
            yield auto_reply.claim(event, inbound.handle(event))

    @pytest.mark.parametrize("medium", ["sms", "whatsapp", "phone_voice"])
    def test_a_number_is_asked_back_once_per_survey(self, medium, time_machine):
        delivery = make_sent_survey(medium).deliveries.get()
        assert list(self.results(delivery, "OK", "Great!", "Awesome 👍")) == [True, False, False]
        time_machine.move_to(timezone.now() + timedelta(days=2))
        assert list(self.results(delivery, "1, 2 or 3")) == [False]

    def test_an_address_is_asked_back_once_per_survey(self, delivery, queued, time_machine):
        first = hear(delivery, UNCLEAR)
        hear(delivery, UNCLEAR)
        time_machine.move_to(timezone.now() + timedelta(days=2))
        hear(delivery, UNCLEAR)
        assert queued == [(Job.ANSWER_BACK, first)]

    @pytest.mark.parametrize("words", [["1", "2"], ["HELP"], ["STOPP", "WEITER"]], ids=str)
    def test_thanks_and_keywords_end_too(self, words):
        delivery = make_sent_survey("whatsapp", language="de").deliveries.get()
        assert sum(self.results(delivery, *words * 10)) == 3 * len(words) - (words == ["1", "2"]) * 3

    def test_the_next_survey_is_asked_back_about_anew(self):
        first = make_sent_survey("sms").deliveries.get()
        assert list(self.results(first, "OK")) == [True]
        second = make_sent_survey("sms", contact=first.survey.contact).deliveries.get()
        assert list(self.results(second, "OK", "OK")) == [True, False]

    def test_a_resend_of_the_same_survey_is_not(self):
        first = make_sent_survey("sms").deliveries.get()
        assert list(self.results(first, "OK")) == [True]
        scheduling.request(first.survey.session, origin="manual", by=API, channel="whatsapp")
        sending.send_due()
        again = first.survey.deliveries.latest("id")
        assert (again.medium, list(self.results(again, "OK"))) == ("whatsapp", [False])

    def test_a_stranger_is_answered_so_often_a_day(self):
        event = ProviderEvent(EventType.HELP, medium="sms", address="+4930999999999", text="HELP")
        assert [auto_reply.claim(event, inbound.handle(event)) for _ in range(5)] == [True] * 3 + [False] * 2


def test_who_asked_not_to_be_written_to_is_not(delivery):
    event = hear(delivery, "1")
    suppression.opt_out(delivery.survey.contact, by=CUSTOMER)
    assert not auto_reply.send_auto_reply(event)


def test_a_mail_that_is_not_taken_is_a_nicety_lost(delivery, provider):
    event = hear(delivery, "5")
    provider("email").outcomes = [Never("no such mailbox")]
    assert not auto_reply.send_auto_reply(event)
    assert not Schedule.objects.filter(func=Job.ANSWER_BACK).exists()


class TestWhileTheMailServerIsAway:
    """The reply waits, for a day at the most, and goes out once."""

    @pytest.fixture
    def mail(self, delivery, provider, settings):
        settings.EMAIL_CONFIGURED = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        return provider("email")

    @pytest.fixture
    def live(self, time_machine):
        """Let time pass: the queue runs what it was asked to run by now."""

        def run(**time):
            end = timezone.now() + timedelta(**time)
            while waiting := Schedule.objects.filter(func=Job.ANSWER_BACK, next_run__lte=end).first():
                time_machine.move_to(max(waiting.next_run, timezone.now()))
                waiting.delete()  # as django-q does with what runs once
                tasks.answer_back(int(waiting.args))
            time_machine.move_to(end)

        return run

    def opened(self):
        circuits.note(MAIL, [(f"c{n}@example.com", AWAY) for n in range(5)])

    @pytest.mark.parametrize("away", [{"minutes": 1}, {"hours": 6}], ids=str)
    def test_it_is_sent_once_when_the_server_is_back(self, delivery, mail, live, away):
        event = hear(delivery, "5")
        mail.outcomes = [AWAY] * 500
        assert not auto_reply.send_auto_reply(event)
        live(**away)
        mail.outcomes = []
        live(minutes=30)
        live(days=2)
        assert [confirmations.thanks(5, language="en") in sent.text for sent in mail.taken] == [True]
        assert len({call.reference for call in mail.calls}) == 1

    def test_an_open_circuit_is_not_even_tried(self, delivery, mail, live):
        event = hear(delivery, "5")
        self.opened()
        assert not auto_reply.send_auto_reply(event)
        assert not mail.calls
        assert Schedule.objects.get(func=Job.ANSWER_BACK).args == str(event)
        circuits.note(MAIL, [("somebody@example.com", None)])
        live(minutes=2)
        assert len(mail.taken) == 1

    def test_a_thank_you_that_is_a_day_old_is_not_sent_any_more(self, delivery, mail, live, caplog):
        event = hear(delivery, "5")
        mail.outcomes = [AWAY] * 500
        auto_reply.send_auto_reply(event)
        live(hours=25)
        assert 50 < len(mail.calls) < 150  # the rarer the longer it takes
        mail.outcomes = []
        live(days=3)
        assert not mail.taken
        assert "it would come too late" in caplog.text
        assert not Schedule.objects.filter(func=Job.ANSWER_BACK).exists()

    def test_of_two_questions_one_waits_and_is_sent(self, delivery, mail, live, queued):
        mail.outcomes = [AWAY, AWAY]
        for text in (UNCLEAR, UNCLEAR):
            hear(delivery, text)
        for _job, event in queued:
            auto_reply.send_auto_reply(event)
        live(hours=1)
        assert len(mail.taken) == 1

    def test_one_that_may_have_gone_out_goes_again_under_its_message_id(self, delivery, mail, live):
        mail.outcomes = [Unknown("cut", outage=True)]
        auto_reply.send_auto_reply(hear(delivery, "5"))
        live(minutes=5)
        assert len({call.reference for call in mail.calls}) == 1
        assert len(mail.calls) == 2

    def test_who_opts_out_meanwhile_is_not_written_to(self, delivery, mail, live):
        mail.outcomes = [AWAY]
        auto_reply.send_auto_reply(hear(delivery, "5"))
        suppression.opt_out(delivery.survey.contact, by=CUSTOMER)
        live(hours=1)
        assert not mail.taken
