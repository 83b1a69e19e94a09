"""The main job with a real mail server and a real worker: a helpdesk resolves by API, the customer rates, the
API tells it.
"""

import re
import time
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from csat.people import keys
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests import workers
from tests.api.conftest import Machine
from tests.standins.smtp import SmtpServer

pytestmark = [pytest.mark.cluster, pytest.mark.smtp, pytest.mark.django_db(transaction=True)]


class Hidden(HTMLParser):
    """The hidden fields of a page's form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""


def resolve(api: Machine, email: str) -> Any:
    told = {"contact": {"email": email, "name": "Ana"}, "channel": {"type": "email", "subject": "Refund"}}
    session = api.post("/chat/sessions", told).json()
    api.post(f"/chat/sessions/{session['id']}/send", {"sender": "contact", "message": "Where is my refund?"})
    assert api.patch(f"/chat/sessions/{session['id']}", {"status": "closed_resolved"}).status_code == 200
    return session


def mail_to(server: SmtpServer, address: str) -> EmailMessage | None:
    return next((message for message in server.messages if address in str(message["To"])), None)


def rate(mail: EmailMessage, score: int, comment: str) -> None:
    """Open the link of the plain text, choose, send and confirm, as a customer without JavaScript does."""
    body = mail.get_body(("plain",))
    found = re.search(re.escape(settings.SITE_URL) + r"(/r/\w+)", body.get_content() if body else "")
    assert found
    browser, page = Client(), Client().get(found[1])
    assert page.status_code == 200
    posted = Hidden(page.content.decode()).fields | {"score": str(score), "comment": comment}
    confirm = browser.post(found[1], posted)
    assert confirm.status_code == 200
    assert browser.post(found[1], Hidden(confirm.content.decode()).fields).status_code == 303


def test_a_resolved_session_is_mailed_at_once_and_its_link_rates(smtp_server: SmtpServer) -> None:
    api = Machine(keys.create("Helpdesk", scopes=keys.SCOPES)[1])
    api.patch(
        "/csat/settings", {"auto_send": True, "delay_seconds": 0, "channels": {"email": {"enabled": True}}}
    )
    with workers.cluster(**smtp_server.env, SITE_URL=settings.SITE_URL, SECRET_KEY=settings.SECRET_KEY):
        resolve(api, "warm-up@acme.example")
        assert workers.wait_for(lambda: mail_to(smtp_server, "warm-up@acme.example"), seconds=60)
        session = resolve(api, "ana@acme.example")
        start = time.monotonic()
        assert workers.wait_for(lambda: mail_to(smtp_server, "ana@acme.example"))
        assert time.monotonic() - start < 3
        asked = Event.objects.filter(kind=Kind.CSAT_REQUESTED)
        assert workers.wait_for(lambda: asked.count() == 2)  # noted, before the worker is killed
    mail = mail_to(smtp_server, "ana@acme.example")
    assert mail
    rate(mail, 4, "Quick, thanks")

    score = api.get(f"/csat/scores/session/{session['id']}").json()
    assert (score["score"], score["label"], score["comment"], score["source"]) == (
        4,
        "Good",
        "Quick, thanks",
        "page",
    )
    events = [item["event"] for item in api.all(f"/chat/sessions/{session['id']}/history")]
    assert [event["type"] for event in events] == [
        "message",
        "closed_resolved_by_api",
        "csat_requested",
        "csat_submitted",
    ]
    assert events[-1]["content"] == {"score": 4, "feedback": "Quick, thanks"}
    assert events[-1]["sender"]["type"] == "contact"
