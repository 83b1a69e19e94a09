"""Steps that act outside: after an unknown outcome they are looked up, or repeated under the same token."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.sessions import activity
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.workflows import editing, running
from csat.workflows.actions import external
from csat.workflows.models import Run, Step
from tests.factories import CUSTOMER, make_contact, make_resolved_session, make_session
from tests.standins import slack
from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer
from tests.workflows.builders import block, from_example, run_until_idle, workflow

pytestmark = pytest.mark.django_db
TEXT = block("send_message", text="We look into it.")


def later(minutes: int = 2) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        run_until_idle()


def states() -> set[tuple[str, int, bool]]:
    return set(Step.objects.values_list("state", "attempt", "interrupted"))


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "phone_voice"])
def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(channel: str, twilio_server: TwilioServer):
    twilio_server.behave("cut")
    workflow(TEXT)
    make_resolved_session(channel)
    run_until_idle()
    assert states() == {("running", 1, True)}
    later()
    assert states() == {("succeeded", 2, True)}
    assert len(twilio_server.messages) == 1
    assert Event.objects.filter(kind="message.sent").count() == 1


def test_a_text_that_was_not_taken_is_sent_again(twilio_server: TwilioServer):
    twilio_server.behave("refuse")
    workflow(TEXT)
    make_resolved_session("sms")
    run_until_idle()
    later()
    assert len(twilio_server.messages) == 1
    assert states() == {("succeeded", 2, True)}


def test_two_steps_with_the_same_text_do_not_claim_each_others_message(
    twilio_server: TwilioServer,
):
    twilio_server.behave("", "refuse")
    workflow(TEXT, block("send_message", "again", text="We look into it."))
    make_resolved_session("sms")
    run_until_idle()
    later()
    assert len(twilio_server.messages) == 2
    assert {step.output["provider_id"] for step in Step.objects.all()} == {
        message["sid"] for message in twilio_server.messages
    }


def test_two_runs_that_were_both_cut_find_a_message_each(twilio_server: TwilioServer):
    twilio_server.behave("cut", "refuse")
    workflow(TEXT)
    contact = make_contact()
    for _ in range(2):
        make_resolved_session("sms", contact=contact)
    run_until_idle()
    later()
    assert len(twilio_server.messages) == 2
    assert len({step.output["provider_id"] for step in Step.objects.all()}) == 2


def test_a_longer_text_that_contains_ours_is_another_message(twilio_server: TwilioServer):
    twilio_server.behave("", "refuse")
    workflow(block("send_message", "long", text="We look into it. Really."), TEXT)
    make_resolved_session("sms")
    run_until_idle()
    later()
    assert [message["body"] for message in twilio_server.messages] == [
        "We look into it. Really.",
        "We look into it.",
    ]


@pytest.mark.parametrize("how", ["cut", "refuse"])
def test_a_slack_thread_is_read_before_a_message_is_repeated(how: str, slack_server: SlackServer):
    slack_server.behave(how)
    workflow(TEXT)
    make_resolved_session("slack", slack_channel=slack.CHANNEL, thread_ts=slack.THREAD)
    run_until_idle()
    later()
    assert len(slack_server.messages) == 1
    assert states() == {("succeeded", 2, True)}


@pytest.mark.parametrize("how", ["cut", "refuse"])
def test_a_slack_channel_is_read_before_a_notice_is_repeated(how: str, slack_server: SlackServer):
    slack_server.behave(how)
    workflow(block("notify", via="slack", to=slack.CHANNEL, message="Look at #{ticket_number}"))
    make_resolved_session()
    run_until_idle()
    later()
    assert len(slack_server.messages) == 1
    assert states() == {("succeeded", 2, True)}


def test_a_comment_calls_nobody_in_slack(slack_server: SlackServer):
    workflow(block("notify", via="slack", to=slack.CHANNEL, message="{contact_name} wrote"))
    make_resolved_session(contact=make_contact(name="<!channel> & co"))
    run_until_idle()
    assert slack_server.messages[0]["text"] == "&lt;!channel&gt; &amp; co wrote"
    assert slack_server.problems == []


def test_a_mail_is_repeated_under_its_message_id_and_marked(smtp_server: SmtpServer):
    smtp_server.behave("cut")
    workflow(block("notify", via="email", to="boss@acme.com", message="Look"))
    make_resolved_session()
    run_until_idle()
    later()
    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert states() == {("succeeded", 2, True)}


def test_retried_by_hand_after_every_attempt_was_cut_it_is_still_looked_up(twilio_server: TwilioServer):
    workflow(TEXT)
    make_resolved_session("sms")
    twilio_server.behave("cut")
    run_until_idle()
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
    run_until_idle()
    assert run.again().state == Run.State.SUCCEEDED
    assert step.again().output["provider_id"] == twilio_server.messages[0]["sid"]
    assert len(twilio_server.messages) == 1


def test_whatsapp_refuses_free_text_without_a_recent_customer_message():
    workflow(TEXT, trigger="ticket-created")
    make_session("whatsapp", messages=0)
    run_until_idle()
    assert "within 24 hours" in Run.objects.get().error


def test_whatsapp_accepts_free_text_within_a_day_of_a_customer_message(twilio_server: TwilioServer):
    workflow(TEXT)
    session = make_resolved_session("whatsapp", messages=0)
    activity.add_message(session, sender="contact", text="Hello?", by=CUSTOMER)
    run_until_idle()
    assert len(twilio_server.messages) == 1


def test_a_step_during_which_workers_keep_dying_fails(twilio_server: TwilioServer):
    workflow(TEXT)
    make_resolved_session("sms")
    run_until_idle()
    Step.objects.update(state=Step.State.RUNNING, attempt=running.MAX_CRASHES, error="", output={})
    Run.objects.update(state=Run.State.RUNNING, wake_at=timezone.now())
    run_until_idle()
    assert "stopped during this step 10 times" in Run.objects.get().error
    assert len(twilio_server.messages) == 1


def test_a_worker_that_lost_its_lease_leaves_the_run_alone(twilio_server: TwilioServer, monkeypatch):
    """It slept past its lease during a step; another worker has the run now."""
    from csat.workflows.actions import conversation

    run_step = conversation.AddTag.run

    def sleeps(self, context, params):
        Run.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
        return run_step(self, context, params)

    workflow(block("add_tag", tag="a"), TEXT)
    make_resolved_session("sms")
    monkeypatch.setattr(conversation.AddTag, "run", sleeps)
    run_until_idle()
    assert Run.objects.get().state == Run.State.RUNNING
    assert not twilio_server.messages


class TestAPlaceholderIsNoAddress:
    """mailpoet/mailpoet#5718: activated with an address that nobody reads, its log says Done."""

    @pytest.mark.parametrize("configured", [True, False])
    def test_the_examples_own_address_is_never_activated(self, settings, configured):
        settings.EMAIL_CONFIGURED = configured
        with pytest.raises(editing.NotValid) as refused:
            from_example("low-score")
        assert [(issue.step_id, "is an example" in issue.message) for issue in refused.value.issues] == [
            ("tell", True)
        ]

    @pytest.mark.parametrize(
        "domain", ["example.com", "mail.example.org", "ACME.Example", "x.test", "a.invalid"]
    )
    def test_reserved_names_are_fine_while_mail_stays_in_the_outbox(self, settings, domain):
        notice = block("notify", via="email", to=f"boss@{domain}", message="Look")
        workflow(notice)
        settings.EMAIL_CONFIGURED = True
        with pytest.raises(editing.NotValid):
            workflow(notice)

    def test_names_that_look_alike_are_not_reserved(self, settings):
        settings.EMAIL_CONFIGURED = True
        for domain in ("example.com.br", "myexample.com", "contest.acme.com", "examples.io"):
            workflow(block("notify", via="email", to=f"boss@{domain}", message="Look"))

    @pytest.mark.parametrize("kind", ["http_request", "notify"])
    def test_an_example_url_is_refused_unless_it_is_allowed_by_name(self, settings, kind):
        params = {"via": "webhook", "to": "https://hooks.example.com/a", "message": "Look"}
        if kind == "http_request":
            params = {"method": "POST", "url": "https://hooks.example.com/a"}
        with pytest.raises(editing.NotValid) as refused:
            workflow(block(kind, **params))
        assert "nobody answers there" in refused.value.issues[0].message
        assert external._address_problems("http://localhost:9/") == [
            "“localhost” is an example: nobody answers there."
        ]
        settings.WEBHOOK_ALLOW = ["localhost:9"]
        assert external._address_problems("http://localhost:9/") == []

    def test_one_that_was_activated_before_fails_and_does_not_say_done(self, settings):
        workflow(block("notify", via="email", to="boss@old.example", message="Look"))
        settings.EMAIL_CONFIGURED = True
        make_resolved_session()
        run_until_idle()
        step = Step.objects.get()
        assert (step.state, "nobody reads mail there" in step.error) == ("failed", True)

    def test_a_notice_that_stayed_in_the_outbox_is_not_done(self, manager):
        workflow(block("notify", via="email", to="boss@acme.example", message="Look"))
        make_resolved_session()
        run_until_idle()
        run = Run.objects.get()
        page = manager.get(f"/workflows/{run.workflow.uuid}/runs/{run.uuid}/").content.decode()
        assert "In the outbox, not sent" in page
