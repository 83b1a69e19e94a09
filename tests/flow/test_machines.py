"""A survey by machines alone: asked for by API, told by webhook, answered by API, told by webhook."""

import json
from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client
from standardwebhooks import Webhook

from csat.surveys.delivery import sending
from csat.timeline import dispatching
from csat.webhooks import attempts
from tests import workers
from tests.api.conftest import Machine, machine
from tests.standins.listening import Listener, listening

COMMON = {
    "conversation_id",
    "session_id",
    "ticket_number",
    "survey_id",
    "timestamp",
    "channel",
    "contact",
    "agent",
}
EVENTS = ["csat.requested", "csat.score_submitted"]


class Round:
    """The helpdesk's side of it: what it calls, and what it hears."""

    def __init__(self, api: Machine, listener: Listener) -> None:
        self.api, self.listener = api, listener
        self.secret = api.post("/webhooks", {"url": listener.url, "events": EVENTS}).json()["secret"]
        api.patch("/csat/settings", {"channels": {"api": {"enabled": True}}})

    def ask(self) -> str:
        told = {
            "contact": {"external_id": "u-17", "name": "Ana"},
            "channel": {"type": "api"},
            "assignee": {"name": "Sam"},
        }
        session: str = self.api.post("/chat/sessions", told).json()["id"]
        self.api.patch(f"/chat/sessions/{session}", {"status": "closed_resolved"})
        assert self.api.post("/csat/requests", {"session_id": session}).status_code == 202
        return session

    def answer(self, session: str) -> None:
        assert (
            self.api.post("/csat/scores", {"session_id": session, "score": 4, "comment": "Quick"}).status_code
            == 201
        )

    def heard(self) -> list[dict[str, Any]]:
        """Every call, verified by the reference library."""
        return [Webhook(self.secret).verify(call.body, call.headers) for call in self.listener.heard]


@pytest.fixture
def round_of_machines(settings: Any, request: pytest.FixtureRequest) -> Any:
    request.getfixturevalue("transactional_db" if request.node.get_closest_marker("cluster") else "db")
    with listening() as listener:
        settings.WEBHOOK_ALLOW = [listener.address]
        yield Round(machine(), listener)


def work() -> None:
    sending.send_due()
    dispatching.fan_out()
    attempts.call_due()


@pytest.mark.django_db
def test_a_helpdesk_asks_hears_of_it_hands_the_answer_in_and_hears_of_that(round_of_machines: Round) -> None:
    session = round_of_machines.ask()
    work()
    [requested] = round_of_machines.heard()
    assert (requested["type"], requested["event"], requested["data"]["session_id"]) == (
        "csat.requested",
        "csat.requested",
        session,
    )
    assert requested["data"].keys() == COMMON | {"origin", "delivered_via", "url"}
    assert (
        requested["data"]["origin"],
        requested["data"]["delivered_via"],
        requested["data"]["channel"],
    ) == ("api", "api", "api")
    assert Client().get(requested["data"]["url"].removeprefix(project.SITE_URL)).status_code == 200
    round_of_machines.answer(session)
    work()
    submitted = round_of_machines.heard()[1]
    assert submitted["type"] == "csat.score_submitted"
    said = {
        name: submitted["data"][name]
        for name in ("session_id", "score", "label", "comment", "source", "revision", "previous_score")
    }
    assert said == {
        "session_id": session, "score": 4, "label": "Good", "comment": "Quick", "source": "api",
        "revision": 1, "previous_score": None,
    }  # fmt: skip
    more = {
        "score_id",
        "score",
        "label",
        "emoji",
        "comment",
        "about",
        "source",
        "revision",
        "previous_score",
        "created_at",
        "updated_at",
    }
    assert submitted["data"].keys() == COMMON | more
    work()
    assert len(round_of_machines.heard()) == 2


@pytest.mark.cluster
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_same_round_with_real_workers(round_of_machines: Round) -> None:
    listener = round_of_machines.listener
    with workers.cluster(), workers.cluster("outward", WEBHOOK_ALLOW=listener.address):
        session = round_of_machines.ask()
        assert workers.wait_for(lambda: len(listener.heard) == 1, seconds=60)
        round_of_machines.answer(session)
        assert workers.wait_for(lambda: len(listener.heard) == 2, seconds=60)
    assert [(call["type"], call["data"]["session_id"]) for call in round_of_machines.heard()] == [
        (event, session) for event in EVENTS
    ]
    assert json.loads(listener.heard[1].body)["data"]["score"] == 4
