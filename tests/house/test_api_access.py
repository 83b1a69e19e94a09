"""Which fields of a person and a rating each scope of an API key can read. Whoever adds a field to an answer
sees here whom it reaches.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from csat.api import urls
from csat.api.openapi import views
from csat.connectors import connections
from csat.connectors.models import Connection, ConversationOrigin
from csat.imports import importing
from csat.people import keys
from csat.sessions.models import Session
from csat.subscriptions import shares
from csat.subscriptions.models import Share
from csat.surveys.answers import answering
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints, queueing
from tests.api.conftest import machine
from tests.factories import make_contact, make_sent_survey
from tests.subscriptions.rated import make_report
from tests.workflows import builders

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
PERSON = {"name", "email", "phone"}
RATING = {"score", "comment"}
READS: dict[str, set[str]] = {
    "contacts:read": {*PERSON, "custom_data"},
    "chat-sessions:read": {*PERSON, "custom_data", *RATING},  # `csat` of a session, and its history
    "csat:read": {*PERSON, "custom_data", *RATING},
    "webhooks:read": {*PERSON, *RATING},  # the bodies that were sent
    "workflows:read": {"name", *RATING},  # what the steps put out
    "handoff-analytics:read": set(),
    "imports:read": set(),
    "reports:read": set(),  # not what a shared link shows: its address is told to who makes it alone
    "connections:read": set(),  # what became of an event, not what it told
}
MARKS = {
    "name": re.compile("Nadia Zebra"),
    "email": re.compile("zebra@customer.example"),
    "phone": re.compile(r"\+493012345678"),
    "custom_data": re.compile("zebra-plan"),
    "score": re.compile(r'score\\?": ?1\b'),
    "comment": re.compile("Zebra-secret words"),
}
LINK = re.compile(r"/r/[0-9A-Za-z]{20,}")
HANDS_OUT_LINKS = {"csat:write"}  # POST /csat/links
# What was sent and put out holds live links until it is kept without them.
KEEPS_LINKS = {"webhooks:read", "workflows:read"}


@pytest.fixture
def ids(db: None, settings: Any, tmp_path: Path) -> dict[str, str]:
    """What the addresses name: one rated conversation, told to an endpoint, with a workflow that has run."""
    settings.MEDIA_ROOT = tmp_path
    endpoint = endpoints.add(
        url="https://93.184.216.34/csat", events=["csat.requested", "csat.score_submitted"], by=SYSTEM
    )
    workflow = builders.workflow(
        builders.block("get_csat_score"),
        builders.block("generate_csat_link"),
        builders.block("note", text="{contact_name}: {comment}"),
        trigger="csat-score-submit",
    )
    contact = make_contact(
        name="Nadia Zebra",
        email="zebra@customer.example",
        phone="+493012345678",
        custom_data={"plan": "zebra-plan"},
    )
    survey = make_sent_survey("api", contact=contact)
    answering.answer(survey, score=1, source="api", comment="Zebra-secret words")
    builders.run_until_idle()
    queueing.enqueue_test(endpoint, by=SYSTEM)
    file = ContentFile(b"date,name,score\n2026-01-02,Nadia Zebra,1\nsoon,Nadia Zebra,1\n", name="past.csv")
    imported = importing.upload(file, "generic", by=SYSTEM)
    importing.start(imported, by=SYSTEM)
    importing.run(imported.pk)
    return {
        "contacts/<id:id>": str(contact.uuid),
        "brands/<slug:brand>": "default",
        "chat/sessions/<id:id>": str(survey.session.uuid),
        "csat/requests/<id:id>": str(survey.uuid),
        "csat/scores/<id:id>": str(survey.session.again().score.uuid),
        "csat/scores/session/<id:session_id>": str(survey.session.uuid),
        "csat/scores/contact/<id:contact_id>": str(contact.uuid),
        "webhooks/<id:id>": str(endpoint.uuid),
        "workflows/<id:id>": str(workflow.uuid),
        "imports/<id:id>": str(imported.uuid),
        **_reports(),
        "connections/<id:id>": str(_connection_that_brought(survey.session).uuid),
    }


def _reports() -> dict[str, str]:
    made = make_report(User.objects.create_superuser("boss", "boss@acme.example"), by=SYSTEM)
    return {f"reports/{name}s/<id:id>": made[name] for name in ("digest", "share", "note")}


def _connection_that_brought(session: Session) -> Connection:
    """One whose events told of everything that is known of the customer, and were applied."""
    secrets = {"inbound": "zebra-signing", "token": "zebra-token"}
    url = "https://93.184.216.34"
    connection = connections.add(kind="chatwoot", base_url=url, secrets_given=secrets, by=SYSTEM)
    told = {"name": "Nadia Zebra", "email": "zebra@customer.example", "phone_number": "+493012345678"}
    connection.events.create(
        key="1",
        event="message_created",
        body=json.dumps(told | {"content": "Zebra-secret words"}),
        outcome="applied",
        text="1 new messages",
        session=session,
        next_try=None,
    )
    ConversationOrigin.objects.create(session=session, connection=connection, external_id="42")
    return connection


def addresses(ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every GET of the API, with the scope that it needs."""
    for module in urls.MODULES:
        for route, view in module.routes if module is not views else ():
            if not hasattr(view, "get"):
                continue
            for prefix, uuid in ids.items():
                if route.startswith(prefix):
                    route = re.sub("<(?:id|slug):[a-z_]+>", uuid, route)
            yield f"{view.scope}:read", f"/{route}"


