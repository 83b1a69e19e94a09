"""A helpdesk hands over hundreds while surveys go out and customers rate: on SQLite, too, everybody is
served.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from csat.surveys.delivery import sending
from csat.surveys.models import Delivery, Score, Survey
from tests.api.conftest import machine
from tests.factories import make_resolved_session, switch_on
from tests.racing import race
from tests.tokens import rate_token
from tests.web.pages import form

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shared_database"),
]
MANY = 450


def helpdesk() -> Callable[[], list[int]]:
    api = machine("chat-sessions:write")
    contacts = [{"email": f"c{number}@customer.example"} for number in range(MANY)]
    items = [
        {"contact": contact, "channel": {"type": "email"}, "status": "closed_resolved"}
        for contact in contacts
    ]
    return lambda: [api.post("/chat/sessions/bulk", {"items": items}).status_code]


def worker() -> list[int]:
    sending.send_due(seconds=5)
    return []


def customer(survey: Survey) -> Callable[[], list[int]]:
    address = f"/r/{rate_token(survey)}"
    fields = form(Client().get(address)).fields | {"gesture": "1", "comment": "?"}
    return lambda: [Client().post(address, fields | {"score": score}).status_code for score in (5, 4)]


def test_a_burst_is_served_without_an_error(caplog: Any) -> None:
    switch_on("email")
    sessions = [make_resolved_session() for _ in range(6)]
    sending.send_due()
    verbs = [helpdesk(), worker, worker, *(customer(session.survey.again()) for session in sessions)]
    answers = race(lambda number: verbs[number](), len(verbs))
    assert answers == [[200], [], []] + [[303, 303]] * len(sessions)
    assert "could not be sent" not in caplog.text
    assert Score.objects.count() == len(sessions)
    assert Delivery.objects.exclude(state__in=["due", "sent"]).count() == 0
    assert Delivery.objects.count() == MANY + len(sessions)
