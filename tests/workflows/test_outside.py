"""Steps that act outside: after an unknown outcome each is looked up, or repeated under its name and marked."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.sessions import conversing
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.workflows import running
from csat.workflows.models import Run, Step
from tests.factories import CUSTOMER, make_contact, make_resolved_session, make_session
from tests.standins import slack
from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer
from tests.workflows.making import block, go_on, workflow

pytestmark = pytest.mark.django_db
TEXT = block("send_message", text="We look into it.")


def later(minutes: int = 2) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        go_on()


def states() -> set[tuple[str, int, bool]]:
    return set(Step.objects.values_list("state", "attempt", "interrupted"))


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "phone_voice"])
def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(channel: str, twilio_server: TwilioServer):
    twilio_server.behave("cut")
    workflow(TEXT)
    make_resolved_session(channel)
    go_on()
    assert states() == {("running", 1, True)}
    later()
    assert states() == {("succeeded", 2, True)}
    assert len(twilio_server.messages) == 1
    assert Event.objects.filter(kind="message.sent").count() == 1


def test_a_text_that_was_not_taken_is_sent_again(twilio_server: TwilioServer):
    twilio_server.behave("refuse")
    workflow(TEXT)
    make_resolved_session("sms")
    go_on()
    later()
    assert len(twilio_server.messages) == 1
    assert states() == {("succeeded", 2, True)}


def test_two_steps_with_the_same_words_do_not_take_each_others_message_for_their_own(twilio_server: TwilioServer):
    twilio_server.behave("", "refuse")
    workflow(TEXT, block("send_message", "again", text="We look into it."))
    make_resolved_session("sms")
    go_on()
    later()
    assert len(twilio_server.messages) == 2
    assert {step.output["provider_id"] for step in Step.objects.all()} == {message["sid"] for message in twilio_server.messages}


def test_two_runs_that_were_both_cut_find_a_message_each(twilio_server: TwilioServer):
    twilio_server.behave("cut", "refuse")
    workflow(TEXT)
    contact = make_contact()
    for _ in range(2):
        make_resolved_session("sms", contact=contact)
    go_on()
    later()
    assert len(twilio_server.messages) == 2
    assert len({step.output["provider_id"] for step in Step.objects.all()}) == 2


def test_longer_words_that_contain_ours_are_another_message(twilio_server: TwilioServer):
    twilio_server.behave("", "refuse")
    workflow(block("send_message", "long", text="We look into it. Really."), TEXT)
    make_resolved_session("sms")
    go_on()
    later()
    assert [message["body"] for message in twilio_server.messages] == ["We look into it. Really.", "We look into it."]


@pytest.mark.parametrize("how", ["cut", "refuse"])
def test_a_slack_thread_is_read_before_a_message_is_repeated(how: str, slack_server: SlackServer):
    slack_server.behave(how)
    workflow(TEXT)
    make_resolved_session("slack", slack_channel=slack.CHANNEL, thread_ts=slack.THREAD)
    go_on()
    later()
    assert len(slack_server.messages) == 1
    assert states() == {("succeeded", 2, True)}


@pytest.mark.parametrize("how", ["cut", "refuse"])
def test_a_slack_channel_is_read_before_a_notice_is_repeated(how: str, slack_server: SlackServer):
    slack_server.behave(how)
    workflow(block("notify", via="slack", to=slack.CHANNEL, message="Look at #{ticket_number}"))
    make_resolved_session()
    go_on()
    later()
    assert len(slack_server.messages) == 1
    assert states() == {("succeeded", 2, True)}


def test_a_comment_calls_nobody_in_slack(slack_server: SlackServer):
    workflow(block("notify", via="slack", to=slack.CHANNEL, message="{contact_name} wrote"))
    make_resolved_session(contact=make_contact(name="<!channel> & co"))
    go_on()
    assert slack_server.messages[0]["text"] == "&lt;!channel&gt; &amp; co wrote"
    assert slack_server.problems == []


def test_a_mail_is_repeated_under_its_message_id_and_marked(smtp_server: SmtpServer):
    smtp_server.behave("cut")
    workflow(block("notify", via="email", to="boss@acme.example", message="Look"))
    make_resolved_session()
    go_on()
    later()
    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert states() == {("succeeded", 2, True)}


def test_taken_up_by_hand_after_every_try_was_cut_it_is_still_looked_up(twilio_server: TwilioServer):
    workflow(TEXT)
    make_resolved_session("sms")
    twilio_server.behave("cut")
    go_on()
    twilio_server.behave(*["refuse"] * 3)
    for _ in range(3):
        later(40)
    Run.objects.update(wake_at=timezone.now())
    twilio_server.waiting.clear()
    step = Step.objects.get()
    run = Run.objects.get()
    run.change(state=Run.State.FAILED)
    step.change(state=Step.State.FAILED, error="cut")
    running.retry(run, by=SYSTEM)
    go_on()
    assert run.again().state == Run.State.SUCCEEDED
    assert step.again().output["provider_id"] == twilio_server.messages[0]["sid"]
    assert len(twilio_server.messages) == 1


def test_whatsapp_takes_our_words_only_within_a_day_of_the_customers():
    workflow(TEXT, trigger="ticket-created")
    make_session("whatsapp", messages=0)
    go_on()
    assert "within 24 hours" in Run.objects.get().error


def test_whatsapp_takes_our_words_within_a_day_of_the_customers(twilio_server: TwilioServer):
    workflow(TEXT)
    session = make_resolved_session("whatsapp", messages=0)
    conversing.add_message(session, sender="contact", text="Hello?", by=CUSTOMER)
    go_on()
    assert len(twilio_server.messages) == 1


def test_a_step_that_kills_its_workers_is_given_up(twilio_server: TwilioServer):
    workflow(TEXT)
    make_resolved_session("sms")
    go_on()
    Step.objects.update(state=Step.State.RUNNING, attempt=running.DEADLY, error="", output={})
    Run.objects.update(state=Run.State.RUNNING, wake_at=timezone.now())
    go_on()
    assert "died within this step 10 times" in Run.objects.get().error
    assert len(twilio_server.messages) == 1


def test_a_worker_that_comes_back_after_another_took_over_leaves_the_run_alone(twilio_server: TwilioServer, monkeypatch):
    """It slept past its lease within a step; the one that took over has the run now."""
    from csat.workflows.actions import conversation

    run_step = conversation.AddTag.run

    def sleeps(self, context, params):
        Run.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
        return run_step(self, context, params)

    workflow(block("add_tag", tag="a"), TEXT)
    make_resolved_session("sms")
    monkeypatch.setattr(conversation.AddTag, "run", sleeps)
    go_on()
    assert Run.objects.get().state == Run.State.RUNNING
    assert not twilio_server.messages