def answers(scope: str, ids: dict[str, str]) -> list[str]:
    key = machine(scope)
    texts = []
    for needed, address in addresses(ids):
        answer = key.get(address)
        assert answer.status_code == (200 if needed == scope else 403), (scope, address)
        texts.append(json.dumps(answer.json()))
    return texts


def test_every_scope_that_reads_is_in_the_table() -> None:
    assert {scope for scope in keys.SCOPES if scope.endswith(":read")} == set(READS)


@pytest.mark.parametrize("scope", READS)
def test_a_scope_reads_the_fields_it_says_and_no_others(scope: str, ids: dict[str, str]) -> None:
    told = " ".join(answers(scope, ids))
    assert {field for field, mark in MARKS.items() if mark.search(told)} == READS[scope]


@pytest.mark.parametrize("scope", READS)
def test_no_scope_that_reads_is_shown_a_secret_or_the_address_of_a_connection(
    scope: str, ids: dict[str, str]
) -> None:
    told = " ".join(answers(scope, ids))
    connection = Connection.objects.get()
    for secret in ("zebra-signing", "zebra-token", connection.opened["address"], connection.digest):
        assert secret not in told
    assert (str(connection.uuid) in told) == (scope in ("connections:read", "chat-sessions:read"))


def test_the_address_of_a_shared_report_is_told_to_no_scope_that_reads(ids: dict[str, str]) -> None:
    address = shares.url(Share.objects.get())
    assert address not in " ".join(text for scope in READS for text in answers(scope, ids))


@pytest.mark.parametrize("scope", sorted(READS.keys() - KEEPS_LINKS))
def test_a_scope_that_reads_holds_no_live_rating_link(scope: str, ids: dict[str, str]) -> None:
    assert not LINK.search(" ".join(answers(scope, ids)))


@pytest.mark.parametrize("scope", keys.SCOPES)
def test_a_rating_link_is_handed_out_to_one_scope(scope: str, ids: dict[str, str]) -> None:
    body: Any = {"session_id": ids["chat/sessions/<id:id>"]}
    answer = machine(scope).post("/csat/links", body)
    assert (answer.status_code == 201) == (scope in HANDS_OUT_LINKS)
    assert bool(LINK.search(str(answer.json()))) == (scope in HANDS_OUT_LINKS)
