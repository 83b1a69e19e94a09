"""A mail server that hangs, stopped in the middle of everything, does not slow the other channels.

`bin/bench --long` freezes it for a minute.
"""

import os
import socket
import statistics
import time
from contextlib import contextmanager

import pytest

from csat.channels import circuits
from csat.jobs import Job, enqueue
from csat.surveys.models import Delivery
from tests import workers
from tests.factories import make_resolved_session, switch_on
from tests.standins.twilio import TwilioServer

pytestmark = [pytest.mark.cluster, pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
SECONDS = 60 if os.environ.get("CSAT_LONG") else 12
EVERY = 0.4  # seconds between two surveys by text message


@contextmanager
def frozen_mail_server():
    """It takes connections and says nothing, as a process does that was stopped."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}"


def latencies(twilio, *, seconds):
    """Seconds from a resolution to the provider's acceptance, of one text message after another."""
    found, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        before, began = len(twilio.messages), time.monotonic()
        make_resolved_session("sms")
        assert workers.wait_for(lambda before=before: len(twilio.messages) > before, seconds=15)
        found.append(time.monotonic() - began)
        time.sleep(max(EVERY - found[-1], 0))
    return found


def test_text_messages_go_out_while_the_mail_server_hangs():
    switch_on("sms", "email")
    with TwilioServer() as twilio, frozen_mail_server() as mail:
        env = {**twilio.env, "EMAIL_URL": mail, "DEFAULT_FROM_EMAIL": "Acme <support@acme.example>"}
        with workers.cluster(Q_WORKERS="2", SEND_LEASE_SECONDS="90", **env):
            latencies(twilio, seconds=2)  # the workers are there and warm
            undisturbed = latencies(twilio, seconds=SECONDS / 2)
            for _ in range(40):
                make_resolved_session("email")
            enqueue(Job.SEND_DUE)
            enqueue(Job.SEND_DUE)
            mails = Delivery.objects.filter(channel="email")
            assert workers.wait_for(lambda: mails.filter(state="sending").exists())
            disturbed = latencies(twilio, seconds=SECONDS)
    medians = statistics.median(undisturbed), statistics.median(disturbed)
    print(
        f"text messages, median: {medians[0]:.3f} s undisturbed, {medians[1]:.3f} s beside a mail server that"
        f" hangs for {SECONDS} s ({medians[1] / medians[0]:.2f} x); longest {max(disturbed):.2f} s"
    )
    assert Delivery.objects.filter(channel="sms", state="sent").count() >= len(disturbed) - 1  # one unnoted
    assert not mails.exclude(state__in=["due", "sending"]).exists()
    assert circuits.find(circuits.Way("sms", "twilio")).failures == 0
