"""Valid and invalid requests, generated from the schema: no 5xx, no undocumented status or shape."""

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as openapi_checks

from csat.connectors import connections
from csat.people import keys
from csat.surveys.answers.answering import answer
from csat.surveys.delivery import scheduling
from csat.webhooks import endpoints, queueing
from csat.workflows import editing
from project.wsgi import application
from tests.factories import API, make_resolved_session
from tests.subscriptions.rated import make_report

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.one_database]
EXAMPLES = int(
    os.environ.get("FUZZ_EXAMPLES", "6")
)  # an operation and mode; more of them find more, in more time
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
SCHEMA.app = application
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations() if isinstance(one, Ok)}


@pytest.fixture
def known(db: Any, settings: Any) -> dict[str, str]:
    """Rows to be named: a public id by the resource whose address it belongs to."""
    settings.WEBHOOK_ALLOW = ["127.0.0.1:9"]
    session = make_resolved_session()
    survey = scheduling.request(session, origin="api", by=API)
    answer(survey, score=2, source="page", comment="slow")
    endpoint = endpoints.add(url="https://127.0.0.1:9/csat", events=["csat.requested"], by=API)
    connection = connections.add(kind="generic", by=API)
    return {
        "contacts": str(session.contact.uuid),
        "chat": str(session.uuid),
        "csat/requests": str(survey.uuid),
        "csat/scores/session": str(session.uuid),
        "csat/scores/contact": str(session.contact.uuid),
        "csat/scores": str(session.score.uuid),
        "webhooks": str(endpoint.uuid),
        "workflows": str(editing.create(name="Fuzz", trigger_type="manual-trigger", blocks=[], by=API).uuid),
        "call_id": str(queueing.enqueue_test(endpoint, by=API).uuid),
        "connections": str(connection.uuid),
        **_reports(),
        "event_id": str(connection.events.create(key="1", body="{}").uuid),
    }


def _reports() -> dict[str, str]:
    made = make_report(User.objects.create_superuser("boss", "boss@acme.example"), by=API)
    ids = {f"reports/{name}s": made[name] for name in ("digest", "share", "note")}
    return ids | {"view_id": made["view"]}


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Like Django's test client: the real WSGI handler would close the test's database connection."""
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_operation_breaks_or_surprises(
    label: str, mode: GenerationMode, known: dict[str, str], settings: Any
) -> None:
    settings.RATE_LIMITS = False
    operation, key = OPERATIONS[label], keys.create("Fuzz", scopes=keys.SCOPES)[1]
    _run(operation, mode, {"Authorization": f"Bearer {key}"}, known)


def test_every_operation_there_is_was_tried() -> None:
    described = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert {
        f"{method.upper()} {path}" for path, operations in described.items() for method in operations
    } == set(OPERATIONS)


def _run(operation: Any, mode: GenerationMode, headers: dict[str, str], known: dict[str, str]) -> None:
    @given(data=st.data())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(data: Any) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        _name_what_there_is(case, known, data)
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)

    run()


def _name_what_there_is(case: Case, known: dict[str, str], data: Any) -> None:
    """Random ids only ever meet 404: mostly name rows that exist."""
    if not data.draw(st.integers(0, 4)):
        return
    here = next(
        (id for start, id in known.items() if case.path.strip("/").startswith(start)), str(uuid.uuid4())
    )
    for name in case.path_parameters or {}:
        case.path_parameters[name] = known.get(name, here)
    for name, resource in (
        ("session_id", "chat"),
        ("contact_id", "contacts"),
        ("call_id", "call_id"),
        ("view_id", "view_id"),
    ):
        if isinstance(case.body, dict) and name in case.body:
            case.body[name] = known[resource]
