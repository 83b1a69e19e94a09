"""Real qclusters on PostgreSQL: each survey goes out once, whatever dies."""

import time

import pytest

from csat.jobs import Job, enqueue
from csat.surveys.models import Delivery
from csat.timeline import heartbeat
from csat.timeline.models import Event
from tests import workers
from tests.factories import make_resolved_session, switch_on
from tests.standins import slack
from tests.standins.server import Reply
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer

pytestmark = [pytest.mark.cluster, pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

LEASE = "6"


def due_surveys(channel, count):
    """Survey rows that are due, and no task to send them yet."""
    switch_on(channel)
    for n in range(count):
        place = {"slack_channel": slack.CHANNELS[n], "thread_ts": slack.THREAD} if channel == "slack" else {}
        make_resolved_session(channel, **place)
    _forget_tasks()
    return Delivery.objects.filter(channel=channel)


def _forget_tasks():
    from django_q.models import OrmQ

    OrmQ.objects.all().delete()


def all_sent(rows):
    return not rows.exclude(state="sent").exists()


def requested():
    return sorted(Event.objects.filter(kind="csat.requested").values_list("session_id", flat=True))


def once_each(rows):
    return requested() == sorted(rows.values_list("survey__session_id", flat=True))


def test_three_times_as_many_tasks_as_surveys_over_two_clusters_make_one_call_each():
    with TwilioServer() as twilio:
        rows = due_surveys("sms", 40)
        for _ in range(120):
            enqueue(Job.SEND_DUE)
        with workers.cluster(**twilio.env), workers.cluster(**twilio.env):
            assert workers.wait_for(lambda: all_sent(rows), seconds=45)
            time.sleep(1)  # whoever still holds a task has its chance to send too much
        assert len(twilio.messages) == 40
        assert len({message["body"] for message in twilio.messages}) == 40
        assert once_each(rows)
        assert set(rows.values_list("attempt", flat=True)) == {1}


def killed_while_sending(server, calls, rows):
    """A worker is caught in the middle of a call, most of its batch still before it, and killed with its
    whole cluster; another cluster takes over.
    """
    server.behave("", "", "slow")
    enqueue(Job.SEND_DUE)
    with workers.cluster(SEND_LEASE_SECONDS=LEASE, **server.env) as doomed:
        assert workers.wait_for(
            lambda: len(calls()) >= 3 and rows.filter(state="sent").count() == 2, seconds=30
        )
        workers.kill(doomed)
    assert rows.filter(state="sending").count() == 6
    server.waiting.clear()
    recover(server.env, rows)


def recover(env, rows):
    with workers.cluster(SEND_LEASE_SECONDS=LEASE, **env):

        def swept():
            enqueue(Job.SWEEP)
            time.sleep(1)
            return all_sent(rows)

        assert workers.wait_for(swept, seconds=45)


def test_killed_while_sending_mail_the_same_message_id_is_repeated_and_none_is_lost():
    with SmtpServer() as smtp:
        rows = due_surveys("email", 8)
        killed_while_sending(smtp, lambda: smtp.messages, rows)
        ids = [message["Message-ID"] for message in smtp.messages]
        assert len(set(ids)) == 8
        assert len(ids) == 9  # the one that was cut off, once more
        assert once_each(rows)


class DeafServer(TwilioServer):
    """Hears the first two messages and does nothing about them before its caller is gone."""

    heard = 0

    def _create(self, headers: dict[str, str], body: bytes) -> Reply:
        self.heard += 1
        if self.heard <= 1:
            self.stopping.wait(20)
            raise Reply(503, {"code": 20503, "message": "gone", "status": 503})
        return super()._create(headers, body)


def test_killed_before_the_provider_took_it_none_is_lost():
    with DeafServer() as twilio:
        rows = due_surveys("sms", 3)
        enqueue(Job.SEND_DUE)
        with workers.cluster(SEND_LEASE_SECONDS=LEASE, **twilio.env) as doomed:
            assert workers.wait_for(lambda: twilio.heard, seconds=30)
            workers.kill(doomed)
        twilio.stopping.set()
        recover(twilio.env, rows)
        assert len(twilio.messages) == len({message["body"] for message in twilio.messages}) == 3


def test_both_clusters_keep_their_schedules_and_show_signs_of_life():
    with workers.cluster(), workers.cluster("outward"):
        assert workers.wait_for(
            lambda: heartbeat.last_beat("surveys") and heartbeat.last_beat("outward"), seconds=75
        )
