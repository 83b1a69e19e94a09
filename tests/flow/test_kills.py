"""Workers are killed in the middle of their batches again and again; nobody is asked twice or forgotten.

`bin/bench --long` runs it with nine rounds of 200 (of 60 on Slack, which takes one post a second).
"""

import os
import time

import pytest

from csat.jobs import Job, enqueue
from tests import workers
from tests.flow.test_clusters import LEASE, all_sent, due_surveys, once_each
from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer

LONG = bool(os.environ.get("CSAT_LONG"))
ROUNDS = 9 if LONG else 2
SURVEYS = {"sms": 200, "email": 200, "slack": 60} if LONG else {"sms": 60, "email": 60, "slack": 18}
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(3600 if LONG else 400),  # each wait below has its own, shorter end
]
NOTED_WITHIN = 1.0  # seconds from a mail's acceptance to its note: 0.2 s, and a transaction on a busy machine


def killed_again_and_again(server, accepted, rows):
    """The moments of the kills. Each comes when a further part of the surveys has been accepted."""
    kills, surveys = [], rows.count()
    for number in range(1, ROUNDS + 1):
        with workers.cluster(SEND_LEASE_SECONDS=LEASE, **server.env) as doomed:
            for job in (Job.SEND_DUE, Job.SEND_DUE):
                enqueue(job)
            _wait_closely(accepted, part=number * surveys // (ROUNDS + 1))
            workers.kill(doomed)
            kills.append(time.time())
    with workers.cluster(SEND_LEASE_SECONDS=LEASE, **server.env):

        def swept():
            enqueue(Job.SWEEP)
            time.sleep(0.5)
            return all_sent(rows)

        assert workers.wait_for(swept, seconds=600 if LONG else 150)
    return kills


def _wait_closely(accepted, *, part, standstill=60):
    """Until `part` messages are accepted; `standstill` seconds without a further one are a failure.

    What waits for its turn when its worker dies is taken up by the next sweep, so one comes every 5 s.
    """
    seen, since, sweep_at = 0, time.monotonic(), 0.0
    while (now := len(accepted())) < part:
        if now != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() >= sweep_at:
            enqueue(Job.SWEEP)
            sweep_at = time.monotonic() + 5
        assert time.monotonic() - since < standstill, f"the workers stand still at {seen} of {part}"
        time.sleep(0.005)


@pytest.mark.parametrize(("channel", "provider"), [("sms", TwilioServer), ("slack", SlackServer)])
def test_where_a_message_can_be_looked_up_each_goes_out_exactly_once(channel, provider):
    with provider() as server:
        count = SURVEYS[channel]
        rows = due_surveys(channel, count)
        killed_again_and_again(server, lambda: server.messages, rows)
        names = [str(message.get("metadata") or message["body"]) for message in server.messages]
        print(f"{len(names)} messages for {count} surveys after {ROUNDS} kills by {channel}")
        assert len(names) == len(set(names)) == count
        assert once_each(rows)


def test_mails_are_repeated_under_their_id_and_only_those_that_were_not_yet_noted():
    with SmtpServer() as smtp:
        count = SURVEYS["email"]
        rows = due_surveys("email", count)
        kills = killed_again_and_again(smtp, lambda: smtp.messages, rows)
        first_seen, repeated = {}, []
        for message, at in zip(list(smtp.messages), list(smtp.arrived), strict=True):
            if first_seen.setdefault(message["Message-ID"], at) != at:
                repeated.append(first_seen[message["Message-ID"]])
        assert len(first_seen) == count
        late = [min((kill - at for kill in kills if kill >= at), default=0.0) for at in repeated]
        print(
            f"{len(repeated)} of {count} mails repeated after {ROUNDS} kills, "
            f"accepted at most {max(late, default=0.0):.2f} s before one"
        )
        assert all(seconds <= NOTED_WITHIN for seconds in late), sorted(late)
        assert once_each(rows)
