"""The demo's host page: only on the machine's other name, and a whole conversation on it."""

import pytest

from csat.people import agents, demo
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.delivery import sending
from tests.factories import make_contact, switch_on

pytestmark = pytest.mark.django_db
HERE = "localhost:8000"


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.WIDGET_ORIGINS = ["http://localhost:8000"]


def act(client, name, **said):
    return client.post(f"/demo/chat/{name}", said, headers={"Host": HERE})


def test_it_is_another_origin_that_may_load_only_the_card(client):
    answer = client.get("/demo/chat/", headers={"Host": HERE})
    assert "http://127.0.0.1:8000/widget/csat.js" in answer.content.decode()
    assert "frame-src 'self' http://127.0.0.1:8000;" in answer["Content-Security-Policy"] + ";"
    assert (
        client.get("/demo/chat/", headers={"Host": "127.0.0.1:8000"})["Location"]
        == "http://localhost:8000/demo/chat/"
    )


@pytest.mark.parametrize("name", ["chat.css", "chat.js"])
def test_its_files_are_there_and_no_others(client, name):
    assert client.get(f"/demo/chat/{name}", headers={"Host": HERE}).status_code == 200
    assert client.get("/demo/chat/chat.py", headers={"Host": HERE}).status_code == 404


@pytest.mark.parametrize(
    ("site", "origins"),
    [
        ("https://csat.acme.example", ["https://www.acme.example"]),
        ("https://csat.acme.example", ["http://localhost:8000"]),
        ("http://127.0.0.1:8000", ["http://localhost:3000"]),
        ("http://localhost:8000", ["http://localhost:8000"]),
        ("http://127.0.0.1:8000", []),
    ],
)
def test_it_is_nowhere_else(client, settings, site, origins):
    settings.SITE_URL, settings.WIDGET_ORIGINS = site, origins
    assert client.get("/demo/chat/", headers={"Host": HERE}).status_code == 404
    assert act(client, "start").status_code == 404
    assert not Session.objects.exists()


def test_it_is_the_demos_agent_and_one_visitor_behind_the_customers(client):
    sam, customer = agents.find_or_create(**demo.SAM), make_contact(name="Ana Souza")
    for _ in range(2):
        assert act(client, "start").status_code == 200
    assert {session.assignee for session in Session.objects.all()} == {sam}
    assert [contact.name for contact in Contact.objects.order_by("-created_at")] == [
        customer.name,
        "Visitor of the demo",
    ]


def test_a_conversation_to_its_end(client):
    switch_on("web")
    token = act(client, "start").json()["token"]
    assert act(client, "say", token=token, text="Thanks!").status_code == 200
    assert act(client, "resolve", token=token).json()["note"] == ""
    sending.send_due()
    assert client.get(f"/widget/state/{token}").json()["state"] == "due"
    act(client, "reopen", token=token)
    assert client.get(f"/widget/state/{token}").json()["state"] == "none"


def test_it_says_why_no_card_comes(client):
    token = act(client, "start").json()["token"]
    assert "No card will come" in act(client, "resolve", token=token).json()["note"]


def test_a_token_nobody_has(client):
    assert act(client, "resolve", token="nonsense").status_code == 404
