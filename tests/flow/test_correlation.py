"""One request, followed to the mail, the text message, the webhook and the lines in the log."""

import json
import logging

import pytest
from django_q.models import OrmQ
from django_q.signals import pre_execute
from django_q.signing import SignedPackage
from structlog import contextvars

from csat import tasks
from csat.jobs import Job, enqueue
from csat.lib import correlation
from csat.timeline.models import Event
from csat.webhooks import endpoints
from csat.webhooks.event_types import EVENTS
from tests.api.conftest import Machine, machine
from tests.factories import API, make_session, switch_on
from tests.logs import written
from tests.standins.listening import Listener
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer

ID = "proxy-4711"


@pytest.fixture
def api(db: None) -> Machine:
    return machine()


def resolve(api: Machine, channel: str) -> None:
    session = make_session(channel)
    answer = api.patch(f"/chat/sessions/{session.uuid}", {"status": "closed_resolved"}, X_Request_ID=ID)
    assert answer.status_code == 200, answer.content
    assert answer.headers["X-Request-ID"] == ID
    correlation.restart()  # what follows is done by workers, later and elsewhere


@pytest.mark.django_db
def test_what_goes_out_and_what_is_logged_names_the_request(
    api: Machine,
    smtp_server: SmtpServer,
    twilio_server: TwilioServer,
    listener: Listener,
    caplog: pytest.LogCaptureFixture,
) -> None:
    switch_on("email", "sms")
    endpoints.add(url=listener.url, events=EVENTS, by=API)
    for channel in ("email", "sms"):
        resolve(api, channel)
    with caplog.at_level(logging.INFO):
        tasks.send_due()
        tasks.fan_out()
        tasks.call_due()
    [mail] = smtp_server.messages
    assert mail["X-Request-ID"] == ID
    [text] = [one for one in twilio_server.requests if one["method"] == "POST"]
    assert text["headers"]["x-request-id"] == ID
    told = {json.loads(heard.body)["type"]: heard.headers.get("x-request-id") for heard in listener.heard}
    assert told["conversation.closed"] == told["csat.requested"] == ID
    assert set(Event.objects.filter(kind="csat.requested").values_list("request_id", flat=True)) == {ID}
    lines = [json.loads(line) for line in written(caplog.records)]
    handed = [line for line in lines if line["event"] == "handed to the provider"]
    assert {line["request_id"] for line in handed} == {ID}
    assert all(line["delivery"] and line["survey"] and line["outcome"] == "receipt" for line in handed)
    posted = [line for line in lines if line["event"] == "posted to a webhook endpoint"]
    assert all(line["webhook"].startswith("msg_") and line["event_id"] for line in posted)
    assert ID in {line.get("request_id") for line in posted}


@pytest.mark.django_db(transaction=True)
def test_a_queued_task_takes_the_request_along() -> None:
    correlation.restart(request_id=ID)
    enqueue(Job.EXPORT, 7)
    correlation.restart()
    task = SignedPackage.loads(OrmQ.objects.get().payload)
    pre_execute.send(sender="django_q", func=None, task=task)
    bound = contextvars.get_contextvars()
    assert (bound["request_id"], bound["task"]) == (ID, "csat.tasks.export")
    pre_execute.send(sender="django_q", func=None, task=task | {"group": None})
    assert "request_id" not in contextvars.get_contextvars()
    correlation.restart()
