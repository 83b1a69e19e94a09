"""The four outcomes of a send, and what a worker's death leaves behind."""

from datetime import timedelta

import pytest
from django.conf import settings as project
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from csat.channels.base import CANNOT_TELL, Receipt
from csat.channels.transports import slack, smtp, twilio
from csat.jobs import TIMEOUTS, Job
from csat.lib.outcomes import Never, Retry, Unknown
from csat.people import suppression
from csat.sessions import resolving
from csat.surveys.answers import answering
from csat.surveys.delivery import expiry, holds, lanes, scheduling, sending
from csat.surveys.models import ChannelSettings, Delivery
from csat.timeline.models import Event
from tests.factories import (
    API,
    claim,
    die_while_sending,
    make_contact,
    make_resolved_session,
    make_session,
    switch_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sms(provider):
    return provider("sms")


def scheduled(channel="sms", **details):
    switch_on(channel, guaranteed_delivery=False)
    return make_resolved_session(channel, **details).survey.deliveries.get()


def told(delivery):
    events = Event.objects.filter(session_id=delivery.survey.session_id, kind__startswith="csat")
    return list(events.order_by("id").values_list("kind", flat=True))


class TestSent:
    def test_everything_is_noted(self, sms):
        delivery = scheduled()
        assert sending.send(delivery.pk)
        row, survey = delivery.again(), delivery.survey.again()
        assert (row.state, row.provider_id, row.transport, row.attempt) == ("sent", "SM1", "provider", 1)
        assert (survey.state, survey.delivered_via) == ("sent", "sms")
        assert survey.requested_at
        assert survey.delivered_at
        assert survey.expires_at > timezone.now() + timedelta(days=29)
        assert told(delivery) == ["csat.requested"]

    def test_a_second_arrival_of_the_task_does_nothing(self, sms):
        delivery = scheduled()
        assert [sending.send(delivery.pk) for _ in range(3)] == [True, False, False]
        assert len(sms.calls) == 1

    def test_no_transaction_is_open_while_the_provider_is_asked(self, sms, monkeypatch):
        from csat.channels import registry

        open_blocks = []
        monkeypatch.setattr(
            registry.get("sms"),
            "send",
            lambda m: open_blocks.append(len(connection.savepoint_ids)) or Receipt(),
        )
        delivery = scheduled()
        before = len(connection.savepoint_ids)
        sending.send(delivery.pk)
        assert open_blocks == [before]

    def test_one_that_nobody_foresaw_does_not_hold_up_the_others(self, provider):
        mail = provider("email")
        mail.outcomes = [ZeroDivisionError("a bug")]
        switch_on("email")
        broken, fine = make_resolved_session(), make_resolved_session()
        assert sending.send_due() == 1
        assert [broken.survey.deliveries.get().state, fine.survey.deliveries.get().state] == [
            "sending",
            "sent",
        ]

    def test_a_batch_ends_in_time(self, sms):
        delivery = scheduled()
        assert sending.send_due(seconds=0) == 0
        assert delivery.again().state == "due"

    def test_an_answered_survey_needs_no_asking(self, sms):
        delivery = scheduled()
        answering.answer(delivery.survey, score=5, source="api")
        assert sending.send_due() == 0
        assert (delivery.again().state, sms.calls) == ("cancelled", [])


def test_a_worker_claims_no_more_than_it_asked_for_the_longest_waiting_first(sms):
    rows = [scheduled() for _ in range(5)]
    claimed = sending.claim(Delivery.objects.filter(state="due"), 2)
    assert [delivery.pk for delivery in claimed] == [row.pk for row in rows[:2]]
    assert Delivery.objects.filter(state="due").count() == 3


def test_what_was_asked_for_by_hand_overtakes_what_waits(sms, monkeypatch):
    monkeypatch.setattr(sending, "BATCH", 2)
    waiting = [scheduled() for _ in range(5)]
    session = make_session("sms")
    scheduling.request(session, origin="manual", by=API, force=True)
    assert sending.send_due() == 6
    by_hand = Delivery.objects.get(survey__session=session)
    first, *others = [message.to for message in sms.taken]
    assert first == by_hand.address
    assert others == [Delivery.objects.get(pk=row.pk).address for row in waiting]


class TestRetry:
    def test_backs_off_1_5_30_120_minutes_and_then_fails(self, sms, later):
        sms.outcomes = [Retry("busy", code="20429") for _ in range(5)]
        delivery = scheduled()
        sending.send_due()
        for minutes in (1, 5, 30, 120):
            row = delivery.again()
            assert row.state == "due"
            assert (
                timedelta(minutes=minutes - 0.2) < row.next_try - timezone.now() <= timedelta(minutes=minutes)
            )
            assert later(minutes=minutes, seconds=1) == 0
        row = delivery.again()
        assert (row.state, row.attempt, row.error, row.error_code) == ("failed", 5, "busy", "20429")
        assert delivery.survey.again().state == "failed"
        assert told(delivery) == ["csat.delivery_failed"]

    def test_waits_as_long_as_the_provider_asked(self, sms):
        sms.outcomes = [Retry("slow down", after=17)]
        delivery = scheduled()
        sending.send_due()
        assert timedelta(seconds=15) < delivery.again().next_try - timezone.now() <= timedelta(seconds=17)

    def test_once_means_one_further_try(self, sms, later):
        sms.outcomes = [Retry("unreachable", once=True), Retry("unreachable", once=True)]
        delivery = scheduled()
        sending.send_due()
        later(minutes=1, seconds=1)
        assert (delivery.again().state, len(sms.calls)) == ("failed", 2)

    def test_then_it_is_sent(self, sms, later):
        sms.outcomes = [Retry("busy")]
        delivery = scheduled()
        sending.send_due()
        assert later(minutes=1, seconds=1) == 1
        assert (delivery.again().state, delivery.again().error) == ("sent", "")

    def test_one_that_waits_can_be_sent_now(self, sms):
        sms.outcomes = [Retry("busy")]
        delivery = scheduled()
        sending.send_due()
        scheduling.request(delivery.survey.session, origin="manual", by=API)
        assert sending.send_due() == 1
        assert delivery.survey.deliveries.count() == 1


class TestNever:
    def test_fails_at_once(self, sms):
        sms.outcomes = [Never("not a mobile number", code="21614")]
        delivery = scheduled()
        sending.send_due()
        assert (delivery.again().state, delivery.survey.again().state) == ("failed", "failed")
        assert Event.objects.get(kind="csat.delivery_failed").data["code"] == "21614"

    def test_suppresses_the_address_when_the_provider_says_so(self, sms):
        sms.outcomes = [Never("STOP", code="21610", suppress=True)]
        delivery = scheduled()
        sending.send_due()
        assert suppression.is_suppressed("sms", delivery.again().address)

    def test_a_broken_account_stops_the_channel_and_burns_nothing(self, sms):
        sms.outcomes = [Never("authenticate", code="20003", account=True)]
        delivery = scheduled()
        other = make_resolved_session("sms").survey.deliveries.get()
        sending.send_due()
        assert [(row.again().state, row.again().attempt) for row in (delivery, other)] == [
            ("due", 0),
            ("due", 0),
        ]
        assert len(sms.calls) == 1
        assert ChannelSettings.objects.get(kind="sms").stopped_reason == "authenticate"
        assert delivery.survey.again().state == "scheduled"

    def test_the_admins_are_told_once(self, provider, admin_user, django_capture_on_commit_callbacks):
        mail = provider("email")
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                holds.stop("sms", Never("authenticate", account=True))
        assert [(message.to, message.subject) for message in mail.taken] == [
            (admin_user.email, "Surveys on SMS have stopped")
        ]
        assert "authenticate" in mail.taken[0].text

    def test_mail_that_is_broken_itself_stops_quietly(
        self, provider, admin_user, django_capture_on_commit_callbacks
    ):
        provider("email").outcomes = [Never("authenticate", account=True)]
        with django_capture_on_commit_callbacks(execute=True):
            assert holds.stop("email", Never("authenticate", account=True))

    def test_a_stopped_channel_does_not_stop_the_others(self, sms):
        sms.outcomes = [Never("authenticate", account=True)]
        scheduled()
        sending.send_due()
        switch_on("email")
        make_resolved_session("email")
        assert sending.send_due() == 1

    def test_resumed_it_sends_what_waited(self, sms):
        sms.outcomes = [Never("authenticate", account=True)]
        scheduled()
        sending.send_due()
        assert holds.resume("sms", by=API)
        assert not holds.resume("sms", by=API)
        assert sending.send_due() == 1


class TestUnknown:
    def test_found_at_the_provider_it_is_not_sent_again(self, sms, later):
        sms.outcomes, sms.finds = [Unknown("read timeout")], Receipt(provider_id="SM7", transport="twilio")
        delivery = scheduled()
        sending.send_due()
        assert delivery.again().uncertain_since
        assert later(minutes=1, seconds=1) == 1
        assert (len(sms.calls), delivery.again().provider_id) == (1, "SM7")
        assert told(delivery) == ["csat.requested"]

    def test_not_found_it_is_sent_again(self, sms, later):
        sms.outcomes = [Unknown("read timeout")]
        delivery = scheduled()
        sending.send_due()
        assert later(minutes=1, seconds=1) == 1
        assert (len(sms.calls), sms.lookups, delivery.again().state) == (2, 1, "sent")

    def test_where_nobody_can_tell_the_same_message_is_repeated(self, provider, later):
        mail = provider("email")
        mail.outcomes, mail.finds = [Unknown("cut")], CANNOT_TELL
        switch_on("email")
        make_resolved_session()
        sending.send_due()
        assert later(minutes=1, seconds=1) == 1
        first, second = mail.calls
        assert first == second
        assert first.headers["Message-ID"] == second.headers["Message-ID"]

    def test_no_answer_to_the_look_up_sends_nothing(self, sms, later):
        sms.outcomes, sms.finds = [Unknown("read timeout")], Retry("busy")
        delivery = scheduled()
        sending.send_due()
        later(minutes=1, seconds=1)
        assert (len(sms.calls), delivery.again().state) == (1, "due")
        assert delivery.again().uncertain_since

    def test_found_and_failed_it_is_failed(self, sms, later):
        sms.outcomes, sms.finds = [Unknown("read timeout")], Never("undelivered", code="30005")
        delivery = scheduled()
        sending.send_due()
        later(minutes=1, seconds=1)
        assert (len(sms.calls), delivery.again().state, delivery.again().error_code) == (1, "failed", "30005")

    def test_withdrawn_meanwhile_it_is_looked_up_but_not_sent_again(self, sms, later):
        sms.outcomes = [Unknown("read timeout")]
        delivery = scheduled()
        sending.send_due()
        resolving.reopen(delivery.survey.session, by=API)
        later(minutes=1, seconds=1)
        assert (len(sms.calls), sms.lookups, delivery.again().state) == (1, 1, "cancelled")

    def test_answered_meanwhile_and_found_it_is_noted(self, sms, later):
        sms.outcomes, sms.finds = [Unknown("read timeout")], Receipt(provider_id="SM7")
        delivery = scheduled()
        sending.send_due()
        answering.answer(delivery.survey, score=5, source="page")
        later(minutes=1, seconds=1)
        assert (delivery.again().state, delivery.survey.again().state) == ("sent", "answered")


class TestADeadWorker:
    def test_leaves_a_row_nobody_touches_until_its_lease_ends(self, sms, later):
        delivery = scheduled()
        assert claim(delivery)
        assert claim(delivery) is None
        assert later(seconds=project.SEND_LEASE_SECONDS - 5) == 0
        assert (delivery.again().state, len(sms.calls)) == ("sending", 0)

    def test_then_it_is_looked_up_and_sent(self, sms, later):
        delivery = scheduled()
        die_while_sending(delivery)
        assert later(seconds=project.SEND_LEASE_SECONDS + 1) == 1
        assert (sms.lookups, len(sms.calls), delivery.again().attempt) == (1, 1, 2)

    def test_before_anything_was_handed_over_leaves_no_doubt(self, sms, later):
        delivery = scheduled()
        claim(delivery)
        assert later(seconds=project.SEND_LEASE_SECONDS + 1) == 1
        assert (sms.lookups, len(sms.calls)) == (0, 1)

    def test_that_had_sent_it_does_not_make_it_go_twice(self, sms, later):
        delivery = scheduled()
        die_while_sending(delivery)
        sms.finds = Receipt(provider_id="SM9")
        assert later(seconds=project.SEND_LEASE_SECONDS + 1) == 1
        assert (sms.calls, delivery.again().provider_id) == ([], "SM9")

    def test_that_was_only_slow_does_not_overwrite_its_successor(self, sms, later):
        from csat.surveys.delivery import results
        from csat.surveys.models import CsatSettings

        delivery = scheduled()
        slow = claim(delivery)
        later(seconds=project.SEND_LEASE_SECONDS + 1)
        assert not results.mark_sent([(slow, Receipt(provider_id="too late"))], CsatSettings.current())
        assert delivery.again().provider_id == "SM1"
        assert told(delivery) == ["csat.requested"]

    def test_a_row_that_kills_every_worker_is_given_up(self, sms, time_machine):
        delivery = scheduled()
        for _ in range(expiry.MAX_ATTEMPTS):
            assert claim(delivery)
            time_machine.move_to(timezone.now() + timedelta(seconds=project.SEND_LEASE_SECONDS + 1))
            expiry.release_leases()
        assert (delivery.again().state, delivery.survey.again().state) == ("failed", "failed")


def test_a_lease_outlives_any_batch():
    assert lanes.LONGEST_BATCH.total_seconds() + sending.LONGEST_CALL < project.SEND_LEASE_SECONDS / 2
    assert max(smtp.SECONDS, twilio.SECONDS, slack.SECONDS) <= sending.LONGEST_CALL


def test_a_task_that_sends_ends_before_the_queue_ends_it():
    """It begins no call after its 40 s, but for lanes that go on beside one that hangs."""
    assert TIMEOUTS[Job.SEND_DUE] > 40 + 2 * sending.LONGEST_CALL
    prefetched = project.Q_CLUSTER["queue_limit"] / project.Q_CLUSTER["workers"] + 1
    assert TIMEOUTS[Job.SEND_DUE] * prefetched < project.Q_CLUSTER["retry"]


class TestOneMoreWorker:
    """However slow the provider is, and however small the batches: the queue holds no more tasks than workers
    can take, or all else in it would wait behind them.
    """

    @pytest.fixture
    def called(self, monkeypatch):
        called = []
        monkeypatch.setattr(sending, "BATCH", 1)
        monkeypatch.setattr(sending, "enqueue", called.append)
        for number in range(5):
            scheduled(contact=make_contact(phone=f"+4930123450{number}"))
        return called

    def test_is_called_once_by_a_task(self, sms, called):
        assert sending.send_due() == 5
        assert called == [Job.SEND_DUE]

    def test_is_not_called_while_tasks_wait_for_one(self, sms, called):
        OrmQ.objects.create(key="surveys", payload="", lock=timezone.now())
        assert sending.send_due() == 5
        assert called == []


def test_a_rolled_back_resolve_leaves_nothing():
    switch_on("email")
    session = make_session()
    with transaction.atomic():
        resolving.resolve(session, by=API)
        transaction.set_rollback(True)
    assert Delivery.objects.count() == 0
