"""Settings → System: how the installation does, in words, and a report without secrets."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat.connectors import connections
from csat.surveys.delivery import holds
from csat.surveys.models import Delivery
from csat.timeline.models import WorkerProcess
from csat.webhooks import endpoints
from csat.webhooks.event_types import EVENTS
from tests.factories import API, make_resolved_session, switch_on
from tests.standins.slack import SlackServer

pytestmark = pytest.mark.django_db
PAGE = "/settings/system/"


@pytest.fixture(autouse=True)
def _nobody_at_the_site(settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:9"


def report_of(page: str) -> str:
    [text] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    return html.unescape(text)


def test_it_says_in_words_what_waits_since_when_and_why(admin: Client) -> None:
    switch_on("email")
    make_resolved_session("email")
    then = timezone.now() - timedelta(minutes=20)
    Delivery.objects.update(due_since=then, next_try=then)
    holds.pause("email", by=API, reason="new mail server")
    WorkerProcess.objects.create(cluster="surveys", host="machine-1", pid=1, beat_at=timezone.now())
    page = admin.get(PAGE).content.decode()
    assert "1 survey waits, the oldest for 20 min." in page
    assert re.search(r"Email: paused, for \d+ s: new mail server", page)
    assert "1 cluster of surveys is at work." in page
    assert "No worker of outward has ever run." in page
    assert "Start manage.py qcluster -n outward, and look at its log." in page


def test_a_look_at_the_page_asks_nobody(admin: Client, slack_server: SlackServer) -> None:
    page = admin.get(PAGE).content.decode()
    assert slack_server.requests == []
    assert "were not asked yet" in page


def test_the_button_asks_with_htmx_and_without(admin: Client, slack_server: SlackServer) -> None:
    whole = admin.post(PAGE).content.decode()
    assert "slack accepts our account: Acme" in whole
    assert "<html" in whole
    part = admin.post(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "slack accepts our account: Acme" in part
    assert "<html" not in part
    assert [request["path"] for request in slack_server.requests] == ["/api/auth.test"] * 2


def test_the_report_is_text_and_holds_no_secret(admin: Client, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = "hush-hush-token"
    settings.REDIS_URL = "redis://user:hush-hush-redis@127.0.0.1:1"
    holds.pause("sms", by=API, reason="token hush-hush-token is old")
    switch_on("sms")
    page = admin.get(PAGE).content.decode()
    report = report_of(page)
    assert "ERROR    Redis: Redis does not answer: " in report
    assert "s: token … is old" in report
    assert "hush-hush" not in page


def test_a_page_asks_no_more_of_the_database_with_many_rows(admin: Client, settings: Any) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1:9"]

    def queries(numbers: range) -> int:
        for number in numbers:
            endpoint = endpoints.add(url=f"http://127.0.0.1:9/{number}", events=EVENTS, by=API)
            endpoint.change(failing_since=timezone.now() - timedelta(hours=1))
            connections.add(kind="generic", name=f"Desk {number}", by=API)
            host = f"machine-{number}"
            WorkerProcess.objects.create(cluster="surveys", host=host, pid=1, beat_at=timezone.now())
        with CaptureQueriesContext(connection) as asked:
            page = admin.get(PAGE).content.decode()
        assert page.count("127.0.0.1 has answered nobody for 1 h; 0 webhooks wait.") == 2 * numbers.stop
        return len(asked)

    queries(range(1))
    assert queries(range(1, 2)) == queries(range(2, 9))
