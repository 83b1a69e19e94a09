"""A provider is away while workflows want to write: each notice waits and goes out once, in its order."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import circuits
from csat.channels.circuits import Way
from csat.timeline.recording import SYSTEM
from csat.workflows import outages, running
from csat.workflows.models import Run, Step
from tests.factories import make_contact, make_resolved_session
from tests.workflows.builders import block, run_until_idle, workflow

pytestmark = pytest.mark.django_db
MAIL = Way("email", "smtp")
NOTICE = block("notify", via="email", to="boss@acme.com", message="Look at #{ticket_number}")
MESSAGE = block("send_message", text="We look into #{ticket_number}.")


@pytest.fixture
def mail(smtp_server, settings):
    """A mail server that can go away."""

    class Mail:
        def away(self):
            settings.EMAIL_PORT = 1

        def back(self):
            settings.EMAIL_PORT = smtp_server.port

        @property
        def texts(self):
            return [message.get_body(("plain",)).get_content().strip() for message in smtp_server.messages]

    return Mail()


@pytest.fixture
def live(time_machine):
    def run(every=timedelta(minutes=2), **time):
        end = timezone.now() + timedelta(**time)
        while timezone.now() < end:
            time_machine.move_to(min(timezone.now() + every, end))
            run_until_idle()

    return run


def resolve(number):
    """So many conversations of as many customers; their numbers."""
    sessions = [
        make_resolved_session("email", contact=make_contact(email=f"customer{n}@example.com"))
        for n in range(number)
    ]
    return [f"#{session.ticket_number}" for session in sessions]


def numbers(texts):
    return [next(word.strip(".") for word in text.split() if word.startswith("#")) for text in texts]


@pytest.mark.parametrize("step", [NOTICE, MESSAGE], ids=["colleague", "customers"])
@pytest.mark.parametrize(
    ("away", "every"),
    [
        (timedelta(minutes=1), timedelta(minutes=1)),
        (timedelta(hours=3), timedelta(minutes=20)),
        (timedelta(days=3), timedelta(hours=3)),
    ],
    ids=str,
)
def test_each_goes_out_once_and_in_order_when_the_provider_is_back(mail, live, step, away, every):
    workflow(step)
    mail.away()
    expected = resolve(6)
    run_until_idle()
    live(seconds=away.total_seconds(), every=every)
    assert not mail.texts
    assert max(Step.objects.values_list("attempt", flat=True)) <= 1
    mail.back()
    live(minutes=10)
    went = numbers(mail.texts)
    assert sorted(went) == sorted(expected)  # each once
    probe = went[0]
    late = [number for number in went[1:] if number != expected[0]]  # the first of all was counted once
    assert late == [number for number in expected if number not in (probe, expected[0])]
    assert set(Run.objects.values_list("state", flat=True)) == {Run.State.SUCCEEDED}


def test_the_runs_page_says_what_it_waits_for(mail, live, manager):
    active = workflow(NOTICE)
    mail.away()
    resolve(2)
    live(minutes=5)
    run = Run.objects.latest("id")
    page = manager.get(f"/workflows/{active.uuid}/runs/{run.uuid}/").content.decode()
    assert "Waits: the provider does not answer." in page
    assert "no connection to the mail server" in page
    assert "waits_since" not in page


def test_after_five_days_it_fails_with_words_and_can_be_retried_by_hand(mail, live):
    workflow(MESSAGE)
    mail.away()
    resolve(4)
    live(days=5, hours=12, every=timedelta(hours=4))
    assert set(Run.objects.values_list("state", flat=True)) == {Run.State.FAILED}
    assert "did not answer for 5 days: no connection to the mail server" in Run.objects.latest("id").error
    for run in Run.objects.all():
        running.retry(run, by=SYSTEM)
    live(minutes=10)
    assert set(Run.objects.values_list("state", flat=True)) == {Run.State.WAITING}
    mail.back()
    live(minutes=10)
    assert len(mail.texts) == 4


def test_one_that_fails_while_others_pass_counts_its_own_attempts(smtp_server, live):
    workflow(NOTICE)
    smtp_server.behave("421 you again")
    make_resolved_session("email")
    run_until_idle()
    for _ in range(4):
        circuits.note(MAIL, [("somebody@example.com", None)])
        smtp_server.behave("421 you again")
        live(minutes=31, every=timedelta(minutes=31))
    assert Run.objects.get().state == Run.State.FAILED
    assert Step.objects.get().attempt == len(running.RETRIES) + 1


def test_another_system_that_is_away_counts_as_before(listener, live):
    listener.answer = lambda heard: (503, {})
    workflow(block("http_request", method="POST", url=listener.url, body=""))
    make_resolved_session()
    live(hours=1)
    assert Run.objects.get().state == Run.State.FAILED
    assert len(listener.heard) == len(running.RETRIES) + 1


class TestHolding:
    @pytest.fixture
    def waiting(self, mail, live):
        workflow(MESSAGE)
        mail.away()
        resolve(8)
        live(minutes=9)
        assert circuits.find(MAIL).opened_at
        return Run.objects.filter(state=Run.State.WAITING)

    def test_while_the_circuit_is_open_nobody_is_woken(self, waiting, time_machine):
        time_machine.move_to(outages.next_try())
        circuits.Circuit.objects.update(probe_at=timezone.now() + timedelta(minutes=4))
        assert running.run_due() == 0
        assert len(set(waiting.values_list("wake_at", flat=True))) == 1

    def test_of_all_who_wait_one_tries_and_each_time_another(self, waiting, time_machine):
        tried = []
        for _ in range(4):
            time_machine.move_to(outages.next_try() + timedelta(minutes=4))
            assert running.run_due() == 1
            tried.append(Step.objects.latest("updated_at").run_id)
        assert len(set(tried)) == 4

    def test_a_workflow_that_needs_no_provider_is_not_held(self, waiting):
        workflow(block("add_tag", tag="seen"), trigger="ticket-resolved")
        session = make_resolved_session("email")
        run_until_idle()
        assert session.tags.count() == 1


def test_all_who_wait_wait_for_the_same_moment(time_machine):
    time_machine.move_to("2026-03-01T10:00:30Z")
    first = outages.next_try()
    time_machine.move_to("2026-03-01T10:01:59Z")
    assert outages.next_try() == first
